"""Kill -9: what takes deliveries is killed again and again, between saving and working as anywhere. None may be lost or doubled.

The platform is one that cannot be asked for anything: what it has told and got an answer for, it never tells again. Run it by hand
for longer: python -m deskweave.testing.kill_serve --deliveries 1000 --kills 100
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from typing import Any, Final

import sqlalchemy as sa

from deskweave.connector import RawReply, RawRequest, Ref
from deskweave.model import ConnectionName, FieldId, InquiryId, Visibility
from deskweave.store import Store, tables
from deskweave.store.inquiries import load_documents
from deskweave.store.links import links_of
from deskweave.sync import Engine, Side
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
from deskweave.web import Hooks, HookServer
from deskweave.workspace.receiving import Receipt, hook_path, receive

NAME: Final = ConnectionName("a")
SECRET: Final = "kill"
MUTE: Final = Switches(callback=True, fetches=False, plant=None, patches=False, conditions=False)
AHEAD: Final = 20  #: so much may happen on the platform before it has told all of it


def machine_time() -> datetime:
    return datetime.now(UTC)


class Taking:
    """Receivers of one store, without a folder around it."""

    names: Sequence[str] = (NAME,)
    closed: Mapping[str, Exception] = {}

    def __init__(self, store: Store, connection: MemoryConnection) -> None:
        self._store, self._connection = store, connection

    def receive(self, connection: str, request: RawRequest) -> Receipt:
        receiver = self._connection.webhooks
        assert receiver is not None
        return receive(self._store, connection, receiver, request)


def serve_process(path: str, port: int, rounds: int) -> None:
    """What is killed: takes deliveries and runs the engine for ever, or only runs it `rounds` times."""
    store = Store.open(path, now=machine_time)
    connection = MemoryConnection(MemoryPlatform(name=NAME, now=machine_time, switches=MUTE), small_mapper)
    binding = small_binding(NAME)
    if rounds < 0:
        taking: Any = Taking(Store.open(path, now=machine_time), connection)
        hooks = Hooks(taking, SECRET, now=machine_time, healthy=lambda: (True, None), heard=lambda *_: None)
        HookServer(hooks, "127.0.0.1", port)
    engine = Engine(
        store=store,
        sides={NAME: Side(name=NAME, connection=connection, binding=binding, mapper=small_mapper(binding))},
        routes=(),
        fields=FIELDS,
        statuses=STATUSES,
        practice_digest="p",
        since=machine_time() - timedelta(days=1),
        now=machine_time,
    )
    done = 0
    while rounds < 0 or done < rounds:
        engine.run()
        done += 1
        time.sleep(0.01)


class Story:
    """A platform that calls back, the people on it, and the process that is killed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = Random(seed)
        self.platform = MemoryPlatform(name=NAME, now=machine_time, switches=MUTE, seed=seed)
        self.hands = MemoryHands(self.platform, small_mapper(small_binding(NAME)))
        self.path = str(folder / "state.db")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.answered = self.repeated = 0
        self.until = 0  #: so many may be answered before the next kill
        self.finished = threading.Event()

    def act(self) -> None:
        """Somebody does something."""
        said, number = self.platform.posts.told, str(self.platform.posts.told)
        records = sorted(self.platform.records)
        while self.platform.posts.told == said:
            if not records or self.random.random() < 0.5:
                self.hands.create("ticket", {FieldId("title"): f"n{number}", FieldId("status"): "waiting"}, "li")
                continue
            ref = Ref(*self.random.choice(records[-40:]))
            if self.random.random() < 0.5:
                self.hands.edit(ref, {FieldId("title"): f"t{number}"}, "li")
            else:
                self.hands.write(ref, Visibility.PUBLIC, f"m{number}", "li")

    def post(self, request: RawRequest) -> RawReply | None:
        """As a platform does it: at most three seconds, and no answer is no answer."""
        if self.answered >= self.until:
            time.sleep(0.002)
            return None
        line = HTTPConnection("127.0.0.1", self.port, timeout=3)
        try:
            line.request("POST", hook_path(NAME, SECRET), request.body, dict(request.headers))
            told = line.getresponse()
            reply = RawReply(told.status, {}, told.read())
        except (OSError, HTTPException):
            self.repeated += 1
            time.sleep(0.02)
            return None
        finally:
            line.close()
        self.answered += 200 <= reply.status < 300
        return reply

    def tell_all(self, deliveries: int) -> None:
        """Everything is told until it is answered, in no order."""

        def shuffled(posts: list[Any]) -> list[Any]:
            self.random.shuffle(posts)
            return posts

        posts = self.platform.posts
        while posts.told < deliveries or posts.waiting:
            while posts.told < deliveries and len(posts.waiting) < AHEAD:
                self.act()
            posts.deliver(self.post, order=shuffled)
        self.finished.set()

    def tell(self, deliveries: int, kills: int) -> Mapping[str, int]:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["deskweave.sync", "deskweave.testing.memory", "deskweave.web"])
        platform = threading.Thread(target=self.tell_all, args=(deliveries,), daemon=True)
        platform.start()
        # by how far it has come, not by the clock: a fast machine would be done before anything was killed
        due = sorted(self.random.randrange(deliveries) for _ in range(kills))
        killed = 0
        while not self.finished.is_set():
            victim = context.Process(target=serve_process, args=(self.path, self.port, -1))
            victim.start()
            self.until = sys.maxsize if killed == kills else min(due[killed] + AHEAD // 2, deliveries - 1)
            while not self.finished.wait(None if killed == kills else 0.001):
                if self.answered >= due[killed]:
                    self.finished.wait(self.random.uniform(0, 0.2))
                    break
            killed += not self.finished.is_set()
            victim.kill()
            victim.join()
            victim.close()
        platform.join()
        last = context.Process(target=serve_process, args=(self.path, self.port, 3))
        last.start()
        last.join()
        failed = last.exitcode or 0
        last.close()
        return {
            "deliveries": self.platform.posts.told,
            "kills": killed,
            "repeated": self.repeated,
            "failed": failed,
        } | self._compare()

    def _compare(self) -> dict[str, int]:
        store = Store.open(self.path, now=machine_time)
        try:
            with store.read() as tx:
                ids = [InquiryId(one) for one in tx.execute(sa.select(tables.inquiry.c.id)).scalars()]
                documents, links = load_documents(tx, ids), links_of(tx, ids)
                rows = tx.execute(sa.select(tables.inbox.c.delivery_id, tables.inbox.c.done)).all()
                messages = tx.execute(sa.select(sa.func.count()).select_from(tables.message)).scalar_one()
                sound = tx.exec_driver_sql("PRAGMA integrity_check").scalar()
        finally:
            store.close()
        seen = [(one.collection, str(one.rid)) for inquiry in ids for one in links[inquiry]]
        mapper, different = small_mapper(small_binding(NAME)), 0
        for inquiry in ids:
            record = self.platform.records[links[inquiry][0].collection, str(links[inquiry][0].rid)]
            says = mapper.read(whole(record)).values
            different += any(not same(says.get(name), value) for name, value in documents[inquiry].values.items())
        return {
            "inquiries": len(ids),
            "messages": messages,
            "lost": len(self.platform.records.keys() - set(seen)) + max(0, len(self.platform.comments) - messages),
            "doubled": len(seen) - len(set(seen)) + max(0, messages - len(self.platform.comments)),
            "different": different,
            "undone": sum(not row.done for row in rows) + abs(len(rows) - self.platform.posts.told),
            "damaged": int(sound != "ok"),
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Tell the story and say what became of it; 0: nothing was lost, doubled or differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=60)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = Story(Path(folder), chosen.seed).tell(chosen.deliveries, chosen.kills)
    print(" ".join(f"{name}={value}" for name, value in found.items()))
    return int(any(found[name] for name in ("lost", "doubled", "different", "undone", "damaged", "failed")))


if __name__ == "__main__":
    raise SystemExit(main())
