"""`deskweave kpi restate`: what today's rules would make of what earlier ones judged; `--yes` judges it anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.kpi import known, titled
from deskweave.cli.publishing import by_number
from deskweave.cli.session import Session
from deskweave.cli.trouble import SHOWN

if TYPE_CHECKING:
    from deskweave.measure import FactTable, Period, Problem
    from deskweave.measure.dues import DueMoment
    from deskweave.measure.restatement import Moved
    from deskweave.workspace.restating import Done, DueOf, Earlier, Preview

_NAMED: Final = 6  #: inquiries behind one figure
_COLUMNS: Final = ("period", "metric", "before", "now", "inquiries", "names", "published")


def restate(session: Session, period: Period | None, metrics: Sequence[str], yes: bool) -> Exit:
    """Show what would move, or move it.

    Args:
        session: of the call.
        period: show only figures of months in it; None: all.
        metrics: show only these; empty: all.
        yes: do it.
    """
    from deskweave.workspace.measuring import inquiry_names, read_published
    from deskweave.workspace.restating import preview, restatements
    from deskweave.workspace.restating import restate as do

    space, say, screen = session.workspace(must_choose=yes), session.say, session.screen
    if not all(known(session, name, list(space.practice.metrics), "metric") for name in metrics):
        return Exit.INPUT
    if yes and (period is not None or metrics):
        screen.warn(say("restate-whole"))
        return Exit.INPUT
    if not space.has_store:
        screen.warn(say("home-no-store"))
        screen.warn("  " + session.onward("deskweave sync"))
        return Exit.INPUT
    session.life(say("restate-life"))
    before = restatements(space)
    found = preview(space)
    moved = [
        one
        for one in found.restatement.moved
        if (not metrics or one.metric in metrics)
        and (period is None or (one.period.since < period.until and period.since < one.period.until))
    ]
    published = {
        one.period.id
        for one in moved
        if (stated := read_published(space, one.period)) is not None and stated.environment == space.folder.environment
    }
    keys = {change.key for one in moved for change in one.changes} | {one.inquiry for one in (*found.moving, *found.provisional)}
    told = _Told(session, found, moved, published, inquiry_names(space, keys), before)
    if yes:
        do(space, found)
    return session.finish(
        Report(
            command="kpi restate",
            text=lambda: told.text(yes),
            summary=told.summary(yes),
            items=told.items(),
            columns=[(key, say(f"restate-column-{key}")) for key in _COLUMNS]
            if session.options.format not in ("text", "json")
            else (),
        )
    )


class _Told:
    """A restatement in words and as data."""

    def __init__(
        self,
        session: Session,
        found: Preview,
        moved: Sequence[Moved],
        published: set[str],
        names: dict[str, str],
        before: Sequence[Done],
    ) -> None:
        from deskweave.measure.naming import Names

        self.session, self.found, self.moved, self.published, self.called = session, found, moved, published, names
        self.before = before
        self.say, self.screen, self.practice = session.say, session.screen, session.workspace().practice
        self.words = Names(self.practice, session.say.language)
        self.limit = None if session.options.verbose else SHOWN

    @property
    def comma(self) -> str:
        return "、" if self.say.language == "zh" else ", "

    # -------------------------------------------------------------------------------------------------------------------- text
    def text(self, done: bool) -> None:
        say, screen, found = self.say, self.screen, self.found
        self.session.heading(say("restate-heading"))
        screen.say()
        for one in found.restatement.judged:
            shown = self.comma.join([one.practice[:8], *one.calendars])
            titled(self.session, say("restate-head-judged"), say("restate-judged", rules=shown, n=one.inquiries))
        now = self.comma.join([self.practice.digest[:8], *found.calendars])
        titled(self.session, say("restate-head-now"), now)
        for past in self.before[-3:]:
            titled(self.session, say("restate-head-before"), self.past(past))
        self.reasons()
        self.figures()
        self.dues("restate-moving", [one for one in found.moving])
        self.dues("restate-provisional", [one for one in found.provisional if one.before is None])
        screen.say()
        if done:
            screen.say(say("restate-done", n=found.restatement.inquiries), hang=2)
            screen.say(say("restate-log", file=self.log()), hang=2)
            self.session.next("deskweave kpi")
        elif not found.earlier:
            screen.say(say("restate-today"), hang=2)
            self.session.next("deskweave kpi")
        elif not found.restatement.inquiries:
            screen.say(say("restate-same"), hang=2)
            self.session.next("deskweave kpi restate --yes")
        else:
            screen.say(say("restate-nothing-written", n=found.restatement.inquiries), hang=2)
            self.session.next("deskweave kpi restate --yes")

    def log(self) -> str:
        from deskweave.workspace.restating import LOG

        folder = self.session.workspace().folder
        return (folder.state_folder / LOG).relative_to(folder.root).as_posix()

    def past(self, one: Done) -> str:
        rules = self.comma.join(digest[:8] for digest in one.before)
        values = {"when": self.session.moment(one.at), "before": rules, "now": one.now[:8], "n": len(one.figures)}
        return self.say("restate-past", **values) if one.why == "asked-for" else self.say("restate-past-columns", **values)

    def reasons(self) -> None:
        """What has changed since the earlier rules, as `practice diff` says it."""
        from deskweave.cli.difference import Teller

        for one in self.found.earlier:
            self.screen.say()
            if one.practice is None or one.difference is None:
                self.screen.say(self.say("restate-unknown", digest=one.digest[:8]), hang=2)
                continue
            self.screen.say(self.say("restate-changed" if one.difference else "restate-no-rule", digest=one.digest[:8]), hang=2)
            teller = Teller(one.practice, self.practice, self.say.language)
            for lines in teller.lines(one.difference, every=bool(self.session.options.verbose)).values():
                for line in lines:
                    place = line.place
                    where = f"   {place.source}:{place.line}" if place is not None and place.line is not None else ""
                    self.screen.say(f"  {line.mark} {line.text}{where}", hang=6)

    def figures(self) -> None:
        if not self.moved:
            return
        self.screen.say()
        heads = ["", *(self.say(f"restate-column-{key}") for key in ("before", "now", "inquiries"))]
        rows: list[list[str]] = []
        for one in self.moved:
            label = one.period.label(self.say.language)
            if all(label != row[0] for row in rows):
                rows.append([label, *heads[1:]] if not rows else [label, "", "", ""])
            count = str(len(one.changes)) if one.changes else ""
            rows.append([f"  {self.words.metric(one.metric)}", *(self.value(one, side) for side in ("before", "now")), count])
        self.screen.table(rows, align="lrrr", grow=0)
        if self.published:
            self.screen.say()
            periods = self.comma.join(sorted(self.published))
            self.screen.say(self.say("restate-published", periods=periods), hang=2)
        changed = sorted({change.key for one in self.moved for change in one.changes}, key=lambda key: by_number(self.called[key]))
        if changed:
            self.screen.say()
            self.screen.say(self.say("restate-inquiries", names=self.listed(changed)), hang=4)

    def value(self, one: Moved, side: str) -> str:
        from deskweave.measure.figures import in_unit, number
        from deskweave.measure.wording import word

        shown = []
        for figure in (one.before, one.now):
            shown.append(
                word(self.say.language, "no_data")
                if figure.value is None
                else in_unit(figure.unit, figure.value, self.say.language)
            )
        if shown[0] == shown[1]:  # the same to the last digit that is shown: what it is made of is not
            figures = (one.before, one.now)
            shown = [f"{said} ({number(figure.counted)})" for said, figure in zip(shown, figures, strict=True)]
            sums = [figure.numerator for figure in figures]
            if shown[0] == shown[1] and None not in sums:
                shown = [f"{said[:-1]}, {number(total or 0)})" for said, total in zip(shown, sums, strict=True)]
        return shown[side == "now"]

    def listed(self, keys: Sequence[str]) -> str:
        shown = [self.called[key] for key in (keys if self.limit is None else keys[: self.limit])]
        if len(keys) > len(shown):
            shown.append(self.say("kpi-more", n=len(keys) - len(shown)))
        return self.comma.join(shown)

    def dues(self, head: str, some: Sequence[DueOf]) -> None:
        from deskweave.workspace.restating import known_days

        if not some:
            return
        self.screen.say()
        known = known_days(self.practice)
        self.screen.say(self.say(head, n=len(some), day="-" if known is None else known[1].isoformat()), hang=2)
        rows = []
        for one in some if self.limit is None else some[: self.limit]:
            row = [self.called[one.inquiry], self.words.clock(one.now.clock)]
            if one.before is not None:
                row += [due_in_words(self.session, one.before), ">"]
            rows.append([*row, due_in_words(self.session, one.now)])
        self.screen.table(rows, indent=2)
        if self.limit is not None and len(some) > self.limit:
            self.screen.say("  " + self.say("kpi-more", n=len(some) - self.limit))

    # -------------------------------------------------------------------------------------------------------------------- data
    def summary(self, done: bool) -> dict[str, Any]:
        found = self.found
        return {
            "done": done,
            "practice": self.practice.digest,
            "calendars": found.calendars,
            "judged": [
                {"practice": one.practice, "calendars": one.calendars, "inquiries": one.inquiries}
                for one in found.restatement.judged
            ],
            "reasons": [self.reason(one) for one in found.earlier],
            "inquiries": found.restatement.inquiries,
            "columns": found.restatement.columns,
            "moved": len(self.moved),
            "due": [
                {
                    "inquiry": self.called[one.inquiry],
                    "clock": one.now.clock,
                    "before": _due(one.before),
                    "now": _due(one.now),
                }
                for one in dict.fromkeys([*found.moving, *found.provisional])
            ],
            "log": [
                {"at": one.at, "why": one.why, "before": one.before, "now": one.now, "figures": one.figures} for one in self.before
            ],
        }

    def reason(self, one: Earlier) -> dict[str, Any]:
        from deskweave.cli.difference import Teller

        if one.practice is None or one.difference is None:
            return {"practice": one.digest, "inquiries": one.inquiries, "changes": None}
        teller = Teller(one.practice, self.practice, self.say.language)
        changes = [{"path": "/".join(change.path), "text": teller.sentence(change)} for change in one.difference.changes]
        return {"practice": one.digest, "inquiries": one.inquiries, "changes": changes}

    def items(self) -> list[dict[str, Any]]:
        people = self.session.options.format in ("csv", "md")
        return [
            {
                "period": one.period.id,
                "metric": self.words.metric(one.metric) if people else one.metric,
                "unit": one.now.unit,
                "before": self.value(one, "before") if people else one.before.value,
                "now": self.value(one, "now") if people else one.now.value,
                "inquiries": len(one.changes),
                "names": [self.called[change.key] for change in one.changes]
                if not people
                else self.listed([change.key for change in one.changes]),
                "parts": one.parts,
                "published": one.period.id in self.published,
            }
            for one in self.moved
        ]


def _due(one: DueMoment | None) -> dict[str, Any] | None:
    return None if one is None else {"at": one.at, "provisional": one.provisional, "why": one.why or None}


def due_in_words(session: Session, one: DueMoment) -> str:
    """`Mon 4 Jan 10:00 (provisional)`, or why there is no moment."""
    if one.at is None:
        return session.say(f"due-{one.why or 'unknown'}")
    shown = session.moment(one.at)
    return session.say("due-provisional", moment=shown) if one.provisional else shown


def calendar_line(session: Session, period: Period, problems: Sequence[tuple[str, Problem]]) -> str | None:
    """That clocks of a period run where no holidays are known; None: they do not."""
    from deskweave.workspace.restating import known_days

    known = known_days(session.workspace().practice)
    if known is None:
        return None
    first, last = known
    unknown = any(problem.rule == "outside-coverage" for _, problem in problems)
    if period.until > last + timedelta(days=1) or (unknown and period.until > last):
        return session.say("kpi-calendar-ends", day=last.isoformat())
    return session.say("kpi-calendar-begins", day=first.isoformat()) if unknown and period.since <= first else None


def rules_line(session: Session, facts: FactTable, period: Period) -> str | None:
    """That earlier rules judged inquiries of a period; None: they did not, or today's would judge the same."""
    from deskweave.workspace.restating import judged_earlier

    n = judged_earlier(session.workspace(), facts, period)
    return session.say("kpi-judged-earlier", n=n) + "deskweave kpi restate" if n else None


def restated_lines(session: Session, period: Period, *, only: Sequence[str] | None = None) -> list[str]:
    """What restating has done to the figures of a period, one sentence for each time."""
    from deskweave.measure.figures import in_unit
    from deskweave.measure.naming import Names
    from deskweave.measure.wording import word
    from deskweave.workspace.restating import restatements

    say, names = session.say, Names(session.workspace().practice, session.say.language)
    found = []
    for one in restatements(session.workspace()):
        said = []
        for figure in one.figures:
            if figure["period"] != period.id or figure["metric"] not in (only or session.workspace().practice.metrics):
                continue
            before, now = (
                word(say.language, "no_data") if value is None else in_unit(figure["unit"], value, say.language)
                for value in (figure["before"], figure["now"])
            )
            if before != now:
                said.append(say("kpi-restated-figure", metric=names.metric(figure["metric"]), before=before, now=now))
        if said:
            semicolon = "；" if say.language == "zh" else "; "
            found.append(say("kpi-restated", when=session.moment(one.at), figures=semicolon.join(said)))
    return found
