"""What a connection can do, as probed, and which instance it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from deskweave.findings import Finding
from deskweave.model import Visibility


class Plant(StrEnum):
    """How a create can be recognised after its answer is lost, strongest first."""

    UPSERT = "upsert"  #: the server merges on our id (Import Set with coalesce): repeat at will
    KEY = "key"  #: the server honours an idempotency key (Bitable client_token, IM uuid)
    ATOMIC = "atomic"  #: our id is in the same request and can be found (correlation_id, issue property)
    AFTER = "after"  #: a second call plants it: a window remains (JSM POST /request)
    NONE = "none"  #: nothing can be planted (Feishu start_service, ticket messages): never repeated by a machine


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionCapabilities:
    """What this account can do with one collection of this instance, as probed, and the numbers the engine plans with."""

    reads: bool
    #: "scan": no modified-since query, every page is read each time; "callback": records come with deliveries and from nowhere else
    changes: Literal["filter", "scan", "callback", "none"] = "none"
    cursor_precision: timedelta = timedelta(0)
    index_lag: timedelta = timedelta(0)  #: p99.9 between a write and its being listed
    settle: timedelta = timedelta(minutes=1)  #: after this a lost request can no longer take effect
    fetch_batch: int = 1
    fetch_is_strong: bool = True  #: fetch() sees every finished write
    history: Literal["full", "status", "none"] = "none"
    census: bool = False
    creates: Plant | None = None
    create_batch: int = 1
    find: Literal["strong", "lagging", "none"] = "none"
    patches: bool = False
    patch_batch: int = 1
    calls_per_patch: float = 1.0  #: the platform's own minimum, e.g. 2 where a status needs its transition looked up
    conditions: bool = False  #: if_version is enforced by the server
    deletes: bool = False
    serial_writes: bool = False  #: one write at a time per container (a Bitable base)
    messages: Literal["feed", "per_record", "callback", "none"] = "none"  #: "callback": they come with deliveries
    visibilities: frozenset[Visibility] = frozenset()
    message_plant: Plant = Plant.NONE
    message_edits: Literal["seen", "unseen", "impossible"] = "unseen"
    notifies: bool = False  #: the platform itself writes to people on a create or a public message
    attachments: bool = False
    attachment_limit: int | None = None  #: bytes


@dataclass(frozen=True, slots=True)
class RateClass:
    """A quota as published or observed. `per_record` quotas are kept per Ref."""

    name: str
    calls: int
    per: timedelta
    per_record: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    collections: Mapping[str, CollectionCapabilities]
    rates: Sequence[RateClass]
    max_parallel: int
    lost: Sequence[Finding]  #: what this account or edition lacks, with the remedy; shown by `check`
    probed_at: datetime


@dataclass(frozen=True, slots=True)
class InstanceIdentity:
    """Which instance answers. `address` is where we asked, `instance` what it says it is, `planted` what we left there.

    A clone carries the planted value of its origin to another address; a restored backup carries an older `epoch`.
    """

    address: str
    instance: str
    planted: str | None
    epoch: str | None
