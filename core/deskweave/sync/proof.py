"""Whether status maps hold, found out by search: everything people can do on every platform, answered by the engine's own rules.

The merge, the words that come back and what is written are not copied here: they are the functions the engine itself runs
(`deskweave.sync.merge`), and the map is read and written by a Mapper. From every state in which all is quiet each edit that a
person can make on each platform is tried, one at a time, and two at once from where all agree; after it the system has to come to
rest with every platform saying the inquiry's status as well as it can. What does not is told with the way that leads there. Pure.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal, TypeAlias

from deskweave.connector import Mapper, Ref, RemoteRecord, View
from deskweave.mapping.mapper import STATUS
from deskweave.model import CollectionBinding, Json, Policy, StatusModel
from deskweave.sync.merge import held, merge, same, shared, wanted

ROUNDS: Final = 12  #: as many as a run of the engine makes; what is not quiet by then never will be
STATES: Final = 4_000  #: quiet states looked at for one set of platforms, more than three platforms of ten statuses have
ELSEWHERE: Final = -1  #: a rule, a decision, a platform that is not looked at
PAIR: Final = 2  #: platforms on which two people are searched to act at once
TOGETHER: Final = 3  #: platforms that are searched at once

Kind: TypeAlias = Literal["moves", "flaps", "differs", "unread"]


@dataclass(frozen=True, kw_only=True)
class Voice:
    """One collection of one connection, as far as it speaks of statuses. `written` False: it is only listened to."""

    connection: str
    collection: CollectionBinding
    mapper: Mapper
    written: bool = True

    @property
    def name(self) -> str:
        return f"{self.connection}/{self.collection.name}"

    @property
    def policy(self) -> Policy:
        at = self.collection.fields.get(STATUS)
        return Policy.SHARED if at is None else at.policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a way: an inquiry is in a status, somebody elsewhere changes it, a person sets a record, a record is written."""

    does: Literal["is", "elsewhere", "sets", "writes", "becomes"]
    status: str | None  #: of the inquiry; as the record reads; None: no word for it
    where: str = ""
    words: str = ""  #: native fields and values
    wanted: str = ""  #: of "writes": the status that was meant


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """A way that leads where it must not.

    moves: a status changes by itself, with nobody's doing. flaps: platforms change it to and fro for ever. differs: all is quiet
    and a platform says another status than it could. unread: an entry of `reads` that is read as another status, or as none.
    """

    kind: Kind
    voices: tuple[str, ...]  #: connection/collection, the one it is about first
    status: str
    becomes: str | None
    steps: tuple[Step, ...]
    entry: int = 0  #: of "unread": which one


def prove(model: StatusModel, voices: Sequence[Voice], together: Iterable[frozenset[str]] | None = None) -> list[Counterexample]:
    """The shortest counterexample of each kind to each set of platforms; nothing where the maps hold.

    Args:
        model: the practice's statuses.
        voices: every collection that has words for statuses.
        together: sets of connections that share inquiries (routes); None: all do.
    """
    shares = None if together is None else list(together)
    tables = [_Table(one) for one in voices if one.collection.statuses]
    found = [one for table in tables for one in _unread(table)]
    wrong: set[str] = set()  #: of one platform alone
    told: set[frozenset[str]] = set()
    for size in range(1, TOGETHER + 1):
        for group in combinations(tables, size):
            names = frozenset(one.voice.name for one in group)
            if not _meet([one.voice for one in group], shares) or any(less <= names for less in told if size > PAIR):
                continue
            shown = _Search(model, group).run()
            if names & wrong:  # told already, but for what two of them make of each other for ever
                shown = [one for one in shown if one.kind == "flaps"][:1]
            if shown:
                found += shown
                told.add(names)
                wrong |= names if size == 1 else set()
    return found


def _meet(voices: Sequence[Voice], shares: Sequence[frozenset[str]] | None) -> bool:
    """Whether one inquiry can stand in all of these collections."""
    if len({(one.connection, one.collection.role) for one in voices}) < len(voices):
        return False  # collections of one role hold different inquiries
    connections = {one.connection for one in voices}
    return shares is None or len(connections) == 1 or any(connections <= share for share in shares)


def _unread(table: _Table) -> Iterator[Counterexample]:
    """Entries of `reads` that never say what they stand under."""
    for slug, spelled in table.voice.collection.statuses.items():
        for number, words in enumerate(spelled.reads):
            raw = table.raw(words)
            read = table.read(raw)
            if read != slug:
                step = Step(does="sets", status=read, where=table.voice.name, words=table.shown(words))
                yield Counterexample(
                    kind="unread", voices=(table.voice.name,), status=slug, becomes=read, steps=(step,), entry=number
                )


