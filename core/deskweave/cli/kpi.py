"""`deskweave kpi`: the desk's figures for a period, beside the period before; and what is behind one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import Session, session_of
from deskweave.cli.trouble import show_findings
from deskweave.cli.width import pad

if TYPE_CHECKING:
    from deskweave.findings import Finding
    from deskweave.measure import FactTable, Period, Result
    from deskweave.measure.facts import Problem
    from deskweave.model import Grain, InquiryId
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


def periods_of(session: Session, stated: str | None) -> list[Period] | None:
    """The period asked for, or each of a row of them: 2026-01..2026-06. None after a complaint."""
    from deskweave.measure import parse_periods

    try:
        found = parse_periods(stated or "")
    except ValueError as error:
        if stated is not None and ".." in stated:
            session.screen.warn(str(error))
            return None
        found = []
    if len(found) > 1:
        return found
    one = period_of(session, stated)
    return None if one is None else [one]


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
    period: Annotated[str | None, typer.Option("--period", help="kpi-opt-periods", metavar="2026-11")] = None,
    by: Annotated[list[str] | None, typer.Option("--by", help="kpi-opt-by", metavar="FIELD")] = None,
    quality: Annotated[bool, typer.Option("--quality", help="kpi-opt-quality")] = False,
    as_of: Annotated[str | None, typer.Option("--as-of", help="kpi-opt-as-of", metavar="MOMENT")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="kpi-opt-yes")] = False,
    against: Annotated[str | None, typer.Option("--against", help="kpi-opt-against", metavar="FILE|VALUE")] = None,
    engine: Annotated[str, typer.Option("--engine", help="kpi-opt-engine", metavar="ENGINE")] = "duckdb",
    sql: Annotated[str | None, typer.Option("--sql", help="kpi-opt-sql", metavar="ENGINE")] = None,
) -> int:
    session = session_of(ctx)
    space = session.workspace(must_choose=yes)
    if not _computes(session, engine):
        return Exit.INPUT
    wanted = periods_of(session, period)
    if wanted is None:
        return Exit.INPUT
    then = moment_of(session, as_of) if as_of is not None else None
    if as_of is not None and then is None:
        return Exit.INPUT
    verb = metric[0] if metric else ""
    if verb in ("explain", "quality", "restate") and (sql is not None or engine != "duckdb"):
        session.screen.warn(session.say("kpi-here-only", what=verb))
        return Exit.INPUT
    if len(wanted) > 1 and verb in ("explain", "quality", "restate"):
        session.screen.warn(session.say("kpi-one-period", what=verb))
        return Exit.INPUT
    if against is not None:
        from deskweave.cli.against import against as beside

        if verb != "explain":
            session.screen.warn(session.say("against-explain"))
            return Exit.INPUT
        return beside(session, wanted[0], metric[1:] if metric else [], by or [], then, against)
    if verb in ("explain", "quality"):
        from deskweave.cli.quality import quality as wrong_with
        from deskweave.cli.reasons import explain

        if verb == "quality":
            return wrong_with(session, wanted[0], metric[1:] if metric else [], then)
        return explain(session, wanted[0], metric[1:] if metric else [], by or [], then)
    if verb == "restate":
        from deskweave.cli.restating import restate

        if by or then is not None:
            session.screen.warn(session.say("restate-whole"))
            return Exit.INPUT
        return restate(session, None if period is None else wanted[0], metric[1:] if metric else [], yes)
    practice = space.practice
    for word in metric or ():
        if not known(session, word, list(practice.metrics), "metric"):
            return Exit.INPUT
    for word in by or ():
        fields = [str(name) for record in (practice.fields, *practice.records.values()) for name in record]
        if not known(session, word, list(dict.fromkeys(fields)), "field"):
            return Exit.INPUT
    if sql is not None:
        from deskweave.cli.statements import statements

        return statements(session, sql, wanted, metric, by or [], then)
    if not space.has_store:
        session.screen.warn(session.say("home-no-store"))
        session.screen.warn("  " + session.onward("deskweave sync"))
        session.screen.warn("  " + session.onward("deskweave import-log FILE"))
        return Exit.INPUT
    return table(session, wanted, metric, by or [], quality, then, engine)


def _computes(session: Session, engine: str) -> bool:
    """Whether figures are computed on an engine from here; else it is said what can be done with it."""
    if engine in ("duckdb", "postgres"):
        return True
    from deskweave.measure.dialect import dialect_of

    dialect_of(engine)  # says why another is refused
    session.screen.warn(session.say("kpi-engine-sql", engine=engine))
    return False


@contextmanager
def asked_where(session: Session, facts: FactTable, engine: str, then: datetime | None) -> Iterator[FactTable]:
    """The facts on the engine that is to answer."""
    if engine != "postgres":
        yield facts
        return
    from deskweave.workspace.measuring import in_postgres

    with in_postgres(session.workspace(), facts, then) as there:
        yield there


def table(
    session: Session,
    wanted: list[Period],
    metrics: list[str] | None,
    by: list[str],
    quality: bool,
    then: datetime | None,
    engine: str = "duckdb",
) -> Exit:
    """The figures: beside the period before, broken down with their totals, or period by period."""
    from deskweave.cli.publishing import published_data, published_lines
    from deskweave.cli.restating import calendar_line, restated_lines, rules_line
    from deskweave.measure import Period, problems_of, quality_findings
    from deskweave.measure.export import csv_for_people, csv_raw, items
    from deskweave.measure.gathering import unsaid
    from deskweave.measure.text import heading, left_out, unsaid_lines
    from deskweave.measure.wording import word
    from deskweave.workspace.measuring import fact_table, moved_since

    space, say, screen = session.workspace(), session.say, session.screen
    practice = space.practice
    several = len(wanted) > 1
    span = Period(wanted[0].since, wanted[-1].until) if several else wanted[0]
    name = f"{wanted[0].id}..{wanted[-1].id}" if several else span.id
    asked = wanted if by or several else [span, span.previous]
    with fact_table(space, then) as facts, asked_where(session, facts, engine, then) as there:
        results = figures(session, there, asked, wanted, metrics, by, then)
        problems, of_records = problems_of(facts, span), record_problems(facts, span)
        valued = {one.metric for one in results if one.value is not None and one.period in wanted}
        silent = {metric: fields for metric, fields in unsaid(practice, facts, span).items() if metric in valued}
        # what rests on nothing that anybody says is shown, and not judged
        results = [
            replace(one, met=None, threshold=None) if one.metric in silent and one.period in wanted else one for one in results
        ]
        elsewhere = _month_with_data(facts, span)
        rules = rules_line(session, facts, span) if then is None else None
    restated = restated_lines(session, span, only=metrics) if then is None and not several else []
    calendar = calendar_line(session, span, problems)
    findings = [*quality_findings([*problems, *chain.from_iterable(of_records.values())]), *doubts_of_logs(space)]
    published = moved_since(space, span) if then is None and not several else None
    now = [one for one in results if one.period in wanted]
    if session.options.format in ("csv", "csv-raw"):
        raw = session.options.format == "csv-raw"
        session.put_csv(csv_raw(practice, now) if raw else csv_for_people(practice, now, say.language))
        return Exit.DONE

    def text() -> None:
        line = heading(practice, span, say.language, client=space.folder.id, environment=space.folder.environment)
        screen.say(line, hang=4)
        if then is not None:
            screen.say(say("kpi-as-of", moment=session.moment(then)), hang=4)
        screen.say()
        for one in _written(session, results, wanted, by).splitlines():
            screen.say(one)
        for place, line in enumerate(unsaid_lines(practice, silent, say.language, only=metrics)):
            if place == 0:
                screen.say()
            titled(session, word(say.language, "head:unsaid") if place == 0 else "", line)
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
        last = wanted[-1]
        onward = [f"deskweave kpi quality --period {last.id}"] if findings and not quality else []
        why = next((one.metric for one in results if one.period == last and one.met is False), None)
        onward += [f"deskweave kpi explain {why} --period {last.id}"] if why else []
        session.next(*onward, f"deskweave report --period {last.id} -o report.html")

    return session.finish(
        Report(
            command="kpi",
            text=text,
            summary={
                "period": name,
                "zone": practice.zone,
                "as_of": then,
                "engine": engine,
                "missed": sum(one.met is False for one in now),
                "earlier_rules": rules is not None,
                "past_known_days": calendar is not None,
                "unsaid": {name: list(fields) for name, fields in silent.items()},
                "left_out": len({one for one, _ in problems}),
                "published": None if published is None else published_data(session, *published),
            },
            items=items(practice, results),
            findings=findings,
        )
    )


def figures(
    session: Session,
    facts: FactTable,
    asked: list[Period],
    wanted: list[Period],
    metrics: list[str] | None,
    by: list[str],
    then: datetime | None,
) -> list[Result]:
    """What is shown: totals, or a breakdown with a sub-total for each field and the total; under totals a named metric's own."""
    from deskweave.measure import run

    space = session.workspace()
    practice, as_of = space.practice, then or space.now()
    results = run(practice, facts, asked, as_of, by=tuple(by), metrics=metrics, totals=totals_of(by))
    own = [] if by else [name for name in metrics or () if practice.metrics[name].by]
    if own:  # the total of all stands above already
        results += [one for one in run(practice, facts, wanted, as_of, metrics=own) if one.by]
    return results


