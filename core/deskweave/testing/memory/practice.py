"""A practice small enough to check by hand: a text, a choice, a status, and how a platform in memory says them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deskweave.connector import Mapper
from deskweave.mapping import BoundMapper, Codec, Dialect, Unmapped, text_codec
from deskweave.mapping.codec import choice_codec
from deskweave.model import (
    Binding,
    Choice,
    CollectionBinding,
    ConnectionName,
    Field,
    FieldBinding,
    FieldId,
    Json,
    Phase,
    Policy,
    Status,
    StatusBinding,
    StatusModel,
    Value,
    Visibility,
)
from deskweave.store.values import instant_text

TITLE, DETAIL, PRIORITY, STATUS = FieldId("title"), FieldId("detail"), FieldId("priority"), FieldId("status")
SUBMITTED: Final = FieldId("submitted_at")


def _label(text: str) -> Mapping[str, str]:
    return {"en": text}


FIELDS: Final[Mapping[FieldId, Field]] = {
    TITLE: Field(id=TITLE, label=_label("Subject"), type="text"),
    DETAIL: Field(id=DETAIL, label=_label("Details"), type="long_text", personal="content"),
    PRIORITY: Field(
        id=PRIORITY,
        label=_label("Priority"),
        type="choice",
        choices={slug: Choice(slug=slug, label=_label(slug)) for slug in ("low", "medium", "high")},
    ),
    STATUS: Field(id=STATUS, label=_label("Status"), type="status"),
    SUBMITTED: Field(id=SUBMITTED, label=_label("Submitted"), type="datetime", entry="system"),
}

STATUSES: Final = StatusModel(
    id="inquiry",
    initial="waiting",
    statuses={
        "waiting": Status(slug="waiting", label=_label("Awaiting acceptance"), phase=Phase.NEW),
        "working": Status(slug="working", label=_label("In progress"), phase=Phase.ACTIVE),
        "asking": Status(slug="asking", label=_label("Waiting on user"), phase=Phase.WAITING, waits_on="user"),
        "closed": Status(slug="closed", label=_label("Closed"), phase=Phase.CLOSED),
    },
    transitions={},
)


def _read_instant(raw: Json, _field: Field, _at: FieldBinding) -> Value:
    from datetime import datetime

    if raw is None:
        return None
    try:
        return datetime.fromisoformat(str(raw))
    except ValueError:
        raise Unmapped from None


def _write_instant(value: Value, _field: Field, _at: FieldBinding) -> Json:
    from datetime import datetime

    return instant_text(value) if isinstance(value, datetime) else None


DIALECT: Final = Dialect(
    codecs={
        "choice": choice_codec(lambda raw: raw, lambda raw: raw),
        "datetime": Codec(_read_instant, _write_instant),
        "*": text_codec,
    },
    digest="memory-1",
)


def small_binding(
    connection: str,
    *,
    title_length: int | None = None,
    coarse: bool = False,
    policies: Mapping[FieldId, Policy] | None = None,
    collections: Mapping[str, Mapping[str, Any]] | None = None,
    cross_reference: str | None = None,
) -> Binding:
    """A binding of the small practice.

    Args:
        connection: its name.
        title_length: the platform shortens titles to so many characters.
        coarse: it has one word for "in progress" and "waiting on user".
        policies: other than shared.
        collections: more arguments of `CollectionBinding` by collection; default: one, "ticket".
        cross_reference: native field for counterparts' numbers.
    """
    policies = policies or {}

    def field(name: FieldId, native: str, **more: Any) -> FieldBinding:
        return FieldBinding(at=native, native=native, policy=policies.get(name, Policy.SHARED), **more)

    fields = {
        TITLE: field(TITLE, "short", max_length=title_length),
        DETAIL: field(DETAIL, "long"),
        PRIORITY: field(PRIORITY, "prio", choices={"low": "3", "medium": "2", "high": "1"}),
        SUBMITTED: FieldBinding(at="opened", native="opened", policy=Policy.READ_ONLY),
    }
    if STATUS in policies:
        fields[STATUS] = field(STATUS, "state")
    statuses = {
        "waiting": StatusBinding(is_={"state": "1"}),
        "working": StatusBinding(is_={"state": "2"}),
        "asking": StatusBinding(is_={"state": "2" if coarse else "3"}),
        "closed": StatusBinding(is_={"state": "9"}),
    }
    more = collections or {"ticket": {}}
    return Binding(
        connection=ConnectionName(connection),
        digest=f"small-{connection}-{title_length}-{coarse}",
        collections={
            name: CollectionBinding(
                **{
                    "name": name,
                    "holds": None,
                    "fields": fields,
                    "statuses": statuses,
                    "messages": {Visibility.PUBLIC: "comments", Visibility.INTERNAL: "notes"},
                    "cross_reference": cross_reference,
                    **arguments,
                }
            )
            for name, arguments in more.items()
        },
        fields=FIELDS,
        statuses=STATUSES,
    )


def small_mapper(binding: Binding) -> Mapper:
    return BoundMapper(binding, DIALECT)
