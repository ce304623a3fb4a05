"""A platform's own workflow held against a status map: can every status be brought about there, from wherever a record is? Pure.

A connector tells the workflow as elements, in the words of `connector.Element`: of kind "status" and of kind "transition". A
platform whose statuses are simply set has no transitions, and nothing to be found out here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from deskweave.configure.live import Live
from deskweave.connector import Element
from deskweave.documents import as_list, as_map
from deskweave.model import StatusModel

STATUS: Final = "status"
TRANSITION: Final = "transition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One transition. No `sources`: it leaves every state."""

    name: str
    sources: frozenset[str]
    target: str
    demands: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Workflow:
    """States by id, each with all the names it goes by, and what leads from one to another."""

    name: str
    states: dict[str, tuple[str, ...]] = field(default_factory=dict)
    passages: list[Passage] = field(default_factory=list)

    def called(self, state: str) -> str:
        return self.states[state][0]

    def find(self, word: object) -> str | None:
        """The state of this name or id, as people write it."""
        wanted = str(word).casefold()
        return next((id_ for id_, names in self.states.items() if wanted in (id_.casefold(), *map(str.casefold, names))), None)

    def leaving(self, state: str) -> Iterator[Passage]:
        for passage in self.passages:
            if passage.target != state and (not passage.sources or state in passage.sources):
                yield passage

    def reached(self, state: str) -> set[str]:
        """Every state that transitions lead to from this one, itself included."""
        found, fresh = {state}, [state]
        while fresh:
            for passage in self.leaving(fresh.pop()):
                if passage.target not in found:
                    found.add(passage.target)
                    fresh.append(passage.target)
        return found

    def way(self, start: str, target: str, given: frozenset[str] | None = None) -> list[Passage] | None:
        """The shortest way; with `given` only over transitions that demand nothing else. None: there is none."""
        queue: deque[tuple[str, list[Passage]]] = deque([(start, [])])
        met = {start}
        while queue:
            here, way = queue.popleft()
            if here == target:
                return way
            for passage in self.leaving(here):
                if passage.target not in met and (given is None or given >= set(passage.demands)):
                    met.add(passage.target)
                    queue.append((passage.target, [*way, passage]))
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What a workflow does not let us do. Names are those people see there.

    nowhere: nothing leads to `targets`, be the record where it may. way: from `source` no way leads to them. demand: the way from
    `source` demands `fields` that the status map does not give. trap: `source` has no word, and no way out to one.
    """

    kind: Literal["nowhere", "way", "demand", "trap"]
    workflow: str
    collection: str
    source: str = ""
    read_as: str = ""  #: the status that `source` is read as
    targets: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()  #: of the practice, those of `targets`
    onward: tuple[str, ...] = ()  #: where one gets to from `source`
    fields: tuple[str, ...] = ()


def workflows_of(live: Live) -> list[Workflow]:
    """The workflows a connection's elements tell, in their order; a transition whose end is not told is left out."""
    names: dict[str, tuple[str, ...]] = {}
    for element, kind in zip(live.elements, live.kinds, strict=True):
        if kind == STATUS and element.native is not None:
            told = [str(one) for one in as_list(element.attributes.get("names"))]
            names[element.native] = tuple(dict.fromkeys([*told, str(element.attributes.get("name") or element.native)]))
    found: dict[str, Workflow] = {}
    for element, kind in zip(live.elements, live.kinds, strict=True):
        passage = _passage(element) if kind == TRANSITION else None
        if passage is None:
            continue
        name = str(element.attributes.get("workflow") or "")
        workflow = found.setdefault(name, Workflow(name=name))
        workflow.passages.append(passage)
        ends = {*passage.sources, passage.target} if passage.sources else {*names, passage.target}
        for state in sorted(ends):
            workflow.states.setdefault(state, names.get(state, (state,)))
    return list(found.values())


def _passage(element: Element) -> Passage | None:
    to, sources = element.attributes.get("to"), element.attributes.get("from")
    if to is None or not isinstance(sources, (list, tuple)):
        return None
    return Passage(
        name=str(element.attributes.get("name") or to),
        sources=frozenset(map(str, sources)),
        target=str(to),
        demands=tuple(str(one) for one in as_list(element.attributes.get("demands"))),
    )


