"""`deskweave practice export KIND FILE`: a part of the practice as a spreadsheet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.practice.import_ import known
from deskweave.cli.session import session_of


def export(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help="table-arg-kind", metavar="KIND")],
    file: Annotated[Path | None, typer.Argument(help="table-arg-file", metavar="FILE")] = None,
    encoding: Annotated[str, typer.Option("--encoding", help="table-opt-encoding", metavar="utf-8|gbk")] = "utf-8",
    per_system: Annotated[bool, typer.Option("--per-system", help="table-opt-per-system")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="table-opt-yes")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace()
    from deskweave.workspace import spreadsheets

    say, screen, practice = session.say, session.screen, space.practice
    if not known(session, kind):
        return Exit.INPUT
    if encoding not in ("utf-8", "gbk"):
        screen.warn(say("option-value", option="--encoding", value=encoding, allowed="utf-8, gbk"))
        return Exit.INPUT
    path = file or session.options.output or Path(f"{kind}.xlsx")
    if path.suffix.lower() not in (".xlsx", ".csv"):
        screen.warn(say("table-suffix", file=str(path)))
        return Exit.INPUT
    session.options.output = None  # it names the spreadsheet, not the answer
    made = spreadsheets.export(
        space.folder, practice, kind, reader=say.language, file=path, gbk=encoding == "gbk", per_system=per_system
    )
    same = path.exists() and path.read_bytes() == made.data
    if path.exists() and not same and not yes:
        if not session.terminal:
            screen.warn(say("table-there", file=str(path)))
            return Exit.INPUT
        if not session.agrees(say("table-ask", file=str(path))):
            screen.say(say("nothing-changed"))
            return Exit.STOPPED
    path.write_bytes(made.data)

    def text() -> None:
        session.heading()
        screen.say(say("table-done", n=made.rows, file=str(path)), hang=2)
        for name in made.empty:
            screen.say("  " + say("table-empty", name=name), hang=4)
        session.next(f"deskweave practice import {path}")

    return session.finish(
        Report(
            command="practice export",
            text=text,
            summary={"kind": kind, "file": str(path), "rows": made.rows, "left_out": list(made.empty)},
        )
    )
