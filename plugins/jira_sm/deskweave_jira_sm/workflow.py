"""The way to a status. Jira cannot set one: a request walks there by transitions, often several, some with fields of their own.

Transitions are matched by the id of the status they lead to, never by a name. Which ones leave the present status the issue itself
tells; what lies behind is read from the workflow where the account may, else learned from one request in each status, and where
nobody has been yet the practice's own transitions are the guess.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from deskweave.connector import Ref
from deskweave.errors import ConfigurationError, Executed, Missing, Rejected, RequestError
from deskweave.model import Json
from deskweave_jira_sm.client import Client
from deskweave_jira_sm.records import items_of
from deskweave_jira_sm.site import Site

MAX_HOPS: Final = 8
#: What passing through a finished status costs on the way to an unfinished one: it would stop clocks and send mails.
_DETOUR: Final = 10
_GUESS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One transition of a workflow, statuses and fields by id. No `sources`: it leaves every status."""

    id: str
    name: str
    workflow: str  #: its id
    called: str  #: its name
    sources: tuple[str, ...]
    target: str
    demands: tuple[str, ...]  #: fields its validators require; those of its screen only a request in that status tells


def read_edges(answer: Mapping[str, Json]) -> Iterator[Edge]:
    """The transitions of an answer about workflows: global ones leave every status, directed ones those they are linked from."""
    ids = {
        str(status.get("statusReference")): str(status.get("id"))
        for status in items_of(answer, "statuses")
        if isinstance(status, Mapping)
    }
    for workflow in items_of(answer, "workflows"):
        if isinstance(workflow, Mapping):
            for transition in items_of(workflow, "transitions"):
                edge = _edge(workflow, transition, ids) if isinstance(transition, Mapping) else None
                if edge is not None:
                    yield edge


def _edge(workflow: Mapping[str, Json], transition: Mapping[str, Json], ids: Mapping[str, str]) -> Edge | None:
    """None: it is the one that creates, or its ends are not told."""
    target = ids.get(str(transition.get("toStatusReference")))
    linked = [link for link in items_of(transition, "links") if isinstance(link, Mapping)]
    sources = tuple(id_ for link in linked if (id_ := ids.get(str(link.get("fromStatusReference")))) is not None)
    kind = transition.get("type")
    if target is None or kind == "INITIAL" or (not sources and kind != "GLOBAL"):
        return None
    return Edge(
        id=str(transition.get("id")),
        name=str(transition.get("name")),
        workflow=str(workflow.get("id")),
        called=str(workflow.get("name")),
        sources=sources,
        target=target,
        demands=tuple(_required(transition)),
    )


def _required(transition: Mapping[str, Json]) -> Iterator[str]:
    for rule in items_of(transition, "validators"):
        told = rule.get("parameters") if isinstance(rule, Mapping) else None
        if isinstance(told, Mapping) and told.get("ruleType") == "fieldRequired":
            yield from (name for part in str(told.get("fieldsRequired") or "").split(",") if (name := part.strip()))


@dataclass(slots=True)
class Walk:
    """How far a walk came: `used` are the fields its screens took."""

    at: str
    used: set[str] = field(default_factory=set)
    hops: int = 0


