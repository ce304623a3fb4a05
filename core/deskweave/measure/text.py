"""KPI results as a table of 80 columns, in English or Chinese (GBK-safe: no boxes, no arrows, aligned by display width)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from deskweave.measure.facts import RULES, Problem
from deskweave.measure.figures import figure, goal, left, number, printable, right, width, wrapped
from deskweave.measure.naming import Names
from deskweave.measure.periods import Period
from deskweave.measure.run import Result
from deskweave.measure.sources import Rulebook
from deskweave.measure.wording import word
from deskweave.model import InquiryId, Level, Metric
from deskweave.practice.wording import say_list

_HANG = 11  #: columns of a word in front of a sentence
_NAME = 28  #: columns of the first column, its two blanks included
_COLUMNS = (8, 9, 8, 9, 9, 9)
LEVELS: tuple[Level, ...] = ("critical", "warning", "info")  #: the gravest first
_SHORT_ZH = {
    "day": ("当日", "前日"),
    "week": ("本周", "上周"),
    "month": ("本月", "上月"),
    "quarter": ("本季", "上季"),
    "year": ("本年", "上年"),
}


def heading(practice: Rulebook, period: Period, language: str, *, client: str, environment: str) -> str:
    """The first line: client, environment, period, zone, and the hours that clocks count (on a second line if need be)."""
    comma = "，" if language == "zh" else ", "
    said = comma.join((period.label(language), practice.zone))
    line = printable(f"{client} / {environment}    {said}")
    for hours in (hours_in_words(practice, language), hours_in_words(practice, language, brief=True)):
        if not hours:
            return line
        if width(line + comma + hours) <= 80:
            return line + comma + printable(hours)
    return line + "\n" + printable(hours_in_words(practice, language))


def hours_in_words(practice: Rulebook, language: str, *, brief: bool = False) -> str:
    """The calendar that clocks count, with the revision of its holidays; empty if none does."""
    used = (clock.calendar for clock in practice.clocks.values() if clock.calendar)
    calendar = next((practice.calendars[name] for name in used if name in practice.calendars), None)
    if calendar is None:
        return ""
    holidays = practice.holidays.get(calendar.holidays or "")
    label = Names(practice, language).label(calendar.label, calendar.id)
    key = "hours_short" if brief else "hours"
    return word(language, key, label=label, id=calendar.id, revision=holidays.revision if holidays else "-")


def table(practice: Rulebook, results: Sequence[Result], period: Period, language: str) -> str:
    """Totals by metric, in the order of the practice, grouped by success factor; beside them the period before, where it was run.

    Below them it says why figures have no value.

    Args:
        practice: whose labels and targets.
        results: of `run` with `by=()`, for `period` and, if wanted, `period.previous`.
        period: the one that is reported.
        language: en or zh.
    """
    names = Names(practice, language)
    now = {one.metric: one for one in results if one.period == period and not one.fields}
    before = {one.metric: one for one in results if one.period == period.previous and not one.fields}
    lines = [_line("", _head(period, language))]
    factor: str | None = None
    begun = False
    for metric in grouped(practice, now):
        if not begun or metric.factor != factor:
            lines.append(printable(names.factor(metric.factor)))
        begun, factor = True, metric.factor
        lines.extend(_row(metric, now[metric.id], before.get(metric.id), names, language))
    lines.extend(_reached(practice, now.values(), names, language))
    lines.extend(_without(practice, now, names, language))
    return "\n".join(line.rstrip() for line in lines)


def grouped(practice: Rulebook, results: Iterable[str]) -> list[Metric]:
    """The metrics that have results, by factor: first the practice's factors in its order, then others as they first appear."""
    wanted = set(results)
    factors = list(dict.fromkeys([*practice.factors, *(metric.factor for metric in practice.metrics.values())]))
    return sorted((one for one in practice.metrics.values() if one.id in wanted), key=lambda one: factors.index(one.factor))