def totals_of(by: list[str]) -> list[tuple[str, ...]]:
    """The totals that people expect under a breakdown: a sub-total for each field but the last, and the total."""
    return [tuple(by[:length]) for length in reversed(range(len(by)))]


def _written(session: Session, results: list[Result], wanted: list[Period], by: list[str]) -> str:
    """The figures as lines of text."""
    from deskweave.measure.text import breakdown, series, table

    practice, language = session.workspace().practice, session.say.language
    if len(wanted) > 1:
        return series(practice, results, wanted, language)
    broken = breakdown(practice, results, wanted[0], language)
    if by:
        return broken
    return "\n\n".join(one for one in (table(practice, results, wanted[0], language), broken) if one)


def _month_with_data(facts: FactTable, wanted: Period) -> str | None:
    """The newest month in which anything was registered, where nothing was in the period asked for."""
    from deskweave.measure.record_facts import MOMENTS

    if facts.columns.get("submitted_at_day") is None:
        return None
    days = {grain: f"{MOMENTS[grain]}_day" for grain in facts.others}
    if any(_rows_in(facts.others[grain], day, wanted) for grain, day in days.items()):
        return None
    (row,) = facts.query(
        "SELECT max(submitted_at_day) AS newest, count(*) FILTER (submitted_at_day >= $since AND submitted_at_day < $until) AS here"
        " FROM facts",
        {"since": wanted.since, "until": wanted.until},
    )
    return None if row["here"] or row["newest"] is None else f"{row['newest']:%Y-%m}"


def _rows_in(table: FactTable, day: str, wanted: Period) -> int:
    if table.columns.get(day) is None:
        return 0
    sql = f'SELECT count(*) AS n FROM facts WHERE "{day}" >= $since AND "{day}" < $until'  # a column of the checked practice
    return int(table.query(sql, {"since": wanted.since, "until": wanted.until})[0]["n"])


def record_problems(facts: FactTable, wanted: Period) -> dict[Grain, list[tuple[InquiryId, Problem]]]:
    """What is wrong with the contacts and answers of a period, each by what it is called."""
    from deskweave.measure import problems_of
    from deskweave.measure.record_facts import MOMENTS

    return {grain: problems_of(table, wanted, f"{MOMENTS[grain]}_day") for grain, table in facts.others.items()}


def doubts_of_logs(space: Workspace) -> list[Finding]:
    """What was doubtful in the rows of imported logs, whatever the period: some of it is the reason why a row is in none."""
    if not (space.folder.state_folder / "logs").is_dir():
        return []
    from deskweave.workspace.known_logs import log_findings

    return log_findings(space)
