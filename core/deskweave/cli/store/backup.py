"""`deskweave store backup FILE`: the store as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.session import session_of


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="store-arg-target", metavar="FILE")],
    yes: Annotated[bool, typer.Option("--yes", help="table-opt-yes")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace(must_choose=True)
    from deskweave.workspace.keeping import backup as write

    written = write(space, file, replace=yes)

    def text() -> None:
        session.heading()
        session.screen.say(session.say("written", file=str(written)))

    return session.finish(
        Report(command="store backup", text=text, summary={"file": str(written), "bytes": written.stat().st_size})
    )
