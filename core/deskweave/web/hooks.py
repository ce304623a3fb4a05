"""The addresses: `/hooks/<connection>/<secret>` takes deliveries, `/healthz` says whether runs come to an end. Nothing else.

It knows no sockets: whatever speaks HTTP hands over a request and sends what is answered.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from deskweave.connector import RawReply, RawRequest
from deskweave.workspace.receiving import Outcome, Receipt, Receiving, hook_path, reply

METHODS: Final = ("GET", "POST", "PUT")
UNREADABLE: Final[Mapping[int, Outcome]] = {411: "no-length", 413: "too-large"}
Healthy = Callable[[], tuple[bool, datetime | None]]


class Hooks:
    """Routes of one folder.

    Args:
        receiving: its receivers.
        secret: the random part of every address.
        now: the clock, aware UTC.
        healthy: whether runs come to an end, and when the last one did.
        heard: told what became of each delivery: connection and receipt.
    """

    def __init__(
        self,
        receiving: Receiving,
        secret: str,
        *,
        now: Callable[[], datetime],
        healthy: Healthy,
        heard: Callable[[str, Receipt], None],
    ) -> None:
        self._receiving, self._now, self._healthy, self._heard = receiving, now, healthy, heard
        self._paths = {hook_path(name, secret): name for name in (*receiving.names, *receiving.closed)}

    def takes(self, path: str) -> bool:
        """Whether anything is there: asked before a body is read. It takes as long for a wrong guess as for a near one."""
        return path == "/healthz" or self._name(path) is not None

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> RawReply:
        """One request. Header names are in lower case."""
        if path == "/healthz":
            return self._health() if method == "GET" else reply(405)
        name = self._name(path)
        if name is None:
            return reply(404)
        if method not in METHODS:
            return reply(405)
        request = RawRequest(method=method, path=path, query=query, headers=headers, body=body, received_at=self._now())
        try:
            receipt = self._receiving.receive(name, request)
        except Exception as error:  # noqa: BLE001  a mistake of ours: the sender has to come again, and somebody has to hear of it
            receipt = Receipt(reply(503), "not-saved", trouble=type(error).__name__)
        self._heard(name, receipt)
        return receipt.reply

    def refuse(self, path: str, status: int) -> RawReply:
        """A request whose body is not read: a platform whose deliveries never get through must not go unnoticed."""
        name = self._name(path)
        if name is not None and status in UNREADABLE:
            self._heard(name, Receipt(reply(status), UNREADABLE[status]))
        return reply(status)

    def _name(self, path: str) -> str | None:
        found = None
        for known, name in self._paths.items():
            if hmac.compare_digest(known.encode(), path.encode()):
                found = name
        return found

    def _health(self) -> RawReply:
        good, last = self._healthy()
        return reply(200 if good else 503, json.dumps({"ok": good, "last_run": last and last.isoformat()}).encode())
