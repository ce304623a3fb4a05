"""The document is the fold of its events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from deskweave.model import Event, FieldId, Value

MESSAGE_LOG: Final = FieldId("message_log")  #: its events say that a message was written; no value of the document
RECORD_LOG: Final = FieldId("record_log")  #: its events say which record was joined by what it says; no value of the document
LOGS: Final = frozenset((MESSAGE_LOG, RECORD_LOG))


def fold(events: Iterable[Event]) -> dict[FieldId, Value]:
    """What the events of one inquiry make of it.

    By `seq`, the order in which we learned them. Lines that refine an earlier, coarser event are skipped: that event has moved
    the document already. Empty values are left out.
    """
    values: dict[FieldId, Value] = {}
    for event in sorted(events, key=lambda one: one.seq):
        if event.refines is not None or event.field in LOGS:
            continue
        if event.new is None:
            values.pop(event.field, None)
        else:
            values[event.field] = event.new
    return values
