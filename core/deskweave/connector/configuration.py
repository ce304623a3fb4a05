"""The practice as one platform can hold it: elements, losses, changes; and where results are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from deskweave.connector.records import Outcome, Page
from deskweave.findings import Finding
from deskweave.model import Json


@dataclass(frozen=True, slots=True)
class ElementId:
    """A piece of practice by its own name: kind "choice", path "fields/channel/choices/phone"."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One piece of configuration, of the practice or of a platform.

    A platform that has a workflow of its own tells it so: a "status" with `name`, and `names` where it goes by several; a
    "transition" with `name`, `workflow`, `to` (the native of a status), `from` (natives; empty: from every one) and `demands`, the
    native fields without which it cannot be made, as far as that can be read. `check` then says which statuses of a binding
    cannot be reached there. Telling one is optional; what is told has to be whole, and is walked: one patch to a status makes as
    many transitions as it takes.
    """

    id: ElementId | None  #: None: on the platform, not in the practice
    native: str | None  #: the instance's id, kept in this connection's lock file, never in the practice
    attributes: Mapping[str, Json]  #: neutral words of the element's schema
    needs: Sequence[ElementId] = ()
    changed_at: datetime | None = None
    changed_by: str | None = None
    locked: str | None = None  #: why it cannot be changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What this platform, edition or account cannot hold."""

    element: ElementId
    degree: Literal["narrowed", "by_hand", "impossible"]
    what: str
    steps: Mapping[str, str]  #: language -> what a person does instead
    where: str | None  #: menu path or address
    verify: bool  #: `check` can see whether someone did it


@dataclass(frozen=True, slots=True)
class Expression:
    elements: Sequence[Element]
    losses: Sequence[Loss]


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementChange:
    verb: Literal["create", "change", "retire", "remove"]
    before: Element | None
    after: Element | None


@dataclass(frozen=True, slots=True)
class Artifact:
    """Something a person installs: an update set with the webhook rule, a script."""

    file_name: str
    content: bytes
    steps: Mapping[str, str]


class ConfigurationSource(Protocol):
    kinds: frozenset[str]

    def elements(self, kind: str, resume: str | None) -> Page[Element]: ...
    def usage(self, elements: Sequence[Element]) -> Sequence[int | None]:
        """How many records use each; None where the platform cannot say."""


class ConfigurationTarget(Protocol):
    kinds: frozenset[str]

    def express(self, wanted: Sequence[Element], live: Sequence[Element]) -> Expression:
        """Pure: the practice as this platform can hold it, and what is lost."""

    def preflight(self, changes: Sequence[ElementChange]) -> Sequence[Finding]: ...
    def apply(self, change: ElementChange, *, key: str) -> Outcome: ...
    def artifacts(self, changes: Sequence[ElementChange]) -> Sequence[Artifact]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricResult:
    metric: str
    start: datetime
    end: datetime
    by: Mapping[str, str]
    value: float | None
    met: bool | None
    stamp: str  #: practice digest and as-of: the same stamp is the same number


class Scoreboard(Protocol):
    """Where results can be shown. Results are records keyed by (metric, start, by), not configuration: `plan` ignores them."""

    def publish(self, results: Sequence[MetricResult]) -> Sequence[Outcome]: ...
