"""Turned time: it stands until it is turned, and goes by itself once it has another clock to go with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deskweave.emulation import TurnedTime

NOON = datetime(2026, 11, 16, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("other", "at_first"),
    [(NOON + 3 * HOUR, NOON + 3 * HOUR), (NOON - 3 * HOUR, NOON)],
    ids=["the other is ahead", "the other is behind"],
)
def test_it_goes_with_another_clock_and_never_back(other: datetime, at_first: datetime) -> None:
    machine, turned = TurnedTime(other), TurnedTime(NOON)
    assert turned() == NOON
    turned.go_with(machine)
    assert turned() == at_first
    machine.advance(HOUR)
    assert turned() == at_first + HOUR
    assert turned.advance(HOUR) == at_first + 2 * HOUR  # turned on beside it: it waits until the other has come so far
    machine.advance(HOUR / 2)
    assert turned() == at_first + 2 * HOUR
    machine.advance(HOUR)
    assert turned() == at_first + 2.5 * HOUR
    with pytest.raises(ValueError, match="does not run backwards"):
        turned.set(at_first)
