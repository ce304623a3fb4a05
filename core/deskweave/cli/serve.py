"""`deskweave serve`: takes deliveries and keeps inquiries in step, until it is stopped."""

from __future__ import annotations

import json
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deskweave.cli.exits import Exit
from deskweave.cli.session import Session, session_of

if TYPE_CHECKING:
    from deskweave.web import Ran
    from deskweave.workspace import Workspace
    from deskweave.workspace.receiving import Receipt


@dataclass(slots=True)
class Bell:
    """What wakes a process that waits: something was delivered, or somebody wants it to stop.

    A signal may ring it in the middle of a wait of the same thread; an event or a condition would lock up.
    """

    now: Callable[[], datetime]
    rung: queue.SimpleQueue[None] = field(default_factory=queue.SimpleQueue)
    ended: bool = False

    def ring(self) -> None:
        self.rung.put(None)

    def end(self) -> None:
        self.ended = True
        self.ring()

    def wait(self, until: datetime) -> bool:
        """Until an instant, a ring or the end; False: it is the end."""
        if not self.ended:
            with suppress(queue.Empty):
                self.rung.get(timeout=max(0.0, (until - self.now()).total_seconds()))
                while True:
                    self.rung.get_nowait()
        return not self.ended


#: set by whoever wants to hold the bell of a running `serve` in his own hands
bells: list[Bell] = []


def serve(
    ctx: typer.Context,
    listen: Annotated[str | None, typer.Option("--listen", help="serve-opt-listen", metavar="HOST:PORT")] = None,
    addresses: Annotated[bool, typer.Option("--addresses", help="serve-opt-addresses")] = False,
) -> int:
    session = session_of(ctx)
    say, screen = session.say, session.screen
    space = session.workspace(must_choose=True)
    from deskweave.store import Store
    from deskweave.web import Hooks, HookServer, Service
    from deskweave.workspace.folder import address_of
    from deskweave.workspace.receiving import Receiving, alone, hook_secret

    where = address_of(listen) if listen is not None else space.folder.listen
    if where is None:
        screen.warn(say("option-value", option="--listen", value=listen, allowed="127.0.0.1:8080, :8080, [::1]:8080"))
        return Exit.INPUT
    space.require_sound()
    secret = hook_secret(space.folder.state_folder)
    store = Store.open(space.folder.store_path, now=space.now)
    receiving = Receiving(space, store=store)
    try:
        if addresses:
            return _addresses(session, space, receiving, secret)
        for name, error in receiving.closed.items():
            screen.warn(say("serve-closed", connection=name, why=str(error)), hang=4)
        bell = Bell(session.now)
        bells.append(bell)
        service = Service(space, every=space.folder.every, wait=bell.wait, told=lambda ran: _told(session, ran))

        def heard(connection: str, receipt: Receipt) -> None:
            if receipt.outcome in ("kept", "unread"):
                service.ring()
                bell.ring()
            _heard(session, connection, receipt)

        hooks = Hooks(receiving, secret, now=space.now, healthy=service.healthy, heard=heard)
        with alone(space), _listening(HookServer, hooks, where) as server, _signals(session, bell):
            _begun(session, _shown(where[0], server.port), receiving.names, space)
            service.run()
        session.screen.note(say("serve-stopped"))
        return Exit.DONE
    finally:
        receiving.close()
        store.close()


def _begun(session: Session, address: str, names: Sequence[str], space: Workspace) -> None:
    """The first lines; nothing but runs stands on standard output where a program reads it."""
    if session.options.format == "json":
        return
    say, screen = session.say, session.screen
    session.heading(say("serve-listening", address=address))
    screen.say(say("serve-takes", names=", ".join(names)) if names else say("serve-takes-none"), hang=2)
    screen.say(say("serve-every", seconds=round(space.folder.every.total_seconds())), hang=2)
    screen.out.flush()


