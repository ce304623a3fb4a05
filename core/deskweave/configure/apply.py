"""Carrying out one connection's part of a plan: journalled, one step at a time, a lost answer looked up before any repeat.

Lock file and journal are written once for a batch of steps, as each writing waits for the disk. Before the first request of a batch
all its steps are on disk as sent, not after a moment some seconds ahead; past that moment the rest is announced anew. So a killed
process leaves at most one batch of which it is unknown what was done, and all of it is looked up before anything is repeated.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from deskweave.configure.elements import FIELD, Wanted
from deskweave.configure.journal import Journal, Marked, Row, State, Unanswered
from deskweave.configure.key import ElementKey, canonical, element_json, leaves, plain
from deskweave.configure.live import Live, read_live
from deskweave.configure.lock import Lock, LockEntry, write_lock
from deskweave.configure.match import match
from deskweave.configure.patience import MAX_WAITS, WaitUntil, later
from deskweave.configure.plan import ConnectionPlan, Mark, Step, step_words
from deskweave.configure.planner import WHERE
from deskweave.configure.side import Side
from deskweave.connector import Element, Outcome
from deskweave.errors import (
    ConfigurationError,
    DeskweaveError,
    Executed,
    PermissionMissing,
    RateLimited,
    RequestError,
    Scope,
    TransientError,
)
from deskweave.findings import Finding, Place, Severity
from deskweave.model import Json

SETTLE: Final = timedelta(minutes=1)
BATCH: Final = 50  #: steps that are announced, and then noted as done, together
WINDOW: Final = timedelta(seconds=10)  #: for so long an announcement holds
NAMESPACE: Final = uuid.UUID("7b1a2f0e-52c5-5d0c-9d0f-6f2f8f0f3c11")
StepState = Literal["done", "failed", "skipped", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What became of one step. `unknown`: sent, never answered, not to be seen; `retry_at` says when it may be tried again."""

    step: Step
    state: StepState
    message: str = ""
    missing_right: bool = False  #: the account lacks what `message` names
    looked_up: bool = False  #: its answer was lost, and reading the elements again told what had become of it
    retry_at: datetime | None = None
    seconds: float = 0.0  #: by the injected clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One step is done, for live lines."""

    connection: str
    done: int
    total: int
    result: StepResult


class _CannotLook(Exception):
    """What became of a write cannot be seen."""


@dataclass(slots=True)
class _Work:
    """One step under way: what was there in the lock before, and where its journal row is."""

    step: Step
    number: int
    previous: Mapping[ElementKey, LockEntry | None] = field(default_factory=dict)


