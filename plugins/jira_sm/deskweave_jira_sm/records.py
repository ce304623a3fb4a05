"""Requests of one service desk as they are read: by search, by id, by our own mark, and through their history."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from deskweave.connector import Absent, Page, Ref, RemoteChange, RemoteRecord, Stub
from deskweave.errors import Executed, Missing, Rejected, RequestError, TransientError
from deskweave.model import CollectionBinding, Json
from deskweave_jira_sm.client import Client
from deskweave_jira_sm.config import Settings
from deskweave_jira_sm.instant import jql_moment, read_instant
from deskweave_jira_sm.site import FieldInfo, Site
from deskweave_jira_sm.values import changed, is_account, plain

COLLECTION: Final = "request"
CORRELATION: Final = "deskweave.correlation"  #: key of the issue property that carries our correlation id
#: Read always: what every record is told by, whatever the binding asks for.
_BASE: Final = (
    "summary",
    "status",
    "issuetype",
    "priority",
    "reporter",
    "assignee",
    "created",
    "updated",
    "resolution",
    "resolutiondate",
)
_PROBE: Final = 100  #: keys per bulkfetch, and the run of missing keys that ends the search for a lost create


class Desk(Protocol):
    """What the facets share: the client, the site as probed, and the binding they were given."""

    client: Client
    settings: Settings

    @property
    def site(self) -> Site: ...
    @property
    def probed(self) -> Site: ...
    @property
    def bound(self) -> CollectionBinding | None: ...
    @property
    def words(self) -> frozenset[str]:
        """Every word the binding uses for a status or choice, so that records speak the binding's language."""

    @property
    def guesses(self) -> Mapping[str, frozenset[str]]:
        """The practice's transitions in the binding's words: which status should lead to which."""


def field_info(desk: Desk, native: str) -> FieldInfo | None:
    """The field a native name means: an id, or the name of exactly one custom field."""
    return desk.site.field_named(native)


def natives(desk: Desk) -> list[str]:
    """Native names the binding reads: fields, correlation and cross-reference."""
    bound = desk.bound
    if bound is None:
        return []
    found = [at.native for at in bound.fields.values() if at.provisioned]
    return [name for name in (*found, bound.cross_reference, bound.correlation) if name]


def asked_fields(desk: Desk) -> list[str]:
    """What a read asks for; without a binding everything but the lists that are read elsewhere."""
    if desk.bound is None:
        return ["*all", "-comment", "-attachment", "-worklog"]
    names = [*_BASE]
    for native in natives(desk):
        base = "created" if native == "opened" else native.partition(".")[0]
        info = field_info(desk, base)
        names.append(info.id if info else base)
    return list(dict.fromkeys(names))


def read_record(desk: Desk, issue: Json) -> RemoteRecord | None:
    """An issue as a record; None where it has no id or no fields and so is no record at all.

    Beside Jira's own fields it has `reporter.email`, `assignee.email`, and `opened`: the creation time of what was raised in Jira.
    """
    if not isinstance(issue, Mapping) or not issue.get("id") or not isinstance(issue.get("fields"), Mapping):
        return None
    site, raw = desk.site, issue["fields"]
    assert isinstance(raw, Mapping)
    fields: dict[str, Json] = {}
    for name, value in raw.items():
        if name in ("reporter", "creator", "assignee"):
            _person(fields, str(name), value, site)
        else:
            fields[str(name)] = plain(value, site.fields.get(str(name)), site, desk.words)
    for native in natives(desk):
        info = field_info(desk, native)
        if info is not None and info.id in fields:
            fields[native] = fields[info.id]
    properties = issue.get("properties")
    mark = properties.get(CORRELATION) if isinstance(properties, Mapping) else None
    corr = mark.get("id") if isinstance(mark, Mapping) else None
    if corr is None and "created" in raw:
        fields["opened"] = raw["created"]  # of what we carried here it would say when we did, not when the user asked
    updated = read_instant(raw.get("updated"))
    key = str(issue.get("key") or issue["id"])
    return RemoteRecord(
        ref=Ref(COLLECTION, str(issue["id"])),
        fields=fields,
        corr=str(corr) if corr else None,
        updated_at=updated,
        version=updated.isoformat() if updated else None,
        updated_by=None,
        label=key,
        url=f"{site.base_url}/browse/{key}",
    )


def _person(fields: dict[str, Json], name: str, value: Json, site: Site) -> None:
    """A person as text under `<field>`, with `<field>.account` and, where their profile shows it, `<field>.email`.

    Our own account as reporter only says that we made the request: it stays unreadable instead of becoming the user's name.
    """
    if isinstance(value, Mapping) and value.get("accountId") == site.account:
        return
    fields[name] = plain(value, None, site, frozenset())
    if isinstance(value, Mapping):
        if value.get("emailAddress"):
            fields[f"{name}.email"] = str(value["emailAddress"])
        if is_account(value):
            fields[f"{name}.account"] = str(value["accountId"])
    else:
        fields[f"{name}.email"] = None


