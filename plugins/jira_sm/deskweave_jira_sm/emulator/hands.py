"""What people do in Jira's own pages: customers on the portal, agents in the queue. Never through the REST endpoints."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from deskweave.connector import Mapper, Ref, RemoteRecord, View
from deskweave.model import FieldId, Json, Value, Visibility
from deskweave_jira_sm.adf import from_adf, to_adf
from deskweave_jira_sm.emulator.entry import entered
from deskweave_jira_sm.emulator.issues import take
from deskweave_jira_sm.emulator.platform import JiraPlatform
from deskweave_jira_sm.emulator.present import Presenter
from deskweave_jira_sm.emulator.state import Account, Issue, Named, Step
from deskweave_jira_sm.probe import read_field
from deskweave_jira_sm.records import COLLECTION
from deskweave_jira_sm.site import Site, Term, Terms
from deskweave_jira_sm.values import Undressable, dress, plain

_AGENT: Final = "li.wei@example.com"
_CUSTOMER: Final = "zhang.min@example.com"


class JiraHands:
    """`connector.Hands`. `by` is a name, e-mail or account id; somebody unknown becomes a customer or an agent."""

    def __init__(self, platform: JiraPlatform, mapper: Mapper) -> None:
        self._platform, self._mapper = platform, mapper

    # ------------------------------------------------------------------------------------------------------------- requests
    def create(self, collection: str, values: Mapping[FieldId, Value], by: str) -> Ref:
        """A customer raises a request on the portal; a status other than the first is walked to by an agent."""
        with self._platform.lock:
            state = self._platform.state
            person = self._person(by, "customer")
            draft = self._mapper.draft(collection, values, corr="", key="")
            named = draft.fields.get("requesttype")
            site = self._site()
            term = site.request_types.find(str(named)) if named else None
            kind = state.request_types[term.id] if term else next(iter(state.request_types.values()))
            stored: dict[str, Any] = {"priority": "3", "customfield_10010": kind.id, "reporter": person.id}
            stored |= self._stored({name: value for name, value in draft.fields.items() if value != ""}, site)
            if not stored.get("summary"):
                stored["summary"] = "(no subject)"
            stored.pop("resolution", None)
            issue = state.add_issue(issue_type=kind.issue_type, values=stored, creator=person.id, properties={})
            ref = Ref(COLLECTION, str(issue.id))
            if values.get(FieldId("status")) is not None:
                self._edit(ref, {FieldId("status"): values[FieldId("status")]}, _AGENT)
            return ref

    def edit(self, ref: Ref, values: Mapping[FieldId, Value], by: str) -> None:
        """An agent edits fields and moves the request along the workflow, step by step as the page offers it.

        Raises:
            KeyError: there is no such request.
            ValueError: no way leads to the status.
        """
        with self._platform.lock:
            self._edit(ref, values, by)

    def _edit(self, ref: Ref, values: Mapping[FieldId, Value], by: str) -> None:
        issue, person = self._issue(ref), self._person(by, "agent")
        blank = RemoteRecord(ref=ref, fields={}, corr=None, updated_at=None, version=None, updated_by=None, label=issue.key)
        patch = self._mapper.patch(View(values), blank, key="")
        site = self._site()
        stored = self._stored(patch.set, site)
        resolution = stored.pop("resolution", None)
        if stored:
            self._platform.state.change(issue, person.id, stored)
        if patch.status is not None:
            target = site.statuses.find(patch.status)
            if target is None:
                message = f"the emulated workflow has no status {patch.status!r}"
                raise ValueError(message)
            for step in self._way(issue.status, target.id):
                answers = {name: resolution or "10000" for name in step.screen}
                take(self._platform, issue, person, step, answers)

    def _way(self, start: str, target: str) -> list[Step]:
        """The fewest steps; through a finished status only where the end is one."""
        state = self._platform.state
        for strict in (True, False):
            queue: deque[tuple[str, list[Step]]] = deque([(start, [])])
            seen = {start}
            while queue:
                here, path = queue.popleft()
                if here == target:
                    return path
                for step in state.steps_from(here):
                    through = strict and state.statuses[step.to].category == "done" and step.to != target
                    if step.to not in seen and not (through and state.statuses[target].category != "done"):
                        seen.add(step.to)
                        queue.append((step.to, [*path, step]))
        message = f"no transitions lead from {state.statuses[start].names['en']!r} to {state.statuses[target].names['en']!r}"
        raise ValueError(message)

    def remove(self, ref: Ref) -> None:
        """An administrator deletes a request, or somebody a comment."""
        with self._platform.lock:
            state = self._platform.state
            if ref.collection == COLLECTION:
                state.delete(self._issue(ref))
                return
            for issue in state.issues.values():
                for comment in issue.comments:
                    if comment.id == ref.rid:
                        issue.comments.remove(comment)
                        issue.updated = state.stamp()
                        state.reindex(issue, issue.updated)
                        return
            raise KeyError(ref.rid)

    def shows(self, ref: Ref) -> Mapping[FieldId, Value]:
        """What the request's page shows, every field under its id and its name."""
        with self._platform.lock:
            issue, site = self._issue(ref), self._site()
            told = Presenter(self._platform.state, self._platform.base, None).issue(issue, None)["fields"]
        fields: dict[str, Json] = {}
        for name, raw in told.items():
            info = site.fields.get(name)
            value = plain(raw, info, site, frozenset())
            fields |= {name: value} | ({info.name: value} if info is not None else {})
        record = RemoteRecord(
            ref=ref, fields=fields, corr=None, updated_at=issue.updated, version=None, updated_by=None, label=issue.key
        )
        return self._mapper.read(record).values

    # ------------------------------------------------------------------------------------------------------------- messages
    def said(self, parent: Ref) -> Sequence[tuple[Visibility, str]]:
        """The comments an agent sees; those with a lock are internal."""
        with self._platform.lock:
            return [
                (Visibility.PUBLIC if comment.public else Visibility.INTERNAL, from_adf(comment.body))
                for comment in self._issue(parent).comments
            ]

    def write(self, parent: Ref, visibility: Visibility, body: str, by: str) -> Ref:
        """A comment, by the customer or to them, or an internal note."""
        with self._platform.lock:
            public = visibility is Visibility.PUBLIC
            person = self._person(by, "customer" if public else "agent")
            if not public and person.kind == "customer":
                message = f"{person.name} is a customer, and customers write no internal notes"
                raise ValueError(message)
            marks: dict[str, Any] = {} if public else {"sd.public.comment": {"internal": True}}
            comment = self._platform.state.add_comment(
                self._issue(parent), author=person.id, body=to_adf(body), public=public, properties=marks
            )
            return Ref("comment", comment.id)

    def attach(self, parent: Ref, visibility: Visibility, name: str, content: bytes, by: str) -> Ref:
        """Not yet.

        Raises:
            NotImplementedError: always; attachments come with a later issue.
        """
        message = "the Jira emulator has no attachments yet; they come with a later issue"
        raise NotImplementedError(message)

    def answer(self, corr: str, kind: str, value: Json, by: str) -> None:
        """Not yet.

        Raises:
            NotImplementedError: always; nothing is asked of people on Jira.
        """
        message = "Jira asks nobody anything for Deskweave: there is nothing to answer"
        raise NotImplementedError(message)

    # --------------------------------------------------------------------------------------------------------------- replay
    def replay(self, collection: str, history: Sequence[tuple[datetime, str, Mapping[FieldId, Value]]]) -> Sequence[Ref]:
        """Live through a log: the first line of a record raises it, later ones edit it, each stamped with its own moment."""
        refs: dict[str, Ref] = {}
        state = self._platform.state
        with self._platform.lock:
            for when, whose, values in history:
                state.at = when
                try:
                    if whose not in refs:
                        refs[whose] = self.create(collection, values, _CUSTOMER)
                    else:
                        self._edit(refs[whose], values, _AGENT)
                finally:
                    state.at = None
        return list(refs.values())

    # -------------------------------------------------------------------------------------------------------------- helpers
    def _issue(self, ref: Ref) -> Issue:
        return self._platform.state.issues[int(ref.rid)]

    def _person(self, words: str, kind: str) -> Account:
        """Somebody known, or a new account: a customer of the portal, or an agent with the team's rights."""
        state = self._platform.state
        known = state.people(words)
        if known is not None:
            return known
        place = len(state.accounts)
        email = words if "@" in words else f"{'.'.join(words.casefold().split())}@example.com"
        known = state.people(email)
        if known is not None:
            return known
        name = words.partition("@")[0].replace(".", " ").title() if "@" in words else words
        if kind == "customer":
            made = Account(id=f"qm:00000000-0000-4000-8000-{place:012d}:portal", email=email, name=name, kind="customer")
        else:
            team = state.people(_AGENT)
            rights = team.permissions if team else frozenset()
            made = Account(id=f"712020:{place:032d}", email=email, name=name, agent=True, permissions=rights)
        state.accounts[made.id] = made
        return made

    def _stored(self, values: Mapping[str, Json], site: Site) -> dict[str, Any]:
        """Plain values as the site stores them; what no page lets one type (people as text) is left out."""
        state = self._platform.state
        stored: dict[str, Any] = {}
        for native, value in values.items():
            info = site.field_named(native)
            if info is None or native == "requesttype":
                continue
            if info.id == "assignee":
                stored["assignee"] = self._person(str(value), "agent").id if value else None
                continue
            try:
                dressed = dress(value, info, site)
            except Undressable:
                continue
            stored[info.id] = entered(state, state.fields[info.id], dressed, version="3")
        return stored

    def _site(self) -> Site:
        """The site as the connector's pure conversions need it, straight from the state."""
        state = self._platform.state
        view = Presenter(state, self._platform.base, None)
        fields = [read_field(view.field(field)) for field in state.fields.values() if not field.trashed]

        def terms(named: Mapping[str, Named]) -> Terms:
            return Terms(
                {
                    term.id: Term(term.id, tuple(dict.fromkeys(term.names.values())), category=term.category)
                    for term in named.values()
                }
            )

        return Site(
            base_url=self._platform.base,
            account="",
            zone=ZoneInfo("UTC"),
            project_id=state.project_id,
            project_key=state.project_key,
            is_desk=True,
            desk_id=state.desk_id,
            fields={info.id: info for info in fields if info is not None},
            statuses=terms(state.statuses),
            priorities=terms(state.priorities),
            resolutions=terms(state.resolutions),
            request_types=Terms(
                {kind.id: Term(kind.id, (kind.name,), issue_type=kind.issue_type) for kind in state.request_types.values()}
            ),
            issue_types={kind.id: kind.names["en"] for kind in state.issue_types.values()},
            permissions=frozenset(),
            licensed=True,
            request_type_field="customfield_10010",
        )
