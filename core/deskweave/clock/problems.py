"""What time can be asked that has no honest answer."""

from __future__ import annotations

from datetime import date

from deskweave.errors import DeskweaveError


class ClockError(DeskweaveError):
    """A duration or a moment that cannot be computed. `rule` is the stable slug a finding about it carries."""

    rule = "clock-error"


class OutsideCoverage(ClockError):
    """An instant of which the calendar knows nothing: before its first version, or outside its holidays' coverage."""

    rule = "outside-coverage"

    def __init__(self, calendar: str, day: date, since: date, until: date | None, holidays: str | None) -> None:
        known = f"{since} to {until}" if until else f"{since} on"
        remedy = (
            f"Add the days off and make-up days of {day.year} to Holidays {holidays} and widen its coverage."
            if holidays and ((until and day > until) or day >= since)
            else f"Add to Calendar {calendar} a version that begins on or before {day}"
            + (f", and widen the coverage of Holidays {holidays}." if holidays else ".")
        )
        super().__init__(f"calendar {calendar} does not cover {day}: it is known for {known}. {remedy}")
        self.calendar, self.day = calendar, day


class EndBeforeStart(ClockError):
    """A span that ends before it begins: a mistake in the data, never a negative duration and never 0."""

    rule = "end-before-start"


class NoWorkingTime(ClockError):
    """The calendar never opens again, so no moment is due on it."""

    rule = "no-working-time"


class HoursInInquiry(ClockError):
    """The calendar takes its window from each inquiry (by meeting time) and cannot be compiled on its own."""

    rule = "hours-in-inquiry"


class WindowMissing(ClockError):
    """The clock runs on the hours that stand in the inquiry, and the inquiry does not say them: no value, never 0."""

    rule = "window-missing"


class CellTooCoarse(ClockError):
    """A calendar changes inside the cells of a grid, so that they could not count it exactly."""

    rule = "cell-too-coarse"
