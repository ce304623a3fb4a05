"""A clock that stands still until somebody turns it: one source of time for engine and emulators."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta


class TurnedTime:
    """`now()` for engine and emulators alike. It moves only by `advance` and `set`, and never backwards."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            message = f"a turned clock starts at an aware instant, not {start}"
            raise ValueError(message)
        self._now = start
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move on by `by` (not negative) and return the new instant."""
        return self.set(self() + by)

    def set(self, instant: datetime) -> datetime:
        """Move on to `instant`; an earlier one is refused, as time there has already been stamped."""
        with self._lock:
            if instant < self._now:
                message = f"turned time does not run backwards: it is {self._now}, asked for {instant}"
                raise ValueError(message)
            self._now = instant
            return instant
