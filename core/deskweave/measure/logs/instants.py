"""Moments as exports write them, and what speaks for one reading of them: 03-04-2026 alone is nobody's date."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

Order = Literal["year_first", "day_first", "month_first"]
ORDERS: Final[tuple[Order, ...]] = ("year_first", "day_first", "month_first")

#: What exports write where there is nothing.
EMPTY: Final = frozenset(
    {"", "?", "-", "--", "nan", "nat", "null", "none", "nil", "n/a", "#n/a", "undefined", "无", "空", "(empty)"}
)

_TIME: Final = (
    r"(?:[T\s,]+(?P<before>上午|下午|am|pm)?\s*(?P<hour>\d{1,2})[:时点](?P<minute>\d{1,2})"
    r"(?:[:分](?P<second>\d{1,2})(?:[.,](?P<part>\d{1,9}))?)?[分秒]?\s*(?P<after>am|pm|上午|下午)?)?"
    r"\s*(?P<offset>z|utc|gmt|[+-]\d{2}:?\d{2})?"
)
_NUMERIC: Final = re.compile(
    r"(?P<a>\d{1,4})\s?[-/.年]\s?(?P<b>\d{1,2})\s?[-/.月]\s?(?P<c>\d{1,4})日?" + _TIME + r"\Z", re.IGNORECASE | re.ASCII
)
_NAMED: Final = re.compile(
    r"(?:[a-z]{3,9},?\s)?(?:(?P<day>\d{1,2})[\s/-](?P<month>[a-z]{3,9})\.?[\s/,-]+|(?P<month2>[a-z]{3,9})\.?\s(?P<day2>\d{1,2}),?\s)"
    r"(?P<year>\d{4}|\d{2})" + _TIME + r"\Z",
    re.IGNORECASE | re.ASCII,
)
_CHINESE_TIME: Final = re.compile(r"星期.|周.")
_EPOCH: Final = re.compile(r"(?:[1-4]\d{9}|[1-4]\d{12})\Z", re.ASCII)
_MONTHS: Final = {
    name: number
    for number, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """How a log writes its moments. `order` None: nobody can tell. `evidence` is the cell that tells, `line` where it stands."""

    order: Order | None
    evidence: str
    line: int | None
    with_zone: bool  #: every moment says its own offset
    counter: str = ""  #: a cell that says the opposite


def blank(text: str) -> bool:
    """Whether a cell says nothing."""
    return text.strip().lower() in EMPTY


def is_moment(text: str) -> bool:
    """Whether a cell can be read as a moment in some order."""
    return any(instant(text, order, "UTC") is not None for order in ORDERS)


def reading(cells: Iterable[tuple[int, str]]) -> Reading:
    """What speaks for one order of day, month and year. All moments of one export are written alike.

    Args:
        cells: line and text of cells that hold moments.
    """
    told: dict[Order, tuple[int, str]] = {}
    zoned, some = True, False
    for line, text in cells:
        stripped = text.strip()
        if _EPOCH.match(stripped):
            told.setdefault("year_first", (line, stripped))
            some = True
            continue
        found = _NUMERIC.match(stripped) or _NAMED.match(stripped)
        if found is None:
            continue
        some = True
        zoned = zoned and found["offset"] is not None
        if "a" not in found.groupdict():
            told.setdefault("day_first", (line, stripped))  # the month has a name: any order reads it
            continue
        first, second = int(found["a"]), int(found["b"])
        if len(found["a"]) == 4:
            told.setdefault("year_first", (line, stripped))
        elif first > 12:
            told.setdefault("day_first", (line, stripped))
        elif second > 12:
            told.setdefault("month_first", (line, stripped))
    if len(told) == 1:
        ((order, (line, text)),) = told.items()
        return Reading(order, text, line, zoned and some)
    if len(told) == 2 and "year_first" in told:  # years stand first in some cells, and the others say which of the rest
        ((order, (line, text)),) = ((order, cell) for order, cell in told.items() if order != "year_first")
        return Reading(order, text, line, zoned and some)
    if told:
        (line, text), (_, other) = told["day_first"], told["month_first"]
        return Reading(None, text, line, zoned and some, other)
    return Reading(None, "", None, zoned and some)


@lru_cache(maxsize=200_000)
def instant(text: str, order: Order, zone: str) -> datetime | None:
    """A cell as an instant, aware UTC; None: it is none.

    Args:
        text: as the export writes it; a moment with an offset of its own is believed.
        order: of day, month and year where the year does not stand first.
        zone: IANA name, for moments without an offset.
    """
    text = _CHINESE_TIME.sub(" ", text.strip())
    if _EPOCH.match(text):
        return datetime.fromtimestamp(int(text) / (1 if len(text) == 10 else 1000), UTC)
    found = _NUMERIC.match(text)
    if found is not None:
        numbers = [int(found[name]) for name in "abc"]
        if len(found["a"]) == 4:
            year, month, day = numbers
        elif order == "month_first":
            month, day, year = numbers
        elif len(found["c"]) in (2, 4):
            day, month, year = numbers
        else:
            return None
    else:
        found = _NAMED.match(text)
        if found is None:
            return None
        month = _MONTHS.get((found["month"] or found["month2"])[:3].lower(), 0)
        day, year = int(found["day"] or found["day2"]), int(found["year"])
    year += 2000 if year < 100 else 0
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    half = (found["before"] or found["after"] or "").lower()
    if half in ("pm", "下午") and hour < 12:
        hour += 12
    elif half in ("am", "上午") and hour == 12:
        hour = 0
    micro = int((found["part"] or "0")[:6].ljust(6, "0"))
    next_day, hour = divmod(hour, 24) if (hour, minute, second) == (24, 0, 0) else (0, hour)
    try:
        local = datetime(year, month, day, hour, minute, second, micro) + timedelta(days=next_day)
        if not 1990 <= local.year < 2200:  # what tools write for "never"
            return None
        return local.replace(tzinfo=_offset(found["offset"], zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _offset(text: str | None, zone: str) -> timezone | ZoneInfo:
    if text is None:
        return ZoneInfo(zone)
    if text.lower() in ("z", "utc", "gmt"):
        return UTC
    digits = text[1:].replace(":", "")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(ahead if text[0] == "+" else -ahead)
