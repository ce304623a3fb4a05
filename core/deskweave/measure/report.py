"""A report as one HTML page that needs nothing else: no network, no script, no font. It opens offline, and it prints.

Everything on it that came from elsewhere is escaped (`markup`), and a policy in the page forbids what would slip through.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import TypeAlias

from deskweave.markup import Child, Markup, document, fragment, style, tag
from deskweave.measure.charts import SHADES, Bar, Series, columns, histogram, legend, rows, spark
from deskweave.measure.facts import RULES
from deskweave.measure.figures import duration, figure, goal_in_words, moment, number, share
from deskweave.measure.gathering import Gathered, gather
from deskweave.measure.method import method
from deskweave.measure.naming import Names
from deskweave.measure.periods import Period
from deskweave.measure.run import Result
from deskweave.measure.sources import Rulebook
from deskweave.measure.table import FactTable
from deskweave.measure.text import LEVELS, grouped, hours_in_words, problem_in_words
from deskweave.measure.wording import word
from deskweave.model import Metric
from deskweave.practice.wording import say_list

_TILES = 4
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_LISTED = 12  #: inquiries named for one kind of problem
_FIELDS = 3  #: of those that nobody says, beside a figure
_ITEMS = 15  #: lines of the breakdown
Called: TypeAlias = Callable[[Collection[str]], Mapping[str, str]]


def report(
    practice: Rulebook,
    facts: FactTable,
    period: Period,
    as_of: datetime,
    language: str,
    *,
    client: str,
    environment: str,
    people: Mapping[str, str] | None = None,
    notes: tuple[str, ...] = (),
    remarks: tuple[str, ...] = (),
    called: Called | None = None,
) -> str:
    """The report of `period` as one HTML page.

    Args:
        practice: rules, labels, targets.
        facts: an open fact table.
        period: local dates in the practice's zone.
        as_of: how late inquiries are known; stands in the heading.
        language: en or zh.
        client: whose desk, as the heading names it.
        environment: which of its environments.
        people: names of persons by id, where a figure is broken down by person.
        notes: sentences of the caller's for the heading (for example that the data is a demonstration).
        remarks: sentences of the caller's under the table of figures (for example what has moved them since they were published).
        called: what inquiries are called by people, by their ids; None: by their ids.

    Raises:
        DocumentError: a rule of the practice cannot be understood.
    """
    gathered = gather(practice, facts, period, as_of)
    page = _Page(practice, gathered, language, client, environment, people, notes, remarks)
    if called is not None:
        page.called = called(page.inquiries())
    return page.html()


class _Page:
    def __init__(
        self,
        practice: Rulebook,
        gathered: Gathered,
        language: str,
        client: str,
        environment: str,
        people: Mapping[str, str] | None,
        notes: tuple[str, ...],
        remarks: tuple[str, ...],
    ) -> None:
        self.practice, self.data, self.language = practice, gathered, language
        self.client, self.environment, self.notes, self.remarks = client, environment, notes, remarks
        self.names = Names(practice, language, people)
        self.called: Mapping[str, str] = {}

    def inquiries(self) -> list[str]:
        """The inquiries that the page names."""
        named: dict[str, None] = {inquiry: None for one in self.data.missed for inquiry, _, _ in one.worst}
        for listed in self.by_rule().values():
            named.update(dict.fromkeys(listed[:_LISTED]))
        return list(named)

    def by_rule(self) -> dict[str, list[str]]:
        """The inquiries that have something wrong with them, by what."""
        by_rule: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for inquiry, problem in self.data.problems:
            by_rule[problem.rule if problem.rule in RULES else "clock-error"][inquiry] = None
        return {rule: list(by_rule[rule]) for rule in RULES if rule in by_rule}

    def say(self, key: str, **values: object) -> str:
        return word(self.language, key, **values)

    def html(self) -> str:
        title = f"{self.client} / {self.environment}: {self.say('report')}, {self.data.period.label(self.language)}"
        css = files("deskweave.measure").joinpath("templates", "report.css").read_text("utf-8")
        head = fragment(
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="referrer", content="no-referrer"),
            tag("title", title),
            style(css),
        )
        body = tag(
            "main",
            self.header(),
            self.tiles(),
            self.kpis(),
            self.trend(),
            self.charts(),
            self.breakdown(),
            self.missed(),
            self.quality(),
            method(self.practice, self.data.results, self.names, self.language),
            self.footer(),
        )
        return document(self.language, head=head, body=body)

    def header(self) -> Markup:
        data = self.data
        when = self.say("as_of", when=moment(data.as_of, self.practice.zone, self.language))
        parts = [when, self.say("zone", zone=self.practice.zone)]
        hours = hours_in_words(self.practice, self.language)
        parts += [hours] if hours else []
        return tag(
            "header",
            tag("p", f"{self.client} / {self.environment}", class_="kicker"),
            tag("h1", f"{self.say('report')}{'：' if self.language == 'zh' else ', '}{data.period.label(self.language)}"),
            tag("p", (tag("span", part) for part in parts), class_="meta"),
            (tag("p", note, class_="meta") for note in self.notes),
            tag("p", self.summary(), class_="summary"),
        )

    def summary(self) -> Child:
        judged = {name: one.met for name, one in self.data.results.items() if one.met is not None}
        if not judged:
            return None
        missed = [self.names.metric(name) for name, met in judged.items() if not met]
        if not missed:
            return self.say("summary:all", n=len(judged))
        said = self.say("summary:some", n=len(judged), met=len(judged) - len(missed))
        gap = "" if self.language == "zh" else " "
        return said + gap + self.say("summary:missed", names=say_list(missed, self.language))

    def tiles(self) -> Markup:
        metrics = grouped(self.practice, self.data.results)
        shown = [one for one in metrics if self.data.results[one.id].value is not None]
        first = [one for one in shown if one.value == {"count": {}} and one.where is None][:1]
        aimed = [one for one in shown if self.data.results[one.id].met is not None and one not in first]
        chosen = [*first, *aimed, *(one for one in shown if one not in first and one not in aimed)][:_TILES]
        return tag("section", (self.tile(one) for one in chosen), class_="tiles")

    def tile(self, metric: Metric) -> Markup:
        result = self.data.results[metric.id]
        state = _state(metric, result)
        aim = goal_in_words(metric, self.language)
        return tag(
            "div",
            tag("p", self.names.label(metric.label, metric.id), class_="what"),
            tag("p", figure(metric, result.value, self.language), class_="figure"),
            tag("p", self.verdict(metric, result), " " if state else None, aim, class_="aim"),
            tag("p", self.level(result), class_="aim") if result.level else None,
            class_=f"tile {state}".strip(),
        )

    def verdict(self, metric: Metric, result: Result) -> Markup | None:
        state = _state(metric, result)
        return tag("span", self.say(f"word:{state}"), class_=f"word {state}") if state else None

    def level(self, result: Result) -> Markup | None:
        """The level of the threshold that is reached: a word in a frame, so that it is seen without colour too."""
        return tag("span", self.say(f"level:{result.level}"), class_=f"level {result.level}") if result.level else None

    def kpis(self) -> Markup:
        heads = ("col:metric", "col:value", "col:previous", "col:target", "col:verdict", "col:counted")
        lines: list[Markup] = []
        factor: object = object()
        lacking: dict[str, list[str]] = {}
        for metric in grouped(self.practice, self.data.results):
            if self.data.results[metric.id].value is None:
                why = self.names.reason(metric, self.data.results[metric.id])
                lacking.setdefault(why, []).append(self.names.metric(metric.id))
                continue
            if metric.factor != factor:
                factor = metric.factor
                lines.append(tag("tr", tag("td", self.names.factor(metric.factor), colspan=len(heads)), class_="group"))
            lines.append(self.kpi(metric))
        table = tag("table", tag("thead", tag("tr", (tag("th", self.say(head)) for head in heads))), tag("tbody", lines))
        without = [
            tag("li", self.say("why", why=why, metrics=say_list(metrics, self.language))) for why, metrics in lacking.items()
        ]
        empty = (
            tag("div", tag("h3", self.say("head:no_data")), tag("ul", without, class_="notes"), class_="lacking")
            if without
            else None
        )
        beyond = [one for level in LEVELS for one in self.data.results.values() if one.level == level]
        said = [tag("li", self.level(one), " ", self.names.threshold(self.practice.metrics[one.metric], one)) for one in beyond]
        reached = tag("ul", said, class_="notes reached") if said else None
        remarks = [tag("p", remark, class_="remark") for remark in self.remarks]
        return tag("section", tag("h2", self.say("figures")), tag("div", table, class_="scroll"), reached, empty, remarks)

    def trend(self) -> Markup | None:
        """The figures of several periods, where there are several."""
        periods = self.data.periods
        metrics = [
            one
            for one in grouped(self.practice, self.data.results)
            if sum(result.value is not None for result in self.data.trend[one.id]) > 1
        ]
        if len(periods) < 2 or not metrics:
            return None
        heads = [self.say("col:metric"), "", *(period.id if period.every else f"{period.since:%m-%d}" for period in periods)]
        lines = []
        for metric in metrics:
            results = self.data.trend[metric.id]
            label = self.names.label(metric.label, metric.id)
            goal = metric.target.goal if metric.target is not None else None
            drawn = spark([one.value for one in results], title=label, goal=goal)
            lines.append(tag("tr", tag("td", label), tag("td", drawn, class_="drawn"), (self.cell(metric, one) for one in results)))
        table = tag("table", tag("thead", tag("tr", (tag("th", head) for head in heads))), tag("tbody", lines), class_="trend")
        return tag("section", tag("h2", self.say("trend_over", n=len(periods))), tag("div", table, class_="scroll"))

    def missed(self) -> Markup | None:
        """The inquiries that missed their goals by the most."""
        if not self.data.missed:
            return None
        lines = []
        for one in self.data.missed:
            lines.append(
                tag(
                    "tr",
                    tag("td", self.say("missed_goal", clock=self.names.clock(one.clock), n=number(one.count)), colspan=4),
                    class_="group",
                )
            )
            for inquiry, took, goal in one.worst:
                cells = (
                    duration(took, self.language),
                    duration(goal, self.language, short=True),
                    duration(took - goal, self.language),
                )
                lines.append(tag("tr", tag("td", self.called.get(inquiry, inquiry)), (tag("td", cell) for cell in cells)))
        heads = ("inquiry", "took", "goal", "over_by")
        table = tag("table", tag("thead", tag("tr", (tag("th", self.say(f"col:{head}")) for head in heads))), tag("tbody", lines))
        return tag("section", tag("h2", self.say("worst")), tag("div", table, class_="scroll"))

    def kpi(self, metric: Metric) -> Markup:
        result = self.data.results[metric.id]
        before = self.data.before.get(metric.id)
        aside = None
        if result.beside and isinstance(metric.value.get("average"), str):
            aside = tag("span", self.say("beside_short", n=number(result.beside)), class_="aside")
        parts: Child = number(result.counted)
        if result.denominator and metric.unit == "ratio" and _counts(metric):
            parts = f"{number(result.numerator or 0)} / {number(result.denominator)}"
        if metric.made_of_others:
            parts = f"{result.counted} / {len(result.parts)}"
        why = self.names.reason(metric, result)
        if metric.id in self.data.unsaid:
            why = self.say("unsaid", fields=self.fields(self.data.unsaid[metric.id], _FIELDS))
        if why:
            aside = tag("span", why, class_="aside")
        return tag(
            "tr",
            tag("td", self.names.label(metric.label, metric.id)),
            tag("td", figure(metric, result.value, self.language), class_="figure"),
            tag("td", figure(metric, before.value, self.language) if before and before.value is not None else "", class_="quiet"),
            tag("td", goal_in_words(metric, self.language)),
            tag("td", self.verdict(metric, result), " " if result.level and result.met is not None else None, self.level(result)),
            tag("td", parts, aside),
        )

    def charts(self) -> Markup:
        made = (self.per_day(), self.distribution(), self.status_share(), self.satisfaction())
        return tag("section", tag("h2", self.say("charts")), tag("div", made, class_="charts"))

    def framed(self, title: str, note: str, drawn: Child) -> Markup:
        return tag("figure", tag("figcaption", tag("h3", title), tag("p", note) if note else None), drawn)

    def per_day(self) -> Markup:
        data = self.data
        field = self.names.field(data.day_field) if data.day_field else ""
        said = field.lower() if self.language == "en" else field
        title = self.say("per_day_by", field=said) if field else self.say("per_day")
        total = sum(sum(counts) for counts in data.per_day.values())
        note = self.say("distribution_plain", n=number(total))
        if not total:
            return self.framed(title, "", tag("p", self.say("nothing"), class_="empty"))
        named = [(self.names.value(data.day_field or "", name), counts) for name, counts in data.per_day.items()]
        if len(named) > len(SHADES):
            rest = named[len(SHADES) - 1 :]
            named = [*named[: len(SHADES) - 1], (self.say("other"), tuple(map(sum, zip(*(c for _, c in rest), strict=True))))]
        labels, named = self.gathered_days(named)
        drawn = columns(labels, [Series(name, counts) for name, counts in named], title=title)
        return self.framed(title, note, [drawn, legend([name for name, _ in named]) if data.day_field else None])

    def gathered_days(self, named: list[tuple[str, tuple[int, ...]]]) -> tuple[list[str], list[tuple[str, tuple[int, ...]]]]:
        """Days, or weeks where there are too many days for columns of their own."""
        days = [day.since for day in self.data.days]
        step = 1 if len(days) <= 31 else 7 if len(days) <= 120 else 31
        starts = range(0, len(days), step)
        summed = [(name, tuple(sum(counts[start : start + step]) for start in starts)) for name, counts in named]
        if step == 1 and len(days) <= 7:
            weekdays = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun") if self.language != "zh" else tuple("一二三四五六日")
            prefix = "周" if self.language == "zh" else ""
            return [f"{prefix}{weekdays[day.weekday()]} {day.day}" for day in days], summed
        sparse = 5 if step == 1 and len(days) > 14 else 1  # a month of labels would run into each other
        return [f"{days[start].month}-{days[start].day}" if n % sparse == 0 else "" for n, start in enumerate(starts)], summed

    def distribution(self) -> Markup:
        data = self.data
        if data.clock is None or not any(one.count for one in data.slices):
            name = self.names.clock(data.clock.id) if data.clock else ""
            return self.framed(self.say("distribution", clock=name), "", tag("p", self.say("nothing"), class_="empty"))
        title = self.say("distribution", clock=self.names.clock(data.clock.id))
        total = number(sum(one.count for one in data.slices))
        goal = None if data.clock.goal is None else int(data.clock.goal.total_seconds())
        aim = "" if goal is None else duration(goal, self.language, short=True)
        note = self.say("distribution_note", n=total, goal=aim) if aim else self.say("distribution_plain", n=total)
        bars, kept = [], None
        for place, one in enumerate(data.slices):
            inside = goal is None or (one.upto is not None and one.upto <= goal)
            kept = place if inside and goal is not None else kept
            edge = one.upto if one.upto is not None else one.above or 0
            said = duration(edge, self.language, short=True)
            name = self.say("up_to" if one.upto is not None else "over", to=said, edge=said)
            bars.append(Bar(name, one.count, number(one.count), "s1" if inside else "bad"))
        return self.framed(title, note, histogram(bars, title=title, goal_after=kept, goal=aim))

    def status_share(self) -> Markup:
        title = self.say("status_share")
        spent = self.data.status_time
        total = sum(spent.values())
        if not total:
            return self.framed(title, "", tag("p", self.say("nothing"), class_="empty"))
        note = self.say("status_note", total=duration(total, self.language, short=True))
        bars = [
            Bar(
                self.names.value("status", status),
                seconds,
                share(seconds / total),
                "s1" if self.practice.statuses.statuses[status].phase == "active" else "s2",
                duration(seconds, self.language),
            )
            for status, seconds in spent.items()
        ]  # fmt: skip
        return self.framed(title, note, rows(bars, title=title))

    def satisfaction(self) -> Markup:
        field = self.data.rating_field
        if field is None:
            return fragment()
        title = self.say("satisfaction", field=self.names.field(field.id))
        total = sum(self.data.ratings.values())
        if not total:
            return self.framed(title, "", tag("p", self.say("no_ratings"), class_="empty"))
        shades = ("good", *("middling" for _ in range(max(len(self.data.ratings) - 2, 0))), "bad")
        bars = [
            Bar(self.names.value(field.id, slug), count, share(count / total), shades[n], number(count))
            for n, (slug, count) in enumerate(self.data.ratings.items())
        ]
        return self.framed(title, self.say("ratings_note", n=number(total)), rows(bars, title=title))

    def breakdown(self) -> Markup | None:
        data = self.data
        if data.item_field is None or not data.by_item:
            return None
        name = self.names.field(data.item_field.id)
        total = sum(results[""].counted for results in data.by_item.values() if "" in results) or 1
        heads = [name, "", self.say("col:inquiries")]
        heads += [self.names.label(metric.label, metric.id) for metric in data.broken_down]
        most = max((results[""].counted for results in data.by_item.values() if "" in results), default=1) or 1
        lines = []
        for item, results in list(data.by_item.items())[:_ITEMS]:
            counted = results[""].counted if "" in results else 0
            gauge = tag("span", tag("i", "", style=f"width:{counted / most * 100:.0f}%"), class_="gauge")
            shown = tag("td", gauge, tag("span", share(counted / total), class_="share"), class_="quiet")
            first = (tag("td", self.names.value(data.item_field.id, item)), shown, tag("td", number(counted), class_="figure"))
            lines.append(tag("tr", first, (self.cell(metric, results.get(metric.id)) for metric in data.broken_down)))
        whole = [tag("td", figure(metric, data.results[metric.id].value, self.language)) for metric in data.broken_down]
        rest = list(data.by_item.values())[_ITEMS:]
        if rest:
            counted = sum(results[""].counted for results in rest if "" in results)
            shown = tag("td", tag("span", share(counted / total), class_="share"), class_="quiet")
            more = (tag("td", self.say("items_more", n=number(len(rest)))), shown, tag("td", number(counted)))
            lines.append(tag("tr", more, (tag("td", "") for _ in data.broken_down), class_="quiet"))
        lines.append(tag("tr", tag("td", self.say("total")), tag("td", ""), tag("td", number(total)), whole, class_="total"))
        said = name.lower() if self.language == "en" else name
        table = tag("table", tag("thead", tag("tr", (tag("th", head) for head in heads))), tag("tbody", lines))
        return tag("section", tag("h2", self.say("breakdown", field=said)), tag("div", table, class_="scroll"))

    def cell(self, metric: Metric, result: Result | None) -> Markup:
        if result is None or result.value is None:
            return tag("td", "-", class_="quiet")
        state = _state(metric, result)
        value = figure(metric, result.value, self.language)
        level = [" ", self.level(result)] if result.level else []
        return tag("td", tag("span", value, class_=f"word {state}") if state in ("missed", "near") else value, level)

    def quality(self) -> Markup:
        problems = self.data.problems
        title = tag("h2", self.say("quality"))
        unsaid = self.unsaid()
        if not problems:
            return tag("section", title, tag("p", self.say("quality_fine"), class_="empty"), unsaid)
        notes = []
        for rule, inquiries in self.by_rule().items():
            listed = say_list((self.called.get(one, one) for one in inquiries[:_LISTED]), self.language)
            if len(inquiries) > _LISTED:
                listed = say_list((listed, self.say("quality_more", n=number(len(inquiries) - _LISTED))), self.language)
            notes.append(tag("li", problem_in_words(rule, len(inquiries), self.language), tag("small", listed)))
        intro = self.say("quality_intro", n=number(len({inquiry for inquiry, _ in problems})))
        return tag("section", title, tag("p", intro), tag("ul", notes, class_="notes"), unsaid)

    def fields(self, names: Sequence[str], shown: int | None = None) -> str:
        """Fields by their labels, at most so many."""
        said = say_list(map(self.names.field, names[:shown]), self.language)
        return said if shown is None or len(names) <= shown else self.say("fields_more", fields=said, n=len(names) - shown)

    def unsaid(self) -> Markup | None:
        """Figures that rest on fields nobody fills."""
        by_fields: dict[tuple[str, ...], list[str]] = {}
        for metric, fields in self.data.unsaid.items():
            by_fields.setdefault(fields, []).append(self.names.metric(metric))
        if not by_fields:
            return None
        listed = [
            tag(
                "li",
                self.say("unsaid", fields=self.fields(fields)),
                tag("small", self.say("unsaid_so", metrics=say_list(metrics, self.language))),
            )
            for fields, metrics in by_fields.items()
        ]
        return tag("ul", listed, class_="notes")

    def footer(self) -> Markup:
        stamp = next((one.stamp for one in self.data.results.values()), None)
        if stamp is None:
            return tag("footer", tag("p", self.say("made_by")))
        said = self.say(
            "stamp",
            id=self.practice.id,
            digest=stamp.practice[:16],
            calendars=say_list(stamp.calendars, self.language) or "-",
            position=number(stamp.position),
        )
        earlier = [digest[:16] for digest in stamp.judged_by if digest != stamp.practice]
        mixed = tag("p", self.say("stamp_mixed", digests=say_list(earlier, self.language))) if earlier else None
        return tag("footer", tag("p", said), mixed, tag("p", self.say("made_by")))


def _state(metric: Metric, result: Result) -> str:
    """met, missed, near (missed, within the warning limit), or nothing."""
    if result.met is None or metric.target is None or result.value is None:
        return ""
    if result.met:
        return "met"
    warn = metric.target.warn
    if warn is None:
        return "missed"
    return "near" if (result.value >= warn if metric.target.better == "higher" else result.value <= warn) else "missed"


def _counts(metric: Metric) -> bool:
    """Whether a ratio is one number of inquiries over another, so that both can be shown."""
    ratio = metric.value.get("ratio")
    return isinstance(ratio, Mapping) and all(isinstance(part, Mapping) and "count" in part for part in ratio.values())
