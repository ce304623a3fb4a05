"""References of processes and their steps, and of the words a practice shares: success factors and glossary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from deskweave.documents import as_list, as_map, problem, shown
from deskweave.findings import Finding
from deskweave.practice.references.terms import References, check_predicate

_UNGROUPED: Final = frozenset(("long_text", "messages", "datetime", "duration", "number"))
"""Types whose values are hardly ever equal: no group of inquiries shares one."""


def check_process(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    terms = r.terms
    number = body.get("number")
    first = next((name for name, other in terms.of("Process") if other.get("number") == number), at[1])
    if number is not None and first != at[1]:
        said = f"the number belongs to the process {first!r} already"
        yield problem("process-number-twice", r.place(*at, "number"), shown(number), said)
    yield from r.known("role", body.get("human_fallback"), terms.roles, *at, "human_fallback")
    for stream in as_map(body.get("hands_over")):
        yield from r.known("value stream", stream, terms.choices("stream"), *at, "hands_over", stream)
    yield from _steps(r, at, body)
    for slug, candidate in as_map(body.get("candidates")).items():
        path, spec = (*at, "candidates", slug), as_map(candidate)
        yield from check_predicate(spec.get("when"), terms, r.place, *path, "when", clocks=False)
        grouping = [name for name, field in terms.fields.items() if str(field.get("type")) not in _UNGROUPED]
        yield from r.all_known("field to group by", spec.get("by"), grouping, *path, "by")


def _steps(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    terms, number, seen = r.terms, body.get("number"), dict[str, str]()
    for slug, step in as_map(body.get("steps")).items():
        path, spec = (*at, "steps", slug), as_map(step)
        own = spec.get("number")
        if isinstance(own, str):
            if own in seen:
                said = f"the number belongs to the step {seen[own]!r} already"
                yield problem("step-number-twice", r.place(*path, "number"), own, said)
            seen.setdefault(own, slug)
            if number is not None and not own.startswith(f"{number}."):
                said = f"a step of process {shown(number)} is numbered {shown(number)}.1, {shown(number)}.2 and so on"
                yield problem("step-number", r.place(*path, "number"), own, said)
        yield from r.known("role", spec.get("responsible"), terms.roles, *path, "responsible")
        yield from r.all_known("template", spec.get("templates"), terms.templates, *path, "templates")
        for name, check in as_map(spec.get("checks")).items():
            yield from check_predicate(as_map(check).get("when"), terms, r.place, *path, "checks", name, "when", clocks=False)
        if spec.get("automation") in ("mostly", "full") and body.get("human_fallback") is None:
            said = "where a step mostly runs by itself, a person is still on offer"
            remedy = "name a role in `human_fallback:` of the process"
            yield problem("no-human-fallback", r.place(*path, "automation"), shown(spec["automation"]), said, remedy=remedy)


def check_practice(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    factors = list(as_map(body.get("factors")))
    for name, metric in r.terms.of("Metric"):
        yield from r.known("success factor", metric.get("factor"), factors, "Metric", name, "factor")
    seen: dict[tuple[str, str], str] = {}
    for slug, term in as_map(body.get("glossary")).items():
        spec = as_map(term)
        for language, word in as_map(spec.get("label")).items():
            yield from _word(r, seen, slug, language, word, *at, "glossary", slug, "label", language)
        for language, words in as_map(spec.get("aliases")).items():
            for number, word in enumerate(as_list(words)):
                yield from _word(r, seen, slug, language, word, *at, "glossary", slug, "aliases", language, number)


def _word(
    r: References, seen: dict[tuple[str, str], str], slug: str, language: str, word: object, *path: str | int
) -> Iterator[Finding]:
    first = seen.setdefault((language, str(word).casefold()), slug)
    if first != slug:
        yield problem("word-twice", r.place(*path), shown(word), f"the word stands for {first!r} already")
