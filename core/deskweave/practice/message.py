"""A template's text: read, checked, and filled for one occasion (practice G3). Pure: no clock, no I/O, no platform.

`{field}` stands for a value, `{field|format}` for a value told in another form; a brace of the text itself is doubled. What
is inserted is plain text: braces in it mean nothing, and nothing is escaped. Who renders a message as HTML or Markdown escapes it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from deskweave.errors import DeskweaveError
from deskweave.model import ALWAYS_THERE, OCCASIONS, FieldId, Label, OccasionKind, Template, Value
from deskweave.practice.practice import Practice
from deskweave.practice.wording import say_date, say_duration, say_list, say_value

FORMATS: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("text",),
    "long_text": ("text",),
    "email": ("text",),
    "phone": ("text",),
    "link": ("text",),
    "person": ("person",),
    "number": ("number",),
    "integer": ("number",),
    "boolean": ("label",),
    "choice": ("label",),
    "choices": ("label",),
    "catalog_item": ("label",),
    "status": ("label",),
    "date": ("date",),
    "datetime": ("datetime", "date", "time"),
    "duration": ("duration",),
    "messages": (),
}
"""The forms a value of each type can be told in, the default first. An exchange of messages cannot be inserted."""

SUBJECT_LENGTH: Final = 200
"""Longest subject, in characters: what is longer is cut."""

_TOKEN: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_PLACEHOLDER: Final = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(?:\|\s*([a-z]+)\s*)?\Z")
_LINE_ENDS: Final = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What goes out: plain text. `subject` is one line, or empty where the template has none. Its `repr` shows no text."""

    subject: str = field(repr=False)
    body: str = field(repr=False)
    language: str


class MessageError(DeskweaveError):
    """A message cannot be written: it would have a blank, or a value is not what its field holds. Names fields, never values.

    Attributes:
        template: id of the template.
        missing: fields that are empty and have no words of `without`, or that the occasion does not carry.
        unfit: fields whose value cannot be told in the form asked for.
    """

    def __init__(self, template: str, missing: Iterable[str], unfit: Iterable[str]) -> None:
        self.template, self.missing, self.unfit = template, tuple(missing), tuple(unfit)
        said = [
            f"{what}: {', '.join(names)}" for what, names in (("missing", self.missing), ("of the wrong form", self.unfit)) if names
        ]
        super().__init__(f"template {template} cannot be filled; {'; '.join(said)}")


# -------------------------------------------------------------------------------------------------------------- reading
@dataclass(frozen=True, slots=True)
class Placeholder:
    name: str
    format: str | None
    start: int  #: offset of its brace in the text


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Something wrong at one spot of a text. `where` says the spot for people: `column 14`, or `line 2, column 14`."""

    rule: str
    found: str
    message: str
    where: str
    allowed: tuple[str, ...] = ()
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A text in parts: words as they stand, and placeholders. Where it has flaws its parts are not to be used."""

    parts: tuple[str | Placeholder, ...]
    flaws: tuple[Flaw, ...] = ()

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        return tuple(part for part in self.parts if isinstance(part, Placeholder))


@lru_cache(maxsize=512)
def parse(text: str) -> Text:
    """The parts of a template's text, and every brace that makes no sense, with its place."""
    parts: list[str | Placeholder] = []
    flaws: list[Flaw] = []
    done = 0
    for token in _TOKEN.finditer(text):
        parts.append(text[done : token.start()])
        done = token.end()
        if token[0] in ("{{", "}}"):
            parts.append(token[0][0])
        elif token[1] is None:
            side = "opened and not closed" if token[0] == "{" else "closed and not opened"
            flaws.append(
                Flaw(
                    rule="template-brace",
                    found=token[0],
                    message=f"a brace is {side}",
                    where=spot(text, token.start()),
                    remedy="write {field}, or double a brace that is meant as such: {{ or }}",
                )
            )
        elif (inner := _PLACEHOLDER.match(token[1])) is not None:
            parts.append(Placeholder(inner[1], inner[2], token.start()))
        else:
            flaws.append(
                Flaw(
                    rule="template-brace",
                    found=token[0],
                    message="that is no placeholder",
                    where=spot(text, token.start()),
                    remedy="write {field} or {field|format}; double a brace that is meant as such: {{ or }}",
                )
            )
    parts.append(text[done:])
    return Text(tuple(part for part in parts if part != ""), tuple(flaws))


def spot(text: str, offset: int) -> str:
    """Where in a text, counted from 1: `column 14`, or `line 2, column 14` where it has several lines."""
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    return f"line {line}, column {column}" if "\n" in text else f"column {column}"


def carried(occasion: OccasionKind, fields: Mapping[str, str]) -> dict[str, str]:
    """What a text on an occasion may name, with its data type: the occasion's data and, about an inquiry, the inquiry's fields.

    Args:
        occasion: one of `OCCASIONS`.
        fields: the inquiry's fields, id to data type.
    """
    own = fields if occasion.about == "inquiry" else {}
    return {**occasion.data, **{name: kind for name, kind in own.items() if name not in occasion.data}}


