"""The KPI sheet (practice E): what is computed, in words, who is judged by it, and what it should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deskweave.model import Json, Metric, formula
from deskweave.practice.handbook.chapters.channels import trait
from deskweave.practice.handbook.tree import Row, Section, cell, group, row, say, section, table
from deskweave.practice.handbook.voice import Voice
from deskweave.practice.wording import say_share


def chapter(voice: Voice) -> Section | None:
    metrics = list(voice.practice.metrics.values())
    factors = list(dict.fromkeys([*voice.practice.factors, *(one.factor for one in metrics)]))
    parts = [_factor(voice, name, [one for one in metrics if one.factor == name]) for name in factors]
    about = voice(
        "Each figure is a rule, not code. Its examples state rows and what must come out; they are computed whenever the "
        "practice is "
        "checked.",
        "每项指标都是一条规则，不是程序。示例给出已知数据和应得结果，每次检查实践时都会验算。",
    )
    return section("metrics", voice("Key figures", "流程衡量指标"), [say(about) if metrics else None], parts)


def _factor(voice: Voice, name: str | None, metrics: list[Metric]) -> Section | None:
    heads = (
        voice("Figure", "衡量指标"),
        voice("How it is computed", "计算方法"),
        voice("Judged", "考核对象"),
        voice("Unit", "单位"),
        voice("Target", "目标"),
        voice("Broken down by", "维度"),
        voice("Examples", "示例数"),
    )
    rows = (
        row(
            cell(voice.label(one.label, one.id), code=one.id, notes=[voice.text(one.description)]),
            cell(
                computed(voice, one),
                notes=[_scope(voice, one)],
            ),
            voice.role(one.judges) if one.judges else "",
            _unit(voice, one),
            [*_target(voice, one), *_thresholds(voice, one)],
            cell(voice.list(voice.field(field) for field in one.by), notes=[_totals(voice, one)]),
            str(len(one.examples)),
        )
        for one in metrics
    )
    known = voice.practice.factors.get(name or "")
    title = voice.label(known.label, name or "") if known else _well_known(voice, name)
    return section(
        f"metrics-{name or 'other'}",
        title,
        [
            say(voice.about("Practice", voice.practice.id, "factors", name or "")),
            table(heads, rows, keep=(1, 2, 3, 4, 6), centred=(6,), family="metrics"),
        ],
        [_criteria(voice, name, metrics)],
    )


def _well_known(voice: Voice, name: str | None) -> str:
    words = {
        "communication": ("Effective, efficient and convenient communication", "沟通有效、高效、便利"),
        "value_streams": ("Communication built into the value streams", "沟通融入价值流"),
    }
    if name in words:
        return voice.word(words, name)
    return name or voice("Without a success factor", "未归入成功因素")


def computed(voice: Voice, metric: Metric) -> str:
    """The figure in words: those of the file, else of its tree."""
    stated = voice.text(metric.formula)
    if stated:
        return stated
    said = _value(voice, metric, metric.value)
    return said[:1].upper() + said[1:]


def _rows(voice: Voice, metric: Metric) -> str:
    words = {
        "inquiry": ("inquiries", "问询"),
        "contact": ("contacts", "联系"),
        "response": ("answers", "答复"),
        "channel": ("channels", "渠道"),
    }
    return voice.word(words, metric.grain)


def _value(voice: Voice, metric: Metric, tree: Mapping[str, Json]) -> str:
    ((key, body),) = tree.items()
    rows = _rows(voice, metric)
    if key == "derived":
        return formula.say(formula.formula_of(body), lambda term: _term(voice, term))
    if key == "backlog":
        where = body.get("where") if isinstance(body, Mapping) else None
        if not isinstance(where, Mapping):
            return voice("number of {rows} open at the end of the period", "周期结束时未结束的{rows}数量", rows=rows)
        return voice(
            "number of {rows} open at the end of the period for which: {where}",
            "周期结束时未结束且符合条件的{rows}数量（{where}）",
            rows=rows,
            where=voice.when(where),
        )
    if key == "count":
        where = body.get("where") if isinstance(body, Mapping) else None
        if not isinstance(where, Mapping):
            return voice("number of {rows}", "{rows}数量", rows=rows)
        said = voice.when(where)
        return voice("number of {rows} for which: {where}", "符合条件的{rows}数量（{where}）", rows=rows, where=said)
    if key == "ratio" and isinstance(body, Mapping):
        of, over = (_value(voice, metric, part) if isinstance(part := body.get(side), Mapping) else "" for side in ("of", "over"))
        return voice("{of}, divided by {over}", "{of} ÷ {over}", of=of, over=over)
    if key == "percentile" and isinstance(body, Mapping):
        share = body.get("p")
        return voice(
            "value of {field} that {p} of {rows} do not exceed",
            "{p} 的{rows}不超过的{field}",
            field=voice.field(str(body.get("of"))),
            p=say_share(share) if isinstance(share, (int, float)) else str(share),
            rows=rows,
        )
    if key == "fulfilled":
        if body == "every":
            return voice("share of {rows} that fulfil every criterion", "符合全部标准的{rows}占比", rows=rows)
        return voice("share of criteria fulfilled, over all {rows}", "全部{rows}的各项标准中符合的占比", rows=rows)
    if key == "composite" and isinstance(body, Mapping):
        parts = []
        for name, weight in body.items():
            other = voice.practice.metrics.get(name)
            label = voice.label(other.label if other else None, name)
            parts.append(
                voice(
                    "{label} by {weight}",
                    "{label}×{weight}",
                    label=label,
                    weight=f"{weight:g}" if isinstance(weight, (int, float)) else weight,
                )
            )
        return voice("weighted sum of {parts}", "加权合计：{parts}", parts=voice.list(parts))
    words = {
        "sum": ("sum of {field}", "{field}之和"),
        "average": ("average of {field}", "{field}的平均值"),
        "min": ("smallest {field}", "{field}的最小值"),
        "max": ("largest {field}", "{field}的最大值"),
    }
    if key in words:
        return voice(*words[key], field=voice.field(str(body)))
    return key


def _term(voice: Voice, term: formula.Term) -> str:
    other = voice.practice.metrics.get(term.metric)
    label = voice.label(other.label if other else None, term.metric)
    return voice("{label} of the period before", "上期{label}", label=label) if term.previous else label


def _scope(voice: Voice, metric: Metric) -> str:
    every = {
        "day": ("day", "日"),
        "week": ("week", "周"),
        "month": ("month", "月"),
        "quarter": ("quarter", "季度"),
        "year": ("year", "年"),
    }
    word = voice(*every[metric.every])
    if "backlog" in metric.value or "derived" in metric.value:
        period = voice("Per {every}.", "逐{every}统计。", every=word)
    else:
        field = voice.field(str(metric.period_by))
        period = voice("Per {every}, by {field}.", "按{field}逐{every}统计。", every=word, field=field)
    if metric.where is None:
        return period
    return voice.sentences(voice("Only: {where}.", "仅限：{where}。", where=voice.when(metric.where)), period)


def _criteria(voice: Voice, name: str | None, metrics: list[Metric]) -> Section | None:
    """What has been agreed as quality (E2, E14), figure by figure."""
    rows: list[Row] = []
    for one in metrics:
        if one.criteria:
            rows.append(group(voice.label(one.label, one.id)))
            rows += [
                row(
                    voice.label(criterion.label, slug),
                    quality(voice, criterion.trait) if criterion.trait else "",
                    voice.when(criterion.where),
                )
                for slug, criterion in one.criteria.items()
            ]
    heads = (voice("Criterion", "标准"), voice("Trait", "特征"), voice("Fulfilled when", "符合条件"))
    return section(f"metrics-{name or 'other'}-criteria", voice("Agreed criteria", "约定标准"), [table(heads, rows)])


def quality(voice: Voice, name: str) -> str:
    """A trait of information (E2) or of a channel (P1) as a word."""
    words = {
        "availability": ("availability", "可用性"),
        "reliability": ("reliability", "可靠性"),
        "accessibility": ("accessibility", "可访问性"),
        "timeliness": ("timeliness", "及时性"),
        "accuracy": ("accuracy", "准确性"),
        "relevance": ("relevance", "相关性"),
        "objective": ("objectivity", "客观性"),
        "complete": ("completeness", "完整性"),
    }
    return voice(*words[name]) if name in words else trait(voice, name)


def _unit(voice: Voice, metric: Metric) -> str:
    words = {"ratio": ("share", "比率"), "count": ("count", "数量"), "duration": ("time", "时长"), "number": ("number", "数值")}
    return voice.word(words, metric.unit)


def _target(voice: Voice, metric: Metric) -> list[str]:
    target = metric.target
    if target is None:
        return []
    higher = target.better == "higher"
    lines = []
    if target.goal is not None:
        goal = _amount(voice, metric, target.goal)
        lines.append(
            voice("at least {goal}", "不低于 {goal}", goal=goal) if higher else voice("at most {goal}", "不超过 {goal}", goal=goal)
        )
    else:
        lines.append(voice("higher is better", "越高越好") if higher else voice("lower is better", "越低越好"))
    if target.warn is not None:
        lines.append(voice("warning at {warn}", "{warn} 时预警", warn=_amount(voice, metric, target.warn)))
    return lines


def _thresholds(voice: Voice, metric: Metric) -> Iterator[str]:
    """From which values on somebody should look, and who."""
    bounds = {"gt": ("over {bound}", "大于 {bound}"), "gte": ("from {bound} up", "不小于 {bound}"),
              "lt": ("under {bound}", "小于 {bound}"), "lte": ("from {bound} down", "不大于 {bound}")}  # fmt: skip
    levels = {"info": ("information", "提示"), "warning": ("warning", "警告"), "critical": ("critical", "严重")}
    for one in metric.thresholds:
        bound = voice(*bounds[one.operator], bound=_amount(voice, metric, one.value))
        said = voice("{level} {bound}", "{bound}为{level}", level=voice(*levels[one.level]), bound=bound)
        if one.notify is not None:
            said = voice("{said}: {role} should know", "{said}，应告知{role}", said=said, role=voice.role(one.notify))
        yield said


def _totals(voice: Voice, metric: Metric) -> str:
    """What is added up beside the breakdown."""
    if not metric.totals:
        return ""
    named = [voice("by {fields}", "按{fields}", fields=voice.list(map(voice.field, one))) for one in metric.totals if one]
    every = [voice("of all", "总计")] if () in metric.totals else []
    return voice("Totals: {names}.", "合计：{names}。", names=voice.list([*named, *every]))


def _amount(voice: Voice, metric: Metric, value: float) -> str:
    if metric.unit == "ratio":
        return say_share(value)
    return voice.span(value) if metric.unit == "duration" else f"{value:g}"
