"""Bindings and the workspace held against a practice: do their words exist there?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from deskweave.documents import Document, as_list, as_map, in_order, problem, shown
from deskweave.findings import Finding, Place
from deskweave.practice.practice import Practice
from deskweave.practice.references import Terms, check_predicate


def check_binding(document: Document, practice: Practice) -> list[Finding]:
    """References of a Binding document: practice, fields, choices, statuses; two statuses that claim the same raw values."""
    return in_order(_binding(document, practice, Terms(practice.documents)))


def check_workspace(document: Document, practice: Practice) -> list[Finding]:
    """References of a Workspace document: routes and environments name connections that exist and fields of the practice.

    And the other way round: `never_send` of the practice's fields names connections that exist, in any environment.
    """
    return in_order([*_workspace(document, Terms(practice.documents)), *_never_sent(document, practice)])


def _never_sent(document: Document, practice: Practice) -> Iterator[Finding]:
    """A misspelled connection would be sent everything: a data protection rule that quietly holds for nobody."""
    names = dict.fromkeys(as_map(document.body.get("connections")))
    for spec in as_map(document.body.get("environments")).values():
        names |= dict.fromkeys(as_map(as_map(spec).get("connections")))
    for (kind, name), body in practice.documents.items():
        for slug, spec in as_map(body.get("fields")).items() if kind == "Fields" else ():
            for number, connection in enumerate(as_list(as_map(spec).get("never_send"))):
                if connection not in names:
                    place = practice.origin((kind, name, "fields", slug, "never_send", number))
                    yield from _unknown("connection", connection, list(names), place)


def _unknown(what: str, value: Any, allowed: list[str], place: Place) -> Iterator[Finding]:
    if value not in allowed:
        rule = f"unknown-{what.replace(' ', '-')}"
        yield problem(rule, place, shown(value), f"{shown(value)!r} is not a {what} here", allowed=allowed, word=value)


def _binding(document: Document, practice: Practice, terms: Terms) -> Iterator[Finding]:
    def place(*path: str | int, key: bool = False) -> Place:
        return document.place(path, key=key)

    if document.body.get("practice") is not None:
        yield from _unknown("practice", document.body["practice"], [practice.id], place("practice"))
    for name, spec in as_map(document.body.get("collections")).items():
        at = ("collections", name)
        spec = as_map(spec)
        yield from check_predicate(spec.get("holds"), terms, place, *at, "holds", clocks=False)
        for field, bound in as_map(spec.get("fields")).items():
            yield from _unknown("field", field, list(terms.fields), place(*at, "fields", field, key=True))
            if field in terms.fields:
                for choice in as_map(as_map(bound).get("choices")):
                    yield from _unknown(
                        "choice", choice, terms.choices(field), place(*at, "fields", field, "choices", choice, key=True)
                    )
        for status, bound in as_map(spec.get("statuses")).items():
            yield from _unknown("status", status, terms.statuses, place(*at, "statuses", status, key=True))
            for native, value in as_map(as_map(bound).get("sets")).items():
                for word in ("field", "choice"):
                    if word in as_map(value):
                        yield from _unknown(
                            "field", as_map(value)[word], list(terms.fields), place(*at, "statuses", status, "sets", native, word)
                        )
        yield from _claims(as_map(spec.get("statuses")), place, *at, "statuses")
        yield from _matched(spec, terms, place, *at)
        yield from _deleted(spec, place, *at)


def _matched(spec: Mapping[str, Any], terms: Terms, place: Any, *at: str | int) -> Iterator[Finding]:
    """Fields by which records are matched, and that this collection does not say."""
    bound = [*as_map(spec.get("fields")), *(["status"] if spec.get("statuses") else [])]
    for number, field in enumerate(as_list(as_map(spec.get("match")).get("find_by"))):
        here = place(*at, "match", "find_by", number)
        yield from _unknown("field", field, list(terms.fields), here)
        if field in terms.fields and field not in bound:
            message = f"{field!r} is not bound here, so that no record can be found by it"
            yield problem("match-unbound", here, shown(field), message, allowed=bound, word=field)


def _deleted(spec: Mapping[str, Any], place: Any, *at: str | int) -> Iterator[Finding]:
    """What is said of deleting where nothing is deleted."""
    body = as_map(spec.get("deletes"))
    for word in ("retention", "made"):
        if word in body and body.get("policy") != "delete":
            message = f"{word!r} is for policy delete; nothing is deleted by {body.get('policy')!r}"
            remedy = f"take {word!r} away, or write policy: delete"
            yield problem("retention-without-delete", place(*at, "deletes", word), shown(body[word]), message, remedy=remedy)


def _claims(statuses: Mapping[str, Any], place: Any, *path: str | int) -> Iterator[Finding]:
    """Raw values that two statuses read as theirs. Two written alike are a fold, and no mistake."""
    claimed: dict[str, tuple[str, bool]] = {}
    for status, bound in statuses.items():
        bound = as_map(bound)
        values = [
            (("is",), bound.get("is")),
            *((("reads", number), item) for number, item in enumerate(as_list(bound.get("reads")))),
        ]
        for inner, raw in values:
            text = json.dumps(raw, sort_keys=True, ensure_ascii=False)
            other, alike = claimed.setdefault(text, (status, inner == ("is",)))
            if other != status and not (alike and inner == ("is",)):
                message = f"{other!r} claims the same raw values; a record could be either"
                yield problem(
                    "status-claimed-twice",
                    place(*path, status, *inner),
                    shown(raw),
                    message,
                    remedy="tell them apart by another native field",
                )


def _workspace(document: Document, terms: Terms) -> Iterator[Finding]:
    body = document.body
    names = list(as_map(body.get("connections")))
    yield from _routes(document, body, names, terms)
    for environment, spec in as_map(body.get("environments")).items():
        spec = as_map(spec)
        own = [*names, *(name for name in as_map(spec.get("connections")) if "plugin" in as_map(as_map(spec["connections"])[name]))]
        for name in as_map(spec.get("connections")):
            yield from _unknown(
                "connection", name, own, document.place(("environments", environment, "connections", name), key=True)
            )
        yield from _routes(document, spec, own, terms, "environments", environment)


def _routes(document: Document, body: Mapping[str, Any], names: list[str], terms: Terms, *path: str) -> Iterator[Finding]:
    def place(*inner: str | int, key: bool = False) -> Place:
        return document.place(inner, key=key)

    for route, spec in as_map(body.get("routes")).items():
        at = (*path, "routes", route)
        spec = as_map(spec)
        if isinstance(spec.get("when"), Mapping):  # or the word `always`
            yield from check_predicate(spec["when"], terms, place, *at, "when", clocks=False)
        for number, name in enumerate(as_list(spec.get("among"))):
            yield from _unknown("connection", name, names, place(*at, "among", number))
        for name, fields in as_map(spec.get("withhold")).items():
            yield from _unknown("connection", name, names, place(*at, "withhold", name, key=True))
            for number, field in enumerate(as_list(fields)):
                yield from _unknown("field", field, list(terms.fields), place(*at, "withhold", name, number))
