"""Never run: type-checked only. Nothing that writes to the public takes an internal message or file.

Each line that is marked has an error that is expected: if a type let it pass, the check would tell that the mark is not needed.
"""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO

from deskweave.connector import Attachments, Messages, Outreach, PersonKey, Ref
from deskweave.model import InternalFile, InternalMessage, PublicFile, PublicMessage


def said_in_public(messages: Messages, parent: Ref, note: InternalMessage, words: PublicMessage) -> None:
    messages.say(parent, words, corr="c", key="k")
    messages.note(parent, note, corr="c", key="k")
    messages.say(parent, note, corr="c", key="k")  # type: ignore[arg-type]
    messages.note(parent, words, corr="c", key="k")  # type: ignore[arg-type]


def sent_to_somebody(outreach: Outreach, to: PersonKey, sent: Ref, note: InternalMessage, words: PublicMessage) -> None:
    outreach.send(to, words, None, corr="c", key="k")
    outreach.send(to, note, None, corr="c", key="k")  # type: ignore[arg-type]
    outreach.revise(sent, note, None, key="k")  # type: ignore[arg-type]


def attached(files: Attachments, parent: Ref, inner: InternalFile, outer: PublicFile, content: BinaryIO) -> None:
    files.add_public(parent, outer, content, corr="c", key="k")
    files.add_public(parent, inner, content, corr="c", key="k")  # type: ignore[arg-type]


def turned(note: InternalMessage, at: datetime) -> PublicMessage:
    """What a person decides to publish is said anew; a note never turns into words by itself."""
    if at < note.at:
        return note  # type: ignore[return-value]
    return PublicMessage(body=note.body, author=note.author, at=at)