def items_of(answer: Mapping[str, Json], name: str) -> list[Json]:
    """The list under `name`, or none."""
    found = answer.get(name)
    return list(found) if isinstance(found, (list, tuple)) else []


class Requests:
    """`connector.RecordSource`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # -------------------------------------------------------------------------------------------------------------- listing
    def changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteRecord]:
        """One page of what changed at or after `since`, oldest change first.

        The search index trails the writes, so nothing newer than the site's own time less the index lag is ever called covered.
        """
        site, page = self._desk.site, self._start(resume)
        if page is None:
            now, zone = self._site_time()
            where = f" AND updated >= {jql_moment(since, zone)}" if since else ""
            page = {
                "jql": f'project = "{site.project_key}"{where} ORDER BY updated ASC, key ASC',
                "fields": asked_fields(self._desk),
                "token": None,
                "asked": now.isoformat(),
            }
        answer, page = self._search(page, since)
        records = [record for record in (read_record(self._desk, issue) for issue in items_of(answer, "issues")) if record]
        after = self._next(answer, page)
        horizon = datetime.fromisoformat(str(page["asked"])) - self._desk.settings.index_lag
        newest = records[-1].updated_at if records else None
        covers = horizon if after is None else min(newest, horizon) if newest is not None else None
        return Page(items=records, resume=after, covers_until=covers)

    def census(self, collection: str, resume: str | None) -> Page[Stub]:
        """Ids of all requests in the order of their keys, which no edit disturbs."""
        page = self._start(resume)
        if page is None:
            now, _ = self._site_time()
            jql = f'project = "{self._desk.site.project_key}" ORDER BY key ASC'
            page = {"jql": jql, "fields": ["updated"], "token": None, "asked": now.isoformat()}
        answer, page = self._search(page, None)
        stubs = []
        for issue in items_of(answer, "issues"):
            if isinstance(issue, Mapping) and issue.get("id"):
                fields = issue.get("fields")
                at = read_instant(fields.get("updated")) if isinstance(fields, Mapping) else None
                stubs.append(Stub(Ref(COLLECTION, str(issue["id"])), at))
        after = self._next(answer, page)
        if after is None:
            self._site_time()  # a token that died on the way answers searches as a stranger, with nothing
        return Page(items=stubs, resume=after)

    def _site_time(self) -> tuple[datetime, ZoneInfo]:
        """The site's own clock and our profile's zone; proves on the way that the token still stands.

        An expired token does not fail a search: it is answered as an anonymous one, with nothing found.

        Raises:
            CredentialError: the token is refused.
        """
        me = self._desk.client.myself()
        said = read_instant(self._desk.client.server_info().get("serverTime"))
        if said is None:
            raise TransientError("Jira did not say what time it is there", executed=Executed.NO, code="no-server-time")
        zone = me.get("timeZone")
        return said, ZoneInfo(str(zone)) if zone else self._desk.site.zone

    @staticmethod
    def _start(resume: str | None) -> dict[str, Json] | None:
        return None if resume is None else dict(json.loads(resume))

    def _search(self, page: dict[str, Json], since: datetime | None) -> tuple[Mapping[str, Json], dict[str, Json]]:
        """One page by token; a token that is no longer taken (seven days old, another site) starts the same listing afresh."""
        fields = [str(name) for name in page["fields"]] if isinstance(page["fields"], list) else []
        token = page["token"]
        limit = self._desk.settings.page_size
        more = {"fields": fields, "properties": [CORRELATION], "limit": limit}
        if len(fields) == 1:
            more |= {"properties": [], "limit": 1000}
        try:
            return self._desk.client.search(str(page["jql"]), token=str(token) if token else None, **more), page  # type: ignore[arg-type]
        except Rejected:
            if not token:
                raise
            page = {**page, "token": None}
            return self._desk.client.search(str(page["jql"]), **more), page  # type: ignore[arg-type]

    @staticmethod
    def _next(answer: Mapping[str, Json], page: Mapping[str, Json]) -> str | None:
        """What continues the listing. Only a missing token ends it: a page that is short or empty does not."""
        token = answer.get("nextPageToken")
        if not token:
            return None
        if token == page["token"]:
            raise TransientError("Jira handed out the same page token twice", executed=Executed.NO, code="token-repeated")
        return json.dumps({**page, "token": token}, sort_keys=True)

    # ---------------------------------------------------------------------------------------------------------------- by id
    def fetch(self, refs: Sequence[Ref]) -> Sequence[RemoteRecord | Absent]:
        """These requests as they are now, read from the database and not from the index."""
        found: dict[str, RemoteRecord] = {}
        for start in range(0, len(refs), _PROBE):
            ids = [ref.rid for ref in refs[start : start + _PROBE]]
            for record in self._bulk(ids):
                found[record.ref.rid] = record
        lost = [ref for ref in refs if ref.rid not in found]
        why = self._why_absent() if lost else "unclear"
        return [found.get(ref.rid) or Absent(ref, why) for ref in refs]  # type: ignore[arg-type]

    def _bulk(self, ids_or_keys: Sequence[str]) -> Iterator[RemoteRecord]:
        answer = self._desk.client.bulk_fetch(ids_or_keys, fields=asked_fields(self._desk), properties=[CORRELATION])
        for issue in items_of(answer, "issues"):
            record = read_record(self._desk, issue)
            if record is not None:
                yield record

    def _why_absent(self) -> str:
        """Jira says 404 for gone and for forbidden alike. Gone it is only where nothing can be hidden from us.

        That takes the right to browse, asked again now, and an administrator's word that the project has no issue security.
        """
        site, client = self._desk.site, self._desk.client
        held = client.my_permissions(site.project_key, ["BROWSE_PROJECTS", "ADMINISTER_PROJECTS"])

        def may(name: str) -> bool:
            right = held.get(name)
            return isinstance(right, Mapping) and right.get("havePermission") is True

        if not may("BROWSE_PROJECTS"):
            return "hidden"
        if not may("ADMINISTER_PROJECTS"):
            return "unclear"
        try:
            client.project_security_scheme(site.project_key)
        except Missing:
            return "gone"
        except RequestError:
            return "unclear"
        return "unclear"

    def find(self, collection: str, corr: str, created_after: datetime) -> Sequence[RemoteRecord]:
        """Every request that carries `corr`, of those created since; strong although the index lags.

        A property cannot be searched for, and the index may not know the newest requests. But keys are counted up per project and
        reading by key is strong: from the last key older than `created_after`, every key is read until a hundred in a row are
        missing, and the property is compared here.
        """
        site, client = self._desk.site, self._desk.client
        _, zone = self._site_time()
        border = jql_moment(created_after - timedelta(minutes=5), zone)
        older = f'project = "{site.project_key}" AND created < {border} ORDER BY created DESC, key DESC'
        newest = f'project = "{site.project_key}" ORDER BY created DESC, key DESC'
        first = self._highest(client.search(older, fields=["created"], limit=1))
        last = max(first, self._highest(client.search(newest, fields=["created"], limit=1)))
        found: list[RemoteRecord] = []
        at, seen = first + 1, last
        while at <= seen + _PROBE:
            for record in self._bulk([f"{site.project_key}-{number}" for number in range(at, at + _PROBE)]):
                seen = max(seen, _number(record.label))
                if record.corr == corr:
                    found.append(record)
            at += _PROBE
        return found

    @staticmethod
    def _highest(answer: Mapping[str, Json]) -> int:
        return max(
            (_number(str(issue.get("key"))) for issue in items_of(answer, "issues") if isinstance(issue, Mapping)), default=0
        )

    # -------------------------------------------------------------------------------------------------------------- history
    def history(self, refs: Sequence[Ref], since: datetime | None, resume: str | None) -> Page[RemoteChange]:
        """What the changelog says of these requests, oldest first; its lines carry ids, so statuses are told by id."""
        desk = self._desk
        answer = desk.client.changelogs([ref.rid for ref in refs], fields=[], limit=1000, token=resume)
        changes: list[RemoteChange] = []
        for log in items_of(answer, "issueChangeLogs"):
            if not isinstance(log, Mapping):
                continue
            for group in items_of(log, "changeHistories"):
                if isinstance(group, Mapping):
                    changes += self._lines(Ref(COLLECTION, str(log.get("issueId"))), group)
        changes = sorted(
            (change for change in changes if since is None or change.at >= since), key=lambda change: (change.at, change.order)
        )
        token = answer.get("nextPageToken")
        if token and token == resume:
            raise TransientError("Jira handed out the same page token twice", executed=Executed.NO, code="token-repeated")
        return Page(items=changes, resume=str(token) if token else None)

    def _lines(self, ref: Ref, group: Mapping[str, Json]) -> Iterator[RemoteChange]:
        at = read_instant(group.get("created"))
        if at is None or group.get("id") is None:
            return
        author = group.get("author")
        by = author.get("accountId") if isinstance(author, Mapping) else None
        names = {info.id: native for native in natives(self._desk) if (info := field_info(self._desk, native)) is not None}
        for number, item in enumerate(items_of(group, "items")):
            if not isinstance(item, Mapping):
                continue
            field = str(item.get("fieldId") or item.get("field") or "")
            info = self._desk.site.fields.get(field)
            old, new = (
                changed(field, item.get(id_), item.get(text), info, self._desk.site, self._desk.words)
                for id_, text in (("from", "fromString"), ("to", "toString"))
            )
            yield RemoteChange(
                change_id=f"{group['id']}:{number}",
                ref=ref,
                field=names.get(field, field),
                old=old,
                new=new,
                at=at,
                order=_order(group["id"], number),
                by=str(by) if by else None,
            )


def _order(group: Json, number: int) -> int:
    try:
        return int(str(group)) * 1000 + number
    except ValueError:
        return number


def _number(key: str) -> int:
    tail = key.rpartition("-")[2]
    return int(tail) if tail.isdigit() else 0
