"""The practice and a binding document as the elements one connection should have.

Fields and choices are made by `apply`. Statuses, transitions, catalog items, clocks, metrics and calendars are stated too, so that
the connector can say what its platform cannot hold and what a person does instead; none of them may vanish without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

from deskweave.configure.key import ElementKey
from deskweave.connector import Element, ElementId
from deskweave.documents import as_map
from deskweave.model import Calendar, CatalogItem, Choice, Clock, Field, FieldId, Json, Label, Metric, StatusModel

FIELD: Final = "field"
CHOICE: Final = "choice"
KINDS: Final = ("field", "choice", "status", "transition", "catalog_item", "clock", "metric", "calendar")
_CHOSEN: Final = ("choice", "choices", "catalog_item", "status")


class PracticeTerms(Protocol):
    """What configuring needs of a composed practice."""

    @property
    def fields(self) -> Mapping[FieldId, Field]: ...
    @property
    def statuses(self) -> StatusModel | None: ...
    @property
    def catalog(self) -> Mapping[str, CatalogItem]: ...
    @property
    def clocks(self) -> Mapping[str, Clock]: ...
    @property
    def metrics(self) -> Mapping[str, Metric]: ...
    @property
    def calendars(self) -> Mapping[str, Calendar]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one connection should have by practice and binding.

    `looked_for` are elements that are only read (`policy: read_only`, or a field that is never sent there): they are matched and
    reported, never made. `was` names the former keys of an element, newest first.
    """

    elements: tuple[Element, ...]
    looked_for: frozenset[ElementKey] = frozenset()
    was: Mapping[ElementKey, tuple[ElementKey, ...]] = field(default_factory=dict)


def wanted_elements(practice: PracticeTerms, document: Mapping[str, Json], *, language: str = "en") -> Wanted:
    """The elements of one connection.

    A field element has the path `fields/<slug>` and the attributes label, type, collection, name (= `at`). A choice element has
    `fields/<slug>/choices/<choice>` and label, name (the option's text), order (from 1), collection, field (= the field's `at`);
    it needs its field. A field bound in two collections is two elements with one path.

    Args:
        practice: composed.
        document: body of the Binding document as read from `bindings/<connection>.yaml`.
        language: whose label is an option's text where the binding says none.
    """
    elements: list[Element] = []
    looked_for: set[ElementKey] = set()
    was: dict[ElementKey, tuple[ElementKey, ...]] = {}
    collections = as_map(document.get("collections"))
    for collection, body in collections.items():
        for slug, bound in as_map(as_map(body).get("fields")).items():
            term = practice.fields.get(FieldId(slug))
            at = as_map(bound).get("at")
            if term is None or not isinstance(at, str) or not at or term.type == "messages":
                continue  # the practice's own lint says so; the exchange is no field
            element = _field(term, collection, at)
            elements.append(element)
            key = ElementKey.of(element)
            if former := _former(term):
                was[key] = tuple(ElementKey(FIELD, f"fields/{old}", collection) for old in former)
            read_only = as_map(bound).get("policy") == "read_only" or document.get("id") in term.never_send
            texts = option_texts(practice, term, as_map(as_map(bound).get("choices")), language)
            for order, (name, label, old_names) in enumerate(_choices(practice, term), 1):
                choice = _choice(term, collection, at, name, label, texts[name], order)
                elements.append(choice)
                choice_key = ElementKey.of(choice)
                parents = (slug, *former)
                names = (name, *old_names)
                old_keys = [ElementKey(CHOICE, f"fields/{p}/choices/{n}", collection) for p in parents for n in names]
                if len(old_keys) > 1:
                    was[choice_key] = tuple(old_keys[1:])
                if read_only:
                    looked_for.add(choice_key)
            if read_only:
                looked_for.add(key)
    elements += _statuses(practice.statuses, collections)
    elements += _other(practice)
    return Wanted(elements=tuple(elements), looked_for=frozenset(looked_for), was=was)


def option_texts(practice: PracticeTerms, term: Field, stated: Mapping[str, Json], language: str = "en") -> dict[str, str]:
    """Slug -> the option's text on the platform: what the binding states, else the label in `language`.

    For every field that is chosen from a list: choice, choices, catalog_item, status. The typed Binding's `FieldBinding.choices`
    must say the same, or what `apply` makes is not what `sync` writes.
    """
    texts: dict[str, str] = {}
    for slug, label, _ in _choices(practice, term):
        raw = stated.get(slug)
        if isinstance(raw, (str, int, float)) and not isinstance(raw, bool):
            texts[slug] = str(raw)
        else:
            texts[slug] = words(label, language) or slug
    return texts


