"""The engine: pull, reconcile, push, until nothing is due now (practice M1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from deskweave.connector import CollectionCapabilities
from deskweave.errors import PluginError, RemoteError
from deskweave.ledger import Ledger
from deskweave.model import ConnectionName, Field, FieldId, Route, StatusModel
from deskweave.people import Directory
from deskweave.store import Store
from deskweave.store.conflicts import last_conflict
from deskweave.store.events import read_position, write_position
from deskweave.store.inquiries import chunks, count_inquiries
from deskweave.store.links import anything_due, dirty_inquiries, waiting_links
from deskweave.store.lookup import list_conflicts
from deskweave.store.streams import beat, held_connections, pause_connection, read_connection, register_connection
from deskweave.sync import deletion, guards, inbox, likeness, remap
from deskweave.sync import people as whom
from deskweave.sync.afterwards import thaw
from deskweave.sync.create import create
from deskweave.sync.messages import EVER, pull_messages, push_messages, spread
from deskweave.sync.plan import planned
from deskweave.sync.pull import pull, refine
from deskweave.sync.push import push
from deskweave.sync.rebuild import Decisions, Rebuilt, rebuild
from deskweave.sync.reconcile import Reconciliation
from deskweave.sync.report import ConflictNote, ConnectionReport, Guard, SyncPlan, SyncReport, Timing
from deskweave.sync.run import Hooks, Progress, Run, Side
from deskweave.sync.settlement import settle
from deskweave.sync.sweep import sweep

CONFLICTS: Final = "told:conflicts"  #: up to which conflict runs have told
ROUNDS: Final = 12  #: what is not quiet after so many rounds waits for the next run


class Engine:
    """Joins the same inquiries on several platforms. One engine, one run at a time; the store's lease sees to it.

    The guard's limits count over all runs of an engine: however often one command runs it, they are what one command may do.

    Args:
        store: open store; the engine takes its lease for the length of a run.
        sides: connections by name, with binding and mapper.
        routes: which inquiries exist where.
        fields: the practice's fields (types, `personal`).
        statuses: the practice's status model.
        practice_digest: of the practice in force; events carry it.
        since: counterparts are made only for inquiries opened at or after this instant; older ones are imported for measuring.
        guard: how much may be written unasked.
        now: the clock, aware UTC.
        hooks: the gates for plugins.
        progress: called now and then with a `Progress`.
        timing: waits and attempts.
        people: who an account is; None: people stay text.
        rating: the field that says how content the user was, for ratings that come as answers.
    """

    def __init__(
        self,
        *,
        store: Store,
        sides: Mapping[ConnectionName, Side],
        routes: Sequence[Route],
        fields: Mapping[FieldId, Field],
        statuses: StatusModel | None,
        practice_digest: str,
        since: datetime,
        now: Callable[[], datetime],
        guard: Guard | None = None,
        hooks: Hooks | None = None,
        progress: Callable[[Progress], None] | None = None,
        timing: Timing | None = None,
        people: Directory | None = None,
        rating: FieldId | None = None,
    ) -> None:
        self._store, self._sides, self._routes = store, dict(sides), tuple(routes)
        self._fields, self._since, self._now = dict(fields), since, now
        self._practice, self._guard, self._timing = practice_digest, guard or Guard(), timing or Timing()
        self._hooks, self._progress, self._rating = hooks or Hooks(), progress or _unheard, rating
        self._written: dict[tuple[ConnectionName, str], set[str]] = {}
        self._told: set[str] = set()
        self._people = people
        self._ledger = Ledger(store, fields=fields, statuses=statuses, practice=practice_digest)

    def run(self, only: Sequence[ConnectionName] | None = None) -> SyncReport:
        """Pull, merge and write until nothing is due now; what has to wait is left with its moment, nothing sleeps.

        Args:
            only: read and write these connections only; None: all.

        Raises:
            SafetyStop: a guard said no (nothing more is written), or another process holds the store.
        """
        with self._store.lease("sync", self._timing.lease):
            run = self._begin()
            chosen = self._resume(run, only)
            likeness.begin(run)
            self._read(run, chosen)
            deletion.prepare(run, chosen)
            for number in range(ROUNDS):
                run.report.rounds += 1
                self._merge(run)
                settle(run, chosen)
                due = self._due() or bool(run.doomed)
                if not number:
                    guards.check_marks(run)
                if due:
                    remap.require_seen(run)
                    guards.check(run)
                    self._verify(run, chosen)
                if not due or not any([self._write(run, side) for side in chosen]):
                    break
            pending = self._due(EVER)
            remap.accept(run, {one.name for one in chosen if run.works(one) and not (pending and one.name in run.remapped)})
            guards.complete_routes(run)
            self._tell_conflicts(run)
            self._end(run, chosen)
            return run.report

    def plan(self, only: Sequence[ConnectionName] | None = None, *, whole: bool = True) -> SyncPlan:
        """What `run` would write, per record and field. Platforms are read, nothing is written to them.

        Args:
            only: as for `run`.
            whole: a person gets to see all of it; else what follows from a changed mapping does not count as seen.

        Raises:
            SafetyStop: another process holds the store.
        """
        with self._store.lease("sync --plan", self._timing.lease):
            run = self._begin()
            run.looking = True
            chosen = self._resume(run, only)
            likeness.begin(run)
            self._read(run, chosen)
            self._merge(run)
            settle(run, chosen)
            deletion.prepare(run, chosen)
            stops = guards.stops_of(run)
            records = [record for side in chosen if run.works(side) for record in planned(run, side)]
            remap.accept(run, {side.name for side in chosen if whole and run.works(side)})
            self._end(run, chosen)
            return SyncPlan(records=records, report=run.report, stop=guards.sentence(stops), stops=stops)

    def rebuild(
        self, decisions: Decisions | None = None, *, store: bool = True, wait: Callable[[datetime], None] | None = None
    ) -> Rebuilt:
        """Join again what platforms say belongs together, where the store has lost it. Nothing is written to them.

        Args:
            decisions: a person's, about what nothing joins by itself.
            store: False: only tell what would be.
            wait: waits until a platform's quota fills up again: all of it has to be read, or nothing can be told.

        Raises:
            RemoteError: a platform could not be read to its end; nothing was stored.
            SafetyStop: another process holds the store.
        """
        with self._store.lease("store rebuild"):
            run = self._begin()
            run.wait = wait
            run.hooks = Hooks()  # what is there was let in before
            return rebuild(run, decisions or Decisions(), store=store)

    # -------------------------------------------------------------------------------------------------------------- steps
    def _begin(self) -> Run:
        report = SyncReport(connections={name: ConnectionReport(name=name) for name in self._sides})
        return Run(
            store=self._store,
            ledger=self._ledger,
            sides=self._sides,
            routes=self._routes,
            fields=self._fields,
            since=self._since,
            guard=self._guard,
            timing=self._timing,
            hooks=self._hooks,
            now=self._now,
            practice=self._practice,
            progress=self._progress,
            report=report,
            rating=self._rating,
            written=self._written,
            told=self._told,
            people=self._people,
        )

    def _resume(self, run: Run, only: Sequence[ConnectionName] | None) -> list[Side]:
        """Connections that have to wait for a moment still do, those that a person holds do; those that failed are tried again.

        Every one is asked once what it can do. Answers with those to work with.
        """
        with self._store.read() as tx:
            holding = held_connections(tx)
        for name, held in holding.items():
            part = run.report.connections.setdefault(ConnectionName(name), ConnectionReport(name=ConnectionName(name)))
            part.held_by, part.held_at, part.held_why = held.by, held.at, held.why
            run.stopped.add(part.name)
        for name, side in self._sides.items():
            if only is not None and name not in only:
                continue
            with self._store.read() as tx:
                state = read_connection(tx, side.name)
            if state is None:
                with self._store.write() as tx:
                    register_connection(tx, side.name)
            elif state.paused_until is not None and state.paused_until > self._now():
                run.stopped.add(side.name)
                run.part(side).paused, run.part(side).paused_until = state.pause_reason, state.paused_until
        run.sides = {name: replace(side, told=_told(run, side)) for name, side in self._sides.items()}
        return [side for name, side in run.sides.items() if only is None or name in only]

    def _read(self, run: Run, sides: Iterable[Side]) -> None:
        """Read what is new, once a run: what a write has made of its record, its own answer tells."""
        sides = list(sides)
        whom.follow_files(run)
        for side in sides:
            if run.works(side):
                remap.begin(run, side)
                thaw(run, side)
        waiting = inbox.waiting(run)
        for side in sides:
            if run.works(side) and side.speaks and side.name in waiting:
                inbox.take_deliveries(run, side)
            if run.works(side):
                pull(run, side)
            if run.works(side):
                pull_messages(run, side)
            if run.works(side):
                refine(run, side)
            if run.works(side):
                sweep(run, side)
        run.unread |= run.held_back
        for side in sides:
            whom.ask(run, side)

    def _merge(self, run: Run) -> None:
        """Look after records whose inquiry has changed by another hand: a rule, a person, a record of another platform."""
        with self._store.read() as tx:
            dirty = dirty_inquiries(tx, [name for name, side in run.sides.items() if side.speaks])
        for part in chunks(dirty, 200):
            with self._store.write() as tx:
                rows = Reconciliation(run, tx)
                rows.load(part)
                rows.flush()
                spread(run, tx, rows.links)

    def _verify(self, run: Run, sides: Iterable[Side]) -> None:
        """Have every side that may be written say who it is, before anything is written to any."""
        for side in sides:
            if side.access == "write" and run.works(side):
                with run.containing(side):
                    run.verify(side)

    def _due(self, by: datetime | None = None) -> bool:
        with self._store.read() as tx:
            return anything_due(tx, by or self._now())

    def _write(self, run: Run, side: Side) -> bool:
        wrote = False
        for step in (create, push, push_messages, deletion.carry_out):
            if run.works(side) and side.name not in run.held_back:
                wrote |= step(run, side)
        return wrote

    def _tell_conflicts(self, run: Run) -> None:
        """Say the conflicts that a plan, or a run that was stopped, has merged and no run has told yet."""
        with self._store.read() as tx:
            told, last = read_position(tx, CONFLICTS), last_conflict(tx)
        if told == last:
            return
        here = {one.id for one in run.report.conflicts}
        for one in reversed(list_conflicts(self._store, after=told or 0)):
            if one.id not in here:
                run.report.conflicts.append(
                    ConflictNote(
                        id=one.id,
                        inquiry=one.inquiry,
                        number=one.number,
                        field=one.field,
                        connection=ConnectionName(one.connection),
                        ours=one.ours,
                        theirs=one.theirs,
                        winner=one.winner,
                    )
                )
        with self._store.write() as tx:
            write_position(tx, CONFLICTS, last)

    def _end(self, run: Run, sides: Sequence[Side]) -> None:
        with self._store.read() as tx:
            run.report.waiting, run.report.waiting_until = waiting_links(tx, self._now())
            run.report.inquiries_total = count_inquiries(tx)
            states = {side.name: read_connection(tx, side.name) for side in sides}
        pauses = [part.paused_until for part in run.report.connections.values() if part.paused_until is not None]
        if run.report.waiting_until is not None:
            pauses.append(run.report.waiting_until)
        run.report.waiting_until = min(pauses, default=None)
        run.report.inquiries_touched = len(run.touched)
        with self._store.write() as tx:
            for side in sides:
                state = states[side.name]
                if run.works(side):
                    if state is not None and state.pause_reason is not None:
                        pause_connection(tx, side.name, None, None)
                    if side.name not in run.unread:
                        beat(tx, side.name, self._now())


def _told(run: Run, side: Side) -> Mapping[str, CollectionCapabilities]:
    """What a connection can do, for the length of a run. One that cannot say is left alone; the others go on."""
    try:
        return dict(side.connection.capabilities.collections)
    except Exception as error:
        if run.works(side):
            with run.containing(side):
                if isinstance(error, (RemoteError, PluginError)):
                    raise
                message = f"{type(error).__name__} was raised where only deskweave.errors may be"
                raise PluginError(side.name, "capabilities", message) from error
        run.stopped.add(side.name)
        return {}


def _unheard(_: Progress) -> None:
    """Nobody listens."""
