"""`deskweave report -o report.html`: a period's figures as one page that opens offline; `--publish` freezes them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.kpi import moment_of, period_of
from deskweave.cli.language import LANGUAGES
from deskweave.cli.session import Session, session_of

if TYPE_CHECKING:
    from deskweave.measure import Period


def report(
    ctx: typer.Context,
    period: Annotated[str | None, typer.Option("--period", help="kpi-opt-period", metavar="2026-11")] = None,
    open: Annotated[bool, typer.Option("--open", help="report-opt-open")] = False,
    publish: Annotated[bool, typer.Option("--publish", help="report-opt-publish")] = False,
    as_of: Annotated[str | None, typer.Option("--as-of", help="kpi-opt-as-of", metavar="MOMENT")] = None,
) -> int:
    session = session_of(ctx)
    space = session.workspace(must_choose=publish)
    wanted = period_of(session, period)
    if wanted is None:
        return Exit.INPUT
    then = moment_of(session, as_of) if as_of is not None else None
    if as_of is not None and then is None:
        return Exit.INPUT
    if publish and then is not None:
        session.screen.warn(session.say("report-publish-now"))
        return Exit.INPUT
    if not space.has_store:
        session.screen.warn(session.say("home-no-store"))
        session.screen.warn("  " + session.onward("deskweave sync"))
        return Exit.INPUT
    return _published(session, wanted, open) if publish else _written(session, wanted, open, then)


def _written(session: Session, wanted: Period, open: bool, then: datetime | None) -> Exit:
    from deskweave.cli.publishing import published_data, published_lines
    from deskweave.cli.restating import calendar_line, restated_lines, rules_line
    from deskweave.measure import problems_of
    from deskweave.workspace.measuring import fact_table, moved_since

    space, say = session.workspace(), session.say
    path = session.options.output or Path(f"report-{wanted.id.replace('..', '_')}.{say.language}.html")
    published = moved_since(space, wanted) if then is None else None
    remarks: list[str] = []
    rules: list[str] = []
    if then is None:
        with fact_table(space) as facts:
            told = (calendar_line(session, wanted, problems_of(facts, wanted)), rules_line(session, facts, wanted))
        rules = [*(one for one in told if one is not None), *restated_lines(session, wanted)]
    if published is not None:
        remarks = published_lines(session, *published)
        remarks[0] = f"{say('kpi-head-published')}{'：' if say.language == 'zh' else ': '}{remarks[0]}"
    notes = (say("kpi-as-of", moment=session.moment(then)),) if then is not None else ()
    page = space.report(wanted, language=say.language, notes=notes, remarks=(*rules, *remarks), as_of=then)
    path.write_text(page, encoding="utf-8", newline="\n")
    _show(path, open)

    def text() -> None:
        session.heading(wanted.label(say.language))
        session.screen.say(say("report-written", file=str(path)), hang=4)
        for one in [*rules, *remarks]:
            session.screen.say(one, hang=4)
        session.next(f"deskweave kpi --period {wanted.id}")

    data = None if published is None else published_data(session, *published)
    summary = {"period": wanted.id, "language": say.language, "file": str(path), "as_of": then, "published": data}
    return session.finish(Report(command="report", text=text, summary=summary))


def _published(session: Session, wanted: Period, open: bool) -> Exit:
    """Freeze the figures. A period that is published stays: the same figures are fine, others stop here."""
    from deskweave.cli.publishing import published_data, published_lines
    from deskweave.workspace.measuring import publish

    space, say, screen = session.workspace(), session.say, session.screen
    if wanted.until > space.today:
        screen.warn(say("report-not-over", period=wanted.label(say.language), day=wanted.until.isoformat()))
        return Exit.INPUT
    languages: list[str] = [one for one in LANGUAGES if one in space.practice.languages] or [say.language]
    done = publish(space, wanted, languages)
    folder = done.folder.relative_to(space.folder.root).as_posix()
    when, stated = session.moment(done.published.as_of), done.published.environment
    elsewhere = stated != space.folder.environment
    stopped = elsewhere or bool(done.moved)
    page = done.folder / f"report.{say.language if say.language in languages else languages[0]}.html"
    if page.is_file():
        _show(page, open)

    def text() -> None:
        session.heading(wanted.label(say.language))
        if elsewhere:
            screen.say(say("report-published-elsewhere", folder=folder, environment=stated), hang=4)
        elif done.moved:
            screen.say(say("report-published-otherwise", folder=folder, when=when), hang=4)
            for one in published_lines(session, done.published, done.moved)[1:]:
                screen.say("  " + one, hang=4)
        elif not done.files:
            screen.say(say("report-published-before", folder=folder, when=when), hang=4)
        else:
            screen.say(say("report-published", folder=folder), hang=4)
            for path in done.files:
                screen.say(f"  {folder}/{path.name}", hang=4)
        session.next(f"deskweave kpi --period {wanted.id}")

    return session.finish(
        Report(
            command="report",
            text=text,
            exit=Exit.STOPPED if stopped else Exit.DONE,
            summary={
                "period": wanted.id,
                "folder": folder,
                "environment": stated,
                "published": published_data(session, done.published, () if elsewhere else done.moved),
            },
            items=[{"file": f"{folder}/{path.name}"} for path in done.files],
        )
    )


def _show(path: Path, open: bool) -> None:
    if open:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())
