"""What fields, values, clocks and rules are called in a language: labels of the practice, and a rule said in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deskweave.measure.figures import duration, number
from deskweave.measure.plan import seconds_of
from deskweave.measure.sources import Rulebook
from deskweave.measure.wording import knows, word
from deskweave.model import FieldId, Json, Label, Metric


class Names:
    """Words for the parts of one practice, in one language. `people`: display names by person id, where the caller knows them."""

    def __init__(self, practice: Rulebook, language: str, people: Mapping[str, str] | None = None) -> None:
        """See the class."""
        self.practice, self.language, self.people = practice, language, people or {}

    def label(self, label: Label, slug: str) -> str:
        """The label in this language, else in English, else in any, else the slug."""
        return label.get(self.language) or label.get("en") or next(iter(label.values()), "") or slug

    def metric(self, name: str) -> str:
        metric = self.practice.metrics.get(name)
        return name if metric is None else self.label(metric.label, name)

    def clock(self, name: str) -> str:
        return self.label(self.practice.clocks[name].label, name)

    def field(self, name: str) -> str:
        """The label of a field, a clock or a derived column."""
        if name in self.practice.clocks:
            return self.clock(name)
        field = self.practice.fields.get(FieldId(name))
        if field is not None:
            return self.label(field.label, name)
        return word(self.language, f"field:{name}") if knows(f"field:{name}") else name

    def factor(self, factor: str | None) -> str:
        """A success factor (E1); a word of the practice's own is shown as it is."""
        key = f"factor:{factor or ''}"
        return word(self.language, key) if knows(key) else str(factor)

    def value(self, name: str, value: object) -> str:
        """A field's value as people read it."""
        if value is None or value == "":
            return word(self.language, "none")
        if isinstance(value, bool):
            return word(self.language, "yes" if value else "no")
        text = str(value)
        if name == "phase" and knows(f"phase:{text}"):
            return word(self.language, f"phase:{text}")
        field = self.practice.fields.get(FieldId(name))
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
        """How a metric is computed, in sentences."""
        said = [self._value(metric.value)]
        said[0] = said[0][:1].upper() + said[0][1:] + ("。" if self.language == "zh" else ".")
        if metric.where is not None:
            said.append(word(self.language, "rule:where", where=self.condition(metric.where)))
        said.append(word(self.language, "rule:period", field=self.field(metric.period_by)))
        return said

    def _value(self, tree: Mapping[str, Json]) -> str:
        ((key, body),) = tree.items()
        if key == "count":
            where = body.get("where") if isinstance(body, Mapping) else None
            if not isinstance(where, Mapping):
                return word(self.language, "rule:count")
            return word(self.language, "rule:count_where", where=self.condition(where))
        if key == "ratio" and isinstance(body, Mapping):
            of, over = (self._value(part) if isinstance(part := body[side], Mapping) else "" for side in ("of", "over"))
            return word(self.language, "rule:ratio", of=of, over=over)
        if key == "percentile" and isinstance(body, Mapping):
            method = word(self.language, f"method:{body.get('method', 'interpolated')}")
            share = body["p"]
            p = number(round(share * 100, 2)) if isinstance(share, int | float) else str(share)
            return word(self.language, "rule:percentile", of=self.field(str(body["of"])), p=p, method=method)
        return word(self.language, f"rule:{key}", of=self.field(str(body)))

    def condition(self, tree: Mapping[str, Json]) -> str:
        """A predicate in words."""
        ((key, body),) = tree.items()
        if key in ("all", "any") and isinstance(body, Sequence):
            parts = [self.condition(part) for part in body if isinstance(part, Mapping)]
            nested = [f"({part})" if isinstance(one, Mapping) and next(iter(one)) in ("all", "any") else part
                      for part, one in zip(parts, body, strict=False)]  # fmt: skip
            return word(self.language, "and" if key == "all" else "or").join(nested)
        if key == "not" and isinstance(body, Mapping):
            return word(self.language, "if:not", part=self.condition(body))
        if not isinstance(body, Mapping):
            return key
        ((operator, want),) = body.items()
        field = self.field(key)
        if operator == "present":
            return word(self.language, "if:present" if want else "if:absent", field=field)
        if operator == "met":
            return word(self.language, "if:met" if want else "if:unmet", field=field)
        if isinstance(want, bool):
            return word(self.language, "if:true" if want is (operator == "eq") else "if:false", field=field)
        wants = list(want) if isinstance(want, Sequence) and not isinstance(want, str) else [want]
        shown = word(self.language, "list").join(self._want(key, one) for one in wants)
        return word(self.language, f"if:{operator}", field=field, value=shown)

    def _want(self, name: str, want: object) -> str:
        if isinstance(want, str) and (name in self.practice.clocks or self._is_duration(name)):
            seconds = seconds_of(want)
            return want if seconds is None else duration(seconds, self.language, short=True)
        if isinstance(want, int | float) and name in self.practice.clocks:
            return duration(want, self.language, short=True)
        return self.value(name, want)

    def _is_duration(self, name: str) -> bool:
        field = self.practice.fields.get(FieldId(name))
        return field is not None and field.type == "duration"