def gaps(model: StatusModel, document: Mapping[str, Any], workflows: Sequence[Workflow], fields: Mapping[str, str]) -> list[Gap]:
    """Where a status map asks more than the platform's workflows allow.

    Args:
        model: the practice's statuses; what it lets follow on what has to be possible there.
        document: the binding.
        workflows: of the platform.
        fields: names of fields there, casefolded, to what `demands` calls them.
    """
    onward = {slug: _after(model, slug) for slug in model.statuses}
    found: list[Gap] = []
    for name, body in as_map(document.get("collections")).items():
        statuses = {slug: as_map(bound) for slug, bound in as_map(as_map(body).get("statuses")).items() if slug in onward}
        if statuses:
            for workflow in workflows:
                found += _Map(str(name), statuses, workflow, fields).gaps(onward)
    return found


def _after(model: StatusModel, start: str) -> set[str]:
    found: set[str] = set()
    fresh = [start]
    while fresh:
        here = fresh.pop()
        for transition in model.transitions.values():
            if here in transition.sources and transition.target not in found:
                found.add(transition.target)
                fresh.append(transition.target)
    return found


class _Map:
    """One collection's statuses on one workflow."""

    def __init__(
        self, collection: str, statuses: Mapping[str, Mapping[str, Any]], workflow: Workflow, fields: Mapping[str, str]
    ) -> None:
        self.collection, self.workflow = collection, workflow
        self.key = next((str(key) for bound in statuses.values() for key in as_map(bound.get("is"))), "")
        self.homes: dict[str, str | None] = {}  #: status -> the state that is written
        self.read: dict[str, str] = {}  #: state -> the status it is read as
        self.given: dict[str, frozenset[str]] = {}  #: status -> fields that are handed over on the way
        for slug, bound in statuses.items():
            self.homes[slug] = self._state(as_map(bound.get("is")))
            sets = [str(native) for native in as_map(bound.get("sets"))]
            self.given[slug] = frozenset(sets) | frozenset(fields.get(native.casefold(), native) for native in sets)
        for slug, home in self.homes.items():
            if home is not None:
                self.read.setdefault(home, slug)
        for slug, bound in statuses.items():
            for words in as_list(bound.get("reads")):
                state = self._state(as_map(words))
                if state is not None:
                    self.read.setdefault(state, slug)

    def _state(self, words: Mapping[str, Any]) -> str | None:
        return self.workflow.find(words[self.key]) if self.key in words else None

    def gaps(self, onward: Mapping[str, set[str]]) -> Iterator[Gap]:
        lost: dict[str, list[str]] = {}
        for status, home in self.homes.items():
            asked = [
                state
                for state in self.workflow.states
                if state in self.read and status in onward[self.read[state]] and state != home
            ]
            if home is None or (asked and all(self.workflow.way(state, home) is None for state in asked)):
                yield self._gap("nowhere", targets=[status])
                continue
            for state in asked:
                if self.workflow.way(state, home) is None:
                    lost.setdefault(state, []).append(status)
                elif self.workflow.way(state, home, self.given[status]) is None:
                    way = self.workflow.way(state, home) or []
                    wanted = {one for passage in way for one in passage.demands} - self.given[status]
                    yield self._gap("demand", source=state, targets=[status], fields=sorted(wanted))
        for state, targets in lost.items():
            yield self._gap("way", source=state, targets=targets)
        for state in self.workflow.states:
            if state not in self.read and not self.workflow.reached(state) & self.read.keys():
                yield self._gap("trap", source=state)

    def _gap(
        self,
        kind: Literal["nowhere", "way", "demand", "trap"],
        *,
        source: str = "",
        targets: Iterable[str] = (),
        fields: Iterable[str] = (),
    ) -> Gap:
        workflow, statuses = self.workflow, tuple(targets)
        homes = [self.homes[status] for status in statuses]
        return Gap(
            kind=kind,
            workflow=workflow.name,
            collection=self.collection,
            source=workflow.called(source) if source else "",
            read_as=self.read.get(source, ""),
            targets=tuple(status if home is None else workflow.called(home) for status, home in zip(statuses, homes, strict=True)),
            statuses=statuses,
            onward=tuple(workflow.called(passage.target) for passage in workflow.leaving(source)) if source else (),
            fields=tuple(fields),
        )
