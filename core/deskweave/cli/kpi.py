"""`deskweave kpi`: the desk's figures for a period, beside the period before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import Session, session_of
from deskweave.cli.trouble import show_findings

if TYPE_CHECKING:
    from deskweave.measure import Period


def period_of(session: Session, stated: str | None) -> Period | None:
    """The period asked for; the last full month where none was. None after a complaint."""
    from deskweave.measure import parse_period, period_of

    if stated is None:
        return period_of(session.workspace().today, "month").previous
    try:
        return parse_period(stated)
    except ValueError as error:
        session.screen.warn(str(error))
        return None


def kpi(
    ctx: typer.Context,
    metric: Annotated[list[str] | None, typer.Argument(help="kpi-arg-metric", metavar="[METRIC]")] = None,
    period: Annotated[str | None, typer.Option("--period", help="kpi-opt-period", metavar="2026-11")] = None,
    by: Annotated[list[str] | None, typer.Option("--by", help="kpi-opt-by", metavar="FIELD")] = None,
    quality: Annotated[bool, typer.Option("--quality", help="kpi-opt-quality")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace()
    say, screen, practice = session.say, session.screen, space.practice
    wanted = period_of(session, period)
    if wanted is None:
        return Exit.INPUT
    wrong = [(one, list(practice.metrics)) for one in metric or () if one not in practice.metrics]
    wrong += [(one, [str(name) for name in practice.fields]) for one in by or () if one not in practice.fields]
    for word, known in wrong:
        from deskweave.documents import nearest

        screen.warn(say("no-such-metric", name=word) if word in (metric or ()) else say("no-such-field", field=word))
        close = nearest(word, known)
        if close:
            screen.warn("  " + say("did-you-mean", word=close))
        return Exit.INPUT
    if not space.has_store:
        screen.warn(say("home-no-store"))
        screen.warn("  " + session.onward("deskweave sync"))
        screen.warn("  " + session.onward("deskweave import-log FILE"))
        return Exit.INPUT
    from deskweave.measure import quality_findings
    from deskweave.measure.export import csv_for_people, csv_raw, items
    from deskweave.measure.text import breakdown, heading, left_out, table

    results = space.kpi([wanted] if by else [wanted, wanted.previous], by=tuple(by) if by else (), metrics=metric)
    problems = space.facts.problems()
    findings = quality_findings(problems)
    if (space.folder.state_folder / "logs").is_dir():
        from deskweave.workspace.importing import log_findings

        findings += log_findings(space)
    missed = sum(one.met is False for one in results if one.period == wanted)
    if session.options.format in ("csv", "csv-raw"):
        now = [one for one in results if one.period == wanted]
        raw = session.options.format == "csv-raw"
        session.put_csv(csv_raw(practice, now) if raw else csv_for_people(practice, now, say.language))
        return Exit.DONE

    def text() -> None:
        line = heading(practice, wanted, say.language, client=space.folder.id, environment=space.folder.environment)
        screen.say(line, hang=4)
        screen.say()
        lines = breakdown(practice, results, wanted, say.language) if by else table(practice, results, wanted, say.language)
        for one in lines.splitlines():
            screen.say(one)
        said = left_out(problems, say.language)
        if said:
            screen.say()
            screen.say(said, hang=11)
        if quality:
            screen.say()
            if not findings:
                screen.say(say("kpi-quality-none"))
            show_findings(session, findings)
        session.next(f"deskweave report --period {wanted.id} -o report.html")

    return session.finish(
        Report(
            command="kpi",
            text=text,
            summary={"period": wanted.id, "zone": practice.zone, "missed": missed, "left_out": len({one for one, _ in problems})},
            items=items(practice, results),
            findings=findings,
        )
    )
