"""Taking deliveries: verified by their connector, saved, and only then answered. Nothing is worked on here: `sync` does that later.

What a sender is told: 2xx when the delivery is on the disk (or was before), so that the platform stops repeating it; 401 when the
connector takes it for forged, without a word about why; 413 when it is too large; 503 when it could not be saved, so that the
platform comes again. A connector that falls over a delivery does not lose it: the request is kept as it came and answered with 200,
for the same connector would fall over it again; a later run reads it, or a replay after the connector has been mended.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import sqlalchemy as sa

from deskweave.connector import Delivery, RawReply, RawRequest
from deskweave.errors import DeskweaveError, PluginError, Rejected, RemoteError
from deskweave.model import ConnectionName
from deskweave.store.inbox import (
    Content,
    Kept,
    content_id,
    finish,
    keep_content,
    reopen,
    request_of,
    save_delivery,
    unread_id,
    unread_load,
)
from deskweave.store.lease import InUse, Lease
from deskweave.workspace.stop import Stopped

if TYPE_CHECKING:
    from deskweave.connector import Connection, WebhookReceiver
    from deskweave.store import Store
    from deskweave.workspace.workspace import Workspace

LIMIT: Final = 1024 * 1024  #: bytes of a body
TURN: Final = 10.0  #: seconds a delivery waits for its connector to be done with the one before
UNREAD_MOST: Final = 1000  #: a connection's deliveries nobody could read: whoever knows the address could send more and more ...
UNREAD_BYTES: Final = 64 * LIMIT  #: ... and larger ones

Outcome = Literal["kept", "known", "handshake", "unread", "refused", "too-large", "no-length", "not-saved"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender is answered, and what became of the delivery. `id`: of the row in the inbox."""

    reply: RawReply
    outcome: Outcome
    id: str | None = None
    trouble: str = ""  #: the kind of error a connector fell over; never what was sent


def reply(status: int, body: bytes = b"") -> RawReply:
    """An answer of our own: it says nothing."""
    return RawReply(status, {"content-type": "application/json"} if body else {}, body)


def receive(store: Store, connection: str, receiver: WebhookReceiver, request: RawRequest) -> Receipt:
    """Verify and read one delivery, save it, and say what to answer. In this order, or a crash would lose what was answered.

    Args:
        store: where it is kept. The lease is not asked for: an insert into the inbox disturbs no run.
        connection: whose it is.
        receiver: of its connector.
        request: as it came in.
    """
    if len(request.body) > LIMIT:
        return Receipt(reply(413), "too-large")
    try:
        delivery = receiver.receive(request)
        if not isinstance(delivery, Delivery):
            return _unread(store, connection, request, type(delivery).__name__)
        content = Content.of(delivery)
        if delivery.delivery_id is None and not content:
            return Receipt(_fit(delivery.reply), "handshake")
        identifier = delivery.delivery_id or content_id(request)
        with store.write() as tx:
            fresh = save_delivery(tx, connection, identifier, request, content)
    except Rejected:
        return Receipt(reply(401), "refused")
    except sa.exc.SQLAlchemyError as error:
        return Receipt(reply(503), "not-saved", trouble=type(error).__name__)
    except Exception as error:  # noqa: BLE001  a stranger's code, and a stranger's words
        return _unread(store, connection, request, type(error).__name__)
    return Receipt(_fit(delivery.reply), "kept" if fresh else "known", identifier)


def _unread(store: Store, connection: str, request: RawRequest, trouble: str) -> Receipt:
    """Keep what the connector could not read. It may be forged, so there is an end to how many are kept."""
    identifier = unread_id(request)
    try:
        with store.write() as tx:
            count, size = unread_load(tx, connection)
            if count >= UNREAD_MOST or size >= UNREAD_BYTES:
                return Receipt(reply(503), "not-saved", trouble=trouble)
            save_delivery(tx, connection, identifier, request, None)
    except sa.exc.SQLAlchemyError as error:
        return Receipt(reply(503), "not-saved", trouble=type(error).__name__)
    return Receipt(reply(200, b"{}"), "unread", identifier, trouble)


def _fit(given: RawReply) -> RawReply:
    """A connector's reply as it can be sent; one that cannot says no more than that the delivery was taken."""
    try:
        headers = {str(name): str(value) for name, value in given.headers.items()}
        fits = 200 <= given.status <= 599 and isinstance(given.body, bytes)
        fits = fits and not any(mark in part for pair in headers.items() for part in pair for mark in "\r\n\0")
    except (AttributeError, TypeError, ValueError):
        fits = False
    return RawReply(given.status, headers, given.body) if fits else reply(200, b"{}")


