"""Figures as people read them: `4m 12s` or `4分12秒`, `93.1 %`, `4,212`; and text by the width it takes on a screen."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from deskweave.measure.wording import word
from deskweave.model import Metric

_UNITS: Final = {"en": ("h", "m", "s", " "), "zh": ("时", "分", "秒", "")}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS: Final = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
}


def duration(seconds: float, language: str, *, short: bool = False) -> str:
    """Hours and minutes, or minutes and seconds; never days, for whose day would it be? `short` drops parts that are zero.

    Halves of a second are rounded up.
    """
    whole = int(abs(seconds) + 0.5)
    sign = "-" if seconds < 0 and whole else ""
    h, m, s, gap = _UNITS.get(language, _UNITS["en"])
    if whole >= 3600:
        parts = [(whole // 3600, h), (whole % 3600 // 60, m)]
    elif whole >= 60:
        parts = [(whole // 60, m), (whole % 60, s)]
    else:
        return f"{sign}{whole}{s}"
    if short and parts[1][0] == 0:
        parts.pop()
    hours, *rest = parts
    return sign + gap.join([f"{hours[0]:,}{hours[1]}", *(f"{n:02d}{unit}" for n, unit in rest)])


def share(value: float) -> str:
    """A ratio in per cent with one digit."""
    return f"{value * 100:.1f} %"


def number(value: float) -> str:
    """Thousands in groups; decimals only where there are any, at most two."""
    return f"{round(value, 2) + 0.0:,.2f}".rstrip("0").rstrip(".")  # + 0.0: there is no minus nothing


def figure(metric: Metric, value: float | None, language: str) -> str:
    """A metric's value in its unit."""
    return word(language, "no_data") if value is None else in_unit(metric.unit, value, language)


def in_unit(unit: str, value: float, language: str, *, short: bool = False) -> str:
    """A value in a unit: ratio, count, duration or number. `short` is for goals: 95 %, 5m."""
    match unit:
        case "ratio":
            return f"{number(round(value * 100, 2))} %" if short else share(value)
        case "duration":
            return duration(value, language, short=short)
        case _:
            return number(value)


def goal(metric: Metric, language: str) -> str:
    """`>= 95 %`, `<= 5m`; empty without a goal."""
    if metric.target is None or metric.target.goal is None:
        return ""
    return f"{'>=' if metric.target.better == 'higher' else '<='} {in_unit(metric.unit, metric.target.goal, language, short=True)}"


def goal_in_words(metric: Metric, language: str) -> str:
    """`at least 95 %`; empty without a goal."""
    if metric.target is None or metric.target.goal is None:
        return ""
    said = in_unit(metric.unit, metric.target.goal, language, short=True)
    return word(language, "at_least" if metric.target.better == "higher" else "at_most", goal=said)


def moment(at: datetime, zone: str, language: str) -> str:
    """`Sun 22 Nov 2026 09:31` or `2026年11月22日 周日 09:31`, on the wall in `zone`."""
    wall = at.astimezone(ZoneInfo(zone))
    if language == "zh":
        return f"{wall.year}年{wall.month}月{wall.day}日 {_DAYS['zh'][wall.weekday()]} {wall:%H:%M}"
    return f"{_DAYS['en'][wall.weekday()]} {wall.day} {_MONTHS[wall.month - 1]} {wall.year} {wall:%H:%M}"


def width(text: str) -> int:
    """Columns a text takes in a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 0 if unicodedata.combining(char) else 1 for char in text)


def left(text: str, columns: int) -> str:
    """Padded on the right to `columns`."""
    return text + " " * (columns - width(text))


def right(text: str, columns: int) -> str:
    """Padded on the left to `columns`."""
    return " " * (columns - width(text)) + text


def wrapped(text: str, columns: int) -> list[str]:
    """Lines of at most `columns`, broken at blanks and between Chinese characters; what is longer than a line is cut into lines."""
    lines, line = [], ""
    for piece in re.findall(r"[\u2e80-\uffef][，。、；：）]*|[^\s\u2e80-\uffef]+[，。、；：）]*|\s+", text):
        if width(line) + width(piece.rstrip()) > columns and line.strip():
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
        while width(line.rstrip()) > columns:
            kept = next(n for n in range(len(line), 0, -1) if width(line[:n]) <= columns)
            lines.append(line[:kept])
            line = line[kept:]
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def printable(text: str) -> str:
    """Text from outside on one line, without control characters, and with what GBK cannot say replaced by a question mark."""
    clean = "".join(" " if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs") else char for char in text)
    return clean.encode("gbk", "replace").decode("gbk")
