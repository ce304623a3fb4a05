"""Calling a platform again when it has said when to come back, as far as the host lends its patience."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from deskweave.errors import Executed, TransientError

T = TypeVar("T")
WaitUntil = Callable[[datetime], None]
MAX_WAITS: Final = 8


def later(retry_at: datetime, attempt: int) -> datetime:
    """When to try for the time after `attempt` (from 0).

    At first at the stated time. A call may be several requests, and a quota has room for one of them then: so each time a second,
    three, seven later.
    """
    return retry_at + timedelta(seconds=2**attempt - 1)


def patiently(call: Callable[[], T], wait: WaitUntil | None) -> T:
    """Call again where the platform surely did nothing and said when to come back, if the host lends us its patience."""
    for attempt in range(MAX_WAITS):
        try:
            return call()
        except TransientError as error:
            if wait is None or error.retry_at is None or error.executed is not Executed.NO:
                raise
            wait(later(error.retry_at, attempt))
    return call()
