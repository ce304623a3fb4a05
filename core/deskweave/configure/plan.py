"""A plan: what would be done to each connection, and against what it was made.

A plan is data. It can be written to a file, read back, and held against a fresh one: every step carries a digest of the file's,
the lock's and the platform's word it rests on, so a step that is no longer true is found before anything is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from deskweave.configure.key import ElementKey, digest, element_json, plain
from deskweave.configure.lock import LockEntry
from deskweave.connector import Element, ElementChange, InstanceIdentity
from deskweave.errors import SafetyStop
from deskweave.findings import Finding, Place
from deskweave.model import Json


class Mark(StrEnum):
    """The signs of `plan`: what kind of step it is."""

    ADD = "+"
    CHANGE = "~"
    REMOVE = "-"
    RENAME = ">"
    BOTH = "?"  #: changed on both sides since the last apply; a person decides
    BLOCKED = "x"
    BY_HAND = "!"


WRITING: Final = frozenset((Mark.ADD, Mark.CHANGE, Mark.REMOVE, Mark.RENAME))
Verb = Literal["create", "change", "retire", "remove"]
Degree = Literal["narrowed", "by_hand", "impossible"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One attribute by its three witnesses. `attribute` is a leaf, e.g. `label/zh`; None: that witness says nothing of it."""

    attribute: str
    last: Json  #: as last applied, from the lock file
    file: Json  #: what practice and binding want, as the platform can hold it
    live: Json  #: what the platform says


