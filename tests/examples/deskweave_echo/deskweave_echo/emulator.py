"""Echo Desk itself, on loopback: written from the service's public pages, not from what the connector expects of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

from deskweave.connector import Mapper, Ref, RemoteRecord, View
from deskweave.emulation import Call, FaultBox, LoopbackServer, Platform, Reply
from deskweave.model import FieldId, Json, Value, Visibility

ROBOT: Final = "robot@echo.example"
TOKEN: Final = "emulated-echo-token"
STATES: Final = ("new", "open", "pending", "done")
TEXTS: Final = {"subject": 120, "body": 4000, "answer": 4000, "contact": 120}
FAULTS: Final = frozenset({"rate_limited", "down", "unauthorised", "small_pages"})


class Refused(Exception):
    """What a form or the API does not take."""


class EchoDesk(Platform):
    """The service: tickets and comments in memory, stamps of whole seconds."""

    def __init__(self, *, seed: int, now: Callable[[], datetime]) -> None:
        super().__init__(now=now, faults=FAULTS)
        self.instance = f"echo-{seed}"
        self.tickets: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, list[dict[str, Any]]] = {}
        self.numbers = 0
        for method, path, handler in (
            ("GET", "/api/me", lambda call: Reply(body={"account": ROBOT, "instance": self.instance})),
            ("GET", "/api/tickets", self._list),
            ("POST", "/api/tickets", self._create),
            ("GET", "/api/tickets/{id}", lambda call: Reply(body=self._ticket(call))),
            ("PATCH", "/api/tickets/{id}", self._change),
            ("DELETE", "/api/tickets/{id}", self._delete),
            ("GET", "/api/tickets/{id}/comments", lambda call: Reply(body={"comments": self.comments[self._ticket(call)["id"]]})),
            ("POST", "/api/tickets/{id}/comments", self._comment),
        ):
            self.router.add(method, path, self._guarded(handler), writes=method != "GET")

    # ------------------------------------------------------------------------------------------------------------- the API
    def before(self, call: Call) -> Reply | None:
        if self.faults.take("down", call) is not None:
            return Reply(status=503, body=b"<html>back soon</html>", headers={"Content-Type": "text/html"})
        if (how := self.faults.take("rate_limited", call)) is not None:
            return Reply(status=429, body={"error": "slow down"}, headers={"Retry-After": str(how.get("retry_after", 30))})
        if call.headers.get("authorization") != f"Bearer {TOKEN}" or self.faults.take("unauthorised", call) is not None:
            return Reply(status=401, body={"error": "unknown token"})
        return None

    def _guarded(self, handler: Callable[[Call], Reply]) -> Callable[[Call], Reply]:
        def run(call: Call) -> Reply:
            try:
                return handler(call)
            except KeyError:
                return Reply(status=404, body={"error": "no such ticket"})
            except (Refused, ValueError) as no:
                return Reply(status=422, body={"error": str(no)})

        return run

    def _ticket(self, call: Call) -> dict[str, Any]:
        return self.tickets[call.params["id"]]

    def _list(self, call: Call) -> Reply:
        if "external_id" in call.query:
            found = [one for one in self.tickets.values() if one["external_id"] == call.one("external_id")]
            return Reply(body={"tickets": found, "next": None, "total": len(found), "now": self.stamp()})
        rows = sorted(self.tickets.values(), key=lambda one: (one["changed"], int(one["id"])))
        since, after = call.one("since"), call.one("after")
        if since:
            edge = datetime.fromisoformat(since.replace(" ", "+"))
            rows = [one for one in rows if datetime.fromisoformat(one["changed"]) >= edge.replace(microsecond=0)]
        total = len(rows)
        if after:
            at, _, number = after.rpartition("/")
            rows = [one for one in rows if (one["changed"], int(one["id"])) > (at, int(number))]
        how = self.faults.take("small_pages", call)
        size = int(str(how["size"])) if how else 50
        page = rows[:size]
        further = f"{page[-1]['changed']}/{page[-1]['id']}" if len(rows) > size else None
        return Reply(body={"tickets": page, "next": further, "total": total, "now": self.stamp()})

    def _body(self, call: Call) -> Mapping[str, Any]:
        body = call.json()
        if not isinstance(body, Mapping):
            raise Refused("an object is wanted")
        return body

    def _create(self, call: Call) -> Reply:
        body = self._body(call)
        mark = body.get("external_id")
        fields = {name: value for name, value in body.items() if name != "external_id"}
        return Reply(status=201, body=self.add(fields, ROBOT, mark))

    def _change(self, call: Call) -> Reply:
        ticket = self._ticket(call)
        wanted = call.headers.get("if-match")
        if wanted is not None and wanted != str(ticket["revision"]):
            return Reply(status=412, body={"error": f"revision is {ticket['revision']}"})
        return Reply(body=self.edit(ticket, self._body(call), ROBOT))

    def _delete(self, call: Call) -> Reply:
        self.remove(self._ticket(call)["id"])
        return Reply(status=204)

    def _comment(self, call: Call) -> Reply:
        body = self._body(call)
        text = str(body.get("text") or "")
        made = self.say(self._ticket(call), text, ROBOT, internal=body.get("internal") is True, mark=body.get("external_id"))
        return Reply(status=201, body=made)

    # ----------------------------------------------------------------------------------------------------------- the service
    def stamp(self) -> str:
        return self.now().astimezone(UTC).replace(microsecond=0).isoformat()

    def _taken(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        for name, value in fields.items():
            if name in TEXTS:
                if value is not None and (not isinstance(value, str) or len(value) > TEXTS[name]):
                    raise Refused(f"{name}: text of at most {TEXTS[name]} characters")
            elif name == "severity":
                if value not in (None, 1, 2, 3):
                    raise Refused("severity: 1, 2 or 3")
            elif name != "state" or value not in STATES:
                raise Refused(f"{name}: not known, or not one of {', '.join(STATES)}")
        return dict(fields)

    def add(self, fields: Mapping[str, Any], by: str, mark: str | None) -> dict[str, Any]:
        taken = self._taken(fields)
        self.numbers += 1
        ticket = {**dict.fromkeys((*TEXTS, "severity")), "state": "new", **taken}
        ticket |= {"id": str(self.numbers), "revision": 1, "changed": self.stamp(), "changed_by": by, "external_id": mark}
        self.tickets[ticket["id"]], self.comments[ticket["id"]] = ticket, []
        return ticket

    def edit(self, ticket: dict[str, Any], fields: Mapping[str, Any], by: str) -> dict[str, Any]:
        ticket |= self._taken(fields)
        ticket |= {"revision": ticket["revision"] + 1, "changed": self.stamp(), "changed_by": by}
        return ticket

    def say(self, ticket: dict[str, Any], text: str, by: str, *, internal: bool, mark: str | None = None) -> dict[str, Any]:
        if not text.strip():
            raise Refused("text: something has to be said")
        self.numbers += 1
        said = {"id": str(self.numbers), "text": text, "internal": internal, "by": by, "at": self.stamp(), "external_id": mark}
        self.comments[ticket["id"]].append(said)
        self.edit(ticket, {}, by)
        return said

    def remove(self, number: str) -> None:
        del self.tickets[number], self.comments[number]


class EchoHands:
    """People at the service's own pages."""

    def __init__(self, desk: EchoDesk, mapper: Mapper) -> None:
        self._desk, self._mapper = desk, mapper

    def create(self, collection: str, values: Mapping[FieldId, Value], by: str) -> Ref:
        with self._desk.lock:
            fields = self._mapper.draft(collection, values, corr="", key="").fields
            return Ref(collection, self._desk.add(fields, by, None)["id"])

    def shows(self, ref: Ref) -> Mapping[FieldId, Value]:
        with self._desk.lock:
            return self._mapper.read(self._record(ref)).values

    def said(self, parent: Ref) -> Sequence[tuple[Visibility, str]]:
        with self._desk.lock:
            return [
                (Visibility.INTERNAL if one["internal"] else Visibility.PUBLIC, one["text"])
                for one in self._desk.comments[parent.rid]
            ]

    def edit(self, ref: Ref, values: Mapping[FieldId, Value], by: str) -> None:
        with self._desk.lock:
            patch = self._mapper.patch(View(dict(values)), self._record(ref), key="")
            self._desk.edit(self._desk.tickets[ref.rid], patch.set, by)

    def write(self, parent: Ref, visibility: Visibility, body: str, by: str) -> Ref:
        with self._desk.lock:
            ticket = self._desk.tickets[parent.rid]
            return Ref("comment", self._desk.say(ticket, body, by, internal=visibility is Visibility.INTERNAL)["id"])

    def remove(self, ref: Ref) -> None:
        with self._desk.lock:
            self._desk.remove(ref.rid)

    def attach(self, parent: Ref, visibility: Visibility, name: str, content: bytes, by: str) -> Ref:
        raise NotImplementedError("Echo Desk keeps no files")

    def answer(self, corr: str, kind: str, value: Json, by: str) -> None:
        raise NotImplementedError("Echo Desk asks nobody anything")

    def replay(self, collection: str, history: Sequence[tuple[datetime, str, Mapping[FieldId, Value]]]) -> Sequence[Ref]:
        raise NotImplementedError("Echo Desk has one clock; create and edit at the times you need")

    def _record(self, ref: Ref) -> RemoteRecord:
        ticket = self._desk.tickets[ref.rid]
        return RemoteRecord(ref=ref, fields=ticket, corr=None, updated_at=None, version=None, updated_by=None, label=ref.rid)


class RunningEcho:
    def __init__(self, desk: EchoDesk, server: LoopbackServer) -> None:
        self._desk, self._server = desk, server

    @property
    def address(self) -> str:
        return self._server.address

    @property
    def faults(self) -> FaultBox:
        return self._desk.faults

    def settings(self, account: Literal["agent", "admin"]) -> Mapping[str, Json]:
        return {"plugin": "echo", "address": self.address, "access": "write", "token": TOKEN}

    def hands(self, mapper: Mapper) -> EchoHands:
        return EchoHands(self._desk, mapper)

    def stop(self) -> None:
        self._server.stop()


class EchoEmulator:
    def start(self, *, port: int, seed: int, now: Callable[[], datetime]) -> RunningEcho:
        desk = EchoDesk(seed=seed, now=now)
        return RunningEcho(desk, LoopbackServer(desk, port=port))