# -------------------------------------------------------------------------------------------------------------- of a folder
class Receiving:
    """Everything in a folder that takes deliveries. Connectors are asked one at a time each; platforms are not asked at all."""

    def __init__(self, space: Workspace, only: Collection[str] | None = None, store: Store | None = None) -> None:
        """`only`: these connections; `store`: another handle on the folder's store, where runs go on in another thread."""
        self._store = store if store is not None else space.store
        self._opened: list[Connection] = []
        self._receivers: dict[str, tuple[WebhookReceiver, threading.Lock]] = {}
        self.closed: dict[str, DeskweaveError] = {}  #: could not be opened: what is sent to them has to be sent again
        for name in space.folder.connections:
            if only is not None and name not in only:
                continue
            try:
                connection = space.unasked(name)
            except (RemoteError, PluginError) as error:
                self.closed[name] = error
                continue
            self._opened.append(connection)
            receiver = connection.webhooks
            if receiver is not None:
                self._receivers[name] = receiver, threading.Lock()

    @property
    def names(self) -> Sequence[str]:
        """Connections that take deliveries."""
        return list(self._receivers)

    def receive(self, connection: str, request: RawRequest) -> Receipt:
        """One delivery to one of `names`, or of `closed`."""
        if connection in self.closed:
            return Receipt(reply(503), "not-saved", trouble=type(self.closed[connection]).__name__)
        receiver, alone = self._receivers[connection]
        if not alone.acquire(timeout=TURN):  # it hangs over another delivery: others shall not run out of threads for it
            return Receipt(reply(503), "not-saved", trouble="TimeoutError")
        try:
            return receive(self._store, connection, receiver, request)
        finally:
            alone.release()

    def replay(self, deliveries: Sequence[Kept]) -> Mapping[str, list[Kept]]:
        """Have deliveries worked on again by the next run, read anew by the connector as it is now.

        Returns:
            `again`: those; `earlier`: those the connector does not read now (its key may be another one), with what was read
            when they came; `unread`: those it has never read.
        """
        told: dict[str, list[Kept]] = {"again": [], "earlier": [], "unread": []}
        for one in deliveries:
            read = self._read(one)
            with self._store.write() as tx:
                reopen(tx, one.connection, [one.id])
            told["again" if read else "earlier" if one.content is not None else "unread"].append(one)
        return told

    def _read(self, one: Kept) -> bool:
        """Whether the connector has read it anew."""
        if one.connection not in self._receivers:
            return False
        receiver, alone = self._receivers[one.connection]
        with self._store.read() as tx:
            request = request_of(tx, one.connection, one.id)
        try:
            with alone:
                content = Content.of(receiver.receive(request))
            with self._store.write() as tx:
                keep_content(tx, one.connection, one.id, content)
        except sa.exc.SQLAlchemyError:
            raise
        except Exception:  # noqa: BLE001  refused or fallen over: what was read when it came stands
            return False
        return True

    def close(self) -> None:
        """Let go of the connections."""
        for one in self._opened:
            one.close()
        self._opened.clear()


def drop(store: Store, deliveries: Sequence[Kept]) -> None:
    """A person has looked: nothing shall be made of these."""
    with store.write() as tx:
        for one in deliveries:
            finish(tx, one.connection, [one.id])


@contextmanager
def alone(space: Workspace) -> Iterator[None]:
    """Be the only process that serves this folder. Between two runs others may still take the store, as `conflicts` does.

    Raises:
        Stopped: another one does; it is named.
    """
    path = space.folder.store_path
    with ExitStack() as held:
        try:
            held.enter_context(Lease(path.with_name(f"{path.name}-serve")).hold(space.store, "serve", rows=False))
        except InUse as error:
            message = f"this folder is served by {error.by} already; one is enough, and two would run twice as often"
            raise Stopped("served-already", message, values=error.values) from None
        yield


# ------------------------------------------------------------------------------------------------------------------- address
def hook_secret(state_folder: Path) -> str:
    """The random part of every address deliveries are sent to: made once, readable by nobody else.

    Raises:
        Stopped: what stands in the file can be guessed, or in no address.
    """
    path = state_folder / "hooks.secret"
    if not path.exists():
        state_folder.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(24))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(made, path)
        except FileExistsError:
            pass  # another process was first
        except OSError:  # a file system without links
            made.replace(path)
        finally:
            made.unlink(missing_ok=True)
    with suppress(OSError):  # put back from a backup, anybody may be able to read it
        path.chmod(0o600)
    found = path.read_text(encoding="ascii", errors="replace").strip()
    if _SECRET.fullmatch(found) is None:
        raise Stopped(
            "hook-secret",
            f"{path} holds no secret that could stand in an address: at least 24 letters, digits, - and _. Delete it; the next "
            "start makes another one, and the addresses have to be entered anew.",
            values={"file": str(path)},
            next="deskweave serve --addresses",
        )
    return found


_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{24,}")


def hook_path(name: ConnectionName | str, secret: str) -> str:
    """Where the deliveries of a connection are sent to, behind the public address."""
    return f"/hooks/{name}/{secret}"
