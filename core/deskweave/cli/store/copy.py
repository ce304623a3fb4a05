"""`deskweave store copy --to PATH`: the store in another place, for a folder that moves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.session import session_of


def copy(ctx: typer.Context, to: Annotated[Path, typer.Option("--to", help="store-opt-to", metavar="PATH")]) -> int:
    session = session_of(ctx)
    space = session.workspace(must_choose=True)
    from deskweave.workspace.keeping import copy as write

    written = write(space, to)

    def text() -> None:
        session.heading()
        session.screen.say(session.say("store-copied", file=str(written), here=str(space.folder.store_path)))

    return session.finish(
        Report(command="store copy", text=text, summary={"file": str(written), "from": str(space.folder.store_path)})
    )
