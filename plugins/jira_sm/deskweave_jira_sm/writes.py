"""Requests of one service desk as they are written: created, edited, walked through their workflow, deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from deskweave.connector import Draft, Outcome, Patch, Ref, RemoteRecord
from deskweave.errors import Executed, Rejected, RequestError
from deskweave.model import FieldId, Json
from deskweave_jira_sm.instant import read_instant
from deskweave_jira_sm.people import find_assignee
from deskweave_jira_sm.records import COLLECTION, CORRELATION, Desk, Requests, field_info, items_of
from deskweave_jira_sm.site import TEXT_FIELD, Term
from deskweave_jira_sm.values import PEOPLE, Undressable, dress, is_account, within_limit
from deskweave_jira_sm.workflow import Walk, Workflow

_STATUS = FieldId("status")


class RequestSink:
    """`connector.RecordSink`. One item at a time: Jira has no conditional writes and its bulk create hides which item failed."""

    def __init__(self, desk: Desk, source: Requests) -> None:
        self._desk, self._source = desk, source
        self._screens: dict[str, frozenset[str]] = {}
        self._workflow: Workflow | None = None
        self._assignees: dict[str, str] = {}

    # --------------------------------------------------------------------------------------------------------------- create
    def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        """Create requests. By issue the correlation property rides in the same call; by request it follows in a second."""
        outcomes = []
        for draft in drafts:
            try:
                outcomes.append(self._create(draft))
            except RequestError as error:
                outcomes.append(Outcome(executed=error.executed, error=error))
        return outcomes

    def _create(self, draft: Draft) -> Outcome:
        kind = self._request_type(draft)
        reporter = draft.fields.get("reporter")
        if is_account(reporter) and draft.on_behalf_of is None:
            draft = replace(draft, on_behalf_of=str(reporter["accountId"]))
        by_issue = self._desk.settings.create_by == "issue" and self._desk.site.request_type_field is not None
        screen = self._create_screen(kind) if by_issue else self._form(kind)
        fields = {name: value for name, value in self._dressed(draft.fields)[0].items() if name in screen}
        made = self._by_issue(draft, kind, fields, screen) if by_issue else self._by_request(draft, kind, fields)
        ref = Ref(COLLECTION, made)
        if not by_issue:
            try:
                self._desk.client.set_issue_property(ref, CORRELATION, {"id": draft.corr})
            except RequestError as error:
                return Outcome(executed=Executed.YES, ref=ref, error=error)
        return Outcome(executed=Executed.YES, ref=ref, record=self._read_back(ref))

    def _by_issue(self, draft: Draft, kind: Term, fields: dict[str, Json], screen: frozenset[str]) -> str:
        site = self._desk.site
        assert site.request_type_field is not None
        body: dict[str, Json] = {
            **fields,
            "project": {"key": site.project_key},
            "issuetype": {"id": kind.issue_type},
            site.request_type_field: kind.id,
        }
        if draft.on_behalf_of and "reporter" in screen:
            body["reporter"] = {"id": draft.on_behalf_of}
        return str(self._desk.client.create_issue(body, [{"key": CORRELATION, "value": {"id": draft.corr}}]).get("id"))

    def _by_request(self, draft: Draft, kind: Term, fields: Mapping[str, Json]) -> str:
        site = self._desk.site
        values = dict(fields)
        adf = any(isinstance(value, Mapping) and value.get("type") == "doc" for value in values.values())
        body: dict[str, Json] = {"serviceDeskId": site.desk_id, "requestTypeId": kind.id, "requestFieldValues": values}
        if adf:
            body["isAdfRequest"] = True
        if draft.on_behalf_of:
            body["raiseOnBehalfOf"] = draft.on_behalf_of
        return str(self._desk.client.create_request(body).get("issueId"))

    def _request_type(self, draft: Draft) -> Term:
        """The draft's own, else the binding's, else the settings', else the desk's first: `lost` says when it came to that."""
        site, bound = self._desk.site, self._desk.bound
        options = bound.options.get("request_type") if bound else None
        native = site.request_type_field
        named = draft.fields.get("requesttype") or (draft.fields.get(native) if native else None) or options
        named = named or self._desk.settings.request_type
        if named:
            found = site.request_types.find(str(named))
            if found is None:
                known = ", ".join(sorted(term.name for term in site.request_types.by_id.values()))
                message = f"request type {str(named)[:60]!r} is not on desk {site.project_key}; known: {known}"
                raise Rejected(message, fields=frozenset({"requesttype"}))
            return found
        if not site.request_types.by_id:
            message = f"desk {site.project_key} has no request type this account may use"
            raise Rejected(message)
        return site.request_types.by_id[min(site.request_types.by_id, key=lambda id_: (len(id_), id_))]

    def _create_screen(self, kind: Term) -> frozenset[str]:
        """Field ids of the create screen, kept: what is not on it is left to the first patch."""
        if kind.issue_type not in self._screens:
            names: set[str] = set()
            start = 0
            while True:
                answer = self._desk.client.create_meta(self._desk.site.project_key, kind.issue_type, start)
                page = items_of(answer, "fields") or items_of(answer, "results")
                names |= {str(item.get("fieldId")) for item in page if isinstance(item, Mapping)}
                start += len(page)
                total = answer.get("total")
                if not page or not isinstance(total, int) or start >= total:
                    break
            self._screens[kind.issue_type] = frozenset(names)
        return self._screens[kind.issue_type]

    def _form(self, kind: Term) -> frozenset[str]:
        site = self._desk.site
        answer = self._desk.client.request_type_fields(site.desk_id or site.project_key, kind.id)
        return frozenset(str(item.get("fieldId")) for item in items_of(answer, "requestTypeFields") if isinstance(item, Mapping))

    def forget_screens(self) -> None:
        """Screens changed (a field was added to one): read them again."""
        self._screens.clear()

    def _dressed(self, values: Mapping[str, Json]) -> tuple[dict[str, Json], set[str]]:
        """Plain values by native name as Jira wants them by field id, and the native names that nothing of ours can be written to:
        people, and fields the site does not have (yet).
        """
        found: dict[str, Json] = {}
        unheld: set[str] = set()
        for native, value in values.items():
            info = field_info(self._desk, native)
            if native == "requesttype":
                continue
            if info is not None and info.id in PEOPLE and is_account(value):
                found[info.id] = {"id": str(value["accountId"])}
                continue
            if info is not None and info.id == "assignee":
                account = self._assignee(value)
                if value is None or account is not None:
                    found[info.id] = {"accountId": account} if account is not None else None
                else:
                    unheld.add(native)
                continue
            if info is None or info.type == "user":
                unheld.add(native)
                continue
            if isinstance(value, str) and info.kind == TEXT_FIELD and native == self._cross_reference:
                value = within_limit(value)
            try:
                found[info.id] = dress(value, info, self._desk.site)
            except (Undressable, ValueError) as error:
                raise Rejected(f"{native}: {error}", fields=frozenset({native})) from None
        return found, unheld

    def _assignee(self, value: Json) -> str | None:
        """The account behind a name or e-mail. One that was found is kept: searches for people have a limit of their own."""
        words = str(value or "").strip()
        if words and words not in self._assignees:
            account = find_assignee(self._desk.client, self._desk.site.project_key, words)
            if account is None:
                return None
            self._assignees[words] = account
        return self._assignees.get(words)

    @property
    def _cross_reference(self) -> str | None:
        return self._desk.bound.cross_reference if self._desk.bound else None

    def _read_back(self, ref: Ref) -> RemoteRecord | None:
        try:
            found = self._source.fetch([ref])[0]
        except RequestError:
            return None
        return found if isinstance(found, RemoteRecord) else None

    # ---------------------------------------------------------------------------------------------------------------- patch
    def patch(self, patches: Sequence[Patch]) -> Sequence[Outcome]:
        """Edit fields and walk to the status; what took effect before a step failed stands in `applied`."""
        return [self._patch(patch) for patch in patches]

    def _patch(self, patch: Patch) -> Outcome:
        applied: set[FieldId] = set()
        began = False
        try:
            fields, unheld = self._dressed(patch.set)
            walk, target, kind, finished = self._aim(patch)
            steps = ["walk", "edit"] if finished else ["edit", "walk"]
            taken: set[str] = set()
            for step in steps:
                if step == "walk" and walk is not None:
                    try:
                        self._way().walk(patch.ref, walk, target, kind, fields)
                    finally:
                        began = began or walk.hops > 0
                        taken |= walk.used
                        applied |= self._named(walk.used)
                    applied.add(_STATUS)
                elif step == "edit":
                    edit = {
                        name: value
                        for name, value in fields.items()
                        if name not in taken and not (name == "resolution" and patch.status)
                    }
                    if edit:
                        self._desk.client.edit_issue(patch.ref, edit)
                        began = True
                        applied |= self._named(set(edit))
        except RequestError as error:
            executed = Executed.YES if began and error.executed is Executed.NO else error.executed
            return Outcome(executed=executed, ref=patch.ref, applied=frozenset(applied) & patch.covers, error=error)
        record = self._read_back(patch.ref)
        dropped = self._dropped(patch, record, unheld)
        done = (frozenset(applied) | (patch.covers if self._desk.bound is None else frozenset())) & patch.covers
        return Outcome(executed=Executed.YES, ref=patch.ref, record=record, applied=done - dropped, dropped=dropped)

    def _aim(self, patch: Patch) -> tuple[Walk | None, str, str, bool]:
        """Where the request stands and where it has to go: a walk or None, target id, issue type id, whether it is finished now."""
        if patch.status is None:
            return None, "", "", False
        target = self._desk.site.statuses.find(patch.status)
        if target is None:
            known = ", ".join(sorted(term.name for term in self._desk.site.statuses.by_id.values()))
            message = f"project {self._desk.site.project_key} has no status {patch.status!r}; known: {known}"
            raise Rejected(message, fields=frozenset({"status"}))
        raw = self._desk.client.issue(patch.ref, fields=["status", "issuetype"]).get("fields")
        now, kind = "", ""
        if isinstance(raw, Mapping):
            for name in ("status", "issuetype"):
                part = raw.get(name)
                if isinstance(part, Mapping):
                    now, kind = (str(part.get("id")), kind) if name == "status" else (now, str(part.get("id")))
        here = self._desk.site.statuses.by_id.get(now)
        return Walk(now), target.id, kind, here is not None and here.category == "done"

    def _way(self) -> Workflow:
        if self._workflow is None:
            self._workflow = Workflow(self._desk.client, self._desk.site, self._desk.guesses)
        return self._workflow

    def _named(self, ids: set[str]) -> set[FieldId]:
        """The practice's fields behind field ids, by the binding."""
        bound = self._desk.bound
        found: set[FieldId] = set()
        for name, at in (bound.fields if bound else {}).items():
            info = field_info(self._desk, at.native)
            if info is not None and info.id in ids:
                found.add(name)
        return found

    def _dropped(self, patch: Patch, record: RemoteRecord | None, unheld: set[str]) -> frozenset[FieldId]:
        """Answered with success and not standing there: what an automation rule put back, and what was never sent."""
        bound = self._desk.bound
        lost = set()
        for name, at in (bound.fields if bound else {}).items():
            if name not in patch.covers or at.native not in patch.set:
                continue
            wanted, held = patch.set[at.native], record.fields.get(at.native) if record else None
            if is_account(wanted):
                wanted, held = wanted["accountId"], record.fields.get(f"{at.native}.account") if record else None
            elif at.native == "assignee":
                held = wanted  # an e-mail reads back as a name
            if at.native in unheld or (record and not _same(wanted, held)):
                lost.add(name)
        return frozenset(lost)

    def delete(self, refs: Sequence[Ref]) -> Sequence[Outcome]:
        """Delete requests for good; Jira has no bin for them. Without the right nothing is sent, and nothing else stops."""
        may = "DELETE_ISSUES" in self._desk.probed.permissions
        outcomes = []
        for ref in refs:
            if not may:
                message = "the account lacks DELETE_ISSUES: requests are closed or cancelled, not deleted"
                outcomes.append(Outcome(executed=Executed.NO, ref=ref, error=Rejected(message, code="delete")))
                continue
            try:
                self._desk.client.delete_issue(ref)
                outcomes.append(Outcome(executed=Executed.YES, ref=ref))
            except RequestError as error:
                outcomes.append(Outcome(executed=error.executed, ref=ref, error=error))
        return outcomes


def _same(wanted: Json, found: Json) -> bool:
    """Whether Jira holds what it was given, in plain values: numbers by size, moments by instant, lists in any order."""
    if wanted in (None, "", []) or found in (None, "", []):
        return (wanted in (None, "", [])) == (found in (None, "", []))
    if isinstance(wanted, (list, tuple)) and isinstance(found, (list, tuple)):
        return sorted(map(str, wanted)) == sorted(map(str, found))
    if isinstance(wanted, (int, float)) and isinstance(found, (int, float)):
        return float(wanted) == float(found)
    if wanted != found and isinstance(wanted, str) and isinstance(found, str):
        one, other = read_instant(wanted), read_instant(found)
        if one is not None and other is not None:
            return one == other
        return " ".join(wanted.split()).casefold() == " ".join(found.split()).casefold()
    return wanted == found