def check(text: str, types: Mapping[str, str]) -> list[Flaw]:
    """What is wrong with a text: braces, placeholders that name nothing, forms that do not go with the type.

    Args:
        text: subject or body in one language.
        types: what the text may name, as `carried` answers it.
    """
    read = parse(text)
    flaws = list(read.flaws)
    for one in read.placeholders:
        kind = types.get(one.name)
        formats = FORMATS.get(kind) if kind is not None else ()
        if formats and (one.format is None or one.format in formats):
            continue
        where = spot(text, one.start)
        if kind is None:
            message = f"{one.name!r} is nothing this occasion carries"
            flaws.append(Flaw(rule="unknown-placeholder", found=one.name, message=message, where=where, allowed=tuple(types)))
            continue
        if formats is None:
            continue  # no data type at all: told once, where the field states it
        if not formats:
            message = f"{one.name!r} is of type {kind}: it cannot be put into a message"
            flaws.append(Flaw(rule="placeholder-format", found=one.name, message=message, where=where))
        else:
            message = f"{one.name!r} is of type {kind} and cannot be told as {one.format!r}"
            flaws.append(Flaw(rule="placeholder-format", found=one.format or "", message=message, where=where, allowed=formats))
    return flaws


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What of a status model decides whether a field is filled by an occasion."""

    initial: str
    phases: Mapping[str, str]  #: status -> phase
    ways: Sequence[tuple[Sequence[str], str]]  #: transitions: from, to
    required: Mapping[str, str] = field(default_factory=dict)  #: field -> status on entering which it is mandatory


def may_be_empty(occasion: OccasionKind, name: str, life: Life) -> bool:
    """Whether the field or datum can be empty when a message on the occasion is written.

    It cannot where the occasion carries it and does not call it optional; where every inquiry has it from its first moment; or
    where it is mandatory on entering a status that every way from the initial status to the occasion leads through. The occasion
    lies behind every status of its `past` phase; an occasion without one can come at any time.
    """
    if name in occasion.data:
        return name in occasion.optional
    if name in ALWAYS_THERE:
        return False
    status = life.required.get(name)
    if status is None:
        return True
    if status == life.initial:
        return False
    reached = [one for one, phase in life.phases.items() if occasion.past is not None and phase == occasion.past.value]
    around = _reached_around(status, life)
    return not reached or any(one in around for one in reached)


def _reached_around(status: str, life: Life) -> set[str]:
    """Every status that can be reached from the initial one without entering `status`."""
    seen, fresh = {life.initial}, [life.initial]
    while fresh:
        here = fresh.pop()
        for sources, target in life.ways:
            if here in sources and target != status and target not in seen:
                seen.add(target)
                fresh.append(target)
    return seen


# -------------------------------------------------------------------------------------------------------------- filling
def fill(
    template: Template, language: str, values: Mapping[str, Value], *, practice: Practice, zone: str | tzinfo | None = None
) -> Message:
    """The message a template makes of values.

    Args:
        template: of the practice.
        language: the reader's, e.g. zh or zh-CN. Where the template does not speak it, it speaks the practice's first language.
        values: the occasion's data and, about an inquiry, the inquiry's values, neutral as everywhere: slugs, instants, seconds.
            A person is given by the name people know, not by an id.
        practice: whose labels are used.
        zone: the reader's time zone; by default the practice's. It is named beside every time of day.

    Raises:
        MessageError: a value is missing that has no words of `without`, or does not fit its field: all of them at once.
    """
    occasion = OCCASIONS[template.occasion]
    spoken = speaks(template.body, language, practice)
    there = ZoneInfo(practice.zone) if zone is None else ZoneInfo(zone) if isinstance(zone, str) else zone
    filler = _Filler(template, occasion, spoken, values, practice, there)
    subject = " ".join(filler.text(_in(template.subject, spoken, practice), one_line=True).split())
    body = filler.text(_in(template.body, spoken, practice), one_line=False)
    if filler.missing or filler.unfit:
        raise MessageError(template.id, filler.missing, filler.unfit)
    if len(subject) > SUBJECT_LENGTH:
        subject = subject[: SUBJECT_LENGTH - 3].rstrip() + "..."
    return Message(subject=subject, body=body, language=spoken)


def speaks(words: Label, language: str, practice: Practice) -> str:
    """The language a text is told in: the one asked for, its base (zh of zh-CN), else the practice's own, else any it has."""
    wanted = (language, language.split("-")[0], *practice.languages)
    return next((one for one in wanted if one in words), next(iter(words), language))


def _in(words: Label, language: str, practice: Practice) -> str:
    return words.get(speaks(words, language, practice), "")


