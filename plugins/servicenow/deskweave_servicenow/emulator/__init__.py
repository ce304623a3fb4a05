"""A stateful ServiceNow instance on loopback, written from public documents and measurements, faults included."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from deskweave.connector import Mapper
from deskweave.emulation import Call, FaultBox, LoopbackServer, Reply
from deskweave.model import Json
from deskweave_servicenow.emulator import seed as first_day
from deskweave_servicenow.emulator.gate import Gate, failure
from deskweave_servicenow.emulator.hands import InstanceHands
from deskweave_servicenow.emulator.instance import Instance
from deskweave_servicenow.emulator.table_api import TableApi

__all__ = ["RunningServiceNow", "ServiceNowEmulator", "ServiceNowInstance"]


class ServiceNowInstance(Instance):
    """The instance with its doors: session queue, gate and APIs."""

    def __init__(self, *, seed: int, now: Callable[[], datetime]) -> None:
        super().__init__(seed=seed, now=now)
        first_day.furnish(self)
        self.gate = Gate(self)
        self.api = TableApi(self, self.gate)
        self._sessions: dict[str, int] = {}
        self._sessions_lock = threading.Lock()

    def before(self, call: Call) -> Reply | None:
        return self.gate.stop(call)

    def not_found(self, call: Call) -> Reply:
        return failure(400, "Requested URI does not represent any resource", None)

    def answer(self, call: Call) -> Reply | None:
        """Requests of one cookie session wait for each other; what does not fit into its queue is answered 202 and dropped."""
        session = next((part for part in call.headers.get("cookie", "").split("; ") if part.startswith("JSESSIONID=")), None)
        if session is None:
            return super().answer(call)
        with self._sessions_lock:
            self._sessions[session] = self._sessions.get(session, 0) + 1
            full = self._sessions[session] > self.session_queue
        try:
            return Reply(status=202, body=b"") if full else super().answer(call)
        finally:
            with self._sessions_lock:
                self._sessions[session] -= 1


class RunningServiceNow:
    """`connector.RunningEmulator`; tests also use `platform` for switches and rights."""

    def __init__(self, platform: ServiceNowInstance, server: LoopbackServer) -> None:
        self.platform, self._server = platform, server

    @property
    def address(self) -> str:
        return self._server.address

    @property
    def faults(self) -> FaultBox:
        return self.platform.faults

    def settings(self, account: Literal["agent", "admin"]) -> Mapping[str, Json]:
        """A whole connection entry: the agent comes by OAuth client credentials, the admin by name and password."""
        auth: Mapping[str, Json]
        if account == "agent":
            auth = {"kind": "client_credentials", "client_id": first_day.CLIENT_ID, "client_secret": first_day.CLIENT_SECRET}
        else:
            auth = {"kind": "basic", "username": first_day.ADMIN, "password": first_day.SECRETS[first_day.ADMIN]}
        return {"plugin": "servicenow", "address": self.address, "access": "write", "auth": auth}

    def hands(self, mapper: Mapper) -> InstanceHands:
        return InstanceHands(self.platform, mapper)

    def grant(self, account: Literal["agent", "admin"], *tables: str) -> None:
        """What an administrator does by hand, e.g. an ACL on sys_journal_field for the integration's role."""
        self.platform.grant(first_day.AGENT if account == "agent" else first_day.ADMIN, *tables)

    def stop(self) -> None:
        self._server.stop()


class ServiceNowEmulator:
    """`connector.Emulator`."""

    def start(self, *, port: int, seed: int, now: Callable[[], datetime]) -> RunningServiceNow:
        """Serve a fresh instance on 127.0.0.1. Port 0 takes a free one."""
        platform = ServiceNowInstance(seed=seed, now=now)
        return RunningServiceNow(platform, LoopbackServer(platform, port=port))
