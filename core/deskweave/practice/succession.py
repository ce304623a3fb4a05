"""Old words and the ones that stand for them now: `was` of renamed terms, `becomes` of removed ones.

Events keep the words of their day. Whoever reads them under today's practice (clocks, figures, adoption) asks here what they mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from deskweave.model import CatalogItem, Event, Field, FieldId, StatusModel, Value

STATUS = FieldId("status")


class Terms(Protocol):
    """The parts of a practice that name what an inquiry holds."""

    @property
    def fields(self) -> Mapping[FieldId, Field]: ...
    @property
    def statuses(self) -> StatusModel: ...
    @property
    def catalog(self) -> Mapping[str, CatalogItem]: ...


@dataclass(frozen=True, slots=True)
class Succession:
    """What old words mean under one practice.

    Attributes:
        fields: former field -> the field it is now.
        values: field as it is called now -> former value -> the value it is now. Removed values that nothing takes the place of
            are absent: they have no word any more.
    """

    fields: Mapping[FieldId, FieldId]
    values: Mapping[FieldId, Mapping[str, str]]

    def __bool__(self) -> bool:
        return bool(self.fields or self.values)

    def field(self, name: FieldId) -> FieldId:
        """What a field is called now."""
        return self.fields.get(name, name)

    def value(self, name: FieldId, value: Value) -> Value:
        """What a value of the field now called `name` is now; several at once where it is a tuple, each named once."""
        known = self.values.get(name)
        if not known:
            return value
        if isinstance(value, tuple):
            now = tuple(known.get(one, one) if isinstance(one, str) else one for one in value)
            return value if now == value else tuple(dict.fromkeys(now))
        return known.get(value, value) if isinstance(value, str) else value

    def events(self, events: Sequence[Event]) -> Sequence[Event]:
        """Events in today's words; the same ones where nothing was ever renamed."""
        if not self:
            return events
        return [self._event(event) for event in events]

    def _event(self, event: Event) -> Event:
        name = self.field(event.field)
        if name == event.field and name not in self.values:
            return event
        return replace(event, field=name, old=self.value(name, event.old), new=self.value(name, event.new))


def succession(practice: Terms) -> Succession:
    """What old words mean under `practice`. A word that is in use again means itself."""
    fields = {
        FieldId(old): name for name, term in practice.fields.items() for old in term.was if FieldId(old) not in practice.fields
    }
    values: dict[FieldId, Mapping[str, str]] = {}
    for name, term in practice.fields.items():
        found = _former(_terms(practice, term), term.becomes)
        if found:
            values[name] = found
    if STATUS not in practice.fields:
        found = _former({slug: status.was for slug, status in practice.statuses.statuses.items()}, practice.statuses.becomes)
        if found:
            values[STATUS] = found
    return Succession(fields, values)


def _terms(practice: Terms, field: Field) -> Mapping[str, Sequence[str]]:
    """Everything a field can hold, with what it was called before."""
    if field.type == "status":
        return {slug: status.was for slug, status in practice.statuses.statuses.items()}
    if field.type == "catalog_item":
        return {slug: item.was for slug, item in practice.catalog.items()}
    return {slug: choice.was for slug, choice in field.choices.items()}


def words_of(practice: Terms, field: Field) -> Iterable[str]:
    """The slugs a field can hold; none where any value goes."""
    return _terms(practice, field).keys()


def _former(terms: Mapping[str, Sequence[str]], becomes: Mapping[str, str]) -> dict[str, str]:
    found = {old: slug for slug, former in terms.items() for old in former if old not in terms}
    stated = {old: new for old, new in becomes.items() if old not in terms and new in terms}
    return found | stated
