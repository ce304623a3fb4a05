"""What one account can see and do on one site: read once, at first need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from deskweave.connector import InstanceIdentity
from deskweave.errors import ConfigurationError, Missing, PermissionMissing, RequestError
from deskweave.model import Json
from deskweave_jira_sm.client import Client
from deskweave_jira_sm.config import Settings
from deskweave_jira_sm.site import REQUEST_TYPE, FieldInfo, Site, Term, Terms

#: All of them exist on every Cloud site: one unknown key makes Jira refuse the whole question.
PERMISSIONS: Final = (
    "BROWSE_PROJECTS",
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "TRANSITION_ISSUES",
    "ADD_COMMENTS",
    "DELETE_ISSUES",
    "MODIFY_REPORTER",
    "SERVICEDESK_AGENT",
    "ADMINISTER_PROJECTS",
    "ADMINISTER",
)
IDENTITY: Final = "deskweave.identity"  #: key of the project property with install and epoch


def pages(read: Callable[[int], Mapping[str, Json]], *, last: str = "isLast", name: str = "values") -> Iterator[Mapping[str, Json]]:
    """All items of an offset listing. It steps by what arrived: the server may lower what was asked for."""
    start = 0
    while True:
        answer = read(start)
        listed = answer.get(name)
        items = listed if isinstance(listed, list) else []
        yield from (item for item in items if isinstance(item, Mapping))
        start += len(items)
        total = answer.get("total")
        if not items or answer.get(last) is True or (isinstance(total, int) and start >= total):
            return


def probe(client: Client, settings: Settings) -> Site:
    """Read the site. The credential is proved first: a refused one is answered as an anonymous visitor elsewhere, with nothing.

    Raises:
        CredentialError: the token is refused.
        Missing: the project is not there, or not for this account to see.
    """
    me = client.myself()
    base_url = _base_url(client, settings)
    project = client.project(settings.project)
    fields = read_fields(client)
    permissions = frozenset(
        name
        for name, right in client.my_permissions(settings.project, PERMISSIONS).items()
        if isinstance(right, Mapping) and right.get("havePermission") is True
    )
    statuses, issue_types = _statuses(client, settings.project)
    desk, request_types = _desk(client, settings.project)
    return Site(
        base_url=base_url,
        account=str(me.get("accountId")),
        zone=_zone(me.get("timeZone")),
        project_id=str(project.get("id")),
        project_key=str(project.get("key") or settings.project),
        is_desk=project.get("projectTypeKey") == "service_desk",
        desk_id=desk,
        fields=fields,
        statuses=statuses,
        priorities=_terms(client.priorities()),
        resolutions=_terms(client.resolutions()),
        request_types=request_types,
        issue_types=issue_types,
        permissions=permissions,
        licensed=desk is not None,
        request_type_field=next((field.id for field in fields.values() if field.kind == REQUEST_TYPE), None),
    )


def who(client: Client, settings: Settings) -> InstanceIdentity:
    """Which site answers now, and whose mark its project carries."""
    address, cloud, mark = _base_url(client, settings), _cloud_id(client), _planted(client, settings.project)
    install, epoch = mark.get("install"), mark.get("epoch")
    return InstanceIdentity(
        address=settings.address,
        instance=f"{address} {cloud}" if cloud else address,
        planted=str(install) if install else None,
        epoch=str(epoch) if epoch is not None else None,
    )


def read_fields(client: Client) -> Mapping[str, FieldInfo]:
    """Every field this account sees, by id."""
    return {field.id: field for field in map(read_field, client.fields()) if field is not None}


def read_field(raw: Json) -> FieldInfo | None:
    """One entry of the field listing; None for one without an id."""
    if not isinstance(raw, Mapping) or not raw.get("id"):
        return None
    schema = raw.get("schema")
    if not isinstance(schema, Mapping):
        schema = {}
    kind = schema.get("custom") or schema.get("system") or ""
    return FieldInfo(
        str(raw["id"]),
        str(raw.get("name") or raw["id"]),
        raw.get("custom") is True,
        str(schema.get("type") or ""),
        str(kind),
        str(schema.get("items") or ""),
    )


def _zone(name: Json) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _base_url(client: Client, settings: Settings) -> str:
    return str(client.server_info().get("baseUrl") or settings.address).rstrip("/")


def _cloud_id(client: Client) -> str | None:
    try:
        found = client.tenant_info().get("cloudId")
    except (Missing, ConfigurationError):
        return None  # the gateway has no such page; the site's own address stands for it
    return str(found) if found else None


def _planted(client: Client, project: str) -> Mapping[str, Json]:
    try:
        found = client.project_property(project, IDENTITY)
    except (Missing, PermissionMissing):
        return {}
    return found if isinstance(found, Mapping) else {}


def _terms(listed: Iterable[Json]) -> Terms:
    return Terms(
        {
            str(item["id"]): Term(str(item["id"]), (str(item.get("name")),))
            for item in listed
            if isinstance(item, Mapping) and item.get("id")
        }
    )


def _statuses(client: Client, project: str) -> tuple[Terms, Mapping[str, str]]:
    """Statuses of the project with their names in the account's language and, where Jira honours the wish, in English."""
    names: dict[str, list[str]] = {}
    categories: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for english in (True, False):
        for kind in client.project_statuses(project, english=english):
            if not isinstance(kind, Mapping):
                continue
            kinds[str(kind.get("id"))] = str(kind.get("name"))
            listed = kind.get("statuses")
            for status in listed if isinstance(listed, list) else ():
                if isinstance(status, Mapping) and status.get("id"):
                    id_, name = str(status["id"]), str(status.get("name"))
                    if name not in names.setdefault(id_, []):
                        names[id_].append(name)
                    category = status.get("statusCategory")
                    categories[id_] = str(category.get("key") or "") if isinstance(category, Mapping) else ""
    return Terms({id_: Term(id_, tuple(found), category=categories.get(id_, "")) for id_, found in names.items()}), kinds


def _desk(client: Client, project: str) -> tuple[str | None, Terms]:
    """The desk of the project and its request types; None without an agent licence, which Jira tells by an empty 403."""
    try:
        desks = list(pages(lambda start: _jsm(client.service_desks(start)), last="isLastPage"))
        desk = next((str(entry["id"]) for entry in desks if entry.get("projectKey") == project), None)
        if desk is None:
            return None, Terms({})
        kinds = list(pages(lambda start: _jsm(client.request_types(desk, start)), last="isLastPage"))
    except (PermissionMissing, RequestError) as error:
        if isinstance(error, RequestError) and not isinstance(error, Missing):
            raise
        return None, Terms({})
    return desk, Terms(
        {
            str(kind["id"]): Term(str(kind["id"]), (str(kind.get("name")),), issue_type=str(kind.get("issueTypeId") or ""))
            for kind in kinds
            if kind.get("id")
        }
    )


def _jsm(answer: Mapping[str, Json]) -> Mapping[str, Json]:
    """A service desk page has no total; `isLastPage` ends it."""
    return {name: value for name, value in answer.items() if name != "total"}
