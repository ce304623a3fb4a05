"""How each figure of a report is computed, in words: the rule, and how far its criteria or parts are fulfilled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deskweave.markup import Markup, tag
from deskweave.measure.figures import figure, number, share
from deskweave.measure.naming import Names
from deskweave.measure.run import Result
from deskweave.measure.sources import Rulebook
from deskweave.measure.text import grouped
from deskweave.measure.wording import word
from deskweave.model import Metric
from deskweave.practice.wording import say_list


def method(practice: Rulebook, results: Mapping[str, Result], names: Names, language: str) -> Markup:
    """The section of a report; figures without a value are left out.

    Args:
        practice: whose metrics.
        results: by metric.
        names: in the reader's language.
        language: en or zh.
    """
    return tag("section", tag("h2", word(language, "how")), tag("dl", _rules(practice, results, names, language)))


def _rules(practice: Rulebook, results: Mapping[str, Result], names: Names, language: str) -> Iterator[Markup]:
    gap = "" if language == "zh" else " "
    for metric in grouped(practice, results):
        result = results[metric.id]
        if result.value is None:
            continue
        marks = say_list(metric.satisfies, language)
        yield tag("dt", names.label(metric.label, metric.id), tag("small", marks) if marks else None)
        said = gap.join(names.rule(metric))
        if result.beside and "average" in metric.value:
            said += gap + word(language, "beside", n=number(result.beside), what=names.of(metric.grain).rows())
            said += "。" if language == "zh" else "."
        told = (f"{_part(metric, name, names)} {_amount(metric, name, value, names)}" for name, value in result.parts.items())
        parts = say_list(told, language)
        yield tag("dd", said, tag("small", parts) if parts else None)


def _amount(metric: Metric, name: str, value: float | None, names: Names) -> str:
    """How often a criterion is fulfilled, how far a part of a composite reaches its target, or what a formula reads."""
    read = names.practice.metrics.get(name.removeprefix("previous:")) if "derived" in metric.value else None
    if value is None:
        return word(names.language, "no_data")
    return share(value) if read is None else figure(read, value, names.language)


def _part(metric: Metric, name: str, names: Names) -> str:
    """What a criterion, or a part of a composite, is called."""
    criterion = metric.criteria.get(name)
    return names.part(name) if criterion is None else names.label(criterion.label, name)
