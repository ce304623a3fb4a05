"""`deskweave apply [PLAN]`: the practice onto the platforms, after a look, a question, and a fresh look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit, worst
from deskweave.cli.plan import report_of
from deskweave.cli.session import Session, session_of
from deskweave.cli.trouble import failure_findings, judged, show_failures, show_findings

if TYPE_CHECKING:
    from deskweave.configure import ApplyReport, Plan
    from deskweave.configure.apply import Progress
    from deskweave.workspace import Failure, Workspace


def apply(
    ctx: typer.Context,
    plan: Annotated[Path | None, typer.Argument(help="apply-arg-plan", metavar="PLAN")] = None,
    only: Annotated[list[str] | None, typer.Option("--only", help="plan-opt-only", metavar="PATH")] = None,
    connection: Annotated[list[str] | None, typer.Option("--connection", help="opt-connection", metavar="NAME")] = None,
    ours: Annotated[list[str] | None, typer.Option("--ours", help="apply-opt-ours", metavar="PATH")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="opt-yes")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace(must_choose=True)
    from deskweave.workspace.configuring import narrowed, require_known

    say, screen = session.say, session.screen
    if not space.folder.connections:
        screen.warn(say("no-connections"))
        return Exit.INPUT
    failures: list[Failure] = []
    made: Plan
    if plan is not None:
        from deskweave.configure import read_plan

        made = read_plan(plan)
    else:
        _may_write_somewhere(space, connection)
        for entry in space.folder.connections.values():
            session.life(f"{say('sync-read')}  {entry.name}  {entry.address}")
        made, failures = space.plan(connection, ours or ())
    for name in connection or ():
        space.check_settings(name)  # refuses a name that is none
    require_known(space, [*(only or ()), *(ours or ())], made.steps)
    made = narrowed(made, only or (), connection or ())
    if space.folder.protected and plan is None:
        from deskweave.workspace import Stopped

        name = space.folder.environment
        if not session.terminal or yes:
            message = f"environment {name} is protected: make a plan, look at it, then apply the plan"
            raise Stopped("protected", message, next=f"deskweave plan --env {name} -o {name}.plan", values={"environment": name})
    if session.options.format == "text" and not yes:
        report_of(session, made, failures).text()
    if not made.writing:
        codes = [Exit.DONE, *(judged(failure.error)[0] for failure in failures)]
        if any(part.failed is not None for part in made.connections):
            codes.append(Exit.FAILED)
        return session.finish(Report(command="apply", text=lambda: screen.say(say("apply-nothing")), exit=worst(codes)))
    if not _agreed(session, space, yes, plan is not None):
        screen.say(say("apply-not"))
        return Exit.STOPPED
    report = space.apply(made, _progress(session))
    return session.finish(_report(session, report, failures))


def _may_write_somewhere(space: Workspace, names: list[str] | None) -> None:
    """A folder in which nothing may be written is told so before anything is read."""
    entries = [entry for name, entry in space.folder.connections.items() if not names or name in names]
    if entries and all(entry.access != "write" for entry in entries):
        from deskweave.workspace.connecting import read_only

        raise read_only(entries[0])


def _agreed(session: Session, space: Workspace, yes: bool, saved: bool) -> bool:
    """A protected environment wants its name typed, or a saved plan with `--yes`; any other one a yes."""
    say, name = session.say, space.folder.environment
    if yes and (saved or not space.folder.protected):
        return True
    if not session.terminal:
        session.screen.warn(
            say(
                "needs-yes",
                command=session.onward("deskweave apply --yes" if not space.folder.protected else "deskweave apply PLAN --yes"),
            )
        )
        return False
    if space.folder.protected:
        return session.ask(say("apply-ask-name", name=name)) == name
    return session.agrees(say("apply-ask", folder=space.folder.id, name=name))


def _progress(session: Session) -> Any:
    def told(step: Progress) -> None:
        result = step.result
        session.screen.note(
            f"  {step.done}/{step.total}  {result.step.mark.value} {step.connection}  {result.step.key.path}  "
            f"{session.say('apply-' + result.state)}",
            hang=8,
        )

    return told


def _report(session: Session, report: ApplyReport, failures: list[Failure]) -> Report:
    say, screen = session.say, session.screen
    bad = [result for result in report.results if result.state != "done"]
    rights = [result for result in bad if result.missing_right]
    codes = [Exit.DONE, *(judged(failure.error)[0] for failure in failures)]
    if any(result.state in ("failed", "unknown") and not result.missing_right for result in bad):
        codes.append(Exit.FAILED)
    counts = report.after.counts()
    if any(part.failed is not None for part in report.after.connections):
        codes.append(Exit.FAILED)
    if rights or counts["blocked"] or counts["both"]:
        codes.append(Exit.PERSON)

    def text() -> None:
        for result in bad[:20]:
            screen.say(f"{result.step.connection}  {result.step.key}  {say('apply-' + result.state)}  {result.message}", hang=4)
        show_failures(session, failures)
        show_findings(session, report.findings)
        screen.say(
            say(
                "apply-sum",
                done=report.count("done"),
                failed=report.count("failed") + report.count("unknown"),
                skipped=report.count("skipped"),
            )
        )
        unread = [part for part in report.after.connections if part.failed is not None]
        for part in unread:
            screen.say(f"{part.connection}  {say('failed')}  {part.failed}", hang=4)
        if not unread:
            screen.say(say("apply-again-nothing") if report.after.is_empty else say("apply-again", n=len(report.after.writing)))
        if counts["by_hand"]:
            screen.say(session.onward(say("apply-by-hand", n=counts["by_hand"])))
        session.next("deskweave plan" if bad or unread or not report.after.is_empty else "deskweave sync --plan")

    return Report(
        command="apply",
        text=text,
        summary={
            "done": report.count("done"),
            "failed": report.count("failed"),
            "skipped": report.count("skipped"),
            "unknown": report.count("unknown"),
            "still_to_do": len(report.after.writing),
            "by_hand": counts["by_hand"],
            "retry_at": report.retry_at,
        },
        items=[
            {
                "connection": result.step.connection,
                "element": str(result.step.key),
                "mark": result.step.mark.value,
                "state": result.state,
                "message": result.message,
                "missing_right": result.missing_right,
            }
            for result in report.results
        ],
        findings=[*report.findings, *failure_findings(failures)],
        exit=worst(codes),
    )