class _Table:
    """What a mapper makes of the raw states of one collection, each looked up once. Raw states are numbered."""

    def __init__(self, voice: Voice) -> None:
        self.voice = voice
        self._keys = list(dict.fromkeys(key for spelled in voice.collection.statuses.values() for key in spelled.is_))
        self._raws: list[Mapping[str, Json]] = []
        self._numbers: dict[str, int] = {}
        self._read: dict[int, str | None] = {}
        self._says: dict[str, str | None] = {}
        self._written: dict[tuple[int, str], int] = {}
        self._blank = self._empty()
        self.statuses = tuple(voice.collection.statuses)
        raws = [self.raw(words) for spelled in voice.collection.statuses.values() for words in (spelled.is_, *spelled.reads)]
        self.edits = self._apart(dict.fromkeys(raws))

    def raw(self, words: Mapping[str, Json]) -> int:
        """The record of which a person sees these words, all else of a status blank."""
        return self._number({**{key: self._blank for key in self._keys}, **{k: v for k, v in words.items() if k in self._keys}})

    def read(self, raw: int) -> str | None:
        if raw not in self._read:
            value = self.voice.mapper.read(self._record(self._raws[raw])).values.get(STATUS)
            self._read[raw] = value if isinstance(value, str) else None
        return self._read[raw]

    def says(self, status: str) -> str | None:
        """What the platform would say if it agreed; None: it has no word for the status."""
        if status not in self._says:
            value = self.voice.mapper.project(self.voice.collection.name, {STATUS: status}).values.get(STATUS)
            self._says[status] = value if isinstance(value, str) else None
        return self._says[status]

    def written(self, raw: int, status: str) -> int:
        """The record after a status was written to it."""
        if (raw, status) not in self._written:
            patch = self.voice.mapper.patch(View({STATUS: status}), self._record(self._raws[raw]), key="")
            fields = {**self._raws[raw], **{key: value for key, value in patch.set.items() if key in self._keys}}
            if patch.status is not None:
                fields[self._keys[0]] = patch.status
            self._written[raw, status] = self._number(fields)
        return self._written[raw, status]

    def made(self, raw: int) -> bool:
        """Whether writing has brought a record to this: then it is not somebody else's state without a word."""
        return raw in self._written.values()

    def words(self, raw: int) -> str:
        return self.shown({key: value for key, value in self._raws[raw].items() if value not in (None, "")})

    @staticmethod
    def shown(words: Mapping[str, Json]) -> str:
        return ", ".join(f"{key}={value}" for key, value in words.items())

    def _apart(self, raws: Iterable[int]) -> tuple[int, ...]:
        """Raw states that can be told apart: by what they read, and by what writing makes of them."""
        kinds: dict[object, int] = {}
        for raw in raws:
            kinds.setdefault((self.read(raw), *(self.written(raw, status) for status in self.statuses)), raw)
        return tuple(kinds.values())

    def _empty(self) -> Json:
        """How the platform says that a field is empty: as the mapper writes it where a status leaves one of its fields out."""
        slug, spelled = next(iter(self.voice.collection.statuses.items()))
        patch = self.voice.mapper.patch(View({STATUS: slug}), self._record({}), key="")
        left = [key for key in self._keys if key not in spelled.is_ and key not in spelled.sets and key in patch.set]
        return patch.set[left[0]] if left else None

    def _number(self, fields: Mapping[str, Json]) -> int:
        key = json.dumps(fields, sort_keys=True, default=str, ensure_ascii=False)
        if key not in self._numbers:
            self._numbers[key] = len(self._raws)
            self._raws.append(dict(fields))
        return self._numbers[key]

    def _record(self, fields: Mapping[str, Json]) -> RemoteRecord:
        ref = Ref(self.voice.collection.name, "")
        return RemoteRecord(ref=ref, fields=fields, corr=None, updated_at=None, version=None, updated_by=None, label="")


_Cell: TypeAlias = tuple[int, str | None, str | None]
"""One record: its raw state, the status last agreed on, and one it was given and did not keep."""
_Edits: TypeAlias = tuple[tuple[int, int | str], ...]
"""What people do at once: which record, and its raw state then; or ELSEWHERE, and the status of the inquiry then."""
_After: TypeAlias = tuple[str, tuple[str, ...], _Cell, tuple["Step", ...]]
"""What comes of one look: the inquiry's status, those held before, the record, and the steps to tell."""


@dataclass(frozen=True, slots=True)
class _State:
    """An inquiry and its records: the status it holds, those it held before as far as they matter, and each record."""

    status: str
    said: tuple[str, ...]
    cells: tuple[_Cell, ...]


