"""A clock that stands still until somebody turns it: one source of time for engine and emulators."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta


class TurnedTime:
    """`now()` for engine and emulators alike. It moves only by `advance` and `set`, until it goes with another; never backwards."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            message = f"a turned clock starts at an aware instant, not {start}"
            raise ValueError(message)
        self._now = start
        self._other: Callable[[], datetime] | None = None
        self._ahead = timedelta()
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            return self._read()

    def _read(self) -> datetime:
        if self._other is not None:
            self._now = max(self._now, self._other() + self._ahead)
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move on by `by` (not negative) and return the new instant."""
        return self.set(self() + by)

    def set(self, instant: datetime) -> datetime:
        """Move on to `instant`; an earlier one is refused, as time there has already been stamped."""
        with self._lock:
            if instant < self._read():
                message = f"turned time does not run backwards: it is {self._now}, asked for {instant}"
                raise ValueError(message)
            self._now = instant
            return instant

    def go_with(self, other: Callable[[], datetime]) -> None:
        """Go on by itself from now on, as another clock does: by its time, or as far ahead of it as this one is by now."""
        with self._lock:
            self._ahead = max(self._read() - other(), timedelta())
            self._other = other
