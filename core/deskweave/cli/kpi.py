"""`deskweave kpi`: the desk's figures for a period, beside the period before; and what is behind one of them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import Session, session_of
from deskweave.cli.trouble import show_findings
from deskweave.cli.width import pad

if TYPE_CHECKING:
    from deskweave.findings import Finding
    from deskweave.measure import FactTable, Period
    from deskweave.workspace import Workspace

HANG = 11  #: columns of a word in front of a sentence


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


def moment_of(session: Session, stated: str) -> datetime | None:
    """The moment of `--as-of`, on the folder's wall; a day means to its end. None after a complaint."""
    zone = session.zone
    try:
        if len(stated) == 10:
            found = datetime.combine(date.fromisoformat(stated) + timedelta(days=1), time(), zone) - timedelta(microseconds=1)
        else:
            found = datetime.fromisoformat(stated)
            found = found.replace(tzinfo=zone) if found.tzinfo is None else found
    except (ValueError, OverflowError):
        session.screen.warn(session.say("kpi-moment-bad", found=stated))
        return None
    if len(stated) == 10 and found > session.now() and found.date() == session.now().astimezone(zone).date():
        return session.now()  # today, as far as it has come
    if found > session.now():
        session.screen.warn(session.say("kpi-moment-ahead", found=stated))
        return None
    return found


def known(session: Session, word: str, names: list[str], what: Literal["metric", "field"]) -> bool:
    """Whether a name is one of those; else the nearest is shown."""
    if word in names:
        return True
    from deskweave.documents import nearest

    session.screen.warn(session.say("no-such-metric", name=word) if what == "metric" else session.say("no-such-field", field=word))
    close = nearest(word, names)
    if close:
        session.screen.warn("  " + session.say("did-you-mean", word=close))
    return False


def titled(session: Session, head: str, text: str) -> None:
    """A line with a word in front."""
    session.screen.say(pad(head, HANG) + text, hang=HANG)


