"""Permission to call, shared by all workers of a connection: token buckets as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from deskweave.connector import RateClass, Ref
from deskweave.errors import RateLimited, Scope
from deskweave.store.database import Store
from deskweave.store.tables import bucket


class StoreBudget:
    """`connector.Budget` over rows of `bucket`. A rate class nobody named is not limited. Never sleeps.

    A bucket holds `calls` tokens and refills evenly over `per`.
    """

    def __init__(self, store: Store, connection: str, rates: Sequence[RateClass] = ()) -> None:
        self._store, self._connection = store, connection
        self._rates: Mapping[str, RateClass] = {rate.name: rate for rate in rates}

    def limit(self, rates: Sequence[RateClass]) -> None:
        """Set the quotas, once they were probed."""
        self._rates = {rate.name: rate for rate in rates}

    def take(self, rate_class: str, calls: int = 1, ref: Ref | None = None) -> None:
        """Take `calls` tokens.

        Raises:
            RateLimited: not enough; `retry_at` is when there will be.
        """
        rate = self._rates.get(rate_class)
        if rate is None:
            return
        key = f"{ref.collection}/{ref.rid}" if rate.per_record and ref is not None else ""
        now = self._store.now()
        with self._store.write() as tx:
            tokens, filled = self._level(tx, rate, key, now)
            if tokens >= calls:
                self._save(tx, rate_class, key, tokens - calls, filled)
                return
        wait = rate.per / rate.calls * (min(calls, rate.calls) - tokens)
        message = f"{self._connection}: {rate.calls} calls per {rate.per} of class {rate_class} are used up"
        raise RateLimited(
            message,
            scope=Scope.RECORD if key else Scope.RATE_CLASS,
            rate_class=rate_class,
            retry_at=filled + max(wait, timedelta(0)),
            connection=self._connection,
        )

    def learn(self, rate_class: str, remaining: int | None, resets_at: datetime | None) -> None:
        """Take over what the platform says is left; a class without a known quota is kept only while it is spent."""
        if remaining is None:
            return
        now = self._store.now()
        filled = now if remaining > 0 or resets_at is None else resets_at
        with self._store.write() as tx:
            self._save(tx, rate_class, "", max(remaining, 0), filled)

    def _level(self, tx: sa.Connection, rate: RateClass, key: str, now: datetime) -> tuple[int, datetime]:
        row = tx.execute(
            sa.select(bucket.c.tokens, bucket.c.refilled_at).where(
                bucket.c.conn == self._connection, bucket.c.rate_class == rate.name, bucket.c.ref == key
            )
        ).first()
        if row is None:
            return rate.calls, now
        if row.refilled_at >= now:
            return row.tokens, row.refilled_at
        step = rate.per / rate.calls
        gained = int((now - row.refilled_at) / step)
        if row.tokens + gained >= rate.calls:
            return rate.calls, now
        return row.tokens + gained, row.refilled_at + gained * step

    def _save(self, tx: sa.Connection, rate_class: str, key: str, tokens: int, filled: datetime) -> None:
        where = (bucket.c.conn == self._connection, bucket.c.rate_class == rate_class, bucket.c.ref == key)
        if tx.execute(sa.update(bucket).where(*where).values(tokens=tokens, refilled_at=filled)).rowcount == 0:
            tx.execute(
                sa.insert(bucket).values(conn=self._connection, rate_class=rate_class, ref=key, tokens=tokens, refilled_at=filled)
            )
