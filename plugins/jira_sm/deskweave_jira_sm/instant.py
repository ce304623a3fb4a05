"""Jira's ways to write a moment, and how a moment is asked for in JQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from deskweave.model import Json


def read_instant(raw: Json) -> datetime | None:
    """An instant in UTC out of ISO text (offset with or without a colon) or epoch seconds or milliseconds, told by their size.

    None for what is none of these: a record with a strange time is still a record.
    """
    if isinstance(raw, bool) or raw is None:
        return None
    if isinstance(raw, (int, float)):
        seconds = raw / 1000 if abs(raw) >= 100_000_000_000 else raw
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, ValueError, OSError):
            return None
    if not isinstance(raw, str):
        return None
    try:
        at = datetime.fromisoformat(raw)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def write_instant(at: datetime) -> str:
    """As Jira takes it: milliseconds, and an offset without a colon."""
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def jql_moment(at: datetime, zone: ZoneInfo) -> str:
    """A JQL literal that means `at` or a little earlier.

    JQL knows minutes, and reads them in the time zone of the calling account's profile. Where the zone's clock is turned within
    three hours the same wall clock time can mean two moments, so the literal moves back past the turn: more than asked is fine.
    """
    back = timedelta(0)
    offsets = {(at + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in (-3, -2, -1, 0, 1, 2, 3)}
    if len(offsets) > 1:
        spread = [offset for offset in offsets if offset is not None]
        back = timedelta(hours=3) + (max(spread) - min(spread))
    local = (at - back).astimezone(zone)
    return f'"{local:%Y-%m-%d %H:%M}"'
