"""What the engine adds to reading and writing records: over the bare floor of `requests` and `json` on the same pages, in one run.

Two platforms that speak plain pages: 200 records of about 1.1 KB each, read from a server in a process of its own. One is full, the
other empty; the engine brings one into the other, and then finds nothing to do. Processor time of this process counts, not the
clock, so that the server and whatever else the machine does stay out of it.

python tests/bench/sync.py [RECORDS]

Goals (a floor F is requests.Session and json.loads of the same pages): nothing changed <= 2 x F; the first full pass with batches
<= 10 x F and <= 60 us a record; memory <= 150 MB above the start.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from deskweave.connector import (
    Capabilities,
    CollectionCapabilities,
    Draft,
    InstanceIdentity,
    Outcome,
    Page,
    Patch,
    Plant,
    Ref,
    RemoteRecord,
)
from deskweave.errors import Executed
from deskweave.http import ConnectionKit, MemoryBudget, Transport, open_session
from deskweave.mapping import BoundMapper, Dialect
from deskweave.mapping.codec import choice_codec, text_codec
from deskweave.model import (
    Binding,
    Choice,
    CollectionBinding,
    ConnectionName,
    Field,
    FieldBinding,
    FieldId,
    Json,
    Phase,
    Route,
    Status,
    StatusBinding,
    StatusModel,
)
from deskweave.store import Store
from deskweave.sync import Engine, Guard, Side

PAGE: Final = 200
START: Final = datetime(2026, 11, 2, 8, tzinfo=UTC)
TEXTS: Final = ("title", "symptom", "location", "device", "cost_center", "solution")
CHOICES: Final = ("impact", "urgency")
NAMES: Final = {"title": "short_description", "symptom": "description", "solution": "close_notes"}
STATES: Final = {"new": "1", "in_progress": "2", "closed": "7"}


# --------------------------------------------------------------------------------------------------------------- the platforms
def rows(count: int) -> list[dict[str, Json]]:
    """Records of about 1.1 KB, all different, stamped a second apart."""
    made: list[dict[str, Json]] = []
    for number in range(count):
        identifier = f"{number * 2654435761 % 2**64:016x}{number:016x}"
        made.append(
            {
                "sys_id": identifier,
                "number": f"INC{number:07d}",
                "sys_updated_on": (START + timedelta(seconds=number)).strftime("%Y-%m-%d %H:%M:%S"),
                "sys_mod_count": "3",
                "short_description": f"VPN drops every ten minutes, case {number}",
                "description": f"Since this morning the connection is lost again and again, number {number}. " * 5,
                "close_notes": "",
                "location": f"Building {number % 7}, floor {number % 23}",
                "device": f"NB-{number % 4001:05d}",
                "cost_center": f"CC-{number % 311}",
                "impact": str(1 + number % 3),
                "urgency": str(1 + number % 2),
                "state": str((1, 2, 7)[number % 3]),
                "correlation_id": "",
                "u_other": "x" * 180,
            }
        )
    return made


def serve(count: int, told: Any) -> None:
    """Pages and batches over HTTP/1.1, as little as will do: GET /page/K, GET /empty, POST /batch."""
    every = rows(count)
    pages = [json.dumps({"result": every[at : at + PAGE]}).encode() for at in range(0, count, PAGE)]
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    told.send(listener.getsockname()[1])
    made: list[dict[str, Json]] = []

    def answer(path: str, body: bytes) -> bytes:
        if path.startswith("/page/"):
            at = int(path[6:])
            return pages[at] if at < len(pages) else b'{"result": []}'
        if path.startswith("/made/"):
            at = int(path[6:]) * PAGE
            return json.dumps({"result": made[at : at + PAGE]}).encode()
        if path == "/batch":
            drafts = json.loads(body)
            first = len(made)
            for number, fields in enumerate(drafts, first):
                made.append({**fields, "sys_id": f"b{number:031x}", "sys_updated_on": "2026-11-21 08:00:00", "sys_mod_count": "0"})
            return json.dumps({"result": made[first:]}).encode()
        return b"{}"

    def talk(line: socket.socket) -> None:
        stream = line.makefile("rb")
        while head := stream.readline():
            length = 0
            while (header := stream.readline()) not in (b"\r\n", b""):
                if header[:15].lower() == b"content-length:":
                    length = int(header[15:])
            body = answer(head.split()[1].decode(), stream.read(length) if length else b"")
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    while True:
        line, _ = listener.accept()
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=talk, args=(line,), daemon=True).start()


class Pages:
    """A connection to it: `connector.Connection` with records and a sink that takes 200 at once."""

    messages = attachments = people = outreach = configuration = target = scoreboard = webhooks = None

    def __init__(self, transport: Transport, listing: str, now: Callable[[], datetime]) -> None:
        self._transport, self._listing, self._now = transport, listing, now
        self.records, self.sink = self, self
        of = CollectionCapabilities(
            reads=True,
            changes="filter",
            cursor_precision=timedelta(seconds=1),
            fetch_batch=PAGE,
            creates=Plant.ATOMIC,
            create_batch=PAGE,
            find="strong",
            patches=True,
            patch_batch=PAGE,
        )
        self.capabilities = Capabilities(collections={"incident": of}, rates=(), max_parallel=1, lost=(), probed_at=now())

    @property
    def identity(self) -> InstanceIdentity:
        return InstanceIdentity(self._transport.address, self._listing, None, None)

    def plant_identity(self, install: str, epoch: str) -> None: ...
    def close(self) -> None: ...

    def mapper(self, binding: Binding) -> BoundMapper:
        return BoundMapper(binding, DIALECT)

    def _ask(self, method: str, path: str, body: Json = None) -> Sequence[Mapping[str, Json]]:
        parsed: Any = self._transport.send(method, path, reads=body is None, rate_class="all", body=body).parsed
        found: Sequence[Mapping[str, Json]] = parsed["result"]
        return found

    def changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteRecord]:
        at = int(resume or 0)
        found = [record(row) for row in self._ask("GET", f"/{self._listing}/{at}")]
        further = str(at + 1) if len(found) == PAGE else None
        return Page(items=found, resume=further, covers_until=None if further else START + timedelta(seconds=1))

    def fetch(self, refs: Sequence[Ref]) -> Sequence[RemoteRecord]:
        raise NotImplementedError

    def find(self, collection: str, corr: str, created_after: datetime) -> Sequence[RemoteRecord]:
        return []

    def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        made = self._ask("POST", "/batch", [{**draft.fields, "correlation_id": draft.corr} for draft in drafts])
        told = [record(row) for row in made]
        return [Outcome(executed=Executed.YES, ref=one.ref, record=one) for one in told]

    def patch(self, patches: Sequence[Patch]) -> Sequence[Outcome]:
        raise NotImplementedError


def record(row: Mapping[str, Json]) -> RemoteRecord:
    at = datetime.fromisoformat(f"{row['sys_updated_on']}+00:00")
    return RemoteRecord(
        ref=Ref("incident", str(row["sys_id"])),
        fields=row,
        corr=str(row.get("correlation_id") or "") or None,
        updated_at=at,
        version=str(row["sys_mod_count"]),
        updated_by=None,
        label=str(row.get("number") or row["sys_id"]),
    )


# ---------------------------------------------------------------------------------------------------------------- the practice
DIALECT: Final = Dialect(
    codecs={"choice": choice_codec(lambda raw: raw, lambda raw: raw), "*": text_codec}, digest="bench", empty=""
)


def _field(name: str) -> Field:
    choices = {slug: Choice(slug=slug, label={"en": slug}) for slug in ("high", "medium", "low")} if name in CHOICES else {}
    return Field(id=FieldId(name), label={"en": name}, type="choice" if name in CHOICES else "text", choices=choices)


FIELDS: Final = {FieldId(name): _field(name) for name in (*TEXTS, *CHOICES)}
STATUSES: Final = StatusModel(
    id="inquiry",
    initial="new",
    statuses={
        slug: Status(slug=slug, label={"en": slug}, phase=phase)
        for slug, phase in (("new", Phase.NEW), ("in_progress", Phase.ACTIVE), ("closed", Phase.CLOSED))
    },
    transitions={},
)


def binding(name: str) -> Binding:
    three: dict[str, Json] = {"high": "1", "medium": "2", "low": "3"}
    fields = {
        field: FieldBinding(at=NAMES.get(field, field), native=NAMES.get(field, field), choices=three if field in CHOICES else {})
        for field in FIELDS
    }
    statuses = {slug: StatusBinding(is_={"state": state}) for slug, state in STATES.items()}
    collection = CollectionBinding(name="incident", holds=None, correlation="correlation_id", fields=fields, statuses=statuses)
    return Binding(
        connection=ConnectionName(name), digest=name, collections={"incident": collection}, fields=FIELDS, statuses=STATUSES
    )


# ------------------------------------------------------------------------------------------------------------------- measuring
def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Processor time of this process, and the clock's, in seconds."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.process_time() - cpu, time.perf_counter() - clock


def floor(address: str, count: int) -> None:
    session = open_session(environment=False)
    for at in range((count + PAGE - 1) // PAGE):
        json.loads(session.get(f"{address}/page/{at}").content)
    session.close()


def measure(count: int) -> None:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(count, theirs), daemon=True)
    server.start()
    address = f"http://127.0.0.1:{ours.recv()}"
    now = lambda: datetime(2026, 11, 21, 8, tzinfo=UTC)  # noqa: E731
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "state.db", now=now)

        def engine() -> Engine:
            sides = {}
            for name, listing in (("full", "page"), ("empty", "made")):
                kit = ConnectionKit(
                    connection=name,
                    install="I",
                    now=now,
                    http=open_session(environment=False),
                    budget=MemoryBudget(now=now),
                    vault=None,  # type: ignore[arg-type]
                )
                connection = Pages(Transport(kit, address, classify=lambda _: None), listing, now)
                side = Side(
                    name=ConnectionName(name),
                    connection=connection,  # type: ignore[arg-type]
                    binding=binding(name),
                    mapper=connection.mapper(binding(name)),
                    access="write" if name == "empty" else "read",
                )
                sides[side.name] = side
            return Engine(
                store=store,
                sides=sides,
                routes=[Route(id="all", when=None, among=tuple(sides))],
                fields=FIELDS,
                statuses=STATUSES,
                practice_digest="p",
                since=START - timedelta(days=1),
                now=now,
                guard=Guard(update_records=10**9, max_notices=10**9),
            )

        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        least = min(spent(lambda: floor(address, count))[0] for _ in range(3))
        first, first_clock = spent(lambda: print(_told(engine().run()), file=sys.stderr))
        quiet, quiet_clock = min(spent(lambda: print(_told(engine().run()), file=sys.stderr)) for _ in range(3))
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    server.kill()
    each = 1e6 / count
    print(f"{count:,} records, processor time")
    print(f"  floor (requests, json), one platform    {least:7.2f} s  {least * each:6.1f} us a record")
    print(
        f"  first full pass, one into the other     {first:7.2f} s  {first * each:6.1f} us  {first / least:5.1f} x F   ({first_clock:.1f} s)"
    )
    print(
        f"  nothing changed, both read              {quiet:7.2f} s  {quiet * each:6.1f} us  {quiet / least:5.1f} x F, half of it a platform: {quiet / 2 / least:.1f} x F   ({quiet_clock:.1f} s)"
    )
    print(f"  memory above the start                  {memory:7.0f} MB")


def _told(report: Any) -> str:
    return "; ".join(
        f"{one.name}: {one.seen} seen, {one.changed} changed, {one.created} created" for one in report.connections.values()
    )


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
