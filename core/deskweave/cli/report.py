"""`deskweave report -o report.html`: a period's figures as one page that opens offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.kpi import period_of
from deskweave.cli.session import session_of


def report(
    ctx: typer.Context,
    period: Annotated[str | None, typer.Option("--period", help="kpi-opt-period", metavar="2026-11")] = None,
    open: Annotated[bool, typer.Option("--open", help="report-opt-open")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace()
    say, screen = session.say, session.screen
    wanted = period_of(session, period)
    if wanted is None:
        return Exit.INPUT
    if not space.has_store:
        screen.warn(say("home-no-store"))
        screen.warn("  " + session.onward("deskweave sync"))
        return Exit.INPUT
    path = session.options.output or Path(f"report-{wanted.id.replace('..', '_')}.{say.language}.html")
    page = space.report(wanted, language=say.language)
    path.write_text(page, encoding="utf-8", newline="\n")
    if open:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())

    def text() -> None:
        session.heading(wanted.label(say.language))
        screen.say(say("report-written", file=str(path)), hang=4)
        session.next(f"deskweave kpi --period {wanted.id}")

    return session.finish(
        Report(command="report", text=text, summary={"period": wanted.id, "language": say.language, "file": str(path)})
    )
