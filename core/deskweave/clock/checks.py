"""What is wrong with a practice's calendars, holidays and clocks, before anything is measured by them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, time
from typing import Protocol
from zoneinfo import ZoneInfo

from deskweave.clock.calendar import WEEKDAYS, CompiledCalendar
from deskweave.clock.evaluation import Clocks
from deskweave.clock.examples import run_examples
from deskweave.clock.hours import Hours, InquiryHours
from deskweave.clock.problems import ClockError
from deskweave.clock.target import Promises, Targets
from deskweave.findings import Finding, Place, Severity
from deskweave.model import Calendar, Clock, ClockEdge, Holidays, StatusModel


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


def _finding(rule: str, path: str, found: object, message: str, allowed: tuple[str, ...] = (), remedy: str = "") -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.ERROR,
        place=Place("practice", path),
        found=str(found)[:80],
        message=message,
        allowed=allowed,
        remedy=remedy,
    )


def checks(practice: Timekeeping, *, examples: Collection[str] | None = None) -> Iterator[Finding]:
    """Findings about calendars, holidays and clocks.

    None means that every clock can be evaluated inside the coverage, and that its examples come out as stated.

    Args:
        practice: composed.
        examples: clocks whose examples are run; None: of all.
    """
    for calendar in practice.calendars.values():
        yield from _calendar(calendar, practice)
    for holidays in practice.holidays.values():
        yield from _holidays(holidays)
    for clock in practice.clocks.values():
        yield from _clock(clock, practice)
    try:
        compiled = compile_calendars(practice)
    except (ClockError, LookupError, ValueError):
        return  # said above, in detail
    try:
        clocks = Clocks(practice.clocks, compiled, Targets(practice))
    except ClockError as error:
        yield _finding("clock-order", "/clocks", "", str(error))
        return
    for clock in clocks.order:
        if examples is not None and clock.id not in examples:
            continue
        for wrong in run_examples(clock, clocks, practice.statuses.statuses, practice.fields):
            yield _finding(wrong.rule, f"/clocks/{clock.id}/{wrong.path}", wrong.found, wrong.message)


def _calendar(calendar: Calendar, practice: Timekeeping) -> Iterator[Finding]:
    path = f"/calendars/{calendar.id}"
    try:
        ZoneInfo(calendar.zone)
    except (LookupError, ValueError, OSError):
        yield _finding(
            "unknown-zone", f"{path}/zone", calendar.zone, "is no time zone", remedy="Write an IANA name such as Asia/Shanghai."
        )
    if calendar.from_inquiry:
        return
    if calendar.holidays is not None and calendar.holidays not in practice.holidays:
        known = tuple(sorted(practice.holidays))
        yield _finding("unknown-holidays", f"{path}/holidays", calendar.holidays, "names no Holidays of this practice", known)
    if not calendar.versions:
        yield _finding("calendar-empty", f"{path}/versions", "", "has no version", remedy="Give it a week and the date it begins.")
    since: date | None = None
    for index, version in enumerate(calendar.versions):
        if since is not None and version.since <= since:
            yield _finding(
                "version-order", f"{path}/versions/{index}/from", version.since, f"does not come after {since}",
                remedy="Versions are appended, each with a later date.",
            )  # fmt: skip
        since = version.since
        for weekday, windows in version.week.items():
            yield from _windows(f"{path}/versions/{index}/week/{weekday}", windows)


def _windows(path: str, windows: tuple[tuple[time, time | None], ...]) -> Iterator[Finding]:
    previous: time | None = None
    for place, (start, end) in enumerate(windows):
        if place and (previous is None or start < previous):
            yield _finding("windows-overlap", path, start, "begins before the window in front of it ends",
                           remedy="List windows by time; only the last one may run over midnight.")  # fmt: skip
        previous = end if end is None or end > start else None


def _holidays(holidays: Holidays) -> Iterator[Finding]:
    path = f"/holidays/{holidays.id}"
    if holidays.until < holidays.since:
        yield _finding("coverage-order", f"{path}/coverage", holidays.until, f"ends before it begins on {holidays.since}")
    for day in sorted(holidays.off | set(holidays.working)):
        if not holidays.since <= day <= holidays.until:
            yield _finding("day-outside-coverage", path, day, f"lies outside the coverage {holidays.since} to {holidays.until}",
                           remedy="Widen the coverage if the whole of it is known, else remove the day.")  # fmt: skip
    for day in sorted(holidays.off & set(holidays.working)):
        yield _finding("day-off-and-working", path, day, "is a day off and a make-up day at once")
    for day, weekday in sorted(holidays.working.items()):
        if weekday not in WEEKDAYS:
            yield _finding("unknown-weekday", f"{path}/working/{day}", weekday, "is no weekday", WEEKDAYS)


def _clock(clock: Clock, practice: Timekeeping) -> Iterator[Finding]:
    path = f"/clocks/{clock.id}"
    if clock.calendar is not None and clock.calendar not in practice.calendars:
        known = tuple(sorted(practice.calendars))
        yield _finding("unknown-calendar", f"{path}/calendar", clock.calendar, "is no calendar of this practice", known)
    ways = [bool(clock.start or clock.stop), bool(clock.sum_statuses), clock.minus is not None]
    if sum(ways) != 1:
        yield _finding("clock-shape", path, clock.id, "needs exactly one of start and stop, sum_of, minus")
    if bool(clock.start) != bool(clock.stop):
        yield _finding("clock-shape", path, clock.id, "has only one of start and stop")
    statuses = practice.statuses.statuses
    for name, edge in (("start", clock.start), ("stop", clock.stop)):
        if isinstance(edge, ClockEdge) and edge.status is not None and edge.status not in statuses:
            yield _finding("unknown-status", f"{path}/{name}/enter", edge.status, "is no status of this practice", tuple(statuses))
    for status in clock.sum_statuses:
        if status not in statuses:
            yield _finding("unknown-status", f"{path}/sum_of", status, "is no status of this practice", tuple(statuses))
    for word, other in [("within", clock.within), *(("minus", one) for one in clock.minus or ())]:
        if other is not None and other not in practice.clocks:
            yield _finding("unknown-clock", f"{path}/{word}", other, "is no clock of this practice", tuple(sorted(practice.clocks)))