class Applier:
    """Applies the writing steps of one connection.

    Args:
        side: the connection; `may_write` has been asked.
        part: the plan, fresh.
        wanted: what the connection should have, for looking up lost answers.
        journal: where intents go before requests.
        now: aware UTC clock.
        earlier: writes of earlier runs that were never answered, oldest first.
        wait: waits until an instant; None: what has to wait is left for the next apply.
        progress: told after each step.
    """

    def __init__(
        self,
        side: Side,
        part: ConnectionPlan,
        wanted: Wanted,
        *,
        journal: Journal,
        now: Callable[[], datetime],
        earlier: Mapping[ElementKey, Sequence[Unanswered]],
        wait: WaitUntil | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.side, self.part, self.wanted, self.journal, self.now = side, part, wanted, journal, now
        self.earlier, self.wait, self.progress = earlier, wait, progress
        self.lock = side.lock()
        self.results: dict[ElementKey, StepResult] = {}
        self.work: dict[ElementKey, _Work] = {}
        self.run_id = ""
        self.stopped: StepResult | None = None
        self._written: Lock | None = None
        self._marks: list[Marked] = []
        self._announced, self._until = 0, now()  # the steps before this one are on disk as sent, until then
        self._reading: tuple[datetime, Live] | None = None

    # --------------------------------------------------------------------------------------------------------------- run
    def run(self) -> Lock:
        """Do the steps. The results stand in `results`, in order; when this returns or raises, lock file and journal say so too."""
        identity = self.lock.identity or self.part.identity
        self.keep(replace(self.lock.having(self.part.edits), identity=identity))
        steps = self.part.writing
        self.run_id = self.journal.begin([Row(connection=self.side.name, key=step.key, change=step_words(step)) for step in steps])
        number = -1
        try:
            for number, step in enumerate(steps):
                self.work[step.key] = _Work(step, number)
                began = self.now()
                if self.stopped is None and (number >= self._announced or began > self._until):
                    self._announce(steps, number)
                try:
                    result = self._step(self.work[step.key])
                except _CannotLook as error:
                    result = self._lost(
                        self.work[step.key], self.now(), f"its answer was lost, and it cannot be looked up: {error}"
                    )
                result = replace(result, seconds=max(0.0, (self.now() - began).total_seconds()))
                self.results[step.key] = result
                if self.progress is not None:
                    self.progress(Progress(connection=self.side.name, done=number + 1, total=len(steps), result=result))
        finally:
            for rest in range(number + 1, self._announced):  # something stopped us: these were surely not sent
                self._mark(rest, "planned", {})
            self._flush()
        return self.lock

    def _announce(self, steps: Sequence[Step], number: int) -> None:
        """Note the steps from `number` on as sent, and with them what became of those before."""
        now = self.now()
        self._until, self._announced = now + WINDOW, min(number + BATCH, len(steps))
        said: dict[str, Json] = {"sent_at": self._until.isoformat(), "attempt": 1}
        for rest in range(number, self._announced):
            if steps[rest].verb is not None:
                self._mark(rest, "sent", said)
        self._flush()

    def _mark(self, number: int, state: State, outcome: Mapping[str, Json]) -> None:
        self._marks.append(Marked(self.run_id, number, state, outcome))

    def _flush(self) -> None:
        """Put on disk what is known: first what is ours, then that it is done."""
        if self.lock is not self._written:
            write_lock(self.side.lock_file, self.lock)
            self._written = self.lock
        if self._marks:
            self.journal.mark(self._marks)
            self._marks = []

    def _step(self, work: _Work) -> StepResult:
        step = work.step
        if self.stopped is not None:
            return self._skip(work, f"not tried: {self.stopped.message}", self.stopped.retry_at)
        failed = [need for need in step.needs if need in self.results and self.results[need].state != "done"]
        if failed:
            return self._skip(work, f"waits for {failed[0]}, which was not done")
        if step.verb is None:
            self._record(work, step.before.native if step.before is not None else None)
            return self._settle(work, StepResult(step=step, state="done", message="only our own record of it is renamed"))
        earlier = self.earlier.get(step.key, ())
        if step.verb == "create" and earlier:
            sent_at = max(row.sent_at for row in earlier)
            open_until = sent_at + self._settle_time(step)
            if self.now() < open_until and not self._waited(open_until):
                message = f"sent at {sent_at.isoformat()} and never answered: it may still take effect"
                return self._skip(work, message, open_until, state="unknown")
            if self.wait is not None and (native := self._look(step, since=open_until)) is not None:
                return self._found(work, native, "an earlier request had made it")
        return self._send(work)

    def _found(self, work: _Work, native: str | None, message: str) -> StepResult:
        """A lost answer, settled by reading."""
        self._record(work, native)
        return self._settle(work, StepResult(step=work.step, state="done", looked_up=True, message=message))

    def _send(self, work: _Work) -> StepResult:
        """Send, and send again only what surely was not done, or what reading has shown not to be done."""
        step, looked_up, said = work.step, False, ""
        for attempt in range(MAX_WAITS):
            sent_at = self.now()
            if sent_at > self._until:
                self._mark(work.number, "sent", {"sent_at": sent_at.isoformat(), "attempt": attempt + 1})
                self._flush()
            answer = self._ask(step)
            if isinstance(answer, Outcome) and answer.executed is Executed.YES and answer.error is None:
                native = answer.ref.rid if answer.ref is not None else None
                native = native or (step.after.native if step.after is not None else None)
                if step.verb == "create" and native is None:
                    native = self._look(step)
                    if native is None:
                        return self._lost(work, sent_at, "made, says the platform, but not to be seen and without an id")
                self._record(work, native)
                return self._settle(work, StepResult(step=step, state="done", looked_up=looked_up))
            error = answer.error if isinstance(answer, Outcome) else answer
            executed = answer.executed if isinstance(answer, Outcome) else _executed(answer)
            if executed is Executed.NO:
                retry_at = error.retry_at if isinstance(error, TransientError) else None
                if retry_at is not None and self._waited(later(retry_at, attempt)):
                    continue
                return self._refused(work, error, retry_at)
            if self._took_effect(step):
                before = step.before.native if step.before is not None else None
                return self._found(work, self._look(step) if step.verb == "create" else before, _said(error))
            looked_up, said = True, _said(error)
            open_until = sent_at + self._settle_time(step)
            if step.verb == "create":
                # an answer that is lost may belong to a request still under way: made again now, it could be there twice
                if not self._waited(open_until):
                    return self._lost(work, sent_at, _said(error))
                if (native := self._look(step)) is not None:
                    return self._found(work, native, _said(error))
            elif attempt:
                return self._lost(work, sent_at, _said(error))
        return self._lost(work, self.now(), f"tried {MAX_WAITS} times: {said or 'the platform kept asking to come back later'}")

    def _ask(self, step: Step) -> Outcome | Exception:
        target = self.side.connection.target
        assert target is not None
        try:
            rows = self.earlier.get(step.key, ())
            return target.apply(step.change, key=idempotency_key(self.part, step, rows[0].run if rows else self.run_id))
        except Exception as error:  # noqa: BLE001  a connector is a stranger's code, and what it did is unknown
            return error

    # ---------------------------------------------------------------------------------------------------------- looking up
    def _look(self, step: Step, since: datetime | None = None) -> str | None:
        """The native id of what a step was to make, None where it is not there now.

        Args:
            step: a create.
            since: what was read then or later, for another step, will do.

        Raises:
            _CannotLook: the elements cannot be read; what cannot be looked up is never repeated.
        """
        live = self._read(step, since)
        found = match(self.wanted, live, self.lock.having({step.key: None})).wanted.get(step.key)
        if found is not None and found.how == "several":
            raise _CannotLook("several elements of that name are there now")
        return live.elements[found.live].native if found is not None and found.live is not None else None

    def _took_effect(self, step: Step) -> bool:
        if step.verb == "create":
            return self._look(step) is not None
        live, native = self._read(step), step.before.native if step.before is not None else None
        kinds = zip(live.elements, live.kinds, strict=True)
        held = [element for element, kind in kinds if kind == step.key.kind and element.native == native]
        if step.verb in ("remove", "retire"):
            return not held
        return bool(held) and all(leaves(held[0].attributes).get(part.attribute) == plain(part.file) for part in step.differences)

    def _read(self, step: Step, since: datetime | None = None) -> Live:
        source = self.side.connection.configuration
        if source is None:
            raise _CannotLook("this connection lists no elements")
        if since is not None and self._reading is not None and self._reading[0] >= since:
            return self._reading[1]
        kinds = {step.key.kind, FIELD} | ({key.kind for key in self.earlier} if since is not None else set())
        at = self.now()
        try:
            live = read_live(source, kinds, wait=self.wait)
        except Exception as error:
            raise _CannotLook(_said(error)) from error
        if since is not None:
            self._reading = at, live
        return live

    # ------------------------------------------------------------------------------------------------------------ settling
    def _record(self, work: _Work, native: str | None) -> None:
        """What a finished step means for the lock file."""
        step = work.step
        edits: dict[ElementKey, LockEntry | None] = {}
        if step.mark is Mark.REMOVE:
            for key in (step.key, *step.carries):
                entry = self.lock.elements.get(key)
                edits[key] = replace(entry, retired=True) if step.verb == "retire" and entry is not None else None
        elif step.after is not None:
            edits = dict.fromkeys(step.carries)
            attributes = {name: plain(value) for name, value in step.after.attributes.items()}
            entry = LockEntry(
                native=native or step.after.native or "", made=True, attributes=attributes, unseen=step.verb is not None
            )
            if step.verb is None and step.carries:  # nothing was written: what the platform spells its own way it still does
                former = self.lock.elements[step.carries[0]]
                entry = replace(entry, shown=former.shown, unseen=former.unseen)
            edits[step.key] = entry
        work.previous = {key: self.lock.elements.get(key) for key in edits}
        self.lock = self.lock.having(edits)

    def keep(self, lock: Lock) -> None:
        """Write the lock file as it is to be from now on, and the journal."""
        self.lock = lock
        self._flush()

    def _settle(self, work: _Work, result: StepResult) -> StepResult:
        self._mark(work.number, "done", {"looked_up": result.looked_up, "message": result.message})
        for row in self.earlier.get(work.step.key, ()):
            self._marks.append(Marked(row.run, row.number, "settled", {"by": self.run_id}))
        return result

    def _skip(
        self, work: _Work, message: str, retry_at: datetime | None = None, state: Literal["skipped", "unknown"] = "skipped"
    ) -> StepResult:
        # an earlier row of the same element stays open: this one was never sent
        self._mark(work.number, "skipped", {"message": message})
        return StepResult(step=work.step, state=state, message=message, retry_at=retry_at)

    def _lost(self, work: _Work, sent_at: datetime, message: str) -> StepResult:
        retry_at = sent_at + self._settle_time(work.step)
        self._mark(work.number, "unknown", {"sent_at": sent_at.isoformat(), "message": message})
        return StepResult(step=work.step, state="unknown", message=message, retry_at=retry_at, looked_up=True)

    def _refused(self, work: _Work, error: object, retry_at: datetime | None) -> StepResult:
        message = _said(error)
        self._mark(work.number, "failed", {"message": message})
        missing = isinstance(error, PermissionMissing)
        result = StepResult(step=work.step, state="failed", message=message, missing_right=missing, retry_at=retry_at)
        stops = isinstance(error, RateLimited) and error.scope is not Scope.RECORD
        if stops or (isinstance(error, ConfigurationError) and not missing):
            self.stopped = result
        return result

    def _waited(self, until: datetime) -> bool:
        """Whether the host has waited until then for us."""
        if self.now() >= until:
            return True
        if self.wait is None:
            return False
        if until > self._until:
            self._flush()  # it may take long
        self.wait(until)
        return self.now() >= until

    def _settle_time(self, step: Step) -> timedelta:
        """After this a request that was lost can no longer take effect."""
        try:
            found = self.side.connection.capabilities.collections.get(step.key.collection)
        except DeskweaveError:
            return SETTLE
        return found.settle if found is not None else SETTLE

    # ------------------------------------------------------------------------------------------------------------ checking
    def verify(self, live: Live) -> list[Finding]:
        """Hold what was done against the elements as read afterwards, and correct lock and results.

        A change that was answered with success and did not happen is a failure; what the platform spells its own way is noted, so
        that the next plan does not ask for it again; an id the connector gave that is not the listing's is replaced.
        """
        findings: list[Finding] = []
        made = {
            key: None
            for key, result in self.results.items()
            if result.state == "done" and result.step.verb == "create" and key in self.lock.elements
        }
        seen = match(self.wanted, live, self.lock).wanted
        by_name = match(self.wanted, live, self.lock.having(made)).wanted
        edits: dict[ElementKey, LockEntry | None] = {}
        for key, result in self.results.items():
            entry = self.lock.elements.get(key)
            if result.state != "done" or result.step.verb not in ("create", "change") or entry is None:
                continue
            found = seen.get(key)
            if key in made and (found is None or found.how != "lock"):
                found = by_name.get(key)
            if found is None or found.live is None:
                if key in made:
                    self.results[key] = self._lost(self.work[key], self.now(), "made, says the platform, but not in its listing")
                continue
            element = live.elements[found.live]
            edits.update(self._held(key, replace(entry, native=element.native or entry.native), element, findings))
        self.keep(self.lock.having(edits) if edits else self.lock)
        return findings

    def _held(
        self, key: ElementKey, entry: LockEntry, live: Element, findings: list[Finding]
    ) -> Mapping[ElementKey, LockEntry | None]:
        said, shown = leaves(entry.attributes), leaves(live.attributes)
        before = {part.attribute: part.live for part in self.results[key].step.differences}
        odd = {
            leaf: shown[leaf] for leaf in said if leaf in shown and shown[leaf] != said[leaf] and leaf.split("/")[0] not in WHERE
        }
        dropped = sorted(leaf for leaf, value in odd.items() if leaf in before and before[leaf] == value)
        if dropped:
            message = f"answered with success and not changed there: {', '.join(dropped)}"
            self.results[key] = replace(self.results[key], state="failed", message=message)
            self._mark(self.work[key].number, "failed", {"message": message})
            return self.work[key].previous
        for leaf, value in sorted(odd.items()):
            findings.append(
                Finding(
                    rule="spelled-otherwise",
                    severity=Severity.NOTE,
                    place=Place(f"connection:{self.side.name}", f"{key}/{leaf}"),
                    found=str(value)[:80],
                    message=f"the platform keeps {leaf} of {key} its own way; that counts as equal from now on",
                )
            )
        return {key: replace(entry, shown=odd, unseen=False)}


def idempotency_key(part: ConnectionPlan, step: Step, run: str) -> str:
    """For platforms that honour such keys: one per step and run that first sent it.

    A repeat of a lost request has the key of the first one. The same change made again later, after somebody undid it, has another:
    with the old key a platform would answer that it did this already, and do nothing.
    """
    instance = part.identity.instance if part.identity is not None else ""
    said = [part.connection, instance, str(step.key), step.verb, element_json(step.before), element_json(step.after), run]
    return str(uuid.uuid5(NAMESPACE, canonical(said)))


def _executed(error: Exception) -> Executed:
    if isinstance(error, RequestError):
        return error.executed
    return Executed.NO if isinstance(error, ConfigurationError) else Executed.MAYBE


def _said(error: object) -> str:
    """An error for an operator: ours say what happened; a stranger's only its kind, as its text may hold anything."""
    if error is None:
        return "no reason given"
    return str(error) if isinstance(error, DeskweaveError) else f"the connector raised {type(error).__name__}"
