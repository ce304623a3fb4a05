"""How one type of field is spelled on a platform, and the spellings that most of them share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from deskweave.model import Field, FieldBinding, Json, Value


class Unmapped(Exception):
    """The platform's value has no word in the practice. It is kept raw and shown; it is never replaced by a guess."""


@dataclass(frozen=True, slots=True)
class PeopleCodec:
    """How an account stands in a field of a person, beside the name `read` makes of it.

    `account` is given all of a record's fields; None where nobody stands there, or not told who. `spell` gives the raw value of an
    account and what it is called there; it has to read back as that name. Which native fields take one, `takes` says.
    """

    takes: Callable[[FieldBinding], bool]
    account: Callable[[Mapping[str, Json], FieldBinding], str | None]
    spell: Callable[[str, str], Json]


@dataclass(frozen=True, slots=True)
class Codec:
    """Between a raw value and a neutral one. Both ways are total but for `Unmapped`; None is empty on both sides.

    `read` raises Unmapped for a value that has no word; `write` is given only values of the field's type.
    """

    read: Callable[[Json, Field, FieldBinding], Value]
    write: Callable[[Value, Field, FieldBinding], Json]
    people: PeopleCodec | None = None  #: for fields of a person that hold an account


Codecs: TypeAlias = Mapping[str, Codec]  #: by field type; "*" is the fallback

_BREAKS = re.compile(r"\r\n?|\u2028|\u2029|\x0b|\x0c|\x85")


def normalise_text(text: str, *, lines: bool, limit: int | None) -> str | None:
    """Text as two platforms can agree on it: one kind of line break, no blank ends, at most `limit` characters; "" is None."""
    if text.isprintable():  # one line without anything to mend but blanks at its ends: nearly every value there is
        text = text.strip(" ")
        return (text if limit is None or len(text) <= limit else text[:limit].rstrip()) or None
    text = _BREAKS.sub("\n", text.replace("\x00", ""))
    if not lines:
        text = re.sub(r"\s*\n\s*", " ", text)
    text = "\n".join(line.rstrip() for line in text.strip().split("\n"))
    if limit is not None and len(text) > limit:
        text = text[:limit].rstrip()
    return text or None


def _read_text(raw: Json, field: Field, at: FieldBinding) -> Value:
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
        raise Unmapped
    return normalise_text(str(raw), lines=field.type == "long_text", limit=at.max_length)


def _write_text(value: Value, field: Field, at: FieldBinding) -> Json:
    return None if value is None else normalise_text(str(value), lines=field.type == "long_text", limit=at.max_length)


#: Text as it is; the fallback for every type a platform has no spelling of its own for.
text_codec = Codec(_read_text, _write_text)


def choice_codec(raw_of: Callable[[Json], Json], write_as: Callable[[Json], Json]) -> Codec:
    """A choice through the binding's own table.

    Args:
        raw_of: takes the comparable part out of what the platform answers (an id out of an object).
        write_as: wraps the table's raw value as the platform wants it written.
    """

    def read(raw: Json, field: Field, at: FieldBinding) -> Value:
        bare = raw_of(raw)
        if bare in (None, ""):
            return None
        for slug, spelled in at.choices.items():
            if str(spelled) == str(bare):
                return slug
        raise Unmapped

    def write(value: Value, field: Field, at: FieldBinding) -> Json:
        if value is None:
            return write_as(None)
        if str(value) not in at.choices:
            raise Unmapped
        return write_as(at.choices[str(value)])

    return Codec(read, write)