@dataclass(frozen=True, slots=True, kw_only=True)
class HandStep:
    """What a platform cannot hold, numbered where a person can do something about it."""

    number: str  #: "J-4"; "" where there is nothing to do
    connection: str
    kind: str
    elements: tuple[str, ...]  #: paths it concerns
    degree: Degree
    what: str
    steps: Mapping[str, str]  #: language -> what a person does
    where: str | None
    verify: bool
    done: bool = False
    done_by: str | None = None
    done_on: str | None = None  #: ISO date
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One element of one connection that is not as it should be.

    Writing steps (`+ ~ - >`) carry verb, before and after; `? x` say why not and what to do; `!` carries a hand step.
    """

    connection: str
    mark: Mark
    key: ElementKey
    verb: Verb | None = None
    before: Element | None = None
    after: Element | None = None
    differences: tuple[Difference, ...] = ()
    needs: tuple[ElementKey, ...] = ()  #: steps of this connection that must be done before
    carries: tuple[ElementKey, ...] = ()  #: elements that go with it: choices of a removed field, former keys of a renamed one
    reason: str = ""  #: why it is blocked, or what is unusual
    remedy: str = ""
    usage: int | None = None  #: records that hold it, where it was asked
    changed_at: datetime | None = None
    changed_by: str | None = None
    origin: Place | None = None  #: the line of the practice that wants it
    hand: HandStep | None = None
    against: str = ""  #: digest of file, lock and live as they were

    @property
    def writes(self) -> bool:
        return self.mark in WRITING

    @property
    def change(self) -> ElementChange:
        """What the connector is asked to do. A rename of which the platform sees nothing has none: only the lock file changes.

        Raises:
            ValueError: this step writes nothing.
        """
        if self.verb is None or not self.writes:
            message = f"{self.key} is not a writing step"
            raise ValueError(message)
        return ElementChange(verb=self.verb, before=self.before, after=self.after)

    @property
    def digest(self) -> str:
        return digest(step_words(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPlan:
    """The plan of one connection. `edits` are lock entries that change without a word to the platform: first contact, forgotten."""

    connection: str
    identity: InstanceIdentity | None
    steps: tuple[Step, ...] = ()
    edits: Mapping[ElementKey, LockEntry | None] = field(default_factory=dict)
    hand_steps: tuple[HandStep, ...] = ()  #: all losses, done ones and those without a number included
    read: int = 0  #: live elements read
    ours: int = 0  #: of them, matched with the practice
    left_alone: int = 0  #: the rest: never changed, never removed
    findings: tuple[Finding, ...] = ()
    failed: str | None = None  #: the connection could not be read; nothing is planned for it

    @property
    def writing(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.writes)

    @property
    def changes(self) -> tuple[ElementChange, ...]:
        return tuple(step.change for step in self.writing if step.verb is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be done, over all connections asked. `made_at` and `made_by` say when a plan file was written and by whom."""

    folder: str
    environment: str
    practice: str  #: digest of the composed practice
    connections: tuple[ConnectionPlan, ...]
    made_at: datetime | None = None
    made_by: str | None = None
    ours: tuple[str, ...] = ()  #: elements changed on both sides for which the file's word was chosen

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for connection in self.connections for step in connection.steps)

    @property
    def writing(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.writes)

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be written anywhere."""
        return not self.writing

    @property
    def left_alone(self) -> int:
        return sum(connection.left_alone for connection in self.connections)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for connection in self.connections for finding in connection.findings)

    @property
    def digest(self) -> str:
        """Of all steps and what they rest on: two plans with one digest would do the same to the same."""
        return digest(
            {
                "folder": self.folder,
                "environment": self.environment,
                "connections": [_connection_digest(connection) for connection in self.connections],
            }
        )

    def counts(self) -> dict[str, int]:
        """How many steps of each kind: add, change, remove, rename, both, blocked, by_hand; left_alone beside them."""
        found = Counter(step.mark for step in self.steps)
        counts = {mark.name.lower(): found[mark] for mark in Mark}
        counts["left_alone"] = self.left_alone
        return counts

    def only(self, *, elements: Iterable[str] = (), connections: Iterable[str] = ()) -> Plan:
        """The plan narrowed to `KIND/ID` words and connections; what a chosen step needs comes with it.

        A word is an element (`field/problem_category` or its full key) and takes along what stands below it; no words and no
        connections narrow nothing. Connections left out keep no steps and no lock edits.

        Raises:
            SafetyStop: a word or a connection names nothing of this plan.
        """
        words, names = tuple(elements), frozenset(connections)
        known = frozenset(connection.connection for connection in self.connections)
        if names - known:
            message = f"no connection {sorted(names - known)[0]} in this plan; there are {', '.join(sorted(known))}"
            raise SafetyStop(message)
        for word in words:
            if not any(step.key.is_called(word) for step in self.steps):
                message = f"nothing of this plan is called {word}"
                raise SafetyStop(message)
        narrowed = [
            _narrowed(connection, words) if not names or connection.connection in names else replace(connection, steps=(), edits={})
            for connection in self.connections
        ]
        return replace(self, connections=tuple(narrowed))


def hand_marks(hand_steps: Iterable[HandStep], origin: Callable[[str], Place | None] | None = None) -> tuple[Step, ...]:
    """The `!` steps of a plan: what is numbered and still to be done."""
    return tuple(
        Step(
            connection=hand.connection,
            mark=Mark.BY_HAND,
            key=ElementKey(hand.kind, hand.elements[0]),
            reason=hand.what,
            hand=hand,
            origin=origin(hand.elements[0]) if origin is not None else None,
        )
        for hand in hand_steps
        if hand.number and not hand.done and hand.elements
    )


def require_still_true(saved: Plan, fresh: Plan) -> None:
    """A saved plan may be applied only if every writing step of it would be planned again, resting on the same words.

    Raises:
        SafetyStop: another folder, environment or instance, or some steps are no longer true; they are named.
    """
    for what, then, now in (("folder", saved.folder, fresh.folder), ("environment", saved.environment, fresh.environment)):
        if then != now:
            message = f"the plan was made for {what} {then}, this is {now}"
            raise SafetyStop(message)
    current = {connection.connection: connection for connection in fresh.connections}
    stale: list[str] = []
    for connection in saved.connections:
        if not connection.steps and not connection.edits:
            continue
        here = current.get(connection.connection)
        if here is None or here.failed is not None:
            message = f"{connection.connection}: cannot be read now, so the plan cannot be held against it"
            raise SafetyStop(message if here is None else f"{message}: {here.failed}")
        if _instance(connection.identity) != _instance(here.identity):
            message = (
                f"{connection.connection}: the plan was made against {_said(connection.identity)}, this is {_said(here.identity)}"
            )
            raise SafetyStop(message)
        valid = {(step.key, step.mark): step.digest for step in here.steps}
        stale += [
            f"{connection.connection} {step.mark.value} {step.key}"
            for step in connection.writing
            if valid.get((step.key, step.mark)) != step.digest
        ]
    if stale:
        shown = "; ".join(stale[:5]) + (f"; and {len(stale) - 5} more" if len(stale) > 5 else "")
        why = f"since it was made, file, lock or platform changed under {len(stale)} of its steps"
        message = f"the plan is stale: {why}: {shown}. Plan again"
        raise SafetyStop(message)


def entry_json(entry: LockEntry | None) -> Json:
    """A lock entry as JSON."""
    if entry is None:
        return None
    return {
        "native": entry.native,
        "made": entry.made,
        "attributes": plain(entry.attributes),
        "shown": plain(entry.shown),
        "retired": entry.retired,
        "unseen": entry.unseen,
    }


def step_words(step: Step) -> dict[str, Json]:
    return {
        "connection": step.connection,
        "mark": step.mark.value,
        "element": str(step.key),
        "verb": step.verb,
        "before": element_json(step.before),
        "after": element_json(step.after),
        "differences": [
            {"attribute": part.attribute, "last": plain(part.last), "file": plain(part.file), "live": plain(part.live)}
            for part in step.differences
        ],
        "needs": [str(need) for need in step.needs],
        "carries": [str(key) for key in step.carries],
        "reason": step.reason,
        "remedy": step.remedy,
        "usage": step.usage,
        "hand": step.hand.number if step.hand else None,
        "against": step.against,
    }


def _connection_digest(connection: ConnectionPlan) -> Json:
    return {
        "connection": connection.connection,
        "instance": _instance(connection.identity),
        "steps": [step.digest for step in connection.steps if step.mark is not Mark.BY_HAND],
        "edits": {str(key): entry_json(entry) for key, entry in connection.edits.items()},
    }


def _instance(identity: InstanceIdentity | None) -> str | None:
    return identity.instance if identity else None


def _said(identity: InstanceIdentity | None) -> str:
    return f"instance {identity.instance} ({identity.address})" if identity else "an unknown instance"


def _narrowed(connection: ConnectionPlan, words: tuple[str, ...]) -> ConnectionPlan:
    if not words:
        return connection
    by_key = {step.key: step for step in connection.writing}
    chosen = {step.key for step in connection.steps if any(step.key.is_called(word) for word in words)}
    waiting = list(chosen)
    while waiting:
        step = by_key.get(waiting.pop())
        for need in step.needs if step else ():
            if need in by_key and need not in chosen:
                chosen.add(need)
                waiting.append(need)
    return replace(connection, steps=tuple(step for step in connection.steps if step.key in chosen))