def kpi(
    ctx: typer.Context,
    metric: Annotated[list[str] | None, typer.Argument(help="kpi-arg-metric", metavar="[METRIC]")] = None,
    period: Annotated[str | None, typer.Option("--period", help="kpi-opt-period", metavar="2026-11")] = None,
    by: Annotated[list[str] | None, typer.Option("--by", help="kpi-opt-by", metavar="FIELD")] = None,
    quality: Annotated[bool, typer.Option("--quality", help="kpi-opt-quality")] = False,
    as_of: Annotated[str | None, typer.Option("--as-of", help="kpi-opt-as-of", metavar="MOMENT")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="kpi-opt-yes")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace(must_choose=yes)
    wanted = period_of(session, period)
    if wanted is None:
        return Exit.INPUT
    then = moment_of(session, as_of) if as_of is not None else None
    if as_of is not None and then is None:
        return Exit.INPUT
    verb = metric[0] if metric else ""
    if verb in ("explain", "quality"):
        from deskweave.cli import reasons

        if verb == "quality":
            return reasons.quality(session, wanted, metric[1:] if metric else [], then)
        return reasons.explain(session, wanted, metric[1:] if metric else [], by or [], then)
    if verb == "restate":
        from deskweave.cli.restating import restate

        if by or then is not None:
            session.screen.warn(session.say("restate-whole"))
            return Exit.INPUT
        return restate(session, None if period is None else wanted, metric[1:] if metric else [], yes)
    practice = space.practice
    for word in metric or ():
        if not known(session, word, list(practice.metrics), "metric"):
            return Exit.INPUT
    for word in by or ():
        if not known(session, word, [str(name) for name in practice.fields], "field"):
            return Exit.INPUT
    if not space.has_store:
        session.screen.warn(session.say("home-no-store"))
        session.screen.warn("  " + session.onward("deskweave sync"))
        session.screen.warn("  " + session.onward("deskweave import-log FILE"))
        return Exit.INPUT
    return table(session, wanted, metric, by or [], quality, then)


def table(session: Session, wanted: Period, metrics: list[str] | None, by: list[str], quality: bool, then: datetime | None) -> Exit:
    """The figures, as a table or broken down."""
    from deskweave.cli.publishing import published_data, published_lines
    from deskweave.cli.restating import calendar_line, restated_lines, rules_line
    from deskweave.measure import problems_of, quality_findings, run
    from deskweave.measure.export import csv_for_people, csv_raw, items
    from deskweave.measure.text import breakdown, heading, left_out
    from deskweave.measure.text import table as rows
    from deskweave.workspace.measuring import fact_table, moved_since

    space, say, screen = session.workspace(), session.say, session.screen
    practice = space.practice
    with fact_table(space, then) as facts:
        periods = [wanted] if by else [wanted, wanted.previous]
        results = run(practice, facts, periods, then or space.now(), by=tuple(by), metrics=metrics)
        problems = problems_of(facts, wanted)
        elsewhere = _month_with_data(facts, wanted)
        rules = rules_line(session, facts, wanted) if then is None else None
    restated = restated_lines(session, wanted, only=metrics) if then is None else []
    calendar = calendar_line(session, wanted, problems)
    findings = [*quality_findings(problems), *doubts_of_logs(space)]
    published = moved_since(space, wanted) if then is None else None
    missed = sum(one.met is False for one in results if one.period == wanted)
    if session.options.format in ("csv", "csv-raw"):
        now = [one for one in results if one.period == wanted]
        raw = session.options.format == "csv-raw"
        session.put_csv(csv_raw(practice, now) if raw else csv_for_people(practice, now, say.language))
        return Exit.DONE

    def text() -> None:
        line = heading(practice, wanted, say.language, client=space.folder.id, environment=space.folder.environment)
        screen.say(line, hang=4)
        if then is not None:
            screen.say(say("kpi-as-of", moment=session.moment(then)), hang=4)
        screen.say()
        made = breakdown(practice, results, wanted, say.language) if by else rows(practice, results, wanted, say.language)
        for one in made.splitlines():
            screen.say(one)
        said = left_out(problems, say.language)
        if said:
            screen.say()
            screen.say(said, hang=HANG)
        if rules is not None or restated or calendar:
            screen.say()
            if calendar:
                titled(session, say("kpi-head-calendar"), calendar)
            for place, one in enumerate([*([rules] if rules else []), *restated]):
                titled(session, say("kpi-head-rules") if place == 0 else "", one)
        if published is not None:
            screen.say()
            shown = None if metrics is None else set(metrics)
            first, *more = published_lines(session, *published, only=shown)
            titled(session, say("kpi-head-published"), first)
            for one in more:
                screen.say(" " * HANG + one, hang=HANG)
        if quality:
            screen.say()
            if not findings:
                screen.say(say("kpi-quality-none"))
            show_findings(session, findings)
        if elsewhere is not None:
            screen.say()
            screen.say(say("kpi-nothing-here", month=elsewhere), hang=4)
            session.next(f"deskweave kpi --period {elsewhere}")
            return
        onward = [f"deskweave kpi quality --period {wanted.id}"] if findings and not quality else []
        why = next((one.metric for one in results if one.period == wanted and one.met is False), None)
        onward += [f"deskweave kpi explain {why} --period {wanted.id}"] if why else []
        session.next(*onward, f"deskweave report --period {wanted.id} -o report.html")

    return session.finish(
        Report(
            command="kpi",
            text=text,
            summary={
                "period": wanted.id,
                "zone": practice.zone,
                "as_of": then,
                "missed": missed,
                "earlier_rules": rules is not None,
                "past_known_days": calendar is not None,
                "left_out": len({one for one, _ in problems}),
                "published": None if published is None else published_data(session, *published),
            },
            items=items(practice, results),
            findings=findings,
        )
    )


def _month_with_data(facts: FactTable, wanted: Period) -> str | None:
    """The newest month in which anything was registered, where nothing was in the period asked for."""
    if facts.columns.get("submitted_at_day") is None:
        return None
    (row,) = facts.query(
        "SELECT max(submitted_at_day) AS newest, count(*) FILTER (submitted_at_day >= $since AND submitted_at_day < $until) AS here"
        " FROM facts",
        {"since": wanted.since, "until": wanted.until},
    )
    return None if row["here"] or row["newest"] is None else f"{row['newest']:%Y-%m}"


def doubts_of_logs(space: Workspace) -> list[Finding]:
    """What was doubtful in the rows of imported logs, whatever the period: some of it is the reason why a row is in none."""
    if not (space.folder.state_folder / "logs").is_dir():
        return []
    from deskweave.workspace.importing import log_findings

    return log_findings(space)
