"""People at work: acts are done by hand in the platforms' own pages, syncs run in between, and trouble is made on purpose."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from deskweave.connector import Ref
from deskweave.demo.stage import Stage
from deskweave.demo.week import Act
from deskweave.model import Binding, CollectionBinding, FieldId, InquiryId, Policy, Value, Visibility
from deskweave.model.predicate import holds
from deskweave.store.joined import find_inquiry_of
from deskweave.sync import ConflictNote, SyncReport

EVERY: Final = timedelta(hours=2)
POLL: Final = timedelta(minutes=2)
LIMITS: Final = 2  #: "too many requests", per platform
LOST: Final = 1  #: lost answers, per platform
CONTESTED: Final = ("priority", "urgency", "impact", "department", "city")


@dataclass(slots=True)
class Tally:
    """What happened, as the story tells it at the end."""

    created: dict[str, int] = field(default_factory=dict)  #: by people, per platform
    edits: int = 0
    replies: int = 0
    notes: int = 0
    counterparts: int = 0
    values: int = 0
    messages: int = 0
    adopted: int = 0
    limits: int = 0
    lost: int = 0
    conflicts: list[ConflictNote] = field(default_factory=list)
    contested: FieldId | None = None
    left_out: int = 0  #: acts whose inquiry had not arrived there by Friday evening

    def take(self, report: SyncReport) -> None:
        self.counterparts += sum(part.created for part in report.connections.values())
        self.messages += sum(part.messages_public + part.messages_internal for part in report.connections.values())
        self.adopted += sum(part.adopted for part in report.connections.values())
        self.values += report.values_merged
        self.conflicts += report.conflicts


class Players:
    """Does acts. Knows where each story's inquiry stands on each platform: by its own hand, or by what sync has made."""

    def __init__(self, stage: Stage, bindings: dict[str, Binding]) -> None:
        self._stage, self._bindings = stage, bindings
        self._home: dict[int, tuple[str, Ref]] = {}
        self._inquiry: dict[int, InquiryId] = {}
        self._refs: dict[tuple[int, str], Ref] = {}

    def collection(self, connection: str, values: dict[FieldId, Value]) -> str:
        """Where people of this platform open an inquiry with such values."""
        for name, one in self._bindings[connection].collections.items():
            if one.creates and one.role == "main" and holds(one.holds, values):
                return name
        return next(name for name, one in self._bindings[connection].collections.items() if one.creates)

    def talks(self, connection: str, collection: str, visibility: Visibility) -> bool:
        """Whether people can write such messages there."""
        return visibility in self._bindings[connection].collections[collection].messages

    def knows(self, story: int) -> bool:
        """Whether somebody has opened this story's inquiry yet."""
        return story in self._home

    def find(self, story: int, connection: str, *, talk: bool = False) -> Ref | None:
        """The record of a story on a platform; `talk`: the one people write messages on."""
        home, ref = self._home[story]
        if home == connection and (talk or self._bindings[home].collections[ref.collection].creates):
            return ref
        known = self._refs.get((story, connection))
        if known is not None:
            return known
        row = find_inquiry_of(self._stage.space.store, home, ref.collection, ref.rid)
        if row is None:
            return None
        self._inquiry[story] = row.id
        for link in row.links:
            writable = self._bindings[link.connection].collections[link.collection].creates
            if link.connection == connection and link.rid is not None and link.state == "live" and writable:
                self._refs[story, connection] = Ref(link.collection, link.rid)
        return self._refs.get((story, connection))

    def do(self, act: Act, tally: Tally) -> bool:
        """Do one act at its time; False: the inquiry has not arrived on that platform yet."""
        hands = self._stage.hands[act.on]
        if act.kind == "create":
            values = dict(act.values or {})
            collection = act.collection or self.collection(act.on, values)
            self._home[act.story] = act.on, hands.create(collection, values, act.by)
            tally.created[act.on] = tally.created.get(act.on, 0) + 1
            return True
        if act.story not in self._home:
            return False
        if act.kind == "edit":
            ref = self.find(act.story, act.on)
            if ref is None:
                return False
            hands.edit(ref, act.values or {}, act.by)
            tally.edits += 1
            return True
        ref = self.find(act.story, act.on, talk=True)
        if ref is None:
            return False
        visibility = Visibility.PUBLIC if act.kind == "public" else Visibility.INTERNAL
        if not self.talks(act.on, ref.collection, visibility):
            return True  # there is no place to write that here; its people telephone
        hands.write(ref, visibility, act.body, act.by)
        if act.kind == "public":
            tally.replies += 1
        else:
            tally.notes += 1
        return True

    def contested_field(self, first: str, second: str, story: int) -> FieldId | None:
        """A field that people of both platforms may change on this inquiry."""
        pair = [self._open_fields(name, story) for name in (first, second)]
        return next((FieldId(name) for name in CONTESTED if all(FieldId(name) in fields for fields in pair)), None)

    def _open_fields(self, connection: str, story: int) -> set[FieldId]:
        ref = self.find(story, connection)
        if ref is None:
            return set()
        collection: CollectionBinding = self._bindings[connection].collections[ref.collection]
        return {name for name, at in collection.fields.items() if at.provisioned and at.policy in (Policy.OWNER, Policy.SHARED)}


