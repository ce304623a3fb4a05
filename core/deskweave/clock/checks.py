"""Whether the clocks of a practice can be evaluated, and come out as their examples say, before anything is measured by them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from deskweave.clock.calendar import CompiledCalendar
from deskweave.clock.evaluation import Clocks
from deskweave.clock.examples import run_examples
from deskweave.clock.hours import Hours, InquiryHours
from deskweave.clock.problems import ClockError
from deskweave.clock.target import Promises, Targets
from deskweave.findings import Finding, Place, Severity
from deskweave.model import Calendar, Clock, Holidays, StatusModel


class Working(Protocol):
    """The part of a practice that says when people work."""

    @property
    def calendars(self) -> Mapping[str, Calendar]: ...

    @property
    def holidays(self) -> Mapping[str, Holidays]: ...


class Timekeeping(Working, Promises, Protocol):
    """The part of a practice that clocks need."""

    @property
    def clocks(self) -> Mapping[str, Clock]: ...

    @property
    def statuses(self) -> StatusModel: ...


def compile_calendars(practice: Working) -> dict[str, Hours]:
    """Every calendar of a practice, ready to measure; hours that stand in each inquiry become `InquiryHours`.

    Raises:
        ClockError: a calendar has no version, or names holidays that are not there.
    """
    return {
        calendar.id: InquiryHours(calendar.id)
        if calendar.from_inquiry
        else CompiledCalendar(calendar, practice.holidays.get(calendar.holidays or ""))
        for calendar in practice.calendars.values()
    }


def checks(practice: Timekeeping, *, examples: Collection[str] | None = None) -> Iterator[Finding]:
    """Findings about clocks of a composed practice: whether they can be evaluated, and whether their examples come out as stated.

    What calendars, holidays and clocks say is checked where the files are read (`practice.references.time`), with file and line.

    Args:
        practice: composed.
        examples: clocks whose examples are run; None: of all.
    """
    try:
        clocks = Clocks(practice.clocks, compile_calendars(practice), Targets(practice))
    except (ClockError, LookupError, ValueError) as error:  # a practice made in memory: no file says so
        yield _finding("clock-order", "/clocks", "", str(error))
        return
    for clock in clocks.order:
        if examples is not None and clock.id not in examples:
            continue
        for wrong in run_examples(clock, clocks, practice.statuses.statuses, practice.fields):
            yield _finding(wrong.rule, f"/clocks/{clock.id}/{wrong.path}", wrong.found, wrong.message)


def _finding(rule: str, path: str, found: object, message: str) -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, place=Place("practice", path), found=str(found)[:80], message=message)
