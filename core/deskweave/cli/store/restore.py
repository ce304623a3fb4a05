"""`deskweave store restore FILE`: a copy in the store's place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import session_of


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="store-arg-source", metavar="FILE")],
    yes: Annotated[bool, typer.Option("--yes", help="opt-yes")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace(must_choose=True)
    say = session.say
    if space.has_store and not yes:
        if not session.terminal:
            session.screen.warn(say("needs-yes", command=session.onward(f"deskweave store restore {file} --yes")))
            return Exit.INPUT
        if not session.agrees(say("store-restore-ask", file=str(file))):
            session.screen.say(say("trust-not"))
            return Exit.STOPPED
    from deskweave.workspace.keeping import restore as put_back

    done = put_back(space, file)

    def text() -> None:
        session.heading()
        session.screen.say(say("store-restored", file=str(file), epoch=done.install.epoch))
        if done.aside is not None:
            session.screen.say(say("store-aside", file=str(done.aside)))
        session.next("deskweave sync --plan")

    return session.finish(
        Report(
            command="store restore",
            text=text,
            summary={
                "install": done.install.id,
                "epoch": done.install.epoch,
                "aside": None if done.aside is None else str(done.aside),
            },
        )
    )
