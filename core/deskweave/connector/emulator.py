"""A platform on loopback, the faults it can be told to show, and the hands of the people who use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from deskweave.connector.mapper import Mapper
from deskweave.connector.records import Ref
from deskweave.model import FieldId, Json, Value, Visibility


class Hands(Protocol):
    """What people do in the platform's own pages. Tests, the conformance suite and the demo use these and nothing vendor-made."""

    def create(self, collection: str, values: Mapping[FieldId, Value], by: str) -> Ref: ...
    def edit(self, ref: Ref, values: Mapping[FieldId, Value], by: str) -> None: ...
    def write(self, parent: Ref, visibility: Visibility, body: str, by: str) -> Ref: ...
    def attach(self, parent: Ref, visibility: Visibility, name: str, content: bytes, by: str) -> Ref: ...
    def remove(self, ref: Ref) -> None: ...
    def answer(self, corr: str, kind: str, value: Json, by: str) -> None: ...
    def replay(self, collection: str, history: Sequence[tuple[datetime, str, Mapping[FieldId, Value]]]) -> Sequence[Ref]:
        """Live through a log: (when, whose record, what became so), with the emulator's clock at `when`."""


class Faults(Protocol):
    @property
    def names(self) -> frozenset[str]: ...

    def arm(self, name: str, *, times: int | None = 1, **how: Json) -> None: ...
    def disarm(self, name: str | None = None) -> None: ...


class RunningEmulator(Protocol):
    @property
    def address(self) -> str: ...
    @property
    def faults(self) -> Faults: ...
    def settings(self, account: Literal["agent", "admin"]) -> Mapping[str, Json]:
        """A whole entry for `connections:`, secrets included, that reaches it with that account's rights."""

    def hands(self, mapper: Mapper) -> Hands: ...
    def stop(self) -> None: ...


class Emulator(Protocol):
    def start(self, *, port: int, seed: int, now: Callable[[], datetime]) -> RunningEmulator: ...
