"""What a practice says, in words a person reads: labels, values, conditions and spans of time, in English or Chinese.

Nothing here knows a file's keys or YAML: the command line, the handbook and reports say the same thing with the same words.
All of it can be encoded in GBK.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, Literal

from deskweave.model import Field, FieldId, Json, formula, say_label

if TYPE_CHECKING:
    from deskweave.practice.practice import Practice

_EN: Final[Mapping[str, str]] = {
    "and": " and ",
    "or": " or ",
    "list": ", ",
    "last:and": " and ",
    "last:or": " or ",
    "yes": "yes",
    "no": "no",
    "nothing": "(empty)",
    "always": "always",
    "never": "never",
    "hour": "{n} hours",
    "hour:one": "1 hour",
    "minute": "{n} minutes",
    "minute:one": "1 minute",
    "second": "{n} seconds",
    "second:one": "1 second",
    "day": "{n} days",
    "day:one": "1 day",
    "between": " ",
    "if:eq": "{field} is {value}",
    "if:ne": "{field} is not {value}",
    "if:in": "{field} is one of {value}",
    "if:not_in": "{field} is none of {value}",
    "if:lt": "{field} is less than {value}",
    "if:lte": "{field} is at most {value}",
    "if:gt": "{field} is more than {value}",
    "if:gte": "{field} is at least {value}",
    "if:present": "{field} is known",
    "if:absent": "{field} is not known",
    "if:met": "{field} kept its goal",
    "if:unmet": "{field} missed its goal",
    "if:true": "{field}: yes",
    "if:false": "{field}: no",
    "if:not": "not ({part})",
    "group": "({part})",
    "field:phase": "Phase",
    "phase:new": "new",
    "phase:active": "in work",
    "phase:waiting": "waiting",
    "phase:resolved": "resolved",
    "phase:closed": "closed",
    "phase:cancelled": "cancelled",
    "weekday:mon": "Monday",
    "weekday:tue": "Tuesday",
    "weekday:wed": "Wednesday",
    "weekday:thu": "Thursday",
    "weekday:fri": "Friday",
    "weekday:sat": "Saturday",
    "weekday:sun": "Sunday",
    "date": "{day} {month} {year}",
    "figure:count": "the number of {rows}",
    "figure:count_where": "the number of {rows} where {where}",
    "figure:sum": "the sum of {of}",
    "figure:average": "the average of {of}",
    "figure:min": "the smallest {of}",
    "figure:max": "the largest {of}",
    "figure:percentile": "the {p} percentile of {of}",
    "figure:ratio": "{of} divided by {over}",
    "figure:fulfilled_every": "the share of {rows} that fulfil every criterion",
    "figure:fulfilled_each": "the share of criteria fulfilled, over all {rows}",
    "figure:backlog": "the number of {rows} open at the end of the period",
    "figure:backlog_where": "the number of {rows} open at the end of the period where {where}",
    "figure:previous": "{name} of the period before",
    "figure:composite": "the weighted mean of {of}",
    "figure:part": "{name} ({weight})",
    "figure:other": "another figure",
    "rows:inquiry": "inquiries",
    "rows:contact": "contacts",
    "rows:response": "answers to surveys",
    "rows:channel": "channels",
}
_ZH: Final[Mapping[str, str]] = {
    "and": "且",
    "or": "或",
    "list": "、",
    "last:and": "和",
    "last:or": "或",
    "yes": "是",
    "no": "否",
    "nothing": "（空）",
    "always": "总是",
    "never": "从不",
    "hour": "{n}小时",
    "minute": "{n}分钟",
    "second": "{n}秒",
    "day": "{n}天",
    "between": "",
    "if:eq": "{field}为{value}",
    "if:ne": "{field}不为{value}",
    "if:in": "{field}为{value}之一",
    "if:not_in": "{field}不属于{value}",
    "if:lt": "{field}小于{value}",
    "if:lte": "{field}不超过{value}",
    "if:gt": "{field}大于{value}",
    "if:gte": "{field}不小于{value}",
    "if:present": "{field}已知",
    "if:absent": "{field}未知",
    "if:met": "{field}达标",
    "if:unmet": "{field}未达标",
    "if:true": "{field}为是",
    "if:false": "{field}为否",
    "if:not": "非（{part}）",
    "group": "（{part}）",
    "field:phase": "阶段",
    "phase:new": "新建",
    "phase:active": "处理中",
    "phase:waiting": "等待中",
    "phase:resolved": "已解决",
    "phase:closed": "已关闭",
    "phase:cancelled": "已取消",
    "weekday:mon": "周一",
    "weekday:tue": "周二",
    "weekday:wed": "周三",
    "weekday:thu": "周四",
    "weekday:fri": "周五",
    "weekday:sat": "周六",
    "weekday:sun": "周日",
    "date": "{year}年{month}月{day}日",
    "figure:count": "{rows}数量",
    "figure:count_where": "满足“{where}”的{rows}数量",
    "figure:sum": "{of}之和",
    "figure:average": "{of}的平均值",
    "figure:min": "{of}的最小值",
    "figure:max": "{of}的最大值",
    "figure:percentile": "{of}的 {p} 分位数",
    "figure:ratio": "{of}除以{over}",
    "figure:fulfilled_every": "满足全部标准的{rows}占比",
    "figure:fulfilled_each": "按{rows}逐项统计的标准满足率",
    "figure:backlog": "周期结束时未结束的{rows}数量",
    "figure:backlog_where": "周期结束时未结束且满足“{where}”的{rows}数量",
    "figure:previous": "上期{name}",
    "figure:composite": "{of}的加权平均",
    "figure:part": "{name}（{weight}）",
    "figure:other": "另一种算法",
    "rows:inquiry": "问询",
    "rows:contact": "接触",
    "rows:response": "问卷答复",
    "rows:channel": "渠道",
}
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _word(language: str, key: str, **values: object) -> str:
    words = _ZH if language == "zh" else _EN
    single = f"{key}:one"
    return words[single if str(values.get("n")) == "1" and single in words else key].format(**values)


def say_list(words: Iterable[str], language: str, *, last: Literal["and", "or"] | None = None) -> str:
    """Words one after the other; `last` joins the last of them."""
    every = list(words)
    if last and len(every) > 1:
        return _word(language, "list").join(every[:-1]) + _word(language, f"last:{last}") + every[-1]
    return _word(language, "list").join(every)


def say_duration(span: timedelta | float, language: str, *, days: bool = False) -> str:
    """`5 minutes`, `1 hour 30 minutes`, `5分钟`.

    Args:
        span: a timedelta, or seconds.
        language: en or zh.
        days: it is a span of the calendar (`P30D`), not of working time: whole days are said as days. A working day has no one
            length, so that 24 hours of working time stay 24 hours.
    """
    seconds = round(span.total_seconds() if isinstance(span, timedelta) else span)
    if days and seconds % 86400 == 0 and seconds:
        return _word(language, "day", n=seconds // 86400)
    sign = "-" if seconds < 0 else ""
    hours, rest = divmod(abs(seconds), 3600)
    parts = [("hour", hours), ("minute", rest // 60), ("second", rest % 60)]
    said = [_word(language, name, n=n) for name, n in parts if n] or [_word(language, "minute", n=0)]
    return sign + _word(language, "between").join(said)


def say_share(share: float) -> str:
    """`95 %`, at most two decimals."""
    return f"{round(share * 100, 2):g} %"


def say_date(day: date, language: str) -> str:
    """`4 November 2026`, `2026年11月4日`."""
    month = day.month if language == "zh" else _MONTHS[day.month - 1]
    return _word(language, "date", day=day.day, month=month, year=day.year)


def say_weekday(weekday: str, language: str) -> str:
    """`Monday`, `周一`, from `mon`."""
    return _word(language, f"weekday:{weekday}")


def say_windows(windows: Sequence[tuple[time, time | None]], language: str) -> str:
    """`09:00-12:00, 13:00-18:00`."""
    return _word(language, "list").join(f"{begin:%H:%M}-{end:%H:%M}" if end else f"{begin:%H:%M}-24:00" for begin, end in windows)


def say_phase(phase: str, language: str) -> str:
    """A phase as a word."""
    return _word(language, f"phase:{phase}")


def say_field(name: str, practice: Practice, language: str) -> str:
    """What a condition or a rule names: the label of a field (of any kind of record) or a clock; else the name itself."""
    if name in practice.clocks:
        return say_label(practice.clocks[name].label, name, language)
    field = _field(name, practice)
    if field is not None:
        return say_label(field.label, name, language)
    return _word(language, "field:phase") if name == "phase" else name


def say_value(name: str, value: object, practice: Practice, language: str) -> str:
    """A value of the field `name` as people read it: labels for slugs, words for flags, spans of time for durations."""
    if isinstance(value, bool):
        return _word(language, "yes" if value else "no")
    if value is None or value in ("", ()):
        return _word(language, "nothing")
    if isinstance(value, (list, tuple)):
        return say_list((say_value(name, one, practice, language) for one in value), language)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return say_date(value, language)
    field = _field(name, practice)
    if name in practice.clocks or (field is not None and field.type == "duration"):
        seconds = _seconds(value)
        if seconds is not None:
            return say_duration(seconds, language)
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if name == "phase" and f"phase:{text}" in _EN:
        return say_phase(text, language)
    if field is None:
        return text
    if field.type == "catalog_item" and text in practice.catalog:
        return say_label(practice.catalog[text].label, text, language)
    if field.type == "status" and text in practice.statuses.statuses:
        return say_label(practice.statuses.statuses[text].label, text, language)
    if text in field.choices:
        return say_label(field.choices[text].label, text, language)
    return text


def say_predicate(tree: Mapping[str, Json] | None, practice: Practice, language: str) -> str:
    """A condition in words: `Priority is P1 and (Value stream is Incident or ...)`, with the labels of fields and choices.

    Args:
        tree: of the predicate grammar (`deskweave.model.predicate`); None is fulfilled by everything.
        practice: whose labels are used; a name it does not know is said as it stands.
        language: en or zh.
    """
    if tree is None:
        return _word(language, "always")
    ((key, body),) = tree.items()
    if key in ("all", "any") and isinstance(body, (list, tuple)):
        parts = [part for part in body if isinstance(part, Mapping)]
        if not parts:
            return _word(language, "always" if key == "all" else "never")
        said = [_nested(part, practice, language) if len(parts) > 1 else say_predicate(part, practice, language) for part in parts]
        return _word(language, "and" if key == "all" else "or").join(said)
    if not isinstance(body, Mapping):
        return str(key)
    if key == "not":
        return _word(language, "if:not", part=say_predicate(body, practice, language))
    ((operator, want),) = body.items()
    field = say_field(key, practice, language)
    if operator == "present":
        return _word(language, "if:present" if want else "if:absent", field=field)
    if operator == "met":
        return _word(language, "if:met" if want else "if:unmet", field=field)
    if isinstance(want, bool) and operator in ("eq", "ne"):
        return _word(language, "if:true" if want is (operator == "eq") else "if:false", field=field)
    if operator in ("in", "not_in") and isinstance(want, (list, tuple)) and len(want) == 1:
        operator, want = ("eq" if operator == "in" else "ne"), want[0]
    wants = want if isinstance(want, (list, tuple)) else (want,)
    shown = say_list((say_value(key, one, practice, language) for one in wants), language)
    return _word(language, f"if:{operator}", field=field, value=shown)


def say_figure(tree: Mapping[str, Json], practice: Practice, language: str, *, grain: str = "inquiry") -> str:
    """How the value of a metric is computed, in words: `the average of First response`.

    Args:
        tree: the `value` of a metric.
        practice: whose labels are used.
        language: en or zh.
        grain: what one row of the metric is.
    """
    ((key, body),) = tree.items()
    rows = _word(language, f"rows:{grain}") if f"rows:{grain}" in _EN else grain
    if key == "derived":
        return formula.say(formula.formula_of(body), lambda term: say_term(term, practice, language))
    if isinstance(body, Mapping):
        if key in ("count", "backlog"):
            where = body.get("where")
            if not isinstance(where, Mapping):
                return _word(language, f"figure:{key}", rows=rows)
            return _word(language, f"figure:{key}_where", rows=rows, where=say_predicate(where, practice, language))
        if key == "ratio":
            parts = [
                say_figure(part, practice, language, grain=grain)
                for part in (body["of"], body["over"])
                if isinstance(part, Mapping)
            ]
            return _word(language, "figure:ratio", of=parts[0], over=parts[-1])
        if key == "percentile":
            share = body.get("p")
            p = say_share(share) if isinstance(share, (int, float)) else str(share)
            return _word(language, "figure:percentile", of=say_field(str(body.get("of")), practice, language), p=p)
        if key == "composite":
            said = [
                _word(language, "figure:part", name=say_metric(name, practice, language), weight=weight)
                for name, weight in body.items()
            ]
            return _word(language, "figure:composite", of=say_list(said, language))
    if key == "fulfilled":
        return _word(language, "figure:fulfilled_each" if body == "each" else "figure:fulfilled_every", rows=rows)
    if isinstance(body, str) and f"figure:{key}" in _EN:
        return _word(language, f"figure:{key}", of=say_field(body, practice, language))
    return _word(language, "figure:other")


def say_term(term: formula.Term, practice: Practice, language: str) -> str:
    """A figure that a formula reads: the metric's label, and whether it is that of the period before."""
    name = say_metric(term.metric, practice, language)
    return _word(language, "figure:previous", name=name) if term.previous else name


def say_metric(name: str, practice: Practice, language: str) -> str:
    """The label of a metric."""
    metric = practice.metrics.get(name)
    return name if metric is None else say_label(metric.label, name, language)


def _nested(tree: Mapping[str, Json], practice: Practice, language: str) -> str:
    said = say_predicate(tree, practice, language)
    ((key, body),) = tree.items()
    several = key in ("all", "any") and isinstance(body, (list, tuple)) and len(body) > 1
    return _word(language, "group", part=said) if several else said


def _field(name: str, practice: Practice) -> Field | None:
    identifier = FieldId(name)
    if identifier in practice.fields:
        return practice.fields[identifier]
    return next((fields[identifier] for fields in practice.records.values() if identifier in fields), None)


def _seconds(value: object) -> float | None:
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str):
        from deskweave.practice.build.parts import duration

        try:
            return duration(value).total_seconds()
        except ValueError:
            return None
    return None
