"""The platform itself: records, their history and messages, an index that lags, and calls that get lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, Literal

from deskweave.connector import CollectionCapabilities, PersonKey, Plant, RateClass, RemotePerson
from deskweave.emulation import Call, FaultBox
from deskweave.model import Json, Visibility
from deskweave.testing.memory.posts import Posts


class Crash(BaseException):
    """The engine's process is gone. Not an Exception: nothing may catch it."""


@dataclass(frozen=True, kw_only=True)
class Switches:
    """Habits of a platform. The defaults are the kindest; tests turn them to the harder reading."""

    ordered: bool = True  #: listings come in the order of change
    scan: bool = False  #: no modified-since query
    precision: timedelta = timedelta(milliseconds=1)  #: of stamps
    index_lag: timedelta = timedelta(0)  #: at most so long until a write is listed
    settle: timedelta = timedelta(seconds=60)  #: at most so long until a lost request takes effect
    history: Literal["full", "none"] = "full"
    history_lag: timedelta = timedelta(0)
    conditions: bool = True
    versions: bool = True
    plant: Plant | None = Plant.ATOMIC
    find: Literal["strong", "lagging", "none"] = "strong"
    messages: Literal["feed", "per_record", "none"] = "feed"
    message_plant: Plant = Plant.ATOMIC
    message_edits: Literal["seen", "unseen"] = "seen"
    visibilities: frozenset[Visibility] = frozenset(Visibility)
    unreadable: frozenset[str] = frozenset()  #: native fields our account cannot see
    deaf: frozenset[str] = frozenset()  #: native fields our account may write to, and that keep what they had
    tells: bool = True  #: the answer to a write carries the record
    notifies: bool = False
    patches: bool = True
    page: int = 50
    batch: int = 10
    patch_one: bool = False  #: one record in a patch, whatever the batch
    callback: bool = False  #: no listing: records and messages come by themselves
    hints: bool = False  #: what changes is listed, and hinted at besides
    fetches: bool = True  #: False: nothing can be asked for at all, not even one record
    absent: Literal["gone", "hidden", "unclear"] = "gone"  #: what a look for a deleted record is answered with
    census: bool = True
    deletes: bool = False
    flow: frozenset[tuple[str, str]] | None = None  #: from which `state` to which a record can be brought; None: to any

    def capabilities(self) -> CollectionCapabilities:
        return CollectionCapabilities(
            reads=True,
            changes="callback" if self.callback else "scan" if self.scan else "filter",
            cursor_precision=self.precision,
            index_lag=self.index_lag,
            settle=self.settle,
            fetch_batch=self.batch,
            history="none" if self.callback else self.history,
            census=self.census and not self.callback,
            creates=self.plant,
            create_batch=self.batch,
            find="none" if self.plant is Plant.NONE or not self.fetches else self.find,
            patches=self.patches,
            patch_batch=1 if self.patch_one else self.batch,
            conditions=self.conditions and self.versions,
            deletes=self.deletes,
            messages="callback" if self.callback and self.messages != "none" else self.messages,
            visibilities=self.visibilities,
            message_plant=self.message_plant,
            message_edits=self.message_edits,
            notifies=self.notifies,
        )


@dataclass(slots=True, kw_only=True)
class Record:
    rid: str
    collection: str
    label: str
    fields: dict[str, Json]
    version: int
    created_at: datetime
    updated_at: datetime
    by: str
    corr: str | None = None
    key: str | None = None
    index: list[tuple[datetime, datetime]]  #: of each write: when listings come to know it, and its stamp

    def listed(self, now: datetime) -> datetime | None:
        """The latest change listings know of; None: they do not know the record yet. Every write is listed in its own time."""
        return max((stamp for at, stamp in self.index if at <= now), default=None)


@dataclass(slots=True, kw_only=True)
class Line:
    number: int
    collection: str
    rid: str
    field: str
    old: Json
    new: Json
    at: datetime
    by: str
    version: int


@dataclass(slots=True, kw_only=True)
class Comment:
    number: int
    collection: str
    rid: str
    visibility: Visibility
    body: str
    by: str
    at: datetime
    corr: str | None
    key: str | None
    indexed_at: datetime
    edited_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Passed:
    """Something that went over the wire: a record shown to us as it stood, or a change we asked for."""

    key: tuple[str, str]
    version: int = 0  #: at which the record was shown
    asked: Mapping[str, Json] | None = None  #: native values we asked it to take; None: it was shown
    at: datetime
    answered: int | None = None  #: how much had passed when the answer to what was asked came in


