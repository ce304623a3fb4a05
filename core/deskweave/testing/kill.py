"""Kill -9: an engine is killed again and again while people write on two platforms. Nothing may be lost, doubled or differ.

Run it by hand for longer: python -m deskweave.testing.kill --kills 100
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from random import Random
from typing import Any, Final

import sqlalchemy as sa

from deskweave.connector import Outcome, Ref
from deskweave.errors import Executed, Rejected, RequestError, Stale
from deskweave.model import ConnectionName, FieldId, InquiryId, Route
from deskweave.store import Store, tables
from deskweave.store.inquiries import load_documents
from deskweave.store.links import links_of
from deskweave.sync import Engine, Guard, Side
from deskweave.sync.merge import same
from deskweave.testing.memory import (
    FIELDS,
    STATUSES,
    MemoryConnection,
    MemoryHands,
    MemoryPlatform,
    Switches,
    small_binding,
    small_mapper,
)
from deskweave.testing.memory.hands import whole

NAMES: Final = (ConnectionName("a"), ConnectionName("b"))
SPEED: Final = 300  #: simulated seconds in one real one
START: Final = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SWITCHES: Final = Switches(index_lag=timedelta(seconds=20), settle=timedelta(seconds=30))


class TurningClock:
    """One clock for both processes."""

    def __init__(self, begun: float) -> None:
        self._begun = begun

    def __call__(self) -> datetime:
        return START + timedelta(seconds=(time.time() - self._begun) * SPEED)


class Wire(MemoryConnection):
    """A connection whose platform lives in the other process: every method of a facet is one question over a pipe."""

    def __init__(self, platform: MemoryPlatform, pipe: Connection) -> None:
        super().__init__(platform, small_mapper)
        self._pipe = pipe

    def _ask(self, method: str, *arguments: Any) -> Any:
        self._pipe.send((self.platform.name, method, arguments))
        return _unpack(self._pipe.recv())

    def changes(self, collection: str, since: datetime | None, resume: str | None) -> Any:
        return self._ask("changes", collection, since, resume)

    def fetch(self, refs: Sequence[Ref]) -> Any:
        return self._ask("fetch", refs)

    def find(self, collection: str, corr: str, created_after: datetime) -> Any:
        return self._ask("find", collection, corr, created_after)

    def history(self, refs: Sequence[Ref], since: datetime | None, resume: str | None) -> Any:
        return self._ask("history", refs, since, resume)

    def create(self, drafts: Any) -> Any:
        return self._ask("create", drafts)

    def patch(self, patches: Any) -> Any:
        return self._ask("patch", patches)

    def messages_changes(self, collection: str, since: datetime | None, resume: str | None) -> Any:
        return self._ask("messages_changes", collection, since, resume)

    def messages_of(self, parent: Ref) -> Any:
        return self._ask("messages_of", parent)

    def speak(self, *arguments: Any) -> Any:
        return self._ask("speak", *arguments)


def _pack(answer: Any) -> Any:
    """Errors inside outcomes travel as words: their constructors do not survive pickling."""
    if isinstance(answer, list) and answer and isinstance(answer[0], Outcome):
        return "outcomes", [
            (one.executed, one.ref, one.record, one.applied, one.error and (type(one.error).__name__, str(one.error)))
            for one in answer
        ]
    return "plain", answer


def _unpack(packed: Any) -> Any:
    kind, answer = packed
    if kind == "plain":
        return answer
    found = []
    for executed, ref, record, applied, error in answer:
        raised: RequestError | None = None
        if error is not None:
            raised = Stale(error[1], executed=Executed.NO) if error[0] == "Stale" else Rejected(error[1])
        found.append(Outcome(executed=executed, ref=ref, record=record, applied=applied, error=raised))
    return found


def engine_process(address: str, path: str, begun: float, rounds: int) -> None:
    """What is killed: runs the engine for ever, or `rounds` times."""
    now = TurningClock(begun)
    pipe = Client(address)
    store = Store.open(path, now=now)
    bindings = {name: small_binding(name) for name in NAMES}
    sides = {
        name: Side(
            name=name,
            connection=Wire(MemoryPlatform(name=name, now=now, switches=SWITCHES), pipe),
            binding=bindings[name],
            mapper=small_mapper(bindings[name]),
            access="write",
        )
        for name in NAMES
    }
    engine = Engine(
        store=store,
        sides=sides,
        routes=[Route(id="all", when=None, among=NAMES)],
        fields=FIELDS,
        statuses=STATUSES,
        practice_digest="p",
        since=START - timedelta(days=1),
        guard=Guard(update_records=10**6, max_notices=10**6),
        now=now,
    )
    done = 0
    while rounds < 0 or done < rounds:
        engine.run()
        done += 1
        time.sleep(0.05)
    store.close()
    pipe.close()


class Story:
    """Two platforms, the people on them, and the process that is killed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.begun = time.time()
        self.now = TurningClock(self.begun)
        self.random = Random(seed)
        self.platforms = {
            str(name): MemoryPlatform(name=name, now=self.now, switches=SWITCHES, seed=number) for number, name in enumerate(NAMES)
        }
        self.connections = {name: MemoryConnection(platform, small_mapper) for name, platform in self.platforms.items()}
        self.lock = threading.Lock()
        self.path, self.address = str(folder / "state.db"), str(folder / "pipe")
        self.listener = Listener(self.address)
        self.writes = 0
        self.stopped = False
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                pipe = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(pipe,), daemon=True).start()

    def _serve(self, pipe: Connection) -> None:
        """Answer one engine until its end of the pipe is gone, in the middle of whatever it was doing."""
        with pipe:
            while True:
                try:
                    name, method, arguments = pipe.recv()
                    with self.lock:
                        answer = getattr(self.connections[name], method)(*arguments)
                    pipe.send(_pack(answer))
                except (EOFError, OSError):
                    return

    def people(self) -> None:
        while not self.stopped:
            with self.lock:
                name = self.random.choice(sorted(self.platforms))
                platform = self.platforms[name]
                hands = MemoryHands(platform, small_mapper(small_binding(name)))
                if not platform.records or self.random.random() < 0.25:
                    hands.create("ticket", {FieldId("title"): f"n{self.writes}", FieldId("status"): "waiting"}, "someone")
                else:
                    key = self.random.choice(sorted(platform.records)[-40:])
                    field = self.random.choice(["title", "priority", "status"])
                    words = {"title": [f"t{self.writes}"], "priority": ["low", "high"], "status": ["working", "asking", "closed"]}
                    hands.edit(Ref(*key), {FieldId(field): self.random.choice(words[field])}, "someone")
                self.writes += 1
            time.sleep(self.random.uniform(0.005, 0.03))

    def tell(self, kills: int) -> dict[str, int]:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["deskweave.sync", "deskweave.testing.memory"])
        writer = threading.Thread(target=self.people, daemon=True)
        writer.start()
        for _ in range(kills):
            victim = context.Process(target=engine_process, args=(self.address, self.path, self.begun, -1))
            victim.start()
            time.sleep(self.random.uniform(0.25, 0.7))
            victim.kill()
            victim.join()
            victim.close()
        self.stopped = True
        writer.join()
        last = context.Process(target=engine_process, args=(self.address, self.path, self.begun, 30))
        last.start()
        last.join()
        failed = last.exitcode
        last.close()
        self.listener.close()
        return {"kills": kills, "writes": self.writes, "failed": failed or 0, **self._compare()}

    def _compare(self) -> dict[str, int]:
        store = Store.open(self.path, now=self.now)
        try:
            with store.read() as tx:
                ids = [InquiryId(one) for one in tx.execute(sa.select(tables.inquiry.c.id)).scalars()]
                documents, links = load_documents(tx, ids), links_of(tx, ids)
                whole_file = tx.exec_driver_sql("PRAGMA integrity_check").scalar()
        finally:
            store.close()
        different = lost = 0
        for identifier in ids:
            live = [one for one in links[identifier] if one.rid is not None]
            lost += len(live) != len(NAMES)
            for one in live:
                mapper = small_mapper(small_binding(one.conn))
                says = mapper.read(whole(self.platforms[one.conn].records[one.collection, str(one.rid)])).values
                wanted = mapper.project(one.collection, documents[identifier].values).values
                different += any(not same(says.get(name), value) for name, value in wanted.items() if name != "submitted_at")
        return {
            "inquiries": len(ids),
            "lost": lost,
            "doubled": sum(abs(len(platform.records) - len(ids)) for platform in self.platforms.values()),
            "different": different,
            "damaged": int(whole_file != "ok"),
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Tell the story and say what became of it; 0: nothing was lost, doubled or differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = Story(Path(folder), chosen.seed).tell(chosen.kills)
    print(" ".join(f"{name}={value}" for name, value in found.items()))
    return int(any(found[name] for name in ("lost", "doubled", "different", "damaged", "failed")))


if __name__ == "__main__":
    raise SystemExit(main())
