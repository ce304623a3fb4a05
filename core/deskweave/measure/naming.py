"""What fields, values, clocks and rules are called in a language: labels of the practice, and a rule said in words."""

from __future__ import annotations

from collections.abc import Mapping

from deskweave.measure.columns import OPEN, Column, fields_of
from deskweave.measure.figures import duration, figure, in_unit, number
from deskweave.measure.plan import seconds_of
from deskweave.measure.run import Result
from deskweave.measure.sources import Rulebook
from deskweave.measure.wording import word
from deskweave.model import FieldId, Grain, Json, Label, Metric, Phase
from deskweave.practice.wording import say_condition, say_flag, say_list, say_part, say_phase, say_rows, say_rule


class Names:
    """Words for the parts of one practice, in one language. `people`: display names by person id, where the caller knows them.

    `grain`: whose fields are meant by their names, those of inquiries or of another record.
    """

    def __init__(
        self, practice: Rulebook, language: str, people: Mapping[str, str] | None = None, grain: Grain = "inquiry"
    ) -> None:
        """See the class."""
        self.practice, self.language, self.people, self.grain = practice, language, people or {}, grain
        self._fields = fields_of(practice, grain)

    def of(self, grain: Grain) -> Names:
        """The same words for another record's fields."""
        return self if grain == self.grain else Names(self.practice, self.language, self.people, grain)

    def label(self, label: Label, slug: str) -> str:
        """The label in this language, else in English, else in any, else the slug."""
        return label.get(self.language) or label.get("en") or next(iter(label.values()), "") or slug

    def metric(self, name: str) -> str:
        metric = self.practice.metrics.get(name)
        return name if metric is None else self.label(metric.label, name)

    def part(self, key: str) -> str:
        """What a part of a result is called: a metric, or a metric in the period before (`formula.Term.key`)."""
        return say_part(key, self.metric, self.language)

    def clock(self, name: str) -> str:
        return self.label(self.practice.clocks[name].label, name)

    def field(self, name: str) -> str:
        """The label of a field, a clock or a derived column."""
        if name in self.practice.clocks and self.grain == "inquiry":
            return self.clock(name)
        field = self._fields.get(FieldId(name))
        if field is not None:
            return self.label(field.label, name)
        return word(self.language, "column:phase") if name == "phase" else name

    def column(self, column: Column) -> str:
        """What a column of facts is called; empty for one about the row itself."""
        name, of = column.name, column.of
        if name == "_key":
            return word(self.language, "column:key")
        if name in ("inquiry", "phase") and name not in self._fields:
            return word(self.language, f"column:{name}")
        if name == OPEN:
            return word(self.language, "column:open_turns")
        if name == of:
            return "" if name.startswith("_") else self.field(name)
        for ending in ("took", "goal", "met", "day", "code", "filled"):
            if name == f"{of}_{ending}":
                return word(self.language, f"column:{ending}", name=self.field(of))
        status = self.practice.statuses.statuses.get(of)
        return "" if status is None else word(self.language, "column:spent", name=self.label(status.label, of))

    def factor(self, factor: str | None) -> str:
        """A success factor (E1) as the practice calls it; a word it says nothing about is shown as it is."""
        if factor is None:
            return word(self.language, "factor:")
        known = self.practice.factors.get(factor)
        return factor if known is None else self.label(known.label, factor)

    def role(self, slug: str) -> str:
        known = self.practice.roles.get(slug)
        return slug if known is None else self.label(known.label, slug)

    def place(self, result: Result) -> list[str]:
        """The values that a figure is of, in the order of the breakdown; where it is a total over a field, the word for that."""
        metric = self.practice.metrics.get(result.metric)
        names = self if metric is None else self.of(metric.grain)
        return [
            names.value(field, result.by[field]) if field in result.by else word(self.language, "total") for field in result.fields
        ]

    def threshold(self, metric: Metric, result: Result) -> str:
        """The threshold that a figure is beyond, and who should know: `Inquiries: 4,212, over 4,000; for Service manager`."""
        one = result.threshold
        if one is None:
            return ""
        bound = word(self.language, f"bound:{one.operator}", bound=in_unit(metric.unit, one.value, self.language, short=True))
        value = figure(metric, result.value, self.language)
        where = " / ".join(self.place(result))
        named = self.label(metric.label, metric.id) + (f" ({where})" if where else "")
        said = word(self.language, "reached", metric=named, value=value, bound=bound)
        return said if one.notify is None else word(self.language, "reached:role", said=said, role=self.role(one.notify))

    def value(self, name: str, value: object) -> str:
        """A field's value as people read it."""
        if value is None or value == "":
            return word(self.language, "none")
        if isinstance(value, bool):
            return say_flag(value, self.language)
        text = str(value)
        if name == "phase" and text in Phase.__members__.values():
            return say_phase(text, self.language)
        field = self._fields.get(FieldId(name))
        if field is not None:
            if field.type == "catalog_item" and text in self.practice.catalog:
                return self.label(self.practice.catalog[text].label, text)
            if field.type == "status" and text in self.practice.statuses.statuses:
                return self.label(self.practice.statuses.statuses[text].label, text)
            if text in field.choices:
                return self.label(field.choices[text].label, text)
            if text in self.practice.channels and name == "channel":
                return self.label(self.practice.channels[text].label, text)
            if field.type == "person":
                return self.people.get(text, text)
            if field.type == "duration" and isinstance(value, int | float):
                return duration(value, self.language, short=True)
        return number(value) if isinstance(value, int | float) else text

    def rule(self, metric: Metric) -> list[str]:
        """How a metric is computed, in sentences: as the practice puts it, where it does, then what is really computed."""
        names = self.of(metric.grain)
        formula = metric.formula.get(self.language)
        said = [names._sentence(formula)] if formula else []
        criteria = [f"{names.label(one.label, slug)} ({names.condition(one.where)})" for slug, one in metric.criteria.items()]
        said.append(names._sentence(say_rule(metric.value, names, grain=metric.grain, criteria=criteria)))
        if "composite" in metric.value or "derived" in metric.value:
            return said
        if metric.where is not None:
            said.append(word(self.language, "rule:where", what=names.rows(), where=names.condition(metric.where)))
        if "backlog" in metric.value:
            return [*said, word(self.language, "rule:open")]
        key = "rule:standing" if metric.grain == "channel" else "rule:period"
        return [*said, word(self.language, key, field=names.field(metric.period_by))]

    def rows(self) -> str:
        """What the rows of this grain are called: inquiries, contacts, answers, channels."""
        return say_rows(self.grain, self.language)

    def _sentence(self, said: str) -> str:
        end = "。" if self.language == "zh" else "."
        return said[:1].upper() + said[1:] + ("" if said.endswith(end) else end)

    def reason(self, metric: Metric, result: Result) -> str:
        """Why a figure has no value, or which parts of a composite are not in it; empty: all is there."""
        if result.reason:
            lacking = say_list((self.part(key) for key, value in result.parts.items() if value is None), self.language)
            names = self.of(metric.grain)
            fields = say_list(map(names.field, result.unsaid), self.language)
            said = word(self.language, f"why:{result.reason}", what=names.rows(), parts=lacking, fields=fields)
            return said[:1].upper() + said[1:]
        if "composite" not in metric.value or not result.beside:
            return ""
        counted = word(self.language, "of_parts", counted=result.counted, all=len(result.parts))
        missing = say_list((self.metric(name) for name, value in result.parts.items() if value is None), self.language)
        return f"{counted}{'，' if self.language == 'zh' else ', '}{word(self.language, 'parts_missing', parts=missing)}"

    def condition(self, tree: Mapping[str, Json]) -> str:
        """A predicate in words."""
        return say_condition(tree, self)

    def wanted(self, name: str, want: object) -> str:
        """What a field or a clock is compared with: spans of time in short."""
        if isinstance(want, str) and (name in self.practice.clocks or self._is_duration(name)):
            seconds = seconds_of(want)
            return want if seconds is None else duration(seconds, self.language, short=True)
        if isinstance(want, int | float) and name in self.practice.clocks:
            return duration(want, self.language, short=True)
        return self.value(name, want)

    def _is_duration(self, name: str) -> bool:
        field = self._fields.get(FieldId(name))
        return field is not None and field.type == "duration"
