"""Permission to call within the published quotas, kept in this process: a token bucket for each rate class."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from deskweave.connector import RateClass, Ref
from deskweave.errors import RateLimited, Scope


@dataclass(slots=True)
class _Bucket:
    tokens: float
    refilled_at: datetime
    blocked_until: datetime | None = None


class MemoryBudget:
    """`connector.Budget` for one process. Never sleeps: raises RateLimited with the time to come back.

    An unknown class has no limit of ours; the platform's own answer still counts.
    """

    def __init__(self, rates: Sequence[RateClass] = (), *, now: Callable[[], datetime]) -> None:
        self._now = now
        self._rates = {rate.name: rate for rate in rates}
        self._buckets: dict[tuple[str, Ref | None], _Bucket] = {}
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
            bucket = self._buckets.get(key)
            scope = Scope.RECORD if key[1] else Scope.RATE_CLASS
            if bucket and bucket.blocked_until and now < bucket.blocked_until:
                raise RateLimited(
                    f"{rate_class}: the platform asked us to wait",
                    scope=scope,
                    rate_class=rate_class,
                    retry_at=bucket.blocked_until,
                )
            if rate is None:
                return
            if bucket is None:
                bucket = self._buckets[key] = _Bucket(float(rate.calls), now)
            gained = (now - bucket.refilled_at) / rate.per * rate.calls
            bucket.tokens, bucket.refilled_at = min(float(rate.calls), bucket.tokens + gained), now
            if bucket.tokens < calls:
                wait = (calls - bucket.tokens) / rate.calls * rate.per
                raise RateLimited(
                    f"{rate_class}: {rate.calls} calls per {rate.per} are used up",
                    scope=scope,
                    rate_class=rate_class,
                    retry_at=now + max(wait, timedelta(milliseconds=1)),
                )
            bucket.tokens -= calls

    def learn(self, rate_class: str, remaining: int | None, resets_at: datetime | None) -> None:
        """What the platform said of its quota: nothing left means nothing is sent before `resets_at`."""
        if remaining or resets_at is None:
            return
        with self._lock:
            bucket = self._buckets.setdefault((rate_class, None), _Bucket(0.0, self._now()))
            bucket.blocked_until = resets_at