def _shown(host: str, port: int) -> str:
    """An address as it is typed."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@contextmanager
def _listening(make: Any, hooks: Any, where: tuple[str, int]) -> Iterator[Any]:
    from deskweave.workspace import Stopped

    try:
        server = make(hooks, *where)
    except (OSError, UnicodeError) as error:
        address, why = _shown(*where), str(getattr(error, "strerror", None) or error)
        raise Stopped(
            "cannot-listen",
            f"nothing can listen at {address}: {why}",
            values={"address": address, "why": why},
            next="deskweave serve --listen 127.0.0.1:0",
        ) from error
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def _signals(session: Session, bell: Bell) -> Iterator[None]:
    """The first signal ends it after the run in hand; a second Ctrl-C cuts, and that is safe too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _frame: object) -> None:
        if bell.ended and number == signal.SIGINT:
            raise KeyboardInterrupt
        bell.end()
        with suppress(RuntimeError):  # it came in the middle of another line
            session.screen.note(session.say("serve-stopping"))

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _addresses(session: Session, space: Workspace, receiving: Any, secret: str) -> int:
    """Where each platform has to send to; whoever knows it can send, so it is shown only when asked for."""
    from deskweave.cli.answer import Report
    from deskweave.workspace.receiving import hook_path

    base = (space.folder.public_url or "").rstrip("/")
    rows = [(name, f"{base}{hook_path(name, secret)}") for name in receiving.names]

    def text() -> None:
        session.heading()
        for name, address in rows:
            session.screen.say(f"  {name}  {address}", hang=4)
        session.screen.say(session.say("serve-addresses" if rows else "serve-takes-none"), hang=2)
        if rows and not base:
            session.screen.say(session.say("serve-no-public-url"), hang=2)

    items = [{"connection": name, "address": address} for name, address in rows]
    return session.finish(Report(command="serve", text=text, summary={"addresses": len(rows)}, items=items))


def _heard(session: Session, connection: str, receipt: Receipt) -> None:
    """What a person should know of a delivery: nothing of what was sent."""
    if receipt.outcome in ("unread", "not-saved", "refused", "too-large", "no-length"):
        line = session.say(f"serve-{receipt.outcome}", connection=connection, trouble=receipt.trouble)
        session.screen.warn(f"{session.moment(session.now())}  {line}", hang=4)


def _told(session: Session, ran: Ran) -> None:
    """One line a run, where there is something to say."""
    from deskweave.cli.trouble import tell

    say, report = session.say, ran.report
    if session.options.format == "json":
        session.screen.raw(json.dumps(_line(ran), ensure_ascii=False, default=str) + "\n")
        session.screen.out.flush()
        return
    if report is None:
        assert ran.error is not None
        session.screen.warn(f"{session.moment(ran.at)}  {say('serve-run-failed')}", hang=4)
        tell(session, ran.error)
        return
    received = sum(part.received for part in report.connections.values())
    waiting = len(report.conflicts) + len(report.parked) + len(report.gone) + len(report.deliveries)
    if received or report.inquiries_touched or report.written or waiting:
        line = say("serve-ran", received=received, touched=report.inquiries_touched, written=report.written, waiting=waiting)
        session.screen.say(f"{session.moment(ran.at)}  {line}", hang=4)
    for part in report.connections.values():
        if part.paused is not None:
            session.screen.warn(f"{session.moment(ran.at)}  {part.name}  {say('failed')}  {part.paused}", hang=4)
    for failure in ran.failures:
        session.screen.warn(f"{session.moment(ran.at)}  {failure.connection}  {say('failed')}  {failure.error}", hang=4)
    session.screen.out.flush()


def _line(ran: Ran) -> dict[str, Any]:
    report = ran.report
    if report is None:
        return {"at": ran.at.isoformat(), "error": f"{type(ran.error).__name__}: {ran.error}"}
    return {
        "at": ran.at.isoformat(),
        "received": sum(part.received for part in report.connections.values()),
        "touched": report.inquiries_touched,
        "written": report.written,
        "conflicts": len(report.conflicts),
        "parked": len(report.parked),
        "gone": len(report.gone),
        "deliveries": len(report.deliveries),
        "paused": {part.name: part.paused for part in report.connections.values() if part.paused is not None},
        "failures": {failure.connection: str(failure.error) for failure in ran.failures},
    }
