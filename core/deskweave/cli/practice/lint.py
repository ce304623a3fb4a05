"""`deskweave practice lint`: what is wrong in the files, what hardly makes sense. Exit 2 on errors; warnings and notes are 0."""

from __future__ import annotations

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import Session, session_of
from deskweave.cli.trouble import mend, sentence, show_findings, where, why
from deskweave.findings import Finding, Severity
from deskweave.model import Json


def lint(ctx: typer.Context) -> int:
    session = session_of(ctx)
    space = session.workspace()
    findings = space.lint()
    errors = sum(one.severity is Severity.ERROR for one in findings)
    warnings = sum(one.severity is Severity.WARNING for one in findings)
    files = space.files_read()
    say = session.say

    def text() -> None:
        session.heading()
        show_findings(session, findings, reasons=True)
        session.screen.say(say("lint-sum", errors=errors, warnings=warnings, files=files))
        session.next(
            "deskweave practice lint" if errors else "deskweave check" if space.folder.connections else "deskweave practice show"
        )

    return session.finish(
        Report(
            command="practice lint",
            text=text,
            summary={"errors": errors, "warnings": warnings, "notes": len(findings) - errors - warnings, "files": files},
            items=[_item(session, one) for one in findings],
            findings=findings if session.options.format == "json" else (),  # elsewhere they are the rows
            exit=Exit.INPUT if errors else Exit.DONE,
        )
    )


def _item(session: Session, finding: Finding) -> dict[str, Json]:
    """A finding as a row, for JSON and CSV."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "place": where(finding.place),
        "message": sentence(session, finding),
        "why": why(session, finding),
        "mend": mend(session, finding),
    }
