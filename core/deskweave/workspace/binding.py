"""`bindings/<connection>.yaml` joined with practice and lock file into what mapper and engine work with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from deskweave.configure import Lock, option_texts
from deskweave.documents import Document, as_map, shown
from deskweave.findings import Finding, Severity
from deskweave.mapping.mapper import digest_of
from deskweave.model import (
    Binding,
    CollectionBinding,
    ConnectionName,
    Deletes,
    Field,
    FieldBinding,
    FieldId,
    Json,
    Match,
    Policy,
    StatusBinding,
    Visibility,
)
from deskweave.model.binding import RETENTION
from deskweave.model.constraint import keywords_of
from deskweave.practice import Practice
from deskweave.practice.build.parts import days

#: collection and field of what is bound and not on the platform yet
Absent: TypeAlias = frozenset[tuple[str, str]]
#: A choice of these types is written as one of the practice's words, so its table has to be complete.
CHOSEN: Final = frozenset(("choice", "choices", "catalog_item"))


def join(
    document: Document, practice: Practice, lock: Lock, *, connection: str, language: str, absent: Absent = frozenset()
) -> Binding:
    """The typed binding of one connection in one environment.

    A field the lock file knows is addressed by the id it has there, any other by its name. A field that a look at the platform did
    not find, and that `apply` would make, is not provisioned: it is neither read nor written.

    Args:
        document: the Binding document, already checked against the practice.
        practice: composed.
        lock: of this connection and environment.
        connection: its name in `deskweave.yaml`.
        language: whose label stands for a choice the binding says nothing about.
        absent: collection and field of what is not there yet.
    """
    collections = {
        name: _collection(name, as_map(body), practice, lock, language, absent)
        for name, body in as_map(document.body.get("collections")).items()
    }
    bound = {slug for one in collections.values() for slug in one.fields}
    terms: dict[str, Json] = {slug: _term(practice, slug) for slug in sorted(bound) if slug in practice.fields}
    ids: dict[str, Json] = {
        f"{name}/{slug}": [at.native, at.provisioned, dict(at.choices)]
        for name, one in collections.items()
        for slug, at in one.fields.items()
    }
    return Binding(
        connection=ConnectionName(connection),
        digest=digest_of({"document": _mapping(document.body), "terms": terms, "ids": ids}),
        collections=collections,
        fields=practice.fields,
        statuses=practice.statuses,
        catalog=practice.catalog,
        zone=str(document.body.get("zone") or practice.zone),
    )


def _collection(
    name: str, body: Mapping[str, Any], practice: Practice, lock: Lock, language: str, absent: Absent
) -> CollectionBinding:
    fields: dict[FieldId, FieldBinding] = {}
    for slug, bound in as_map(body.get("fields")).items():
        term = practice.fields.get(FieldId(slug))
        if term is None:
            continue  # said by the check of references
        bound = as_map(bound)
        at = str(bound.get("at"))
        native = lock.field_native(name, slug)
        fields[FieldId(slug)] = FieldBinding(
            at=at,
            native=native or at,
            policy=Policy(bound.get("policy") or Policy.SHARED),
            max_length=bound.get("max_length"),
            choices=_choices(practice, term, as_map(bound.get("choices")), language),
            provisioned=(name, slug) not in absent,
        )
    return CollectionBinding(
        name=name,
        holds=body.get("holds"),
        role=str(body.get("role") or "main"),
        correlation=body.get("correlation"),
        messages={Visibility(word): str(native) for word, native in as_map(body.get("messages")).items()},
        cross_reference=body.get("cross_reference"),
        fields=fields,
        statuses={
            slug: StatusBinding(is_=bound.get("is") or {}, reads=tuple(bound.get("reads") or ()), sets=as_map(bound.get("sets")))
            for slug, bound in ((slug, as_map(bound)) for slug, bound in as_map(body.get("statuses")).items())
        },
        creates=body.get("creates") is not False,
        fixed=as_map(body.get("fixed")),
        options=as_map(body.get("options")),
        match=_match(as_map(body.get("match"))),
        deletes=_deletes(body.get("deletes")),
    )


def _match(body: Mapping[str, Any]) -> Match | None:
    if not body:
        return None
    return Match(find_by=tuple(FieldId(str(one)) for one in body.get("find_by") or ()), on_none=body.get("on_none") or "create")


def _deletes(stated: Any) -> Deletes:
    body: Mapping[str, Any] = stated if isinstance(stated, Mapping) else {"policy": stated or "ignore"}
    return Deletes(policy=body["policy"], retention=days(body.get("retention")) or RETENTION, made=body.get("made") or "ours")


def _mapping(body: Mapping[str, Any]) -> Json:
    """What of a document says how records are read and written: what is done with them is nobody's edit, nor a new mapping."""
    collections = {
        name: {key: value for key, value in as_map(one).items() if key not in ("match", "deletes")}
        for name, one in as_map(body.get("collections")).items()
    }
    return _plain({**body, "collections": collections})


def overlaps(document: Document) -> Iterator[Finding]:
    """Warnings about collections of one role that may hold the same inquiry: one would then exist twice on the platform."""
    seen: list[tuple[str, str, Mapping[str, Any] | None]] = []
    for name, body in as_map(document.body.get("collections")).items():
        body = as_map(body)
        role, predicate = str(body.get("role") or "main"), body.get("holds")
        for other, other_role, theirs in seen:
            if other_role == role and not disjoint(predicate, theirs):
                yield Finding(
                    rule="holds-overlap",
                    severity=Severity.WARNING,
                    place=document.place(["collections", name, "holds"], key=True),
                    found=name,
                    message=f"{other!r} and {name!r} may hold the same inquiry",
                    remedy="give them `holds` that exclude each other, or another `role`",
                )
        seen.append((name, role, predicate))


