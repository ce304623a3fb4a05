"""What a test of the suite stands on: a platform with people, a connection to it, a binding, and a clock that is turned."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeVar
from uuid import UUID

from deskweave.configure import ApplyReport, Configurator, Lock, Side, StoreJournal, read_lock
from deskweave.connector import (
    Absent,
    Budget,
    CollectionCapabilities,
    Connection,
    Connector,
    Draft,
    Hands,
    Mapper,
    Outcome,
    Page,
    Patch,
    Plant,
    Ref,
    RemoteRecord,
    RunningEmulator,
    View,
)
from deskweave.documents import Document, read
from deskweave.emulation import TurnedTime
from deskweave.errors import Executed, RateLimited, RequestError
from deskweave.http import ConnectionKit, MemoryBudget, open_session
from deskweave.model import Binding, ConnectionName, FieldId, Json, Value, Visibility
from deskweave.practice import Practice, builtin
from deskweave.store import Store
from deskweave.testing.suite.values import TITLE, document_for, writable
from deskweave.workspace.binding import join
from deskweave.workspace.receiving import Receipt, receive

if TYPE_CHECKING:
    import requests

T = TypeVar("T")
START: Final = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
NAME: Final = ConnectionName("kit")
INSTALL: Final = "01JD7Q0000000000000000KIT0"
PEOPLE: Final = ("wang.fang@example.com", "li.wei@example.com")  #: who works on the platform; nobody of them is us
PATIENCE: Final = 200  #: so often a quota is waited for before the listing is given up


class Closing(Protocol):
    def close(self) -> None: ...


@functools.lru_cache(maxsize=1)
def built_in_practice() -> Practice:
    """The practice every binding template is written for, composed once a process."""
    return builtin()


class NoVault:
    """`connector.Vault` of a connection whose secrets all stand in its settings."""

    def read(self, name: str) -> str:
        raise KeyError(name)

    def rotate(self, name: str, old: str, new: str) -> bool:
        return False


class Ground:
    """One connector on one platform. Tests share it: each makes its own records and looks at nothing else.

    Args:
        connector: under test.
        running: its platform.
        clock: the platform's and ours.
        account: whose rights the tests have.
        settings: on top of what the platform gives.
        template: text of a binding of the built-in practice.
        folder: for lock files.
        wait: makes it so late; for an instance of which the clock cannot be turned.
        host: takes deliveries.
        emulated: the platform can be started again, as another one.
    """

    def __init__(
        self,
        connector: Connector,
        running: RunningEmulator,
        clock: Callable[[], datetime],
        *,
        account: Literal["agent", "admin"],
        settings: Mapping[str, Json],
        template: str,
        folder: Path,
        wait: Callable[[datetime], None],
        host: Callable[..., Receipt] = receive,
        emulated: bool = True,
    ) -> None:
        self.connector, self.running, self.now, self.wait = connector, running, clock, wait
        self.account, self.settings, self.folder, self.emulated = account, settings, folder, emulated
        self.template, self.host = template, host
        self.desk: Closing | None = None  #: made by the first test that joins this platform with another
        self.document: Document = read(template, f"{connector.name} binding template")[0]
        self.practice = built_in_practice()
        self.lock_file = folder / "kit.lock.yaml"
        self.applied: ApplyReport | None = None
        self.refused: Exception | None = None  #: what `apply` raised
        self._sessions: list[requests.Session] = []
        self._store: Store | None = None
        self._numbers = count(1)
        self.random = Random(20261123)
        self._configure()
        self.binding: Binding = self._joined()
        self.connection: Connection = self.connect()
        self.mapper: Mapper = self.connection.mapper(self.binding)
        self.hands: Hands = running.hands(self.mapper)

    # -------------------------------------------------------------------------------------------------------------- set-up
    def connect(
        self,
        account: Literal["agent", "admin"] | None = None,
        *,
        budget: Budget | None = None,
        running: RunningEmulator | None = None,
        bound: bool = True,
        **settings: Json,
    ) -> Connection:
        """Another connection, as after a restart: nothing of an earlier one is known to it."""
        session = open_session(environment=False)
        self._sessions.append(session)
        quotas = MemoryBudget(now=self.now)
        kit = ConnectionKit(connection=NAME, install=INSTALL, now=self.now, http=session, budget=budget or quotas, vault=NoVault())
        entry = (running or self.running).settings(account or self.account)
        made = self.connector.connect({**entry, **self.settings, **settings}, kit)
        if bound and hasattr(self, "binding"):
            made.mapper(self.binding)
        if budget is None:
            quotas.declare(made.capabilities.rates)
        return made

    def configurator(self, connection: Connection, lock_file: Path | None = None) -> Configurator:
        """What plans and applies over one connection."""
        if self._store is None:
            self._store = Store.open(":memory:", now=self.now)
        side = Side(
            name=NAME,
            environment="dev",
            connection=connection,
            document=self.document.body,
            lock_file=lock_file or self.lock_file,
            may_write=lambda: None,
        )
        return Configurator(
            folder="desk",
            environment="dev",
            practice=self.practice,
            digest=self.practice.digest,
            sides=[side],
            journal=StoreJournal(self._store),
            now=self.now,
            wait=self.wait,
        )

    def _configure(self) -> None:
        """Fields and choices are made as `deskweave apply` makes them, by the admin's account."""
        admin = self.connect("admin", bound=False)
        if admin.configuration is None or admin.target is None:
            return
        made = self.configurator(admin)
        try:
            self.applied = made.apply(made.plan())
        except Exception as error:  # noqa: BLE001  a test of its own says what is wrong with it
            self.refused = error

    def _joined(self) -> Binding:
        lock = read_lock(self.lock_file, NAME, "dev") if self.lock_file.exists() else Lock(connection=NAME, environment="dev")
        return join(self.document, self.practice, lock, connection=NAME, language="en")

    def close(self) -> None:
        """Let go of everything but the platform."""
        if self.desk is not None:
            self.desk.close()
        self.connection.close()
        for session in self._sessions:
            session.close()
        if self._store is not None:
            self._store.close()

    # ---------------------------------------------------------------------------------------------------------------- time
    def later(self, by: timedelta | None = None) -> None:
        """Let time pass; without `by` so much that every finished write is listed, and no lost one can still take effect."""
        every = self.connection.capabilities.collections.values()
        lag = max((one.index_lag + one.settle + one.cursor_precision for one in every), default=timedelta(0))
        self.wait(self.now() + (lag + timedelta(seconds=1) if by is None else by))

    def patiently(self, call: Callable[[], T]) -> T:
        """Wait for quotas as an engine does. What else is raised goes through."""
        for _ in range(PATIENCE):
            try:
                return call()
            except RateLimited as limit:
                self.wait(max(limit.retry_at or self.now(), self.now()) + timedelta(seconds=1))
        message = f"still limited after {PATIENCE} waits"
        raise AssertionError(message)

    # ------------------------------------------------------------------------------------------------------------- reading
    def of(self, collection: str) -> CollectionCapabilities:
        """What is declared of a collection; of one that is bound and not declared: nothing."""
        return self.connection.capabilities.collections.get(collection) or CollectionCapabilities(reads=False)

    def speaks(self, collection: str) -> bool:
        """Whether messages are written here: a collection that takes no other write takes no message either."""
        found = self.of(collection)
        return self.connection.messages is not None and bool(found.visibilities) and (found.patches or found.creates is not None)

    @property
    def crosses(self) -> str | None:
        """The collection whose inquiries can live on this and another platform at once; None: there is none."""
        for name, bound in self.binding.collections.items():
            found = self.of(name)
            listed = found.reads and found.changes in ("filter", "scan")
            if bound.creates and listed and found.patches and found.creates not in (None, Plant.NONE):
                return name
        return None

    def pages(
        self,
        collection: str,
        since: datetime | None = None,
        resume: str | None = None,
        *,
        connection: Connection | None = None,
    ) -> Iterator[Page[RemoteRecord]]:
        """A listing, page by page, to its end."""
        source = (connection or self.connection).records
        assert source is not None
        return self.walk(lambda at: source.changes(collection, since, at), resume)

    def walk(self, listing: Callable[[str | None], Page[T]], resume: str | None = None) -> Iterator[Page[T]]:
        for _ in range(2000):
            at = resume
            page = self.patiently(lambda: listing(at))  # noqa: B023  called before it changes
            yield page
            resume = page.resume
            if resume is None:
                return
            assert resume != at, "the listing does not move on: it gives the same place to resume twice"
        message = "the listing does not come to an end"
        raise AssertionError(message)

    def everything(self, listing: Callable[[str | None], Page[T]]) -> list[T]:
        return [item for page in self.walk(listing) for item in page.items]

    def listed(self, collection: str, since: datetime | None = None) -> list[RemoteRecord]:
        return [record for page in self.pages(collection, since) for record in page.items]

    def look(self, ref: Ref, connection: Connection | None = None) -> RemoteRecord:
        """One record, now. Where a finished write may be unseen for a while, the while is waited for."""
        if not self.of(ref.collection).fetch_is_strong:
            self.later()
        found = self.ask(ref, connection)
        assert isinstance(found, RemoteRecord), f"a record that is there was not fetched: {found}"
        return found

    def ask(self, ref: Ref, connection: Connection | None = None) -> RemoteRecord | Absent:
        source = (connection or self.connection).records
        assert source is not None
        return self.patiently(lambda: source.fetch([ref]))[0]

    def says(self, ref: Ref) -> Mapping[FieldId, Value]:
        """A record in the practice's words, as the connector reads it."""
        return self.mapper.read(self.look(ref)).values

    # --------------------------------------------------------------------------------------------------------------- people
    def values(self, collection: str, number: int | None = None, *, whole: bool = False) -> dict[FieldId, Value]:
        """A document no other test has; `whole` fills every field that can be written."""
        return document_for(self.binding, collection, next(self._numbers) if number is None else number, whole=whole)

    def raise_one(self, collection: str, **more: Value) -> Ref:
        """A person makes a record on the platform."""
        values = {**self.values(collection), **{FieldId(name): value for name, value in more.items()}}
        return self.hands.create(collection, values, PEOPLE[0])

    def title_of(self, record: RemoteRecord) -> Value:
        return self.mapper.read(record).values.get(TITLE)

    def editable(self, collection: str) -> list[FieldId]:
        """Fields that may be changed again and again."""
        return writable(self.binding, collection, again=True)

    # -------------------------------------------------------------------------------------------------------------- writing
    def mark(self) -> str:
        """A correlation id as the engine makes them."""
        return f"{INSTALL}:{next(self._numbers):026d}"

    def key(self) -> str:
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def draft(self, collection: str, values: Mapping[FieldId, Value]) -> Draft:
        return self.mapper.draft(collection, values, corr=self.mark(), key=self.key())

    def attempt(self, call: Callable[[], Sequence[Outcome] | Outcome]) -> Outcome:
        """One item's write: what is raised for the whole call counts for its only item."""
        try:
            told = call()
        except RequestError as error:
            return Outcome(executed=error.executed, error=error)
        if isinstance(told, Outcome):
            return told
        assert len(told) == 1, f"{len(told)} outcomes for one item"
        return told[0]

    def create(self, draft: Draft, connection: Connection | None = None) -> Outcome:
        sink = (connection or self.connection).sink
        assert sink is not None
        return self.attempt(lambda: sink.create([draft]))

    def insist(self, draft: Draft) -> Outcome:
        """The same, with quotas waited for."""
        outcome = self.create(draft)
        for _ in range(PATIENCE):
            if not isinstance(outcome.error, RateLimited):
                break
            self.wait(max(outcome.error.retry_at or self.now(), self.now()) + timedelta(seconds=1))
            outcome = self.create(draft)
        return outcome

    def patch(self, ref: Ref, values: Mapping[FieldId, Value], connection: Connection | None = None) -> Outcome:
        """What is different between the record as it is and `values`, written. Waits where a quota says so."""
        sink = (connection or self.connection).sink
        assert sink is not None
        for _ in range(PATIENCE):
            made = self.mapper.patch(View(dict(values)), self.look(ref), key=self.key())
            outcome = self.attempt(lambda: sink.patch([made]))  # noqa: B023  called before it changes
            if not isinstance(outcome.error, RateLimited):
                return outcome
            self.wait(max(outcome.error.retry_at or self.now(), self.now()) + timedelta(seconds=1))
        raise AssertionError(str(outcome.error))

    def made(self, collection: str, values: Mapping[FieldId, Value]) -> tuple[Ref, Draft]:
        """A record of ours, surely created."""
        draft = self.draft(collection, values)
        outcome = self.insist(draft)
        assert outcome.executed is Executed.YES, f"the create failed: {outcome.error}"
        ref = outcome.ref or self.whose(collection, draft)[0].ref
        return ref, draft

    def whose(self, collection: str, draft: Draft) -> list[RemoteRecord]:
        """Records that came of a draft, by our mark where there is one, else by their title."""
        self.later()
        capabilities = self.of(collection)
        source = self.connection.records
        assert source is not None
        if capabilities.find != "none":
            return list(self.patiently(lambda: source.find(collection, draft.corr, START)))
        title = self.binding.collections[collection].fields[TITLE].native
        want = draft.fields.get(title)
        return [record for record in self.listed(collection) if record.fields.get(title) == want]

    def agrees(self, ref: Ref, values: Mapping[FieldId, Value], *, except_: frozenset[FieldId] = frozenset()) -> None:
        """The record says `values`, in the platform's words, to the connector and to a person who looks at it."""
        from deskweave.sync.merge import same

        wanted = self.mapper.project(ref.collection, values).values
        told, shown = self.says(ref), self.hands.shows(ref)
        for field in values:
            if field in except_ or field not in wanted:
                continue
            for who, says in (("the connector reads", told), ("a person sees", shown)):
                assert field not in says or same(says[field], wanted[field]), (
                    f"{ref.collection}: {who} {says[field]!r} in {field} where {wanted[field]!r} was written"
                )
            assert field in told or field in shown, f"{ref.collection}: {field} was written and can be read by nobody"

    def retitled(self, ref: Ref, title: str) -> Patch:
        """A patch that gives the record another title."""
        return self.mapper.patch(View({TITLE: title}), self.look(ref), key=self.key())

    def spoken(self, ref: Ref) -> list[tuple[Visibility, str]]:
        return list(self.hands.said(ref))

    def fresh(self, number: int) -> RunningEmulator:
        """Another platform of the same kind."""
        emulator = self.connector.emulator
        assert emulator is not None
        return emulator.start(port=0, seed=number, now=self.now)


def turn(clock: TurnedTime) -> Callable[[datetime], None]:
    """Waiting, where the clock is ours."""

    def until(instant: datetime) -> None:
        clock.set(max(instant, clock()))

    return until


def patch_of(ref: Ref, key: str, **more: Any) -> Patch:
    """A patch without a mapper, for what no mapper would send."""
    return Patch(ref=ref, key=key, **{"set": {}, **more})
