"""Plan, apply and discover over all connections of one environment. The workspace makes one and hands it to the command line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from deskweave.configure.apply import Applier, Progress, StepResult
from deskweave.configure.by_hand import Register, read_register, write_register
from deskweave.configure.discover import BindingReport, report_binding
from deskweave.configure.elements import PracticeTerms, Wanted, wanted_elements
from deskweave.configure.journal import Journal, Marked, Unanswered
from deskweave.configure.key import ElementKey
from deskweave.configure.patience import WaitUntil
from deskweave.configure.plan import ConnectionPlan, HandStep, Mark, Plan, hand_marks, require_still_true
from deskweave.configure.planner import Terms
from deskweave.configure.side import Side
from deskweave.configure.survey import Survey, failed_part, survey
from deskweave.errors import DeskweaveError, DocumentError, SafetyStop
from deskweave.findings import Finding, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyReport:
    """What an apply did. `after` is the plan made again from what was read afterwards: empty where all went well."""

    results: tuple[StepResult, ...]
    after: Plan
    findings: tuple[Finding, ...] = ()

    def count(self, state: Literal["done", "failed", "skipped", "unknown"]) -> int:
        return sum(result.state == state for result in self.results)

    @property
    def is_clean(self) -> bool:
        """Whether every step was done and nothing more would be written."""
        return self.count("done") == len(self.results) and self.after.is_empty

    @property
    def retry_at(self) -> datetime | None:
        """When applying again is worth it: the latest of what the platforms asked for. None: nothing waits for time."""
        return max((result.retry_at for result in self.results if result.retry_at is not None), default=None)


class Configurator:
    """The path of a practice to its platforms.

    Args:
        folder: name of the user's folder (the Workspace's id); a plan of another one is refused.
        environment: dev, test, prod.
        practice: composed; only its terms are used.
        digest: of the composed practice; noted in plans.
        sides: the connections, in the order they are shown.
        journal: where an apply notes what it is about to do; `StoreJournal(store)`.
        now: aware UTC clock.
        language: whose label is an option's text where the binding says none; the practice's first language.
        removed: paths taken out of the practice: `removed_paths(...)`, or what a person named on the command line.
        register_file: `register_path(root, environment)`; None keeps no numbers.
        origin: file and line of a practice's path (`fields/title`), for showing.
        wait: waits until an instant, where a platform says when to come back; None: never waits, the report says when.
        progress: told after each step of an apply.
    """

    def __init__(
        self,
        *,
        folder: str,
        environment: str,
        practice: PracticeTerms,
        digest: str,
        sides: Sequence[Side],
        journal: Journal,
        now: Callable[[], datetime],
        language: str = "en",
        removed: Collection[str] = (),
        register_file: Path | None = None,
        origin: Callable[[str], Place | None] | None = None,
        wait: WaitUntil | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.folder, self.environment, self.practice, self.digest = folder, environment, practice, digest
        self.sides, self.journal, self.now, self.language = tuple(sides), journal, now, language
        self.removed, self.register_file = frozenset(path.strip("/") for path in removed), register_file
        self.origin, self.wait, self.progress = origin, wait, progress

    # -------------------------------------------------------------------------------------------------------------- plan
    def plan(self, *, ours: Iterable[str] = ()) -> Plan:
        """Read every connection and say what would be done. Writes nothing, not even a lock file.

        A connection that cannot be read has `failed` set and no steps; the others are planned.

        Args:
            ours: `KIND/ID` of elements changed on both sides for which the file's word shall stand.

        Raises:
            DocumentError: a lock file or the register is broken; all findings at once.
        """
        chosen = tuple(sorted(set(ours)))
        return self._planned(self._surveys(chosen), chosen)

    def _planned(
        self, surveys: Mapping[str, Survey | ConnectionPlan], ours: tuple[str, ...], promised: Iterable[HandStep] = ()
    ) -> Plan:
        register = self._register().promised(promised)
        parts: list[ConnectionPlan] = []
        for side in self.sides:
            found = surveys[side.name]
            if isinstance(found, ConnectionPlan):
                parts.append(found)
                continue
            hand_steps, register = register.number(side.name, found.losses)
            parts.append(
                replace(found.part, hand_steps=hand_steps, steps=(*found.part.steps, *hand_marks(hand_steps, self.origin)))
            )
        return Plan(folder=self.folder, environment=self.environment, practice=self.digest, connections=tuple(parts), ours=ours)

    def _surveys(self, ours: tuple[str, ...]) -> dict[str, Survey | ConnectionPlan]:
        findings: list[Finding] = []
        locks = {}
        for side in self.sides:
            try:
                locks[side.name] = side.lock()
            except DocumentError as error:
                findings += error.findings
        if findings:
            raise DocumentError(findings)
        pending = self.journal.unanswered()
        found: dict[str, Survey | ConnectionPlan] = {}
        for side in self.sides:
            wanted = self._wanted(side)
            terms = self._terms(side, wanted, ours, pending)
            try:
                found[side.name] = survey(side, wanted, locks[side.name], terms, wait=self.wait)
            except DeskweaveError as error:
                found[side.name] = failed_part(side, error)
        return found

    def _wanted(self, side: Side) -> Wanted:
        return wanted_elements(self.practice, side.document, language=self.language)

    def _terms(self, side: Side, wanted: Wanted, ours: tuple[str, ...], pending: Iterable[Unanswered]) -> Terms:
        keys = [ElementKey.of(element) for element in wanted.elements]
        return Terms(
            connection=side.name,
            removed=self.removed,
            ours=frozenset(key for key in keys if any(key.is_called(word) for word in ours)),
            pending=frozenset(row.key for row in pending if row.connection == side.name and row.verb == "create"),
            origin=self.origin or (lambda path: None),
        )

    def _register(self) -> Register:
        if self.register_file is None:
            return Register(environment=self.environment)
        return read_register(self.register_file, self.environment)

    # ------------------------------------------------------------------------------------------------------------- apply
    def apply(self, plan: Plan) -> ApplyReport:
        """Carry out a plan, narrowed or read from a file or just made.

        First every connection with something to write is asked whether it may be written, then everything is read again and the
        plan held against it; only then the first step is sent. One step's failure stops only what needs it; a lost answer is
        looked up before anything is repeated; lock file and journal are written batch by batch (see `Applier`), and numbers of hand
        steps at the end.

        Raises:
            SafetyStop: access is `read`, the instance is another one, or the plan is no longer true. Nothing was written.
            DocumentError: a lock file or the register is broken. Nothing was written.
        """
        sides: dict[str, Side] = {side.name: side for side in self.sides}
        parts = [part for part in plan.connections if part.writing or part.edits]
        for part in parts:
            if part.connection not in sides:
                message = (
                    f"the plan names the connection {part.connection}, which is not in this folder's environment {self.environment}"
                )
                raise SafetyStop(message)
        for part in parts:
            if any(step.verb is not None for step in part.writing):
                sides[part.connection].may_write()
        surveys = self._surveys(plan.ours)
        fresh = self._planned(surveys, plan.ours)
        require_still_true(plan, fresh)
        pending = self.journal.unanswered()
        appliers: dict[str, Applier] = {}
        for part in parts:
            found = surveys[part.connection]
            assert isinstance(found, Survey)  # require_still_true refused a connection that could not be read
            earlier: dict[ElementKey, list[Unanswered]] = {}
            for row in sorted(pending, key=lambda row: row.sent_at):
                if row.connection == part.connection:
                    earlier.setdefault(row.key, []).append(row)
            applier = Applier(
                sides[part.connection],
                replace(part, edits=found.part.edits, identity=found.part.identity),
                found.wanted,
                journal=self.journal,
                now=self.now,
                earlier=earlier,
                wait=self.wait,
                progress=self.progress,
            )
            appliers[part.connection] = applier
            applier.run()
        findings: list[Finding] = []
        for name, applier in appliers.items():
            surveys[name] = self._after(sides[name], applier, surveys[name], findings)
        for name, found in surveys.items():
            if name not in appliers and isinstance(found, Survey):
                self._settle_seen(found, [row for row in pending if row.connection == name])
        promised = [step for part in plan.connections for step in part.hand_steps]
        after = self._planned(surveys, (), promised)
        if self.register_file is not None:
            write_register(self.register_file, self._numbered(surveys, promised))
        results = tuple(result for applier in appliers.values() for result in applier.results.values())
        return ApplyReport(results=results, after=after, findings=(*findings, *after.findings))

    def _after(
        self, side: Side, applier: Applier, before: Survey | ConnectionPlan, findings: list[Finding]
    ) -> Survey | ConnectionPlan:
        """Read once more, hold what was done against it, and plan again."""
        assert isinstance(before, Survey)
        try:
            terms = self._terms(side, before.wanted, (), self.journal.unanswered())
            seen = survey(side, before.wanted, applier.lock, terms, preflight=False, wait=self.wait)
            findings += applier.verify(seen.live)
            terms = self._terms(side, before.wanted, (), self.journal.unanswered())
            found = survey(side, before.wanted, applier.lock, terms, live=seen.live, preflight=False, wait=self.wait)
        except DeskweaveError as error:
            return failed_part(side, error)
        self._settle_seen(found, [row for rows in applier.earlier.values() for row in rows])
        if found.part.edits:
            # the platform's own words for what was just made: noted now, or the next apply would touch the lock file again
            applier.keep(applier.lock.having(found.part.edits))
            found = replace(found, lock=applier.lock, part=replace(found.part, edits={}))
        return found

    def _settle_seen(self, found: Survey, rows: Iterable[Unanswered]) -> None:
        """Close journal rows of earlier runs whose element is as it should be: nothing is left to be found out."""
        open_keys = {step.key for step in found.part.steps if step.writes or step.mark is Mark.BLOCKED}
        self.journal.mark(
            [
                Marked(row.run, row.number, "settled", {"by": "reading"})
                for row in rows
                if row.key not in open_keys and row.key not in found.part.edits
            ]
        )

    def _numbered(self, surveys: Mapping[str, Survey | ConnectionPlan], promised: Iterable[HandStep]) -> Register:
        register = self._register().promised(promised)
        for side in self.sides:
            found = surveys[side.name]
            if isinstance(found, Survey):
                _, register = register.number(side.name, found.losses)
        return register

    # ---------------------------------------------------------------------------------------------------------- discover
    def discover(self) -> tuple[BindingReport, ...]:
        """For `check`: which names of each binding exist on the platform, which are missing. Reads only.

        Raises:
            DocumentError: a lock file is broken.
        """
        reports = []
        for name, found in self._surveys(()).items():
            if isinstance(found, ConnectionPlan):
                reports.append(BindingReport(connection=name, findings=found.findings, failed=found.failed))
            else:
                reports.append(report_binding(found, self.practice.statuses))
        return tuple(reports)