class _Search:
    """Breadth first over the quiet states of a few platforms, so that the first way found is the shortest."""

    def __init__(self, model: StatusModel, tables: Sequence[_Table]) -> None:
        self._model, self._tables = model, list(tables)
        self._names = tuple(one.voice.name for one in tables)
        #: only of these does it matter when they were held
        self._folded = {slug for one in tables for slug in one.statuses if shared(one.voice.collection, STATUS, slug)}
        self._known: dict[object, _After] = {}
        #: quiet state -> the one before and what people did then, or the status it began with
        self._ways: dict[_State, tuple[_State, _Edits] | str] = {}

    def run(self) -> list[Counterexample]:
        """One counterexample for each status in which an inquiry may begin; where all are sound, the first one at all."""
        begun = [(slug, self._settle(self._begin(slug))) for slug in self._model.statuses]
        found = [one for slug, quiet in begun if (one := self._judge(quiet, slug, slug)) is not None]
        if found:
            return found
        queue: deque[_State] = deque()
        for slug, quiet in begun:
            if quiet is not None and self._ways.setdefault(quiet, slug) is slug:
                queue.append(quiet)
        agreed = list(queue) if len(self._tables) == PAIR else []
        while queue:
            state = queue.popleft()
            for edit in self._edits(state):
                shown = self._try(state, (edit,), queue)
                if shown is not None:
                    return [shown]
        for state in agreed:
            for both in combinations(self._edits(state), 2):
                shown = self._try(state, both, queue) if both[0][0] != both[1][0] else None
                if shown is not None:
                    return [shown]
        return []

    def _try(self, state: _State, edits: _Edits, queue: deque[_State]) -> Counterexample | None:
        quiet = self._settle(self._edited(state, edits))
        told = edits[0][1] if len(edits) == 1 and edits[0][0] == ELSEWHERE else None
        shown = self._judge(quiet, str(told) if told is not None else None, (state, edits))
        if shown is None and quiet is not None and quiet not in self._ways and len(self._ways) < STATES:
            self._ways[quiet] = (state, edits)
            queue.append(quiet)
        return shown

    def _edits(self, state: _State) -> list[tuple[int, int | str]]:
        """Every state a person can bring one record to, and every status the inquiry can be brought to elsewhere."""
        here: list[tuple[int, int | str]] = [
            (index, raw) for index, table in enumerate(self._tables) for raw in table.edits if raw != state.cells[index][0]
        ]
        if len(self._tables) > 1:  # the others are where else it changes
            return here
        return [*here, *((ELSEWHERE, slug) for slug in self._model.statuses if slug != state.status)]

    def _edited(self, state: _State, edits: _Edits) -> _State:
        status, said, cells = state.status, state.said, list(state.cells)
        for index, value in edits:
            if isinstance(value, str):
                status, said = value, self._remembered(value, said)
            else:
                cells[index] = (value, *cells[index][1:])
        return _State(status, said, tuple(cells))

    def _begin(self, slug: str) -> _State:
        """An inquiry of this status whose records stand where the model begins, or where they can."""
        cells: list[_Cell] = []
        for table in self._tables:
            first = self._model.initial if self._model.initial in table.statuses else table.statuses[0]
            raw = table.raw(table.voice.collection.statuses[first].is_)
            cells.append((raw, table.read(raw), None))
        return _State(slug, self._remembered(slug, ()), tuple(cells))

    # -------------------------------------------------------------------------------------------------- what is found
    def _judge(self, quiet: _State | None, begins: str | None, way: tuple[_State, _Edits] | str) -> Counterexample | None:
        """What is wrong with where a way has led; `begins`: the inquiry was this, and nobody has done anything on a platform."""
        if quiet is None:
            steps = self._told(way)
            wrote = next((step for step in reversed(steps) if step.does == "writes"), steps[-1])
            status = wrote.wanted or str(wrote.status)
            return Counterexample(kind="flaps", voices=self._first(wrote.where), status=status, becomes=wrote.status, steps=steps)
        if begins is not None and quiet.status != begins:
            steps = self._told(way)
            wrote = next((step for step in steps if step.does == "writes" and step.status != step.wanted), steps[-1])
            return Counterexample(kind="moves", voices=self._first(wrote.where), status=begins, becomes=quiet.status, steps=steps)
        for table, (raw, _, _) in zip(self._tables, quiet.cells, strict=True):
            says, reads = table.says(quiet.status), table.read(raw)
            writes = table.voice.written and table.voice.policy in (Policy.SHARED, Policy.OWNER)
            if writes and says is not None and says != reads and (reads is not None or table.made(raw)):
                about = self._first(table.voice.name)
                return Counterexample(kind="differs", voices=about, status=quiet.status, becomes=reads, steps=self._told(way))
        return None

    def _first(self, name: str) -> tuple[str, ...]:
        return tuple(sorted(self._names, key=lambda one: one != name))

    def _told(self, way: tuple[_State, _Edits] | str) -> tuple[Step, ...]:
        """The way from the beginning, step by step."""
        edits: list[_Edits] = []
        while not isinstance(way, str):
            before, done = way
            edits.insert(0, done)
            way = self._ways[before]
        steps = [Step(does="is", status=way)]
        state = self._settle(self._begin(way), steps)
        for done in edits:
            assert state is not None
            for index, value in done:
                if isinstance(value, str):
                    steps.append(Step(does="elsewhere", status=value))
                    continue
                table = self._tables[index]
                steps.append(Step(does="sets", status=table.read(value), where=table.voice.name, words=table.words(value)))
            state = self._settle(self._edited(state, done), steps)
        return tuple(steps)

    # ------------------------------------------------------------------------------------------------- the engine's rounds
    def _settle(self, state: _State, steps: list[Step] | None = None) -> _State | None:
        """The state in which nothing is left to write; None: there is none, and the last steps repeat themselves."""
        met = {state}
        for _ in range(ROUNDS):
            for index in range(len(self._tables)):
                state = self._step(state, index, False, steps)
            before = state
            for index in range(len(self._tables)):
                state = self._step(state, index, True, steps)
            if state == before:
                return state
            if state in met:
                return None
            met.add(state)
        return None

    def _step(self, state: _State, index: int, writes: bool, steps: list[Step] | None) -> _State:
        """One record looked at, or written. What comes of it depends on that record and the inquiry alone, and is kept."""
        cell = state.cells[index]
        key = (index, writes, state.status, state.said, cell)
        found = self._known.get(key)
        if found is None:
            does = self._write if writes else self._observe
            found = self._known[key] = does(self._tables[index], state.status, state.said, cell)
        status, said, after, made = found
        if steps is not None:
            steps.extend(made)
        if after == cell and status == state.status:
            return state
        return _State(status, said, (*state.cells[:index], after, *state.cells[index + 1 :]))

    def _observe(self, table: _Table, status: str, said: tuple[str, ...], cell: _Cell, sent: str | None = None) -> _After:
        """As `Reconciliation.observe` and `remember` do with one field."""
        raw, base, dropped = cell
        seen, says = table.read(raw), table.says(status)
        if seen is None:
            return status, said, cell, ()
        merged = merge(
            projected={} if says is None else {STATUS: says},
            base={} if base is None else {STATUS: base},
            observed={STATUS: seen},
            inflight={} if sent is None else {STATUS: [sent]},
            owned=[STATUS] if table.voice.policy is Policy.OWNER else [],
        )
        cell = (raw, seen, None if dropped is not None and same(seen, dropped) else dropped)
        taken = merged.taken.get(STATUS)
        if isinstance(taken, str) and shared(table.voice.collection, STATUS, taken):
            taken = held(taken, said, table.says)
        if not isinstance(taken, str) or taken == status:
            return status, said, cell, ()
        return taken, self._remembered(taken, said), cell, (Step(does="becomes", status=taken),)

    def _write(self, table: _Table, status: str, said: tuple[str, ...], cell: _Cell) -> _After:
        """As `push` does: what is wanted is written, and the record is looked at as it is then."""
        raw, base, dropped = cell
        seen, says = table.read(raw), table.says(status)
        want = wanted(
            projected={} if says is None else {STATUS: says},
            base={} if base is None else {STATUS: base},
            readable=() if seen is None else (STATUS,),
            policies={STATUS: table.voice.policy},
            withheld=(),
            dropped={} if dropped is None else {STATUS: dropped},
        ).get(STATUS)
        if not table.voice.written or not isinstance(want, str):
            return status, said, cell, ()
        after = table.written(raw, want)
        reads = table.read(after)
        step = Step(does="writes", status=reads, where=table.voice.name, words=table.words(after), wanted=want)
        if reads == seen and reads != want:
            return status, said, (after, base, want), (step,)
        status, said, cell, more = self._observe(table, status, said, (after, want, None), want)
        return status, said, cell, (step, *more)

    def _remembered(self, status: str, said: tuple[str, ...]) -> tuple[str, ...]:
        """Statuses by when they were last held, the newest first, as far as that matters."""
        if status not in self._folded:
            return said
        return (status, *(one for one in said if one != status))