def play(
    stage: Stage,
    acts: Sequence[Act],
    bindings: dict[str, Binding],
    forgetful: Set[tuple[str, str]],
    sync: Callable[[], SyncReport],
    *,
    seed: int,
    progress: Callable[[datetime], None],
) -> Tally:
    """Live through the week: acts in order of time, syncs in between.

    A sync runs at least every two hours in which something happens; sooner where the next act is about to cover up one that no
    sync has seen on a platform without a history, or where its inquiry has not arrived yet.

    Args:
        stage: platforms, clock, folder.
        acts: the week.
        bindings: of each connection.
        forgetful: (connection, collection) whose platform keeps no history.
        sync: one run of the engine.
        seed: for where trouble falls.
        progress: told what time it is.
    """
    players, tally = Players(stage, bindings), Tally()
    trouble = _trouble(random.Random(seed + 1), list(stage.running), len(acts))
    waiting: list[Act] = []
    unseen: set[tuple[str, Ref]] = set()  #: records edited since the last sync
    last = acts[0].at

    def run() -> None:
        nonlocal last, waiting
        last = stage.clock()
        progress(last)
        tally.take(sync())
        unseen.clear()
        again, waiting = waiting, []
        for act in again:
            if any(earlier.story == act.story for earlier in waiting) or not perform(act):
                waiting.append(act)

    def perform(act: Act) -> bool:
        done = players.do(act, tally)
        ref = players.find(act.story, act.on) if done and act.kind == "edit" else None
        if ref is not None:
            unseen.add((act.on, ref))
        return done

    def covers(act: Act) -> bool:
        """Whether this act would cover up what no sync has seen and no history keeps."""
        ref = players.find(act.story, act.on) if act.kind == "edit" and players.knows(act.story) else None
        return ref is not None and (act.on, ref) in unseen and (act.on, ref.collection) in forgetful

    for number, act in enumerate(acts):
        stage.clock.set(max(act.at, stage.clock()))
        for platform, fault in trouble.get(number, ()):
            stage.running[platform].faults.arm(fault, times=1, **({"writes": True} if fault == "lost_answer" else {}))
            tally.limits += fault == "rate_limited"
            tally.lost += fault == "lost_answer"
        absent = players.knows(act.story) and players.find(act.story, act.on, talk=act.kind != "edit") is None
        if act.at - last >= EVERY or covers(act) or absent:
            run()
        if any(earlier.story == act.story for earlier in waiting) or not perform(act):
            waiting.append(act)  # what comes first is done first
        if tally.contested is None and number >= len(acts) // 2:
            tally.contested = _quarrel(stage, players, acts, bindings)
    for _ in range(3):
        stage.clock.advance(POLL)
        run()
    for emulator in stage.running.values():
        emulator.faults.disarm()
    tally.left_out = len(waiting)
    return tally


def _trouble(dice: random.Random, platforms: Sequence[str], acts: int) -> dict[int, list[tuple[str, str]]]:
    """Before which act which platform begins to misbehave: spread over the week, early enough to be made good."""
    found: dict[int, list[tuple[str, str]]] = {}
    for platform in platforms:
        for fault, times in (("rate_limited", LIMITS), ("lost_answer", LOST)):
            for moment in dice.sample(range(acts // 10, acts * 3 // 4), times):
                found.setdefault(moment, []).append((platform, fault))
    return found


def _quarrel(stage: Stage, players: Players, acts: Sequence[Act], bindings: dict[str, Binding]) -> FieldId | None:
    """Two people change one field of one inquiry on two platforms between two syncs."""
    platforms = [name for name in stage.hands if any(one.messages for one in bindings[name].collections.values())]
    if len(platforms) < 2:
        platforms = list(stage.hands)
    first, second = platforms[0], platforms[1]
    closed = {act.story for act in acts if act.at <= stage.clock() and (act.values or {}).get(FieldId("status")) == "resolved"}
    opened = [act.story for act in acts if act.kind == "create" and act.at <= stage.clock() and act.story not in closed]
    for story in opened:
        name = players.contested_field(first, second, story)
        one, other = players.find(story, first), players.find(story, second)
        if name is None or one is None or other is None:
            continue
        row = find_inquiry_of(stage.space.store, first, one.collection, one.rid)
        now = row.inquiry.values.get(name) if row is not None else None
        values = [choice for choice in sorted(bindings[first].fields[name].choices) if choice != now]
        if len(values) < 2:
            continue
        stage.hands[first].edit(one, {name: values[0]}, "li.wei@desk.acme.example")
        stage.hands[second].edit(other, {name: values[1]}, "chen.jing@desk.acme.example")
        return name
    return None


def settle(stage: Stage, sync: Callable[[], SyncReport], tally: Tally, *, most: int = 240) -> bool:
    """Sync every two simulated minutes until nothing is written and nothing waits; False: it did not come to rest."""
    for _ in range(most):
        stage.clock.advance(POLL)
        report = sync()
        tally.take(report)
        if not report.written and not report.values_merged and report.waiting_until is None:
            return True
    return False
