"""Pieces that several kinds are built from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from deskweave.model import Choice, Label

Body = Mapping[str, Any]
_DURATION: Final = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?\Z")
_DAYS: Final = re.compile(r"P(\d+)D\Z")


def duration(text: str) -> timedelta:
    """`PT1H30M` as a span of working time.

    Raises:
        ValueError: not hours, minutes and seconds.
    """
    match = _DURATION.match(text)
    if match is None or text == "PT":
        message = f"{text!r} is not a duration in hours, minutes and seconds"
        raise ValueError(message)
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def span(text: str | None) -> timedelta | None:
    """A working duration, if one is stated."""
    return None if text is None else duration(text)


def days(text: str | None) -> timedelta | None:
    """`P30D` as calendar days, if stated.

    Raises:
        ValueError: not a number of days.
    """
    if text is None:
        return None
    match = _DAYS.match(text)
    if match is None:
        message = f"{text!r} is not a number of days such as P30D"
        raise ValueError(message)
    return timedelta(days=int(match[1]))


def label_of(spec: Body) -> Label:
    return dict(spec.get("label", {}))


def choice_of(slug: str, spec: Body) -> Choice:
    return Choice(slug=slug, label=label_of(spec), code=spec.get("code"), was=tuple(spec.get("was", ())))


def choices_of(body: Body, key: str) -> dict[str, Choice]:
    """The labelled terms under a key, in the order of the file."""
    return {slug: choice_of(slug, spec or {}) for slug, spec in body.get(key, {}).items()}


def in_order(rules: Body) -> list[tuple[str, Body]]:
    """Rules as they are tried: by `order` (100 where none is stated), then slug; those without `when` last."""
    return sorted(rules.items(), key=lambda rule: ("when" not in rule[1], rule[1].get("order", 100), rule[0]))
