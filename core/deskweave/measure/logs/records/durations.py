"""Durations as telephone systems write them: seconds, 1:25, 00:01:25, 1 min 25 s, 1分25秒, PT1M25S."""

from __future__ import annotations

import math
import re
from typing import Final, Literal

from deskweave.measure.logs.instants import blank
from deskweave.measure.plan import seconds_of

Unit = Literal["seconds", "minutes", "milliseconds"]
UNITS: Final[tuple[Unit, ...]] = ("seconds", "minutes", "milliseconds")
_FACTOR: Final = {"seconds": 1.0, "minutes": 60.0, "milliseconds": 0.001}
_PLAIN: Final = re.compile(r"\d{1,12}(?:\.\d{1,9})?\Z", re.ASCII)
_CLOCK: Final = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{2})(?:[.,](\d{1,9}))?\Z", re.ASCII)
_WORDS: Final = re.compile(
    r"(?:(\d{1,4})\s?(?:hours?|hrs?|h|小时|时))?\s?(?:(\d{1,5})\s?(?:minutes?|mins?|m|分钟|分))?\s?"
    r"(?:(\d{1,7}(?:\.\d{1,9})?)\s?(?:seconds?|secs?|s|秒钟|秒))?\Z",
    re.IGNORECASE | re.ASCII,
)
_LONGEST: Final = 366 * 86_400


def seconds(text: str, unit: Unit = "seconds") -> int | None:
    """A cell as whole seconds; None: it is no duration.

    A part of a second counts as a whole one, so that what lasted longer than 25 s is longer than 25 s.

    Args:
        text: as the export writes it; of two parts, 1:25, the first are minutes.
        unit: of a plain number.
    """
    text = text.strip().replace("，", ",")
    plain = text.replace(",", "") if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text) else text
    if _PLAIN.match(plain):
        found = float(plain) * _FACTOR[unit]
    elif (clock := _CLOCK.match(text)) is not None:
        if int(clock[3]) > 59 or (clock[1] is not None and int(clock[2]) > 59):
            return None
        found = int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + int(clock[3]) + float(f"0.{clock[4] or 0}")
    elif text and (words := _WORDS.match(text)) is not None and any(words.groups()):
        found = int(words[1] or 0) * 3600 + int(words[2] or 0) * 60 + float(words[3] or 0)
    else:
        iso = seconds_of(text) if text.startswith("PT") else None
        if iso is None:
            return None
        found = float(iso)
    whole = math.ceil(round(found, 6))  # what binary fractions add is no part of a second
    return whole if whole <= _LONGEST else None


def is_duration(text: str) -> bool:
    """Whether a cell can be read as a duration."""
    return not blank(text) and seconds(text) is not None
