"""The one fixed first line of a message that we carried: who said it, where, when, and our mark. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from deskweave.model import InternalMessage, PublicMessage

_LINE: Final = re.compile(
    r"\A\s*(?:>\s*)?\[(?P<author>[^\[\]\n|]{1,200}) \| (?P<origin>[^\[\]\n|]{1,200}) \| "
    r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC \| (?P<mark>[0-9A-HJKMNP-TV-Z]{26})\][ \t]*(?:\r?\n)*"
)
EDITED: Final = " (edited 已编辑)"  #: behind the origin of a message that says anew what an earlier one said
_UNFIT: Final = re.compile(r"[\[\]\n\r|]+")


@dataclass(frozen=True, slots=True)
class Carried:
    """What a first line says, and the text below it. `mark` names the message in the store that wrote it."""

    author: str
    origin: str
    at: datetime
    mark: str
    body: str


def carry(message: PublicMessage | InternalMessage, *, author: str | None, origin: str, mark: str) -> str:
    """The text as it is written on another platform: one first line, then the body with every earlier first line taken off."""
    who = _UNFIT.sub(" ", author or "unknown").strip()[:200] or "unknown"
    where = _UNFIT.sub(" ", origin).strip()[:200] or "unknown"
    return f"[{who} | {where} | {message.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC | {mark}]\n{bare(message.body)}"


def parse(text: str) -> Carried | None:
    """The first line of a carried message and its body; None for text that was not carried."""
    found = _LINE.match(text)
    if found is None:
        return None
    try:
        at = datetime.strptime(found["at"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Carried(found["author"], found["origin"], at, found["mark"], bare(text[found.end() :]))


def bare(text: str) -> str:
    """Text without any first line of ours, however often it was carried or copied."""
    while (found := _LINE.match(text)) is not None:
        text = text[found.end() :]
    return text