class _Filler:
    def __init__(
        self,
        template: Template,
        occasion: OccasionKind,
        language: str,
        values: Mapping[str, Value],
        practice: Practice,
        zone: tzinfo,
    ) -> None:
        self.template, self.occasion, self.language = template, occasion, language
        self.values, self.practice, self.zone = values, practice, zone
        self.types = carried(occasion, {name: spec.type for name, spec in practice.fields.items()})
        self.base = "zh" if language.split("-")[0] == "zh" else "en"
        self.missing: dict[str, None] = {}
        self.unfit: dict[str, None] = {}

    def text(self, text: str, *, one_line: bool) -> str:
        return "".join(part if isinstance(part, str) else self.slot(part, one_line=one_line) for part in parse(text).parts)

    def slot(self, place: Placeholder, *, one_line: bool) -> str:
        """The words that stand for one placeholder, never none: a lack is noted. What the practice no longer has is empty."""
        formats = FORMATS.get(self.types.get(place.name, ""), ())
        form = place.format or next(iter(formats), "")
        said = ""
        if form in formats:
            try:
                said = plain(self.said(place.name, self.values.get(place.name), form), one_line=one_line)
            except (ValueError, TypeError, OverflowError):
                self.unfit[place.name] = None
                return ""
        if not said:
            said = "".join(
                part
                for part in parse(_in(self.template.without.get(place.name, {}), self.language, self.practice)).parts
                if isinstance(part, str)
            ).strip()
        if not said:
            self.missing[place.name] = None
        return said

    def said(self, name: str, value: object, form: str) -> str:
        """A value in words; empty where there is none.

        Raises:
            ValueError: it is nothing that can be told in that form; TypeError and OverflowError as well.
        """
        if value is None or (isinstance(value, str) and not value.strip()):
            return ""
        if isinstance(value, (tuple, list)):
            return say_list([words for one in value if (words := self.said(name, one, form))], self.base)
        if form == "label":
            return self.label(name, value)
        if form in ("datetime", "date", "time"):
            return self.moment(value, form)
        if form in ("duration", "number"):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                raise ValueError(form)
            return say_duration(value, self.base) if form == "duration" else _number(value)
        if isinstance(value, datetime):
            return self.moment(value, "datetime")
        if isinstance(value, (bool, int, float)):
            return say_value(name, value, self.practice, self.base) if isinstance(value, bool) else _number(value)
        if not isinstance(value, str):
            raise TypeError(form)
        return value

    def label(self, name: str, value: object) -> str:
        if isinstance(value, bool):
            return say_value(name, value, self.practice, self.base)
        slug = str(value)
        holder = self.practice.fields.get(FieldId(self.occasion.like.get(name, name)))
        kind = holder.type if holder else None
        label: Label = {}
        if kind == "status" and slug in self.practice.statuses.statuses:
            label = self.practice.statuses.statuses[slug].label
        elif kind == "catalog_item" and slug in self.practice.catalog:
            label = self.practice.catalog[slug].label
        elif holder is not None and slug in holder.choices:
            label = holder.choices[slug].label
        return _in(label, self.language, self.practice) or slug

    def moment(self, value: object, form: str) -> str:
        """An instant in the reader's zone, with the zone named; a date is a day and has no zone."""
        if isinstance(value, str):
            if form == "date" and len(value) == 10:
                return say_date(date.fromisoformat(value), self.base)
            value = datetime.fromisoformat(value)
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError(form)
        local = value.astimezone(self.zone)
        if form == "date":
            return say_date(local.date(), self.base)
        zone = f"{self.zone}" if isinstance(self.zone, ZoneInfo) else f"{local:%Z}"
        time = f"{local:%H:%M}（{zone}）" if self.base == "zh" else f"{local:%H:%M} ({zone})"
        if form == "time":
            return time
        return say_date(local.date(), self.base) + (" " if self.base == "zh" else ", ") + time


def plain(text: str, *, one_line: bool) -> str:
    """Text as a message can carry it: one kind of line end, no control characters, no halves of characters, trimmed.

    Text of nothing but invisible characters is empty.
    """
    text = _LINE_ENDS.sub("\n", text)
    if not text.isprintable():
        text = "".join(one for one in text if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cs"))
        if all(one.isspace() or unicodedata.category(one) == "Cf" for one in text):
            return ""
    return " ".join(text.split()) if one_line else text.strip()


def _number(value: int | float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else str(value)


# -------------------------------------------------------------------------------------------------------------- the way
def channels_of(template: Template, role: str, *, practice: Practice, chosen: str | None = None) -> tuple[str, ...]:
    """The channels a message goes by, in the order they are tried (G2, G4, G5, G11).

    What the template prescribes stands alone. Otherwise the user's choice, then the channels of the first delivery rule that fits.
    An assured message takes the user's choice only where that channel is assured. A channel of intake only never occurs.

    Args:
        template: what is sent.
        role: whom it is for, one of the template's audience.
        practice: with its channels and delivery rules.
        chosen: the channel the user asked for.
    """
    out = {slug: channel for slug, channel in practice.channels.items() if channel.use != "intake"}
    if template.channels:
        return tuple(slug for slug in template.channels if slug in out)
    wanted = out.get(chosen or "")
    own = [wanted.slug] if wanted and (template.reliability == "ordinary" or wanted.reliability == "assured") else []
    for rule in practice.delivery:
        fits = not rule.occasions or template.occasion in rule.occasions
        if fits and rule.reliability == template.reliability and (not rule.audience or role in rule.audience):
            return tuple(dict.fromkeys([*own, *(slug for slug in rule.channels if slug in out)]))
    return tuple(own)
