"""Rules of sense about fields, the catalog and feedback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from deskweave.findings import Finding
from deskweave.model import CatalogItem, FieldId
from deskweave.practice.lint.sense import Path, Sense
from deskweave.practice.lint.week import week_of


def required(sense: Sense) -> Iterator[Finding]:
    """required-unwritable: mandatory for a step, and nobody may fill it in."""
    for name, body in sense.practice.documents.items():
        for slug in body.get("fields", {}) if name[0] == "Fields" else ():
            record = sense.practice.records.get(body.get("record", "inquiry"), sense.practice.fields)
            field = record.get(FieldId(slug))
            if field is None or not field.required_entering or field.writers or field.entry in ("system", "filled", "computed"):
                continue
            message = f"{slug!r} is mandatory on entering {field.required_entering!r}, and no role may write it"
            path: Path = (*name, "fields", slug)
            yield sense.warn("required-unwritable", path, slug, message, "name roles in `writers:`", status=field.required_entering)


def levels(sense: Sense) -> Iterator[Finding]:
    """item-without-level: something is offered and nothing is promised. Only where the practice states levels at all."""
    practice = sense.practice
    if not practice.service_levels or any(level.default for level in practice.service_levels.values()):
        return
    for slug, path in _items(sense).items():
        if practice.catalog[slug].service_level is None:
            message = f"{slug!r} names no service level, and none is the default: nothing is promised for it"
            remedy = "name one in `service_level:`, or mark a level `default: true`"
            yield sense.warn("item-without-level", path, slug, message, remedy)


def hours(sense: Sense, today: date) -> Iterator[Finding]:
    """item-hours-apart: the hours a thing is offered and the hours its goals run have no minute in common."""
    practice = sense.practice
    weeks = {name: week_of(calendar, today) for name, calendar in practice.calendars.items()}
    default = next((level.id for level in practice.service_levels.values() if level.default), None)
    running: dict[str, list[tuple[str, str]]] = {}
    for level in practice.service_levels.values():
        for clock in level.goals:
            calendar = practice.clocks[clock].calendar if clock in practice.clocks else None
            if calendar is not None and weeks.get(calendar):
                running.setdefault(level.id, []).append((clock, calendar))
    for slug, path in _items(sense).items():
        item = practice.catalog[slug]
        offered = weeks.get(item.hours or "")
        if not offered:
            continue
        for clock, calendar in running.get(item.service_level or default or "", ()):
            if not offered & (weeks[calendar] or 0):
                message = f"{slug!r} is offered on {item.hours!r}, and the clock {clock!r} of its service level never runs then"
                remedy = "give it other hours or another service level"
                yield sense.warn(
                    "item-hours-apart", (*path, "hours"), item.hours, message, remedy, item=slug, clock=clock, calendar=calendar
                )
                break


def entitled(sense: Sense) -> Iterator[Finding]:
    """item-never-offered: the condition of who may have it contradicts itself (practice B4)."""
    stated = {slug: item.entitled for slug, item in sense.practice.catalog.items() if item.entitled is not None}
    if not stated:
        return
    cases = sense.cases(stated.values())
    paths = _items(sense)
    for slug, predicate in stated.items():
        if not cases.find(predicate).possible:
            message = f"nobody can be entitled to {slug!r}: the condition contradicts itself"
            yield sense.warn("item-never-offered", (*paths[slug], "entitled"), slug, message, "mend `entitled:`")


def _items(sense: Sense) -> Mapping[str, Path]:
    """The path of every catalog item."""
    held: Mapping[str, CatalogItem] = sense.practice.catalog
    return {
        slug: ("Catalog", name, "categories", category, "services", service, "items", slug)
        for (kind, name), body in sense.practice.documents.items()
        if kind == "Catalog"
        for category, inner in body.get("categories", {}).items()
        for service, found in inner.get("services", {}).items()
        for slug in found.get("items", {})
        if slug in held
    }


def feedback(sense: Sense) -> Iterator[Finding]:
    """feedback-never-asked: there is a scale and nothing asks for it (practice D2). Only where templates are written at all."""
    practice = sense.practice
    if not practice.feedback or not practice.templates or practice.surveys:
        return
    if any(template.answer == "rating" or template.occasion == "rating_asked" for template in practice.templates.values()):
        return
    name = next(name for kind, name in practice.documents if kind == "Feedback")
    message = "users are never asked for their rating: no template asks for it and there is no survey"
    remedy = "write a template with `answer: rating`, or a survey"
    yield sense.warn("feedback-never-asked", ("Feedback", name), name, message, remedy)