def disjoint(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Whether two predicates surely exclude each other. What cannot be seen from their shape counts as overlapping."""
    if one is None or other is None:
        return False
    if {"not": one} == other or {"not": other} == one:
        return True
    for left, right in ((one, other), (other, one)):
        for part in left.get("all") or ():
            if disjoint(part, right):
                return True
        if "any" in left and all(disjoint(part, right) for part in left["any"]):
            return True
    mine, theirs = _values(one), _values(other)
    if mine is None or theirs is None or mine[0] != theirs[0]:
        return False
    (_, inside, held), (_, also, others) = mine, theirs
    if inside and also:
        return not held & others
    return inside != also and (held <= others if inside else others <= held)


def _values(predicate: Mapping[str, Any]) -> tuple[str, bool, frozenset[str]] | None:
    """Field, whether it is one of the values (or none of them), and the values, of the plainest predicates."""
    if len(predicate) != 1:
        return None
    ((name, test),) = predicate.items()
    if name in ("all", "any", "not") or not isinstance(test, Mapping) or len(test) != 1:
        if name == "not" and isinstance(test, Mapping) and (inner := _values(test)) is not None:
            return inner[0], not inner[1], inner[2]
        return None
    ((operator, value),) = test.items()
    match operator:
        case "eq" | "ne":
            return name, operator == "eq", frozenset((str(value),))
        case "in" | "not_in" if isinstance(value, (list, tuple)):
            return name, operator == "in", frozenset(str(one) for one in value)
    return None


def spelled_twice(document: Document, practice: Practice, language: str) -> Iterator[Finding]:
    """Warnings about choices of a field, and statuses, that are spelled the same on the platform: it shows them alike."""
    for name, body in as_map(document.body.get("collections")).items():
        for slug, bound in as_map(as_map(body).get("fields")).items():
            term = practice.fields.get(FieldId(slug))
            if term is None:
                continue  # said by the check of references
            stated, spelled = as_map(as_map(bound).get("choices")), dict[str, str]()
            for choice, raw in _choices(practice, term, stated, language).items():
                first = spelled.setdefault(str(raw), choice)
                if first != choice:
                    path = ["collections", name, "fields", slug]
                    yield Finding(
                        rule="choice-spelled-twice",
                        severity=Severity.WARNING,
                        place=document.place([*path, "choices", choice] if choice in stated else path),
                        found=str(raw)[:80],
                        message=f"{first!r} and {choice!r} are both {str(raw)[:40]!r} there; reading it gives {first!r}",
                        remedy="name them apart under `choices:`",
                    )
        told: dict[str, str] = {}
        for status, bound in as_map(as_map(body).get("statuses")).items():
            raw = as_map(as_map(bound).get("is"))
            first = told.setdefault(json.dumps(raw, sort_keys=True, ensure_ascii=False), status)
            if first != status:
                yield Finding(
                    rule="status-folded",
                    severity=Severity.WARNING,
                    place=document.place(["collections", name, "statuses", status, "is"]),
                    found=shown(raw),
                    message=f"{first!r} is spelled the same there, so the platform does not tell the two apart: an inquiry that "
                    f"comes back to it is again in the one it last held, and one that was in neither is in {first!r}",
                    remedy="tell them apart by another native field, or leave it so where the platform has one word for both",
                )


def doubtful_policies(document: Document, practice: Practice) -> Iterator[Finding]:
    """Warnings about records found by a field that is cut, and notes about deletions that have no place."""
    for name, body in as_map(document.body.get("collections")).items():
        body, path = as_map(body), ["collections", name]
        for number, slug in enumerate(as_map(body.get("match")).get("find_by") or ()):
            term, length = practice.fields.get(slug), as_map(as_map(body.get("fields")).get(slug)).get("max_length")
            if term is not None and length is not None and (term.max_length is None or length < term.max_length):
                yield Finding(
                    rule="match-shortened",
                    severity=Severity.WARNING,
                    place=document.place([*path, "match", "find_by", number]),
                    found=slug,
                    message=f"{slug!r} is cut to {length} characters here: what differs after them looks the same",
                    remedy="find by a number or another field that is kept whole, or name a second field",
                )
        stated = body.get("deletes")
        policy = stated.get("policy") if isinstance(stated, Mapping) else stated
        if policy in ("mark", "close", "delete") and "internal" not in as_map(body.get("messages")):
            yield Finding(
                rule="deletes-without-note",
                severity=Severity.WARNING,
                place=document.place([*path, "deletes"]),
                found=str(policy),
                message="there is no internal exchange here, so that no note says why",
                remedy="bind `messages: {internal: ...}` where the platform has one",
            )


def _choices(practice: Practice, term: Field, stated: Mapping[str, Any], language: str) -> dict[str, Json]:
    """How each choice of a field is spelled; a value that is no text (Jira's {"id": ...}) stays as it was written."""
    if term.type not in CHOSEN:
        return {}
    return {choice: stated.get(choice, text) for choice, text in option_texts(practice, term, stated, language).items()}


def _term(practice: Practice, slug: str) -> Json:
    field = practice.fields[FieldId(slug)]
    return {
        "type": field.type,
        "choices": sorted(field.choices),
        "catalog": sorted(practice.catalog) if field.type == "catalog_item" else [],
        "constraints": _plain(keywords_of(field)),
    }


def _plain(value: Any) -> Json:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value  # type: ignore[no-any-return]  # scalars of a file
