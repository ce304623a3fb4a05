"""`deskweave kpi quality`: what is wrong with the data behind the figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.kpi import doubts_of_logs, record_problems
from deskweave.cli.publishing import by_number
from deskweave.cli.session import Session
from deskweave.cli.trouble import SHOWN, show_findings

if TYPE_CHECKING:
    from deskweave.measure import Period


def has_store(session: Session) -> bool:
    """Whether anything was ever stored here; where nothing was, it says so."""
    if session.workspace().has_store:
        return True
    session.screen.warn(session.say("home-no-store"))
    session.screen.warn("  " + session.onward("deskweave sync"))
    return False


def quality(session: Session, period: Period, more: Sequence[str], then: datetime | None) -> Exit:
    """What is wrong with the data of a period, by kind, with the inquiries."""
    from deskweave.measure import problems_of, quality_findings
    from deskweave.measure.facts import RULES
    from deskweave.measure.figures import number
    from deskweave.measure.naming import Names
    from deskweave.measure.text import heading, problem_in_words
    from deskweave.workspace.measuring import fact_table, inquiry_names

    space, say, screen = session.workspace(), session.say, session.screen
    if more:
        screen.warn(say("kpi-quality-alone"))
        return Exit.INPUT
    if not has_store(session):
        return Exit.INPUT
    with fact_table(space, then) as facts:
        problems, of_records = problems_of(facts, period), record_problems(facts, period)
    grains = {key: grain for grain, some in of_records.items() for key, _ in some}
    problems += [one for some in of_records.values() for one in some]
    doubts = doubts_of_logs(space)
    names = inquiry_names(space, {inquiry for inquiry, _ in problems})
    practice, language = space.practice, say.language
    words = Names(practice, language)
    rules = [rule for rule in RULES if any(problem.rule == rule for _, problem in problems)]
    limit = None if session.options.verbose else SHOWN

    def text() -> None:
        line = heading(practice, period, language, client=space.folder.id, environment=space.folder.environment)
        screen.say(line, hang=4)
        if then is not None:
            screen.say(say("kpi-as-of", moment=session.moment(then)), hang=4)
        screen.say()
        if not problems and not doubts:
            screen.say(say("kpi-quality-none"))
        for rule in rules:
            of: dict[str, list[str]] = {}
            for inquiry, problem in problems:
                if problem.rule == rule:
                    field = words.of(grains.get(inquiry, "inquiry")).field(problem.at)
                    of.setdefault(inquiry, []).append(field + (f": {problem.found}" if problem.found else ""))
            screen.say(problem_in_words(rule, len(of), language))
            keys = sorted(of, key=lambda one: by_number(names[one]))
            screen.table([[names[one], ("、" if language == "zh" else ", ").join(of[one])] for one in keys[:limit]], indent=2)
            if limit is not None and len(keys) > limit:
                screen.say("  " + say("kpi-more", n=number(len(keys) - limit)))
        if doubts:
            screen.say()
            show_findings(session, doubts)
        first = next((one for one in sorted(names.values(), key=by_number) if one.startswith("INQ-")), None)
        session.next(*([f"deskweave explain {first}"] if first else []), f"deskweave kpi --period {period.id}")

    return session.finish(
        Report(
            command="kpi quality",
            text=text,
            summary={
                "period": period.id,
                "as_of": then,
                "inquiries": sum(one.startswith("INQ-") for one in names.values()),
                "records": sum(not one.startswith("INQ-") for one in names.values()),
                "problems": len(problems),
            },
            items=[
                {"key": names[inquiry], "problem": problem.rule, "at": problem.at, "found": problem.found}
                for inquiry, problem in problems
            ],
            columns=[(key, say(f"kpi-column-{key}")) for key in ("key", "problem", "at", "found")],
            findings=[*quality_findings(problems), *doubts],
        )
    )
