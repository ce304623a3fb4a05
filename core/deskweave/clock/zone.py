"""A time zone as pieces of constant offset: the only form in which wall-clock windows are exact over gaps and folds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

DAY: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_PROBE: Final = 12 * 3600  #: no zone changes its offset twice within half a day


def epoch(instant: datetime) -> int:
    """Whole seconds since 1970 UTC; parts of a second are cut off, as ServiceNow and Feishu never stamp them.

    Raises:
        ValueError: the instant has no zone. A naive time says nothing about when something was.
    """
    try:
        since = instant - _EPOCH
    except TypeError:
        message = f"{instant.isoformat()} has no time zone"
        raise ValueError(message) from None
    return since.days * DAY + since.seconds


def instant(seconds: int) -> datetime:
    """The aware UTC instant that lies `seconds` after 1970."""
    return _EPOCH + timedelta(seconds=seconds)


def first_instant(day: date, zone: ZoneInfo) -> int:
    """The first second at which it is `day`, or later, on the wall in `zone`. A midnight inside a gap is the gap itself."""
    return epoch(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC))


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The date on the wall in `zone` at the instant `at`."""
    return at.astimezone(zone).date()


def day_of(number: int) -> date:
    """The date that lies `number` days after 1970-01-01."""
    return date.fromordinal(number + _EPOCH_DAY)


def _offset(zone: ZoneInfo, at: int) -> int:
    offset = instant(at).astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


@lru_cache(maxsize=4096)
def pieces(zone: ZoneInfo, since: int, until: int) -> tuple[tuple[int, int, int], ...]:
    """`(from, to, offset)` in epoch seconds covering [since, until): within each the wall clock runs evenly."""
    return tuple(_pieces(zone, since, until))


def _pieces(zone: ZoneInfo, since: int, until: int) -> Iterator[tuple[int, int, int]]:
    begun, offset, at = since, _offset(zone, since), since
    while at < until:
        probe = min(at + _PROBE, until)
        if probe < until and (found := _offset(zone, probe)) != offset:
            low, high = at, probe
            while high - low > 1:
                middle = (low + high) // 2
                if _offset(zone, middle) == offset:
                    low = middle
                else:
                    high = middle
            yield begun, high, offset
            begun, offset = high, found
        at = probe
    if begun < until:
        yield begun, until, offset
