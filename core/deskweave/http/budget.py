"""Permission to call within the published quotas, kept in this process: for each rate class, the calls of its last window."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from deskweave.connector import RateClass, Ref
from deskweave.errors import RateLimited, Scope

PARTS: Final = 200  #: calls within this fraction of a window are remembered together


@dataclass(slots=True)
class _Part:
    """Calls that are remembered together: they count until the last of them has left the window."""

    first: datetime
    last: datetime
    calls: int


@dataclass(slots=True)
class _Window:
    """Calls of the last window, oldest first."""

    parts: deque[_Part] = field(default_factory=deque)
    count: int = 0
    blocked_until: datetime | None = None


class MemoryBudget:
    """`connector.Budget` for one process. Never sleeps: raises RateLimited with the time to come back.

    Within any window of a class there are no more calls than it says, also where a platform counts by other windows than ours. An
    unknown class has no limit of ours; the platform's own answer still counts.
    """

    def __init__(self, rates: Sequence[RateClass] = (), *, now: Callable[[], datetime]) -> None:
        self._now = now
        self._rates = {rate.name: rate for rate in rates}
        self._windows: dict[tuple[str, Ref | None], _Window] = {}
        self._lock = threading.Lock()

    def declare(self, rates: Sequence[RateClass]) -> None:
        """Learn the quotas a connector states."""
        with self._lock:
            self._rates |= {rate.name: rate for rate in rates}

    def take(self, rate_class: str, calls: int = 1, ref: Ref | None = None) -> None:
        """Take `calls` permissions, or raise RateLimited with `retry_at`."""
        with self._lock:
            rate, now = self._rates.get(rate_class), self._now()
            key = (rate_class, ref if rate and rate.per_record else None)
            window = self._windows.get(key)
            scope = Scope.RECORD if key[1] else Scope.RATE_CLASS
            if window and window.blocked_until and now < window.blocked_until:
                raise RateLimited(
                    f"{rate_class}: the platform asked us to wait",
                    scope=scope,
                    rate_class=rate_class,
                    retry_at=window.blocked_until,
                )
            if rate is None:
                return
            if window is None:
                window = self._windows[key] = _Window()
            for part in window.parts if window.parts and window.parts[-1].last > now else ():
                part.first, part.last = min(part.first, now), min(part.last, now)  # the clock was put back: rather now than ahead
            while window.parts and window.parts[0].last + rate.per <= now:
                window.count -= window.parts.popleft().calls
            if window.count + calls > rate.calls:
                raise RateLimited(
                    f"{rate_class}: {rate.calls} calls per {rate.per} are used up",
                    scope=scope,
                    rate_class=rate_class,
                    retry_at=self._free_at(window, rate, calls, now),
                )
            if not window.parts or now - window.parts[-1].first >= rate.per / PARTS:
                window.parts.append(_Part(now, now, 0))
            window.parts[-1].last = now
            window.parts[-1].calls += calls
            window.count += calls

    @staticmethod
    def _free_at(window: _Window, rate: RateClass, calls: int, now: datetime) -> datetime:
        """When enough of the calls that count now have left the window for `calls` more."""
        left = window.count
        for part in window.parts:
            left -= part.calls
            if left + calls <= rate.calls:
                return part.last + rate.per
        return now + rate.per

    def learn(self, rate_class: str, remaining: int | None, resets_at: datetime | None) -> None:
        """What the platform said of its quota: nothing left means nothing is sent before `resets_at`."""
        if remaining or resets_at is None:
            return
        with self._lock:
            self._windows.setdefault((rate_class, None), _Window()).blocked_until = resets_at