def _without(practice: Rulebook, now: Mapping[str, Result], names: Names, language: str) -> Iterator[str]:
    """What has no value, by what is lacking, and what is made of less than all its parts; within 80 columns."""
    lacking: dict[str, list[str]] = {}
    partly: list[str] = []
    for metric in grouped(practice, now):
        why = names.reason(metric, now[metric.id])
        label = printable(names.label(metric.label, metric.id))
        if now[metric.id].reason:
            lacking.setdefault(why, []).append(label)
        elif why:
            partly.append(word(language, "why", why=label, metrics=why))
    said = [word(language, "why", why=why, metrics=say_list(metrics, language)) for why, metrics in lacking.items()]
    yield from ("",) if said or partly else ()
    for head, sentences in (("head:no_data", said), ("head:partly", partly)):
        lines = [line for sentence in sentences for line in wrapped(sentence, 80 - _HANG)]
        for place, line in enumerate(lines):
            yield left(word(language, head) if place == 0 else "", _HANG) + line


def _reached(practice: Rulebook, results: Iterable[Result], names: Names, language: str) -> Iterator[str]:
    """The figures beyond a threshold, the gravest first, within 80 columns."""
    beyond = [one for one in results if one.threshold is not None]
    yield from ("",) if beyond else ()
    for level in LEVELS:
        head = word(language, f"level:{level}").capitalize()
        for one in (one for one in beyond if one.level == level):
            for line in wrapped(printable(names.threshold(practice.metrics[one.metric], one)), 80 - _HANG):
                yield left(head, _HANG) + line
                head = ""


def breakdown(practice: Rulebook, results: Sequence[Result], period: Period, language: str) -> str:
    """Results that are broken down: one line for each combination and each total, one block for each metric."""
    names = Names(practice, language)
    lines: list[str] = []
    for metric in practice.metrics.values():
        here = [one for one in results if one.metric == metric.id and one.period == period and one.fields]
        if here:
            lines.append(printable(names.label(metric.label, metric.id)))
        lacking: dict[str, list[str]] = {}
        for one in here:
            said = _placed(names, one)
            lines.extend(_named(said, _cells(metric, one, None, language)))
            if one.reason and "derived" in metric.value:  # whether a part is missing or nothing is divided by, nobody sees
                lacking.setdefault(names.reason(metric, one), []).append(printable(said))
        listed = [word(language, "why", why=why, metrics=say_list(groups, language)) for why, groups in lacking.items()]
        broken = [line for sentence in listed for line in wrapped(sentence, 80 - _HANG)]
        lines.extend(left(word(language, "head:no_data") if place == 0 else "", _HANG) + line for place, line in enumerate(broken))
    return "\n".join(line.rstrip() for line in lines)


def series(practice: Rulebook, results: Sequence[Result], periods: Sequence[Period], language: str) -> str:
    """Several periods under each other: a block for each metric and combination, a line for each period.

    The trend is that from the period above. What stands below is about the last period.
    """
    names = Names(practice, language)
    heads = [word(language, key) for key in ("trend", "target", "verdict", "counted")]
    lines = [_line("", ("", "", *heads))]
    latest: list[Result] = []
    for metric in grouped(practice, (one.metric for one in results)):
        here = [one for one in results if one.metric == metric.id and one.period in periods]
        lines.append(printable(names.label(metric.label, metric.id)))
        for place in dict.fromkeys((tuple(one.by.items()), one.over) for one in here):
            some = [one for one in here if (tuple(one.by.items()), one.over) == place]
            lines += [f"  {printable(_placed(names, some[0]))}"] if some[0].fields else []
            for before, one in zip([None, *some], some, strict=False):
                name = ("  " if one.fields else "") + one.period.label(language)
                lines.extend(_named(name, _cells(metric, one, before, language)))
            latest += some[-1:]
    lines.extend(_reached(practice, latest, names, language))
    lines.extend(_without(practice, {one.metric: one for one in latest if not one.fields}, names, language))
    return "\n".join(line.rstrip() for line in lines)


def _placed(names: Names, result: Result) -> str:
    """Where a figure stands in its breakdown; the total of all is one word."""
    return word(names.language, "total") if not result.by else " / ".join(names.place(result))


def _cells(metric: Metric, now: Result, before: Result | None, language: str) -> tuple[str, ...]:
    """The columns of a line without the period before: the level of a threshold takes its place."""
    return (
        figure(metric, now.value, language),
        "" if now.level is None else word(language, f"level:{now.level}"),
        "" if before is None else trend(metric, now, before, language),
        goal(metric, language) or "-",
        _verdict(now, language),
        _counted(metric, now),
    )


