"""Periods as local dates: a day, ISO week, month, quarter or year of the practice's zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

Every: TypeAlias = Literal["day", "week", "month", "quarter", "year"]
_FORMS = re.compile(r"(?P<year>\d{4})(?:-(?:Q(?P<quarter>[1-4])|W(?P<week>\d\d)|(?P<month>\d\d)(?:-(?P<day>\d\d))?))?$")
_ENGLISH = tuple(date(2000, month, 1).strftime("%B") for month in range(1, 13))


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """From `since` up to, not including, `until`. `every` None: any span of days."""

    since: date
    until: date
    every: Every | None = None

    @property
    def id(self) -> str:
        """As people write it on the command line: 2026-11, 2026-W47, 2026-Q4, 2026-11-20, 2026, or since..last day."""
        match self.every:
            case "year":
                return f"{self.since.year}"
            case "quarter":
                return f"{self.since.year}-Q{(self.since.month + 2) // 3}"
            case "month":
                return f"{self.since:%Y-%m}"
            case "week":
                year, week, _ = self.since.isocalendar()
                return f"{year}-W{week:02d}"
            case "day":
                return self.since.isoformat()
            case _:
                return f"{self.since}..{self.until - timedelta(days=1)}"

    @property
    def previous(self) -> Period:
        """The one before: the month before a month, as many days before any other span."""
        if self.every is None:
            return Period(self.since - (self.until - self.since), self.since)
        return period_of(self.since - timedelta(days=1), self.every)

    def edges(self, zone: str) -> tuple[datetime, datetime]:
        """The instants at which it begins and is over on the wall in `zone`; UTC, without a zone."""
        wall = ZoneInfo(zone)
        first, last = (datetime.combine(day, time(), wall).astimezone(UTC).replace(tzinfo=None) for day in (self.since, self.until))
        return first, last

    def days(self) -> list[Period]:
        """Its days."""
        return [period_of(self.since + timedelta(days=n), "day") for n in range((self.until - self.since).days)]

    def label(self, language: str) -> str:
        """In words: November 2026, 2026年11月."""
        chinese = language == "zh"
        match self.every:
            case "year":
                return f"{self.since.year}年" if chinese else f"{self.since.year}"
            case "quarter":
                quarter = (self.since.month + 2) // 3
                return f"{self.since.year}年第{quarter}季度" if chinese else f"Q{quarter} {self.since.year}"
            case "month":
                year, month = self.since.year, self.since.month
                return f"{year}年{month}月" if chinese else f"{_ENGLISH[month - 1]} {year}"
        last = self.until - timedelta(days=1)
        if last == self.since:
            return _day(self.since, chinese)
        if chinese:
            return f"{_day(self.since, chinese)}至{_day(last, chinese, year=last.year != self.since.year)}"
        return f"{_day(self.since, chinese, year=last.year != self.since.year)} to {_day(last, chinese)}"


def _day(day: date, chinese: bool, *, year: bool = True) -> str:
    if chinese:
        return (f"{day.year}年" if year else "") + f"{day.month}月{day.day}日"
    return f"{day.day} {_ENGLISH[day.month - 1][:3]}" + (f" {day.year}" if year else "")


def period_of(day: date, every: Every) -> Period:
    """The period of that length in which `day` lies. Weeks begin on Monday (ISO 8601)."""
    match every:
        case "day":
            return Period(day, day + timedelta(days=1), every)
        case "week":
            monday = day - timedelta(days=day.weekday())
            return Period(monday, monday + timedelta(days=7), every)
        case "month":
            first = day.replace(day=1)
            return Period(first, (first + timedelta(days=31)).replace(day=1), every)
        case "quarter":
            first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
            return Period(first, (first + timedelta(days=92)).replace(day=1), every)
        case "year":
            return Period(date(day.year, 1, 1), date(day.year + 1, 1, 1), every)


def ends(periods: Sequence[Period], zone: str, as_of: datetime | None) -> list[datetime | None]:
    """The instants before which periods know what happened: their own ends, or just after `as_of` in the one that is running.

    Args:
        periods: on the wall in `zone`.
        zone: whose.
        as_of: UTC, without a zone; None: everything is known.

    Returns:
        UTC, without a zone; None for a period that has not begun.
    """
    found: list[datetime | None] = []
    for first, last in (period.edges(zone) for period in periods):
        if as_of is None:
            found.append(last)
        else:
            found.append(min(last, as_of + timedelta(microseconds=1)) if first <= as_of else None)
    return found


def parse_period(text: str) -> Period:
    """Read 2026, 2026-Q4, 2026-11, 2026-W47, 2026-11-20 or 2026-11-16..2026-11-20 (both days included).

    Raises:
        ValueError: it is none of these; the text says which are.
    """
    message = f"{text!r} is no period. Write 2026, 2026-Q4, 2026-11, 2026-W47, 2026-11-20 or 2026-11-16..2026-11-20."
    try:
        first, dots, last = text.partition("..")
        if dots:
            since, until = date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1)
            if since < until:
                return Period(since, until)
            raise ValueError(message)
        found = _FORMS.fullmatch(text)
        if found is None:
            raise ValueError(message)
        year = int(found["year"])
        if found["week"]:
            return period_of(date.fromisocalendar(year, int(found["week"]), 1), "week")
        if found["quarter"]:
            return period_of(date(year, int(found["quarter"]) * 3, 1), "quarter")
        if found["day"]:
            return period_of(date(year, int(found["month"]), int(found["day"])), "day")
        return period_of(date(year, int(found["month"]), 1), "month") if found["month"] else period_of(date(year, 1, 1), "year")
    except ValueError as error:
        raise ValueError(message) from error


def parse_periods(text: str) -> list[Period]:
    """Read what `parse_period` reads, and 2026-01..2026-06, 2026-W45..2026-W48, 2026-Q1..2026-Q4 or 2024..2026: each of them.

    From a day to a day is one span, as ever.

    Raises:
        ValueError: it is none of these; the text says which are.
    """
    first, dots, last = text.partition("..")
    if not dots or len(first) == len("2026-11-16"):
        return [parse_period(text)]
    message = f"{text!r} is no period. Write both ends alike: 2026-01..2026-06, 2026-W45..2026-W48, 2026-Q1..2026-Q4 or 2024..2026."
    try:
        since, until = parse_period(first), parse_period(last)
    except ValueError as error:
        raise ValueError(message) from error
    if since.every is None or since.every != until.every or until < since:
        raise ValueError(message)
    return periods_between(since.since, until.until, since.every)


def periods_between(since: date, until: date, every: Every) -> list[Period]:
    """The periods that hold the days from `since` up to, not including, `until`."""
    found = [period_of(since, every)] if since < until else []
    while found and found[-1].until < until:
        found.append(period_of(found[-1].until, every))
    return found
