"""What a practice may say and yet hardly means. Warnings only: a composed practice has no errors left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from deskweave.documents import in_order, shown
from deskweave.findings import Finding, Severity
from deskweave.model import FieldId, Phase
from deskweave.practice.practice import Practice

NOTICE_DAYS: Final = 60
"""How long before a calendar's last known day a person is told."""


def lint(practice: Practice, *, today: date) -> list[Finding]:
    """Rules of sense, each documented by its slug.

    Args:
        practice: a composed practice.
        today: the day in the practice's zone.
    """
    rules = (_labels, _unreachable, _dead_ends, _same_words, _required_unwritable)
    findings = [finding for rule in rules for finding in rule(practice)]
    return in_order([*findings, *_coverage(practice, today)])


def _warning(
    practice: Practice, rule: str, path: tuple[str | int, ...], found: object, message: str, remedy: str, *, key: bool = True
) -> Finding:
    place = practice.origin(path, key=key)
    return Finding(rule=rule, severity=Severity.WARNING, place=place, found=shown(found), message=message, remedy=remedy)


def _labels(practice: Practice) -> Iterator[Finding]:
    """label-missing: a label that is not given in one of the practice's languages."""
    for (kind, name), body in practice.documents.items():
        for path, label in _labels_in(body, (kind, name)):
            missing = [language for language in practice.languages if language not in label]
            if missing:
                words = next(iter(label.values()), path[-1])
                message = f"no label in {', '.join(missing)}: readers of it will see {words!r}"
                yield _warning(practice, "label-missing", path, words, message, f"add {', '.join(missing)} to `label:`")


def _labels_in(value: Mapping[str, Any], path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, str]]]:
    for key, item in value.items():
        if isinstance(item, Mapping):
            if key == "label" and all(isinstance(words, str) for words in item.values()):
                yield path, item
            else:
                yield from _labels_in(item, (*path, key))


def _unreachable(practice: Practice) -> Iterator[Finding]:
    """status-unreachable: no way of transitions leads there from the initial status."""
    model = practice.statuses
    reached, fresh = {model.initial}, [model.initial]
    while fresh:
        here = fresh.pop()
        for transition in model.transitions.values():
            if here in transition.sources and transition.target not in reached:
                reached.add(transition.target)
                fresh.append(transition.target)
    for slug in model.statuses:
        if slug not in reached:
            message = f"no transition leads to {slug!r} from {model.initial!r}"
            yield _warning(
                practice,
                "status-unreachable",
                ("StatusModel", model.id, "statuses", slug),
                slug,
                message,
                "add a transition, or remove the status",
            )


def _dead_ends(practice: Practice) -> Iterator[Finding]:
    """status-dead-end: an inquiry that gets there can neither go on nor is it over."""
    model = practice.statuses
    left = {source for transition in model.transitions.values() for source in transition.sources}
    for slug, status in model.statuses.items():
        if slug not in left and status.phase not in (Phase.CLOSED, Phase.CANCELLED):
            message = f"no transition leads out of {slug!r}, and it is not an end"
            yield _warning(
                practice,
                "status-dead-end",
                ("StatusModel", model.id, "statuses", slug),
                slug,
                message,
                "add a transition out of it",
            )


def _same_words(practice: Practice) -> Iterator[Finding]:
    """status-same-label: two statuses that people cannot tell apart."""
    model = practice.statuses
    seen: dict[tuple[str, str], str] = {}
    for slug, status in model.statuses.items():
        for language, words in status.label.items():
            first = seen.setdefault((language, words), slug)
            if first != slug:
                message = f"{first!r} and {slug!r} are both called {words!r}"
                yield _warning(
                    practice,
                    "status-same-label",
                    ("StatusModel", model.id, "statuses", slug),
                    words,
                    message,
                    "give them different labels",
                )


def _required_unwritable(practice: Practice) -> Iterator[Finding]:
    """required-unwritable: mandatory for a step, and nobody may fill it in."""
    for name, body in practice.documents.items():
        for slug in body.get("fields", {}) if name[0] == "Fields" else ():
            field = practice.fields[FieldId(slug)]
            if field.required_entering and not field.writers and field.entry not in ("system", "filled", "computed"):
                message = f"{slug!r} is mandatory on entering {field.required_entering!r}, and no role may write it"
                yield _warning(practice, "required-unwritable", (*name, "fields", slug), slug, message, "name roles in `writers:`")


def _coverage(practice: Practice, today: date) -> Iterator[Finding]:
    """calendar-coverage-ends: holidays of a calendar in use are known for less than 60 days to come."""
    used = {calendar.holidays for calendar in practice.calendars.values() if calendar.holidays}
    for slug in sorted(used):
        until = practice.holidays[slug].until
        days = (until - today).days
        if days < NOTICE_DAYS:
            when = f"end in {days} days" if days >= 0 else f"ended {-days} days ago"
            message = f"the holidays known to {slug!r} {when}, on {until}; after it measuring refuses and due times are provisional"
            remedy = "add the next year under `years:` and move `coverage.to`"
            yield _warning(
                practice, "calendar-coverage-ends", ("Holidays", slug, "coverage", "to"), str(until), message, remedy, key=False
            )
