"""`deskweave kpi explain METRIC`: the inquiries behind a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.kpi import known, titled
from deskweave.cli.publishing import by_number
from deskweave.cli.quality import has_store
from deskweave.cli.session import Session
from deskweave.cli.trouble import SHOWN

if TYPE_CHECKING:
    from deskweave.measure import Period
    from deskweave.measure.courses import Course
    from deskweave.measure.reasons import Ingredient, Reasons, Share
    from deskweave.model import Event

_GROUPS: Final = ("missed", "kept", "counted")
_WHYS: Final = ("problem", "not-said", "no-value", "not-asked", "condition", "ended", "later", "no-date")


def explain(session: Session, period: Period, metrics: list[str], by: list[str], then: datetime | None) -> Exit:
    """What is behind one figure."""
    from deskweave.errors import DocumentError
    from deskweave.workspace.measuring import clock_courses, inquiry_names, reasons

    space, say, screen = session.workspace(), session.say, session.screen
    practice = space.practice
    if len(metrics) != 1:
        screen.warn(say("kpi-explain-one", first=metrics[0]) if metrics else say("kpi-explain-what"))
        return Exit.INPUT
    if not known(session, metrics[0], list(practice.metrics), "metric"):
        return Exit.INPUT
    only: dict[str, str] = {}
    for word in by:
        name, equals, value = word.partition("=")
        if not equals:
            screen.warn(say("kpi-by-value", word=word))
            return Exit.INPUT
        only[name] = value
    fields = [str(name) for record in (practice.fields, *practice.records.values()) for name in record]
    if not all(known(session, name, fields, "field") for name in only) or not has_store(session):
        return Exit.INPUT
    try:
        why = reasons(space, metrics[0], period, only=only, as_of=then)
    except DocumentError as error:  # a value that the field does not have: typed, not written in a file
        for finding in error.findings:
            screen.warn(f"--by {finding.found}: {finding.message}", hang=4)
            if finding.allowed:
                screen.warn("  " + say("allowed", words=", ".join(finding.allowed[:SHOWN])), hang=4)
            if finding.nearest:
                screen.warn("  " + say("did-you-mean", word=finding.nearest))
        return Exit.INPUT
    names = inquiry_names(space, [one.key for one in why.shares]) if why.metric.grain == "inquiry" else {}
    why = replace(why, shares=tuple(sorted(why.shares, key=lambda one: by_number(names.get(one.key, one.key)))))
    told = _Told(session, why, period, then, only, names)
    everything = session.options.format != "text" or bool(session.options.verbose)
    listed = list(why.shares) if everything else told.shown()
    told.courses = clock_courses(space, [one.key for one in listed], why.clocks, then)
    flat = session.options.format not in ("text", "json")
    return session.finish(
        Report(
            command="kpi explain",
            text=told.text,
            summary=told.summary(),
            items=[row for one in why.shares for row in told.lines(one)] if flat else [told.item(one) for one in listed],
            columns=[(key, say(f"kpi-column-{key}")) for key in _COLUMNS] if flat else (),
        )
    )


_COLUMNS: Final = ("key", "group", "why", "numerator", "denominator", "clock", "started_at", "stopped_at", "took", "goal")


class _Told:
    """Reasons in words and as data."""

    def __init__(
        self,
        session: Session,
        why: Reasons,
        period: Period,
        then: datetime | None,
        only: Mapping[str, str],
        names: Mapping[str, str],
    ) -> None:
        from deskweave.measure.naming import Names

        self.session, self.why, self.period, self.then, self.only, self.names = session, why, period, then, only, names
        self.say, self.screen, self.practice = session.say, session.screen, session.workspace().practice
        self.words = Names(self.practice, session.say.language).of(why.metric.grain)
        self.courses: Mapping[str, tuple[Course, ...]] = {}
        self.limit = None if session.options.verbose else SHOWN

    @property
    def comma(self) -> str:
        return "、" if self.say.language == "zh" else ", "

    def shown(self) -> list[Share]:
        """The shares that text names: at most twenty of a group."""
        parts = [self.why.of("missed"), self.why.of("kept"), self.why.of("counted"), *self.left_out().values()]
        return [one for part in parts for one in part[: self.limit]]

    def left_out(self) -> dict[str, tuple[Share, ...]]:
        """What is left out, by its reason in words."""
        found: dict[str, list[Share]] = {}
        for one in sorted(self.why.of("out"), key=lambda one: _WHYS.index(one.why) if one.why in _WHYS else len(_WHYS)):
            found.setdefault(self.reason(one), []).append(one)
        return {reason: tuple(shares) for reason, shares in found.items()}

    def reason(self, one: Share) -> str:
        from deskweave.measure.text import problem_in_words

        match one.why:
            case "condition" | "not-asked":
                what = self.comma.join(self.words.condition(tree) for tree in one.unmet)
                return (
                    self.say("kpi-out-condition", what=what) if one.why == "condition" else self.say("kpi-out-not-asked", what=what)
                )
            case "problem":
                rules = dict.fromkeys(problem.rule for problem in one.problems)
                return self.say(
                    "kpi-out-problem", what=self.comma.join(problem_in_words(rule, 1, self.say.language) for rule in rules)
                )
            case "no-date":
                return self.say("kpi-out-no-date", field=self.words.field(self.why.metric.period_by))
            case "not-said":
                return self.words.reason(self.why.metric, self.why.result)
            case "later":
                return self.say("kpi-out-later")
            case "ended":
                return self.say("kpi-out-ended")
            case _:
                return self.say("kpi-out-no-value")

    # -------------------------------------------------------------------------------------------------------------------- text
    def text(self) -> None:
        from deskweave.measure.figures import figure, goal
        from deskweave.measure.text import heading
        from deskweave.measure.wording import word

        session, say, screen, why, space = self.session, self.say, self.screen, self.why, self.session.workspace()
        metric, result, language = why.metric, why.result, self.say.language
        head = heading(self.practice, self.period, language, client=space.folder.id, environment=space.folder.environment)
        screen.say(head, hang=4)
        if self.then is not None:
            screen.say(say("kpi-as-of", moment=session.moment(self.then)), hang=4)
        screen.say()
        verdict = "" if result.met is None else word(language, "met" if result.met else "missed")
        shown = [self.words.metric(metric.id), figure(metric, result.value, language), goal(metric, language), verdict]
        screen.say("   ".join(one for one in shown if one), hang=4)
        gap = "" if language == "zh" else " "
        titled(session, say("kpi-head-rule"), gap.join(self.words.rule(metric)))
        if self.only:
            listed = [f"{self.words.field(name)} = {self.words.value(name, value)}" for name, value in self.only.items()]
            titled(session, say("kpi-head-only"), self.comma.join(listed))
        hours, goals = self.hours(), self.goals()
        if hours:
            titled(session, say("kpi-head-hours"), self.comma.join(hours))
        if goals:
            titled(session, say("kpi-head-goals"), self.comma.join(goals))
        if result.level is not None:
            titled(session, word(language, f"level:{result.level}").capitalize(), self.words.threshold(metric, result))
        titled(session, say("kpi-head-made"), self.made())
        if result.reason:
            screen.say(" " * 11 + self.words.reason(metric, result), hang=11)
        for part in why.parts:
            self.part(part)
        self.groups()
        self.outside()
        more = [
            f"deskweave kpi explain {part.metric.id} --period {(self.period.previous if part.previous else self.period).id}"
            for part in why.parts
        ]
        first = next((self.names[one.key] for one in self.shown() if one.key in self.names), None)
        session.next(*more, *([f"deskweave explain {first}"] if first else []), f"deskweave kpi --period {self.period.id}")

    def part(self, part: Ingredient) -> None:
        from deskweave.measure.figures import figure, number, share

        metric, value = part.metric, part.result.value
        shown = figure(metric, value, self.say.language)
        if part.weight is None:
            name = self.words.part(f"previous:{metric.id}" if part.previous else metric.id)
            if value is None:
                shown += f" ({self.words.reason(metric, part.result)})"
            self.screen.say("  " + self.say("kpi-part-figure", part=name, value=shown), hang=4)
            return
        name, weighs = self.words.metric(metric.id), number(part.weight)
        if value is None or part.reached is None:
            self.screen.say("  " + self.say("kpi-part-nothing", part=name, weight=weighs), hang=4)
            return
        self.screen.say("  " + self.say("kpi-part", part=name, value=shown, reached=share(part.reached), weight=weighs), hang=4)

    def hours(self) -> list[str]:
        found = []
        for name in self.why.clocks:
            clock, label = self.practice.clocks[name], self.words.clock(name)
            inner = next((one for one in (clock.calendar, *self._calendars(name)) if one), None)
            calendar = self.practice.calendars.get(inner) if inner else None
            if calendar is None:
                found.append(self.say("kpi-hours-wall", clock=label))
                continue
            holidays = self.practice.holidays.get(calendar.holidays or "")
            shown = f"{self.say.label(calendar.label, calendar.id)} ({calendar.id}{', ' + holidays.revision if holidays else ''})"
            found.append(self.say("kpi-hours-of", clock=label, calendar=shown))
        return found

    def _calendars(self, name: str) -> list[str | None]:
        """Of a clock without a calendar of its own, those of the clocks it is made of."""
        clock = self.practice.clocks[name]
        found: list[str | None] = []
        for part in (*((clock.within,) if clock.within else ()), *(clock.minus or ())):
            found += [self.practice.clocks[part].calendar, *self._calendars(part)]
        return found

    def goals(self) -> list[str]:
        """The goals that were in force, by how many of those counted."""
        from deskweave.measure.figures import duration, number

        found = []
        for name in self.why.clocks:
            counts: dict[int | None, int] = {}
            for one in self.why.shares:
                if one.group != "out":
                    counts[one.timings[name].goal] = counts.get(one.timings[name].goal, 0) + 1
            for aim, n in sorted(counts.items(), key=lambda pair: (pair[0] is None, pair[0] or 0)):
                label, shown = self.words.clock(name), number(n)
                if aim is not None:
                    found.append(self.say("kpi-goal-of", clock=label, goal=duration(aim, self.say.language, short=True), n=shown))
                elif len(counts) > 1:
                    found.append(self.say("kpi-goal-none", clock=label, n=shown))
        return found

    def made(self) -> str:
        from deskweave.measure.figures import in_unit, number

        result, metric = self.why.result, self.why.metric
        if "derived" in metric.value:
            return self.formula()
        summed = metric.unit if metric.unit == "duration" else "number"
        if result.numerator is not None and result.denominator is not None:
            if "average" in metric.value:
                total = in_unit(summed, result.numerator, self.say.language)
                return self.say("kpi-made-sum", of=total, n=number(result.counted))
            return self.say("kpi-made-ratio", of=self.amount(result.numerator), over=self.amount(result.denominator))
        return self.say("kpi-made-counted", n=number(result.counted))

    def formula(self) -> str:
        """The formula with the figures in their places."""
        from deskweave.measure.figures import figure
        from deskweave.model.formula import Term, formula_of, say

        figures = {(one.metric.id, one.previous): figure(one.metric, one.result.value, self.say.language) for one in self.why.parts}

        def shown(term: Term) -> str:
            return figures[term.metric, term.previous]

        return say(formula_of(self.why.metric.value["derived"]), shown)

    def amount(self, value: float) -> str:
        """A number; of durations that are summed up, as one."""
        from deskweave.measure.figures import duration, number

        ratio = self.why.metric.value.get("ratio")
        timed = isinstance(ratio, Mapping) and not any("count" in part for part in ratio.values() if isinstance(part, Mapping))
        return duration(value, self.say.language) if timed and self.why.clocks else number(value)

    def groups(self) -> None:
        from deskweave.measure.figures import number

        judged = "-goal" if self._by_goal() else ""
        for group in _GROUPS:
            shares = self.why.of(group)
            if not shares:
                continue
            head = self.say("kpi-group-counted") if group == "counted" else self.say(f"kpi-group-{group}{judged}")
            self.screen.say()
            self.screen.say(f"{head}   {number(len(shares))}")
            alike: dict[str, list[Share]] = {}
            for one in shares[: self.limit]:
                if one.key in self.courses or (group == "counted" and {"count", "backlog"}.isdisjoint(self.why.metric.value)):
                    self.one(one)
                else:
                    alike.setdefault(self.lacking(one), []).append(one)
            for lacking, some in alike.items():
                if lacking:
                    self.screen.say(f"  {lacking}", hang=4)
                self.screen.say(f"{'    ' if lacking else '  '}{self.comma.join(self.called(one) for one in some)}", hang=4)
            if self.limit is not None and len(shares) > self.limit:
                self.screen.say("  " + self.say("kpi-more", n=number(len(shares) - self.limit)))

    def _by_goal(self) -> bool:
        """Whether what is counted above the line is that a clock met its goal."""
        ratio = self.why.metric.value.get("ratio")
        above = ratio["of"] if isinstance(ratio, Mapping) else None
        counted = above.get("count") if isinstance(above, Mapping) else None
        where = counted.get("where") if isinstance(counted, Mapping) else None
        return isinstance(where, Mapping) and any(where.get(name) == {"met": True} for name in self.why.clocks)

    def outside(self) -> None:
        from deskweave.measure.figures import number

        out = self.left_out()
        if not out and not self.why.elsewhere:
            return
        self.screen.say()
        self.screen.say(f"{self.say('kpi-group-out')}   {number(len(self.why.of('out')) + self.why.elsewhere)}")
        for reason, shares in out.items():
            self.screen.say(f"  {reason}   {number(len(shares))}", hang=4)
            listed = [self.called(one) for one in shares[: self.limit]]
            if self.limit is not None and len(shares) > self.limit:
                listed.append(self.say("kpi-more", n=number(len(shares) - self.limit)))
            self.screen.say("    " + self.comma.join(listed), hang=4)
        if self.why.elsewhere:
            open_ = "backlog" in self.why.metric.value
            where = self.say("kpi-out-elsewhere-open") if open_ else self.say("kpi-out-elsewhere")
            self.screen.say(f"  {where}   {number(self.why.elsewhere)}")

    def one(self, share: Share) -> None:
        said = [self.timing(share, course) for course in self.courses.get(share.key, ())]
        if share.criteria:
            said.append(self.lacking(share))
        if not said:
            said.append(self.gives(share))
        semicolon = "；" if self.say.language == "zh" else "; "
        self.screen.say(f"  {self.called(share)}  {semicolon.join(said)}", hang=6)
        told: dict[int, Event] = {event.seq: event for course in self.courses.get(share.key, ()) for event in course.events}
        rows = [
            [self.session.moment(event.at), self.what(event), self.who(event)]
            for event in sorted(told.values(), key=lambda one: (one.at, one.order, one.seq))
        ]
        self.screen.table(rows, indent=6)

    def called(self, share: Share) -> str:
        return self.names.get(share.key, share.key)

    def lacking(self, share: Share) -> str:
        """Which criteria or conditions something that is counted does not fulfil."""
        if share.criteria:
            named = [self.words.label(self.why.metric.criteria[slug].label, slug) for slug in share.criteria]
            return self.say("kpi-lacks", criteria=self.comma.join(named))
        what = self.comma.join(self.words.condition(tree) for tree in share.unmet)
        return self.say("kpi-out-condition", what=what) if what else ""

    def gives(self, share: Share) -> str:
        from deskweave.measure.figures import in_unit, number

        above, below = share.numerator, share.denominator
        if "ratio" in self.why.metric.value:
            both = ("-" if cell is None else number(cell) for cell in (above, below))
            return self.say("kpi-gives-ratio", **dict(zip(("of", "over"), both, strict=True)))
        return self.say("kpi-gives", n=in_unit(self.why.metric.unit, above or 0, self.say.language))

    def timing(self, share: Share, course: Course) -> str:
        from deskweave.measure.figures import duration

        language, moment, label = self.say.language, self.session.moment, self.words.clock(course.clock)
        clause = "，" if language == "zh" else ", "
        kept = share.timings[course.clock]
        if kept.took is None:
            if course.started_at is None:
                return self.say("kpi-not-started", clock=label)
            return self.say("kpi-running", clock=label, start=moment(course.started_at))
        took = duration(kept.took, language)
        said = self.say("kpi-took", clock=label, took=took)
        if kept.goal is not None:
            said = self.say("kpi-took-goal", clock=label, took=took, goal=duration(kept.goal, language, short=True))
        if course.took is not None and course.took != kept.took:
            said += clause + self.say("kpi-judged-anew", took=duration(course.took, language))
        if course.started_at is not None and course.stopped_at is not None:
            said += clause + self.say("kpi-from-to", start=moment(course.started_at), stop=moment(course.stopped_at))
        return said

    def what(self, event: Event) -> str:
        if isinstance(event.new, datetime):
            return f"{self.words.field(event.field)}: {self.session.moment(event.new)}"
        old, new = (self.words.value(event.field, value) for value in (event.old, event.new))
        return new if event.old is None else f"{old} > {new}"

    def who(self, event: Event) -> str:
        kind, name = _who(event)
        match kind:
            case "rule":
                return self.say("kpi-who-rule", name=name)
            case "plugin":
                return self.say("kpi-who-plugin", name=name)
            case "person":
                return self.say("kpi-who-person", place=name) if name else self.say("kpi-who-somebody")
            case _:
                return name

    # -------------------------------------------------------------------------------------------------------------------- data
    def summary(self) -> dict[str, Any]:
        from deskweave.measure.export import items

        (figure,) = items(self.practice, [self.why.result])
        metric = self.why.metric
        return {
            **figure,
            "by": self.only,
            "rule": self.words.rule(metric),
            "where": metric.where,
            "formula": metric.value,
            "clocks": {name: self.practice.clocks[name].calendar for name in self.why.clocks},
            "groups": {group: len(self.why.of(group)) for group in (*_GROUPS, "out")},
            "elsewhere": self.why.elsewhere,
            "parts": [
                {
                    "metric": one.metric.id,
                    "value": one.result.value,
                    "reached": one.reached,
                    "weight": one.weight,
                    "period": one.result.period.id,
                    "reason": one.result.reason or None,
                }
                for one in self.why.parts
            ],
        }

    def item(self, one: Share) -> dict[str, Any]:
        courses = {course.clock: course for course in self.courses.get(one.key, ())}
        clocks = {}
        for name, timing in one.timings.items():
            course = courses.get(name)
            clocks[name] = {
                "took": timing.took,
                "goal": timing.goal,
                "met": timing.met,
                "started_at": course.started_at if course else None,
                "stopped_at": course.stopped_at if course else None,
                "events": [_event(event) for event in course.events] if course else [],
            }
        return {
            "key": self.names.get(one.key, one.key),
            "id": one.key,
            "group": one.group,
            "why": one.why or None,
            "numerator": one.numerator,
            "denominator": one.denominator,
            "unmet": one.unmet,
            "criteria": one.criteria,
            "problems": [{"rule": problem.rule, "at": problem.at, "found": problem.found} for problem in one.problems],
            "clocks": clocks,
        }

    def lines(self, one: Share) -> list[dict[str, Any]]:
        """Rows of a spreadsheet: one for each clock of an inquiry, one where there is none."""
        item = self.item(one)
        flat = {key: item[key] for key in ("key", "group", "why", "numerator", "denominator")}
        if self.session.options.format != "csv-raw":
            judged = "-goal" if self._by_goal() else ""
            group = one.group if one.group in ("out", "counted") else f"{one.group}{judged}"
            flat |= {"group": self.say(f"kpi-group-{group}"), "why": self.reason(one) if one.why else ""}
        clocks = item["clocks"].items()
        rows = []
        for number, (name, clock) in enumerate(clocks):
            given = flat if number == 0 else {**flat, "numerator": None, "denominator": None}  # so that a column adds up
            rows.append({**given, "clock": name, **{key: clock[key] for key in ("started_at", "stopped_at", "took", "goal")}})
        return rows or [flat]


def _who(event: Event) -> tuple[str, str]:
    """What kind of actor made an event, and the platform, rule or plugin it was; never who."""
    head, _, tail = event.source.partition(":")
    if head == "person":
        return "person", ""
    if head in ("rule", "practice"):
        return "rule", tail[:16]
    if head == "plugin":
        return "plugin", tail
    return ("person" if event.actor else "platform"), tail or head


def _event(event: Event) -> dict[str, Any]:
    kind, name = _who(event)
    return {"at": event.at, "field": event.field, "old": event.old, "new": event.new, "who": kind, "where": name}
