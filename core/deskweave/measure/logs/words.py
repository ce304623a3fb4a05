"""Words of a log to words of the practice: statuses by what they are called and what kind they are, choices by label and code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

from deskweave.measure.columns import is_feedback
from deskweave.measure.logs.headings import ALIKE, FALSE, STATE_NUMBERS, STATES, TRUE, fold
from deskweave.measure.logs.instants import blank
from deskweave.measure.sources import Rulebook
from deskweave.model import Field, Label, Phase, StatusModel

_CLOSE: Final = 0.87  #: "Resovled" is Resolved; "Awaiting evidence" is not "Awaiting acceptance"


def _nearest(word: str, named: Iterable[str]) -> str | None:
    found = get_close_matches(word, list(named), n=1, cutoff=_CLOSE)
    return found[0] if found else None


def status_words(words: Iterable[str], statuses: StatusModel) -> dict[str, str | None]:
    """A status of ours for each word of a log; None: none is near. A word of two columns reads `Accepted + In Progress`."""
    every = list(words)
    numbers = bool(every) and all(word.partition(" + ")[0].strip().isdigit() or blank(word) for word in every)
    named = _named({slug: status.label for slug, status in statuses.statuses.items()})
    return {word: _status(word, statuses, named, numbers) for word in every}


def _status(word: str, statuses: StatusModel, named: Mapping[str, str], numbers: bool) -> str | None:
    first, _, second = word.partition(" + ")
    if numbers:
        # on hold, and why: 1 is the caller
        kind = "user" if (first.strip(), second.strip()) == ("3", "1") else STATE_NUMBERS.get(first.strip())
        return kind and _of_kind(kind, statuses)
    parts = [fold(word), *([fold(second), fold(first)] if second else [])]
    for part in parts:
        if part in named:
            return named[part]
        kind = next((kind for kind, some in STATES.items() if part in map(fold, some)), None)
        if kind is not None and (found := _of_kind(kind, statuses)) is not None:
            return found
    whole = f" {parts[0]} "
    inside = [
        (len(fold(one)), kind)
        for kind, some in STATES.items()
        for one in some
        if (f" {fold(one)} " in whole if one.isascii() else fold(one) in whole)
    ]
    if inside:
        return _of_kind(max(inside)[1], statuses)
    close = _nearest(parts[0], named)
    return named[close] if close is not None else None


def _of_kind(kind: str, statuses: StatusModel) -> str | None:
    """The practice's first status of a kind."""
    waits = {"user": "user", "third_party": "third_party"}.get(kind)
    phase = Phase.WAITING if waits else Phase(kind)
    fitting = [status for status in statuses.statuses.values() if status.phase is phase]
    exact = [status for status in fitting if waits is None or status.waits_on == waits]
    return next((status.slug for status in (*exact, *fitting)), None)


def choice_words(field: Field, words: Iterable[str], practice: Rulebook) -> dict[str, str | bool | None]:
    """A value of ours for each word in a column; None: none is near.

    A step of the feedback scale is never told by a number (D3): with some 1 is the best, with others the worst.
    """
    if field.type == "boolean":
        return {word: True if fold(word) in TRUE else False if fold(word) in FALSE else None for word in words}
    labels: dict[str, Label] = (
        {slug: one.label for slug, one in practice.catalog.items()}
        if field.type == "catalog_item"
        else {slug: one.label for slug, one in field.choices.items()}
    )
    rated = is_feedback(field, practice)
    codes = {str(one.code): slug for slug, one in field.choices.items() if one.code is not None and not rated}
    named = _named(labels)
    return {word: _choice(word, named, codes) for word in words}


def _choice(word: str, named: Mapping[str, str], codes: Mapping[str, str]) -> str | None:
    text = fold(word)
    if text in named:
        return named[text]
    number = re.match(r"p?(\d)\b", text)
    if number is not None:  # "3 - Moderate", "P3", "3"
        return codes.get(number[1])
    for ours, theirs in ALIKE.items():
        if text == ours or text in map(fold, theirs):
            slug = next((slug for label, slug in named.items() if label == ours or _has(label, ours)), None)
            if slug is not None:
                return slug
    parts = [slug for label, slug in named.items() if len(text) > 1 and _has(label, text)]
    if len(set(parts)) == 1:
        return parts[0]
    close = _nearest(text, named) if len(text) > 3 else None
    return named[close] if close is not None else None


def _has(label: str, word: str) -> bool:
    return f" {word} " in f" {label} " if word.isascii() else word in label


def _named(labels: Mapping[str, Label]) -> dict[str, str]:
    found: dict[str, str] = {}
    for slug, label in labels.items():
        for text in (slug, *label.values()):
            found.setdefault(fold(text), slug)
    return found