Hook = Callable[[str], None]
WORDS: Final = frozenset({"rate_limited", "down", "unauthorised", "small_pages"})
SYSTEM: Final = ("opened", "state", "links")  #: fields every platform in memory has
BEGINS: Final = "1"  #: the state of a new record, where the platform is one that can be configured
KNOWN: Final = ("short", "long", "prio", "state", "links")  #: fields of the small practice, empty where nobody has written them
US = "deskweave.bot"


@dataclass(slots=True, kw_only=True)
class MemoryPlatform:
    """One instance. `hook` is called at every door of every call: tests let it crash, edit or turn the clock.

    `faults` are taken by the next writing calls, in order: "lost_request" (never executed), "late_request" (executed within
    `settle`), "lost_answer", "limited", "rejected", "down", "forbidden"; `read_faults` by the next reading ones, among them
    "stuck", a listing that does not move on. `armed` holds those of `connector.FAULT_WORDS`, for calls of either kind; `item=2`
    lets one strike the third item of a batch.
    """

    name: str
    now: Callable[[], datetime]
    switches: Switches = field(default_factory=Switches)
    seed: int = 0
    collections: Mapping[str, Switches] = field(default_factory=dict)  #: switches of a collection, where they differ
    records: dict[tuple[str, str], Record] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)  #: what we were shown and what we asked for, in its order
    faults: list[str] = field(default_factory=list)
    read_faults: list[str] = field(default_factory=list)
    late: list[tuple[datetime, Callable[[], Any]]] = field(default_factory=list)
    acting: datetime | None = None  #: the moment at which the late request that is being executed took effect
    hook: Hook = lambda _door: None
    writes: int = 0  #: writing calls' items that took effect
    calls: int = 0
    rates: Sequence[RateClass] = ()  #: the one named "calls" is counted: more within any of its windows are refused
    answered: deque[datetime] = field(default_factory=deque)  #: moments of the calls that were let in, within the window
    refused: list[datetime] = field(default_factory=list)  #: moments of calls beyond the rate
    refuses: frozenset[tuple[str, str]] = frozenset()  #: native fields and values that no write of ours may bring
    removed: dict[tuple[str, str], Record] = field(default_factory=dict)  #: what was deleted, as the platform could bring it back
    counted: list[tuple[datetime, frozenset[str]]] = field(
        default_factory=list
    )  #: censuses told to their end, and whom they listed
    random: Random = field(default_factory=Random)
    armed: FaultBox = field(default_factory=lambda: FaultBox(WORDS))
    mark: tuple[str, str] | None = None  #: install and epoch of the store that writes here
    elements: dict[str, tuple[str, dict[str, Json]]] | None = None  #: fields and choices it has been given; None: takes any field
    people: dict[str, RemotePerson | None] = field(default_factory=dict)  #: accounts there are; None: an address says it all
    people_faults: list[str] = field(default_factory=list)
    born: int = 0  #: records there have ever been: no id is given out twice
    posts: Posts = field(default_factory=Posts)  #: what it sends by itself

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.introduce(US, "Deskweave", side="bot")

    def introduce(self, account: str, name: str, *, side: Literal["user", "agent", "bot"] = "agent", **keys: str) -> None:
        """Somebody has an account by this name; `keys` are what the platform tells of it, by kind."""
        found = [PersonKey(kind, value) for kind, value in keys.items()]  # type: ignore[arg-type]  # the kinds of PersonKey
        self.people[account] = RemotePerson(account=account, name=name, keys=found, active=True, side=side)

    # -------------------------------------------------------------------------------------------------------------- state
    def habits(self, collection: str) -> Switches:
        """The switches of a collection."""
        return self.collections.get(collection, self.switches)

    def stamp(self, at: datetime | None = None) -> datetime:
        """A moment as this platform writes it down."""
        at = at or self._moment()
        step = self.switches.precision
        return datetime.fromtimestamp(0, UTC) + (at - datetime.fromtimestamp(0, UTC)) // step * step

    def _indexed(self) -> datetime:
        lag = self.switches.index_lag
        return self._moment() + lag * self.random.random()

    def _moment(self) -> datetime:
        """Now, or the moment at which a late request takes effect: its stamp and its time to be listed begin there."""
        return self.acting or self.now()

    def settle(self) -> None:
        """Requests that were under way have taken effect at their moments: whoever looks at the platform asks for that first."""
        if self.acting is not None:
            return
        while due := sorted((one for one in self.late if one[0] <= self.now()), key=lambda one: one[0])[:1]:
            self.late.remove(due[0])
            self.acting, act = due[0]
            try:
                act()
            finally:
                self.acting = None

    def let_in(self) -> datetime | None:
        """Count one more call. Answers when the next one may come where this is one too many."""
        for rate in self.rates:
            if rate.name != "calls":
                continue
            while self.answered and self.answered[0] + rate.per <= self.now():
                self.answered.popleft()
            if len(self.answered) >= rate.calls:
                self.refused.append(self.now())
                return self.answered[0] + rate.per
            self.answered.append(self.now())
        return None

    def remove(self, collection: str, rid: str) -> None:
        """Delete a record, with everything said on it."""
        self.removed[collection, rid] = self.records.pop((collection, rid))

    def restore(self, collection: str, rid: str, by: str) -> None:
        """Bring a deleted record back as it was."""
        record = self.records[collection, rid] = self.removed.pop((collection, rid))
        self.touch(record, by)

    def strikes(self, what: str, word: str, *, writes: bool) -> Mapping[str, Json] | None:
        """How the fault `word` is to strike this call, or None."""
        if self.armed.idle:
            return None
        method = "POST" if writes else "GET"
        return self.armed.take(word, Call(method=method, path=f"/{what}", query={}, headers={}, body=b"", writes=writes))

    def has(self, field_: str) -> bool:
        """Whether there is such a field; a platform nobody configures takes any."""
        return self.elements is None or field_ in SYSTEM or self.elements.get(field_, ("",))[0] == "field"

    @property
    def columns(self) -> Sequence[str]:
        """Fields every record has, empty ones too."""
        if self.elements is None:
            return KNOWN
        return [*SYSTEM, *(native for native, (kind, _) in self.elements.items() if kind == "field")]

    def insert(self, collection: str, fields: Mapping[str, Json], by: str, *, corr: str | None, key: str | None) -> Record:
        self.born += 1
        number, now = self.born, self.stamp()
        record = Record(
            rid=f"{number:06d}",
            collection=collection,
            label=f"{self.name.upper()}-{number}",
            fields={
                "opened": now.isoformat(),
                **({} if self.elements is None else {"state": BEGINS}),
                **{name: value for name, value in fields.items() if self.keeps(name, by)},
            },
            version=1,
            created_at=now,
            updated_at=now,
            by=by,
            corr=corr,
            key=key,
            index=[(self._indexed(), now)],
        )
        self.records[collection, record.rid] = record
        self.posts.tell_record(self, record)
        return record

    def update(self, record: Record, fields: Mapping[str, Json], by: str) -> None:
        """Set raw fields; what changes nothing is no change."""
        moved = {name: value for name, value in fields.items() if record.fields.get(name) != value and self.keeps(name, by)}
        self.touch(record, by)
        for name, value in moved.items():
            self.lines.append(
                Line(
                    number=len(self.lines) + 1,
                    collection=record.collection,
                    rid=record.rid,
                    field=name,
                    old=record.fields.get(name),
                    new=value,
                    at=record.updated_at,
                    by=by,
                    version=record.version,
                )
            )
            record.fields[name] = value
        self.posts.tell_record(self, record)

    def keeps(self, field_: str, by: str) -> bool:
        """Whether what `by` writes into a field stays there."""
        return self.has(field_) and (by != US or field_ not in self.switches.deaf)

    def touch(self, record: Record, by: str) -> None:
        record.version += 1
        record.updated_at, record.by = self.stamp(), by
        record.index.append((self._indexed(), record.updated_at))

    def rewrite(self, comment: Comment, body: str, by: str) -> None:
        """Put another text in the place of what somebody has said."""
        comment.body, comment.edited_at, comment.indexed_at = body, self.stamp(), self._indexed()
        self.touch(self.records[comment.collection, comment.rid], by)

    def comment(
        self, record: Record, visibility: Visibility, body: str, by: str, *, corr: str | None = None, key: str | None = None
    ) -> Comment:
        found = Comment(
            number=len(self.comments) + 1,
            collection=record.collection,
            rid=record.rid,
            visibility=visibility,
            body=body,
            by=by,
            at=self.stamp(),
            corr=corr,
            key=key,
            indexed_at=self._indexed(),
        )
        self.comments.append(found)
        self.touch(record, by)
        self.posts.tell_record(self, record, found)
        return found
