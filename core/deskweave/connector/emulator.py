"""A platform on loopback, the faults it can be told to show, and the hands of the people who use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, Protocol

from deskweave.connector.mapper import Mapper
from deskweave.connector.records import Ref
from deskweave.connector.webhooks import RawReply, RawRequest
from deskweave.model import FieldId, Json, Value, Visibility

#: Faults every emulator should be able to show under these names, beside its vendor's own. Each may be narrowed by `writes=True` or
#: `writes=False` and put off by `skip=2`. What an emulator does not know, the conformance suite cannot ask, and says so.
FAULT_WORDS: Final[Mapping[str, str]] = {
    "lost_request": "the line is cut before anything is carried out",
    "lost_answer": "carried out, and the line is cut before a word of it is told",
    "rate_limited": "refused for now, surely not carried out; `retry_after` is the seconds the platform names",
    "down": "no answer of the platform's own: a gateway's page, surely not carried out",
    "unauthorised": "the sign-in is not taken",
    "small_pages": "no fault, only the harder reading: listings give at most `size` items at once and say that there are more",
}


class Hands(Protocol):
    """What people do in the platform's own pages. Tests, the conformance suite and the demo use these and nothing vendor-made."""

    def create(self, collection: str, values: Mapping[FieldId, Value], by: str) -> Ref: ...
    def shows(self, ref: Ref) -> Mapping[FieldId, Value]:
        """What a person reads on the record, in the practice's words: a witness that is not the connector."""

    def said(self, parent: Ref) -> Sequence[tuple[Visibility, str]]:
        """The messages a person reads under the record, oldest first; what is marked as internal there is INTERNAL."""

    def edit(self, ref: Ref, values: Mapping[FieldId, Value], by: str) -> None: ...
    def write(self, parent: Ref, visibility: Visibility, body: str, by: str) -> Ref: ...
    def attach(self, parent: Ref, visibility: Visibility, name: str, content: bytes, by: str) -> Ref: ...
    def remove(self, ref: Ref) -> None: ...
    def answer(self, corr: str, kind: str, value: Json, by: str) -> None: ...
    def replay(self, collection: str, history: Sequence[tuple[datetime, str, Mapping[FieldId, Value]]]) -> Sequence[Ref]:
        """Live through a log: (when, whose record, what became so), with the emulator's clock at `when`."""


class Faults(Protocol):
    """Trouble on demand: the words of FAULT_WORDS, and the vendor's own."""

    @property
    def names(self) -> frozenset[str]: ...

    def arm(self, name: str, *, times: int | None = 1, **how: Json) -> None: ...
    def disarm(self, name: str | None = None) -> None: ...


class Posts(Protocol):
    """What an emulated platform sends by itself, for whoever carries it to the receiver."""

    def take(self) -> Sequence[RawRequest]:
        """All that was not taken yet, in the order in which it happened, as the platform sends it now."""

    def again(self, request: RawRequest) -> RawRequest:
        """The same delivery as the platform repeats it when nobody has answered."""

    def handshake(self) -> tuple[RawRequest, Callable[[RawReply], bool]] | None:
        """The platform's question whether an address is ours, and what tells whether it takes the reply; None: it asks none."""


class PostingEmulator(Protocol):
    """A running emulator whose platform also calls back; the conformance suite asks for `posts` where there is one."""

    @property
    def posts(self) -> Posts: ...


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
