"""The week of a calendar as a set of minutes, so that weeks in different zones can be laid over each other."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from deskweave.model import Calendar
from deskweave.model.practice import WEEKDAYS

MINUTES: Final = 7 * 24 * 60
WHOLE: Final = (1 << MINUTES) - 1


def week_of(calendar: Calendar, today: date) -> int | None:
    """The working minutes of a plain week as bits, Monday 00:00 UTC the lowest; None: the hours stand in each inquiry.

    The version in force on `today` counts, else the first one to come. Holidays are left out: no plain week has any.
    """
    if calendar.from_inquiry or not calendar.versions:
        return None
    version = max((one for one in calendar.versions if one.since <= today), key=lambda one: one.since, default=calendar.versions[0])
    bits = 0
    for number, day in enumerate(WEEKDAYS):
        for start, end in version.week.get(day, ()):
            first, last = _minute(start), 24 * 60 if end is None else _minute(end)
            if last > first:
                bits |= ((1 << (last - first)) - 1) << (number * 24 * 60 + first)
    return _turned(bits, -_offset(calendar.zone, today))


def hours_in(bits: int, zone: str, today: date, most: int = 3) -> str:
    """A set of minutes in words of a zone: `sat 00:00-24:00, sun 00:00-24:00`."""
    local = _turned(bits, _offset(zone, today))
    spans = []
    for number, day in enumerate(WEEKDAYS):
        minutes = (local >> (number * 24 * 60)) & ((1 << 24 * 60) - 1)
        start = 0
        while minutes >> start:
            rest = minutes >> start
            start += (rest & -rest).bit_length() - 1
            rest = minutes >> start
            length = (~rest & -~rest).bit_length() - 1
            spans.append(f"{day} {start // 60:02}:{start % 60:02}-{(start + length) // 60:02}:{(start + length) % 60:02}")
            start += length
    return ", ".join(spans[:most]) + (f" and {len(spans) - most} more" if len(spans) > most else "")


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _offset(zone: str, today: date) -> int:
    """Minutes ahead of UTC at noon of a day."""
    offset = datetime(today.year, today.month, today.day, 12, tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds() // 60) if offset is not None else 0


def _turned(bits: int, minutes: int) -> int:
    minutes %= MINUTES
    return ((bits << minutes) | (bits >> (MINUTES - minutes))) & WHOLE
