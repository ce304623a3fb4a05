"""`deskweave resume NAME`: a connection that a person holds goes on."""

from __future__ import annotations

from typing import Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.session import session_of


def resume(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="trust-arg-name", metavar="NAME")],
) -> int:
    session = session_of(ctx)
    space = session.workspace(must_choose=True)
    space.entry(name)
    from deskweave.store.streams import held_connections, hold_connection

    was = None
    if space.has_store:
        with space.store.write() as tx:
            was = held_connections(tx).get(name)
            if was is not None:
                hold_connection(tx, name, None)

    def text() -> None:
        session.heading()
        session.screen.say(session.say("resume-done" if was is not None else "resume-not-held", name=name))
        session.next("deskweave sync")

    return session.finish(
        Report(
            command="resume",
            text=text,
            summary={
                "connection": name,
                "was_held": was is not None,
                "held_by": was.by if was else None,
                "held_at": was.at if was else None,
            },
        )
    )
