"""Events of one inquiry, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from deskweave.model import Event, FieldId, InquiryId

SHANGHAI = ZoneInfo("Asia/Shanghai")


def moment(text: str) -> datetime:
    """A wall clock in Shanghai as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def history(*said, source="connection:snow", precise=True, seen=None):
    """(when, {field: value}) lines as events; `seen`: when we first heard of all of it."""
    events = []
    for when, values in said:
        at = moment(when)
        for name, value in values.items():
            by = values.get("by", source)
            if name != "by":
                events.append(
                    Event(seq=len(events) + 1, inquiry=InquiryId("I"), field=FieldId(name), old=None, new=value, at=at, order=0,
                          recorded_at=moment(seen) if seen else at, actor=None, source=by, origin_id=str(len(events)), precise=precise,
                          refines=None, cause=None, practice="p")
                )  # fmt: skip
    return events


@pytest.fixture(name="moment")
def _moment():
    return moment


@pytest.fixture(name="history")
def _history():
    return history
