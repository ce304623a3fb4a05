"""`deskweave practice lint`: what is wrong in the files."""

from __future__ import annotations

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import session_of
from deskweave.cli.trouble import show_findings
from deskweave.findings import Severity


def lint(ctx: typer.Context) -> int:
    session = session_of(ctx)
    space = session.workspace()
    findings = space.lint()
    errors = sum(one.severity is Severity.ERROR for one in findings)
    warnings = sum(one.severity is Severity.WARNING for one in findings)
    files = len({finding.place.source for finding in findings})
    say = session.say

    def text() -> None:
        session.heading()
        show_findings(session, findings)
        session.screen.say(say("lint-sum", errors=errors, warnings=warnings))
        session.next(
            "deskweave practice lint" if errors else "deskweave check" if space.folder.connections else "deskweave practice show"
        )

    return session.finish(
        Report(
            command="practice lint",
            text=text,
            summary={"errors": errors, "warnings": warnings, "files": files},
            findings=findings,
            exit=Exit.INPUT if errors else Exit.DONE,
        )
    )
