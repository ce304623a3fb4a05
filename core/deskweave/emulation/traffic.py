"""What went over the wire, kept in memory: for tests that hold our traffic against third parties, and to count writes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from deskweave.model import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer. `status` 0: never answered. `writes`: the route changes something on the platform."""

    at: datetime
    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: Json
    status: int
    answer: Json
    writes: bool
    account: str | None


class Traffic:
    """The last `keep` exchanges, and counts that are never forgotten."""

    def __init__(self, keep: int = 50_000) -> None:
        self._kept: deque[Exchange] = deque(maxlen=keep)
        self._lock = threading.Lock()
        self.reads = 0
        self.writes = 0

    def record(self, exchange: Exchange) -> None:
        with self._lock:
            self._kept.append(exchange)
            if exchange.writes:
                self.writes += 1
            else:
                self.reads += 1

    def __iter__(self) -> Iterator[Exchange]:
        with self._lock:
            return iter(list(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self.reads = self.writes = 0