def words(label: Label, language: str) -> str:
    """The label in a language, else in English, else in any it has."""
    return label.get(language) or label.get("en") or next((label[name] for name in sorted(label)), "")


def _field(term: Field, collection: str, at: str) -> Element:
    return Element(
        id=ElementId(FIELD, f"fields/{term.id}"),
        native=None,
        attributes={"label": dict(term.label), "type": term.type, "collection": collection, "name": at},
    )


def _choice(term: Field, collection: str, at: str, slug: str, label: Label, text: str, order: int) -> Element:
    return Element(
        id=ElementId(CHOICE, f"fields/{term.id}/choices/{slug}"),
        native=None,
        attributes={"label": dict(label), "name": text, "order": order, "collection": collection, "field": at},
        needs=(ElementId(FIELD, f"fields/{term.id}"),),
    )


def _choices(practice: PracticeTerms, term: Field) -> Iterable[tuple[str, Label, tuple[str, ...]]]:
    """Slug, label and former slugs of everything a field can be set to, in the practice's order."""
    if term.type not in _CHOSEN:
        return ()
    if term.type == "catalog_item":
        return [(slug, item.label, _former(item)) for slug, item in practice.catalog.items()]
    if term.type == "status":
        statuses = practice.statuses.statuses if practice.statuses is not None else {}
        return [(slug, status.label, _former(status)) for slug, status in statuses.items()]
    return [(slug, choice.label, _former(choice)) for slug, choice in term.choices.items()]


def _former(term: Field | Choice | CatalogItem | object) -> tuple[str, ...]:
    former = getattr(term, "was", ())
    return tuple(str(name) for name in former) if isinstance(former, Sequence) and not isinstance(former, str) else ()


def _statuses(model: StatusModel | None, collections: Mapping[str, Json]) -> Iterable[Element]:
    if model is None:
        return
    for slug, status in model.statuses.items():
        spelled: dict[str, Json] = {}
        for collection, body in collections.items():
            line = as_map(as_map(as_map(body).get("statuses")).get(slug))
            if line:
                spelled[collection] = line.get("is")
        yield Element(
            id=ElementId("status", f"statuses/{slug}"),
            native=None,
            attributes={
                "label": dict(status.label),
                "phase": status.phase.value,
                "waits_on": status.waits_on,
                "initial": slug == model.initial,
                "is": spelled,
            },
        )
    for slug, transition in model.transitions.items():
        yield Element(
            id=ElementId("transition", f"transitions/{slug}"),
            native=None,
            attributes={
                "label": dict(transition.label),
                "from": list(transition.sources),
                "to": transition.target,
                "by": list(transition.by),
            },
            needs=tuple(ElementId("status", f"statuses/{name}") for name in (*transition.sources, transition.target)),
        )


def _other(practice: PracticeTerms) -> Iterable[Element]:
    for slug, item in practice.catalog.items():
        yield Element(
            id=ElementId("catalog_item", f"catalog/{slug}"),
            native=None,
            attributes={
                "label": dict(item.label),
                "category": item.category,
                "category_label": dict(item.category_label),
                "service": item.service,
                "service_label": dict(item.service_label),
                "classification": item.classification,
                "served": item.served,
                "channels": list(item.channels),
                "delivery": list(item.delivery),
                "hours": item.hours,
                "stream": item.stream,
            },
        )
    for name, calendar in practice.calendars.items():
        yield Element(
            id=ElementId("calendar", f"calendars/{name}"),
            native=None,
            attributes={"label": dict(calendar.label), "zone": calendar.zone, "holidays": calendar.holidays},
        )
    for name, clock in practice.clocks.items():
        yield Element(
            id=ElementId("clock", f"clocks/{name}"),
            native=None,
            attributes={"label": dict(clock.label), "calendar": clock.calendar, "goal": _seconds(clock.goal)},
            needs=(ElementId("calendar", f"calendars/{clock.calendar}"),) if clock.calendar in practice.calendars else (),
        )
    for name, metric in practice.metrics.items():
        yield Element(
            id=ElementId("metric", f"metrics/{name}"),
            native=None,
            attributes={"label": dict(metric.label), "every": metric.every, "unit": metric.unit},
        )


def _seconds(goal: timedelta | None) -> int | None:
    return None if goal is None else int(goal.total_seconds())
