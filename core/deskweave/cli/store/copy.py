"""`deskweave store copy --to PATH`: the store in another place, for a folder that moves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import session_of
from deskweave.workspace.folder import is_address


def copy(ctx: typer.Context, to: Annotated[str, typer.Option("--to", help="store-opt-to", metavar="PATH")]) -> int:
    session = session_of(ctx)
    if is_address(to):
        shown = to.partition("://")[0] + "://"  # what stands behind it may be a password
        session.screen.warn(session.say("option-value", option="--to", value=shown, allowed="PATH, sqlite:PATH"))
        return Exit.INPUT
    space = session.workspace(must_choose=True)
    from deskweave.workspace.keeping import copy as write

    written = write(space, Path(to.removeprefix("sqlite:")))

    def text() -> None:
        session.heading()
        session.screen.say(session.say("store-copied", file=str(written), here=str(space.folder.store_path)))

    return session.finish(
        Report(command="store copy", text=text, summary={"file": str(written), "from": str(space.folder.store_path)})
    )