class Workflow:
    """What is known of a project's workflow, per issue type; it only grows while the connection lives."""

    def __init__(self, client: Client, site: Site, guesses: Mapping[str, frozenset[str]]) -> None:
        self._client, self._site = client, site
        self._guesses: dict[str, set[str]] = {}
        for source, targets in guesses.items():
            start = site.statuses.find(source)
            ends = [found.id for found in map(site.statuses.find, targets) if found is not None]
            if start is not None and ends:
                self._guesses.setdefault(start.id, set()).update(ends)
        self._ways: dict[str, dict[str, set[str]]] = {}
        self._surveyed: set[str] = set()

    def walk(self, ref: Ref, walk: Walk, target: str, issue_type: str, fields: Mapping[str, Json]) -> None:
        """Walk `ref` from `walk.at` to `target`, handing each screen the `fields` it asks for.

        Raises:
            Rejected: no way leads there, or a screen demands a field that was not given. `walk` says how far it came.
            RequestError: a step failed; `executed` is that step's.
        """
        dead: set[tuple[str, str]] = set()
        while walk.at != target:
            if walk.hops >= MAX_HOPS:
                raise self._lost(ref, walk.at, target, [], f"after {MAX_HOPS} transitions")
            offered = self._offered(ref)
            self._ways.setdefault(issue_type, {}).setdefault(walk.at, set()).update(offered)
            step = target if target in offered else self._next(issue_type, walk.at, target, offered, dead)
            if step is None:
                raise self._lost(ref, walk.at, target, sorted(offered), "")
            transition = offered[step]
            given = self._screen(ref, transition, step, fields, last=step == target)
            self._client.transition(ref, str(transition.get("id")), given)
            walk.used |= set(given)
            walk.at, walk.hops = step, walk.hops + 1

    def _offered(self, ref: Ref) -> dict[str, Mapping[str, Json]]:
        """The transitions this account may make now, by the status they lead to; the first of several to one status."""
        found: dict[str, Mapping[str, Json]] = {}
        for transition in self._client.transitions(ref):
            if not isinstance(transition, Mapping) or transition.get("isAvailable") is False:
                continue
            to = transition.get("to")
            if isinstance(to, Mapping) and to.get("id") is not None:
                found.setdefault(str(to["id"]), transition)
        return found

    def _screen(
        self, ref: Ref, transition: Mapping[str, Json], step: str, fields: Mapping[str, Json], *, last: bool
    ) -> dict[str, Json]:
        """The fields a transition's screen gets: what it demands, and on the last step also what it merely takes."""
        screen = transition.get("fields")
        if not isinstance(screen, Mapping):
            return {}
        given: dict[str, Json] = {}
        for name, meta in screen.items():
            required = isinstance(meta, Mapping) and meta.get("required") is True and meta.get("hasDefaultValue") is not True
            if name in fields and fields[name] is not None and (required or last):
                given[name] = fields[name]
            elif required:
                status = self._site.statuses.word(step, step, frozenset())
                message = (
                    f"the transition to {status!r} demands {name!r}, and nothing says what to put there: give that status of the "
                    f"binding a companion, sets: {{{name}: ...}}"
                )
                raise Rejected(message, fields=frozenset({str(name)}), record=f"{ref.collection}/{ref.rid}")
        return given

    def _next(self, issue_type: str, at: str, target: str, offered: Mapping[str, Json], dead: set[tuple[str, str]]) -> str | None:
        """The status to go to next on the cheapest known way to `target`."""
        if issue_type not in self._surveyed:
            self._learn(issue_type)
        while True:
            path = self._path(self._ways.get(issue_type, {}), at, target, dead)
            if path is None:
                return None
            if path[0] in offered:
                return path[0]
            dead.add((at, path[0]))  # the workflow has it, a condition hides it from this account or request

    def _path(self, ways: Mapping[str, set[str]], start: str, target: str, dead: set[tuple[str, str]]) -> list[str] | None:
        finished = {id_ for id_, term in self._site.statuses.by_id.items() if term.category == "done"}
        queue: list[tuple[int, list[str]]] = [(0, [start])]
        seen: set[str] = set()
        while queue:
            cost, path = heapq.heappop(queue)
            here = path[-1]
            if here == target:
                return path[1:]
            if here in seen:
                continue
            seen.add(here)
            known = here in ways  # what a status offers is certain once it was seen; a guess is no more than that
            for there in ways[here] if known else self._guesses.get(here, ()):
                if (here, there) not in dead and there not in seen:
                    detour = _DETOUR if there in finished and there != target and target not in finished else 0
                    heapq.heappush(queue, (cost + (1 if known else _GUESS) + detour, [*path, there]))
        return None

    # ------------------------------------------------------------------------------------------------------------- learning
    def _learn(self, issue_type: str) -> None:
        self._surveyed.add(issue_type)
        ways = self._ways.setdefault(issue_type, {})
        if self._site.permissions & {"ADMINISTER", "ADMINISTER_PROJECTS"}:
            try:
                self._read(self._client.workflows(self._site.project_id, [issue_type]), ways)
                return
            except (RequestError, ConfigurationError):
                pass  # may not read workflows after all: ask the requests
        for status in self._site.statuses.by_id:
            if status in ways:
                continue
            for rid in self._some_in(status, issue_type):
                try:
                    ways.setdefault(status, set()).update(self._offered(Ref("request", rid)))
                except Missing:
                    continue

    def _some_in(self, status: str, issue_type: str) -> Sequence[str]:
        jql = f'project = "{self._site.project_key}" AND status = {status} AND issuetype = {issue_type} ORDER BY updated DESC'
        found = self._client.search(jql, fields=["id"], limit=1).get("issues")
        return (
            [str(issue["id"]) for issue in found if isinstance(issue, Mapping) and "id" in issue] if isinstance(found, list) else []
        )

    @staticmethod
    def _read(answer: Mapping[str, Json], ways: dict[str, set[str]]) -> None:
        states = [str(status["id"]) for status in items_of(answer, "statuses") if isinstance(status, Mapping) and "id" in status]
        for edge in read_edges(answer):
            for source in edge.sources or states:
                if source != edge.target:
                    ways.setdefault(source, set()).add(edge.target)

    def _lost(self, ref: Ref, at: str, target: str, offered: Sequence[str], after: str) -> Rejected:
        def name(id_: str) -> str:
            return self._site.statuses.word(id_, id_, frozenset())

        return Rejected(
            f"no transitions lead from {name(at)!r} to {name(target)!r} {after}".rstrip()
            + f"; from here this account can go to: {', '.join(map(name, offered)) or 'nowhere'}. "
            "Add the transition to the workflow, or bind the status to one that can be reached.",
            executed=Executed.NO,
            record=f"{ref.collection}/{ref.rid}",
        )
