"""`deskweave pause NAME`: a person holds a connection; `sync` neither reads nor writes it until `resume`."""

from __future__ import annotations

from typing import Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import session_of, somebody


def pause(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="trust-arg-name", metavar="NAME")],
    why: Annotated[str | None, typer.Option("--why", help="pause-opt-why", metavar="TEXT")] = None,
    by: Annotated[str | None, typer.Option("--by", help="opt-by", metavar="NAME")] = None,
) -> int:
    session = session_of(ctx)
    space = session.workspace(must_choose=True)
    space.entry(name)
    from deskweave.store.streams import Held, hold_connection

    held = Held(by=by or somebody(), at=space.now(), why=" ".join((why or "").split()) or None)
    with space.store.write() as tx:
        hold_connection(tx, name, held)

    def text() -> None:
        session.heading()
        session.screen.say(session.say("pause-done", name=name))
        session.next(f"deskweave resume {name}")

    return session.finish(
        Report(
            command="pause",
            text=text,
            summary={"connection": name, "held_by": held.by, "held_at": held.at, "held_why": held.why},
            exit=Exit.DONE,
        )
    )
