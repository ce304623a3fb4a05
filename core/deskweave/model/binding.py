"""How one connection says the practice's words: `bindings/<connection>.yaml`, checked and joined with practice and lock file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final, Literal

from deskweave.model.message import Visibility
from deskweave.model.practice import CatalogItem, Field, StatusModel
from deskweave.model.value import ConnectionName, FieldId, Json


class Policy(StrEnum):
    """Whose word counts for a field on this connection."""

    OWNER = "owner"  #: this platform decides: its value wins every conflict
    SHARED = "shared"  #: both may change it; a conflict goes to the owner, or stays with ours
    WRITE_IF_EMPTY = "write_if_empty"  #: we fill it once and never change what stands there; read as usual
    READ_ONLY = "read_only"  #: read, never written


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldBinding:
    at: str  #: the platform's name for it, as people wrote it
    native: str  #: what the API calls it: the lock file's id, else `at`
    policy: Policy = Policy.SHARED
    max_length: int | None = None
    choices: Mapping[str, Json] = field(default_factory=dict)  #: our slug -> the platform's raw value
    provisioned: bool = True  #: False: planned, not there yet; neither read nor written


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusBinding:
    """One line per status. `is_` both reads and writes, `reads` is read as this too, `sets` are companions only written."""

    is_: Mapping[str, Json]
    reads: tuple[Mapping[str, Json], ...] = ()
    sets: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How records that no mark joins are told to be the same inquiry: they say the same in every field of `find_by`.

    `on_none` holds where a counterpart is due and nothing there looks like it: create it, leave it (joined as soon as it appears),
    or set it aside for a person (error). Where several look like it a person decides.
    """

    find_by: tuple[FieldId, ...]
    on_none: Literal["create", "leave", "error"] = "create"


RETENTION: Final = timedelta(days=30)  #: how long a deletion is not carried over where nothing is stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletes:
    """What happens to a record of this collection when a counterpart of it is deleted on another platform.

    Each does what the one before it does: tell it, leave a note, close the inquiry. `delete` leaves the note and deletes the record
    once `retention` has passed; `made` "ours": only a record that we created ourselves, "all": any.
    """

    policy: Literal["ignore", "mark", "close", "delete"] = "ignore"
    retention: timedelta = RETENTION
    made: Literal["ours", "all"] = "ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionBinding:
    """One collection of a connection: which inquiries live there and where each field stands.

    A value of `sets` is raw, or {"field": f} (the document's own value, spelled by the codec), or {"choice": f} with
    "choices" mapping our slugs to raw values, each with an optional "default".
    """

    name: str
    holds: Mapping[str, Json] | None
    role: str = "main"
    correlation: str | None = None  #: native field that carries our correlation id
    messages: Mapping[Visibility, str] = field(default_factory=dict)
    cross_reference: str | None = None  #: native field where counterparts' numbers and links are written for agents
    fields: Mapping[FieldId, FieldBinding] = field(default_factory=dict)
    statuses: Mapping[str, StatusBinding] = field(default_factory=dict)
    creates: bool = True  #: False: read only, nothing is ever created here (Feishu helpdesk tickets)
    fixed: Mapping[str, Json] = field(default_factory=dict)  #: native fields every create carries (project, request type)
    options: Mapping[str, Json] = field(default_factory=dict)  #: the connector's own words for this collection, checked by it
    match: Match | None = None  #: None: records are joined by marks only
    deletes: Deletes = Deletes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    connection: ConnectionName
    digest: str  #: of binding, lock ids and practice terms: a new one is never taken for an edit
    collections: Mapping[str, CollectionBinding]
    fields: Mapping[FieldId, Field]  #: the practice's fields, for types and choices
    statuses: StatusModel | None
    catalog: Mapping[str, CatalogItem] = field(default_factory=dict)
    zone: str = "UTC"
