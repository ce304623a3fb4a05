"""Between Jira's objects and plain values.

Records carry plain values under native field names: an option is its text, a person a display name, rich text is Markdown, a
list is a list of those. `plain` reads them by the shape of what arrived, `dress` puts them back into what the
field's schema asks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, TypeGuard

from deskweave.model import Json
from deskweave_jira_sm.adf import from_adf, to_adf
from deskweave_jira_sm.instant import write_instant
from deskweave_jira_sm.site import REQUEST_TYPE, TEXT_AREA, FieldInfo, Site

TEXT_LIMIT: Final = 255  #: characters of a one-line custom field and of the summary

PEOPLE: Final = ("assignee", "reporter")  #: system fields that take an account


class Undressable(ValueError):
    """The field cannot be given this value by us: a person without an account, an object nobody can write."""


def plain(raw: Json, info: FieldInfo | None, site: Site, words: frozenset[str]) -> Json:
    """One field of an issue as a plain value; None is empty. Unknown objects become their name, or stay as they are."""
    if raw is None or isinstance(raw, (str, int, float)):
        return raw
    if isinstance(raw, (list, tuple)):
        return [plain(item, None, site, words) for item in raw]
    assert isinstance(raw, Mapping)
    if raw.get("type") == "doc":
        return from_adf(raw) or None
    if "requestType" in raw:
        kind = raw["requestType"]
        if isinstance(kind, Mapping):
            return site.request_types.word(str(kind.get("id", "")), str(kind.get("name", "")), words)
        return None
    if "accountId" in raw:
        return str(raw.get("displayName") or raw["accountId"])
    id_, system = str(raw.get("id", "")), info.id if info else ""
    name = raw.get("value", raw.get("name"))
    if system == "status":
        return site.statuses.word(id_, str(name or ""), words)
    if system == "priority":
        return site.priorities.word(id_, str(name or ""), words)
    if system == "resolution":
        return site.resolutions.word(id_, str(name or ""), words)
    child = raw.get("child")
    if isinstance(child, Mapping) and name is not None:
        return f"{name} / {child.get('value', '')}"
    return str(name) if name is not None else raw


def changed(field: str, id_: Json, text: Json, info: FieldInfo | None, site: Site, words: frozenset[str]) -> Json:
    """One side of a history line in the shape the record has: `from` and `to` carry ids, `fromString` and `toString` words."""
    if field == "status":
        return site.statuses.word(str(id_ or ""), str(text or ""), words) if id_ or text else None
    if field == "priority":
        return site.priorities.word(str(id_ or ""), str(text or ""), words) if id_ or text else None
    if field == "resolution":
        return site.resolutions.word(str(id_ or ""), str(text or ""), words) if id_ or text else None
    if text is None or text == "":
        return None
    if info is not None and info.kind == REQUEST_TYPE:
        return site.request_types.word(str(id_ or ""), str(text), words)
    if field == "labels":
        return str(text).split()
    if info is not None and info.type == "array":
        return [part.strip() for part in str(text).split(",")]
    if info is not None and info.type == "number":
        try:
            return float(str(text))
        except ValueError:
            return None
    if info is not None and info.type in ("date", "datetime"):
        return str(id_ or text)
    return str(text)


def dress(value: Json, info: FieldInfo, site: Site) -> Json:
    """A plain value as the body of a create, an edit or a transition wants it.

    Raises:
        Undressable: nothing of ours can stand there.
    """
    if value is None:
        return [] if info.type == "array" else None
    if info.id in ("priority", "resolution"):
        terms = site.priorities if info.id == "priority" else site.resolutions
        term = terms.find(str(value))
        if term is None:
            known = ", ".join(sorted(term.name for term in terms.by_id.values()))
            message = f"{info.id} {str(value)[:60]!r} is not on this site; known: {known}"
            raise Undressable(message)
        return {"id": term.id}
    if info.kind == REQUEST_TYPE:
        term = site.request_types.find(str(value))
        if term is None:
            message = f"request type {str(value)[:60]!r} is not on this desk"
            raise Undressable(message)
        return term.id
    if info.type == "array":
        items: Sequence[Json] = value if isinstance(value, (list, tuple)) else [value]
        if info.items == "string":
            return ["_".join(str(item).split()) for item in items]
        if info.items == "option":
            return [{"value": str(item)} for item in items]
    elif info.type in ("option", "option-with-child"):
        return {"value": str(value)}
    elif info.id == "description" or info.kind == TEXT_AREA:
        return to_adf(str(value))
    elif info.type == "number":
        return value
    elif info.type == "datetime":
        return write_instant(datetime.fromisoformat(str(value)))
    elif info.type in ("string", "date"):
        return str(value)
    message = f"a {info.type} field ({info.name}) takes no plain value"
    raise Undressable(message)


def is_account(value: Json) -> TypeGuard[Mapping[str, Json]]:
    """Whether a value names an account, and not only what somebody is called."""
    return isinstance(value, Mapping) and isinstance(value.get("accountId"), str) and bool(value["accountId"])


def within_limit(text: str) -> str:
    """`text` on one line and within what a one-line field holds, cut between entries where it can be."""
    line = " | ".join(part.strip() for part in text.splitlines() if part.strip())
    if len(line) <= TEXT_LIMIT:
        return line
    cut = line[: TEXT_LIMIT + 1]
    at = max(cut.rfind(mark) for mark in (" | ", ", ", "; ", " "))
    return (cut[:at] if at > 0 else line[:TEXT_LIMIT]).rstrip(" |,;")