def left_out(problems: Iterable[tuple[InquiryId, Problem]], language: str) -> str:
    """One line about inquiries that could not be measured in full; empty if there are none. An inquiry counts once for a rule."""
    pairs = {(inquiry, problem.rule) for inquiry, problem in problems}
    if not pairs:
        return ""
    counts = Counter(rule for _, rule in pairs)
    known = sorted(counts, key=lambda rule: RULES.index(rule) if rule in RULES else len(RULES))
    said = ("，" if language == "zh" else ", ").join(problem_in_words(rule, counts[rule], language) for rule in known)
    total = number(len({inquiry for inquiry, _ in pairs}))
    return left(word(language, "left_out"), 11) + word(language, "inquiries", n=total, what=said)


def unsaid_lines(
    practice: Rulebook, unsaid: Mapping[str, Sequence[str]], language: str, only: Iterable[str] | None = None
) -> list[str]:
    """Which fields nobody says, and the figures that rest on them alone: see `gathering.unsaid`."""
    names = Names(practice, language)
    shown = unsaid if only is None else set(only)
    by_fields: dict[tuple[str, ...], list[str]] = {}
    for metric, fields in unsaid.items():
        if metric in shown:
            by_fields.setdefault(tuple(fields), []).append(names.metric(metric))
    return [
        word(
            language, "why", why=word(language, "unsaid", fields=say_list(map(names.field, fields), language)),
            metrics=say_list(metrics, language),
        )
        for fields, metrics in by_fields.items()
    ]  # fmt: skip


def problem_in_words(rule: str, count: int, language: str) -> str:
    """How many inquiries have one kind of problem."""
    return word(language, f"rule:{rule}" if rule in RULES else "rule:clock-error", n=number(count))


def trend(metric: Metric, now: Result, before: Result | None, language: str) -> str:
    """Better, worse or the same as before, by the metric's target; a dash where that says nothing."""
    if metric.target is None or before is None or now.value is None or before.value is None:
        return "-"
    if figure(metric, now.value, language) == figure(metric, before.value, language):
        return word(language, "same")
    risen = now.value > before.value
    return word(language, "better" if risen is (metric.target.better == "higher") else "worse")


def _verdict(result: Result, language: str) -> str:
    return "-" if result.met is None else word(language, "met" if result.met else "missed")


def _mark(result: Result, language: str) -> Iterator[str]:
    """What draws the eye to a line whose threshold is reached; the words stand below the table."""
    if result.level in ("warning", "critical"):
        yield word(language, f"mark:{result.level}")


def _counted(metric: Metric, result: Result) -> str:
    return f"{result.counted}/{len(result.parts)}" if metric.made_of_others else number(result.counted)


def _row(metric: Metric, now: Result, before: Result | None, names: Names, language: str) -> list[str]:
    cells = (
        figure(metric, now.value, language),
        "-" if before is None else figure(metric, before.value, language),
        trend(metric, now, before, language),
        goal(metric, language) or "-",
        " ".join([*_mark(now, language), _verdict(now, language)]),
        _counted(metric, now),
    )
    return _named(names.label(metric.label, metric.id), cells)


def _named(name: str, cells: Sequence[str]) -> list[str]:
    name = "  " + printable(name)
    if width(name) + 2 + width(cells[0]) <= _NAME + _COLUMNS[0]:
        return [_line(name, cells)]
    return [name, _line("", cells)]


def _line(name: str, cells: Sequence[str]) -> str:
    line = left(name, _NAME)
    end = _NAME
    for cell, columns in zip(cells, _COLUMNS, strict=True):
        end += columns
        line += right(cell, max(end - width(line), width(cell) + 1))  # a long figure takes from its neighbour's blanks
    return line


def _head(period: Period, language: str) -> tuple[str, ...]:
    return (*short(period, language), *(word(language, key) for key in ("trend", "target", "verdict", "counted")))


def short(period: Period, language: str) -> tuple[str, str]:
    """Names of a period and the one before it that fit a column."""
    if language == "zh":
        return _SHORT_ZH.get(period.every or "", (word("zh", "now"), word("zh", "before")))
    match period.every:
        case "month":
            return period.label("en")[:3], period.previous.label("en")[:3]
        case "day":
            return period.label("en")[:-5], period.previous.label("en")[:-5]
        case "week" | "quarter":
            return period.id[5:], period.previous.id[5:]
        case "year":
            return period.id, period.previous.id
        case _:
            return word("en", "now"), word("en", "before")
