"""A composed practice, and what it is composed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Any

from deskweave.documents import Document, split
from deskweave.findings import Place
from deskweave.model import (
    Calendar,
    CatalogItem,
    Channel,
    Choice,
    Clock,
    DeliveryRule,
    Desk,
    Field,
    FieldId,
    Holidays,
    Json,
    Label,
    Metric,
    PriorityMatrix,
    Process,
    Rating,
    Role,
    Routing,
    ServiceLevel,
    StatusModel,
    Survey,
    Template,
    Term,
)

DocumentKey = tuple[str, str]
"""Kind and id of a document."""

OVERLAY_KINDS: Mapping[str, frozenset[str]] = {
    "deskweave_inquiry_schema": frozenset(("Fields",)),
    "deskweave_catalog": frozenset(("Catalog", "Channels", "Calendar", "Holidays")),
    "deskweave_status_model": frozenset(("StatusModel", "Clock", "ServiceLevel")),
    "deskweave_kpi_rules": frozenset(("Metric",)),
}
"""The kinds a plugin's overlay may hold, by the hook that answers it."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A whole practice to build on, addressed as `extends: <name>@<major>`.

    Attributes:
        name: `<plugin>:<pack>`, e.g. `deskweave:service-desk`.
        version: of the pack's data, e.g. `1.0.0`; `extends` pins its first number.
        files: folder whose `*.yaml` files are the pack.
    """

    name: str
    version: str
    files: Traversable


@dataclass(frozen=True, slots=True)
class Overlay:
    """What a plugin adds to a practice: documents written as in a file; the host stamps `origin` with the plugin's name."""

    documents: Sequence[Mapping[str, Json]]
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Documents of one standing: a pack, a plugin, the client's files, an environment. Its files may not set the same value.

    Attributes:
        name: `pack:<name>@<major>`, `folder:<path>`, `plugin:<name>`, `files` or `environment`.
        documents: in the order of their files.
        address: of a pack or folder, as practice.lock names it: `deskweave:service-desk@1`, `../base`.
        version: of a pack or folder.
        place: the entry of `extends` that asked for it.
    """

    name: str
    documents: tuple[Document, ...] = field(repr=False)
    address: str = ""
    version: str = ""
    place: Place | None = field(default=None, compare=False)

    @property
    def title(self) -> str:
        """What people call it: `deskweave:service-desk 1.0.0`, `../base 2026.1`, `plugin:acme`, `files`."""
        if not self.address:
            return self.name
        return f"{self.address if self.name.startswith('folder:') else self.address.rpartition('@')[0]} {self.version}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who said a value: the layer, and the place in its file."""

    layer: Layer
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What a desk does, from all layers: typed, checked, every reference known to lead somewhere.

    `digest` is a hash over the composed documents: the same for the same content, whatever the order, format or comments of files.
    """

    id: str
    version: str
    label: Label
    languages: tuple[str, ...]
    zone: str
    digest: str
    groups: Mapping[str, Label]  #: groups of fields (A1, A2, A3, A5), in order
    fields: Mapping[FieldId, Field]
    catalog: Mapping[str, CatalogItem]
    classifications: Mapping[str, Choice]
    statuses: StatusModel
    feedback: Mapping[str, Rating]
    channels: Mapping[str, Channel]
    roles: Mapping[str, Role]
    calendars: Mapping[str, Calendar]
    holidays: Mapping[str, Holidays]
    clocks: Mapping[str, Clock]
    metrics: Mapping[str, Metric]
    records: Mapping[str, Mapping[FieldId, Field]]  #: fields of what is no inquiry: contact, response, channel
    routing: Routing
    priority_matrices: Mapping[str, PriorityMatrix]
    service_levels: Mapping[str, ServiceLevel]
    desks: Mapping[str, Desk]
    templates: Mapping[str, Template]
    delivery: tuple[DeliveryRule, ...]  #: as they are tried
    processes: Mapping[str, Process]
    surveys: Mapping[str, Survey]
    systems: Mapping[str, Choice]  #: the client's business systems (B6)
    factors: Mapping[str, Choice]  #: success factors (E1)
    glossary: Mapping[str, Term]
    documents: Mapping[DocumentKey, Mapping[str, Any]]  #: composed, as files would say it; never change one
    origins: Mapping[tuple[str, ...], Document] = field(repr=False, compare=False)  #: which document set what; ask `origin`
    layers: tuple[Layer, ...] = field(default=(), repr=False, compare=False)  #: lowest first; ask `source` which of them said what

    def origin(self, path: str | Sequence[str | int], *, key: bool = False) -> Place:
        """Who said it: the file, or `plugin:<name>`, that set the value at `<Kind>/<id>/<path in the document>`.

        A mapping belongs to the document that first made it. A path that is not there answers its nearest parent.

        Raises:
            KeyError: no document of the practice stands at the path's beginning.
        """
        parts = split(path) if isinstance(path, str) else tuple(str(part) for part in path)
        return locate(self.origins, parts, key=key)

    def source(self, path: str | Sequence[str | int], *, key: bool = False) -> Origin:
        """Like `origin`, with the layer the file belongs to.

        Raises:
            KeyError: no document of the practice stands at the path's beginning.
        """
        parts = split(path) if isinstance(path, str) else tuple(str(part) for part in path)
        said = _said(self.origins, parts)
        layer = next((layer for layer in self.layers if any(one.source == said.source for one in layer.documents)), None)
        return Origin(layer=layer or Layer(name=said.source, documents=()), place=locate(self.origins, parts, key=key))


def _said(origins: Mapping[tuple[str, ...], Document], parts: tuple[str, ...]) -> Document:
    """The document that set the value at a path, or its nearest parent."""
    for length in range(len(parts), 1, -1):
        if (document := origins.get(parts[:length])) is not None:
            return document
    raise KeyError("/".join(parts[:2]))


def part_of(path: Sequence[str | int]) -> dict[str, str]:
    """For a finding's `values`: the document and the part a path is about, as whoever mends what came with a pack names them."""
    parts = [str(part) for part in path]
    return {"document": "/".join(parts[:2]), "part": "/".join(parts[2:4])} if len(parts) > 2 else {}


def locate(origins: Mapping[tuple[str, ...], Document], parts: tuple[str, ...], *, key: bool = False) -> Place:
    """The place of a path over all documents."""
    return _said(origins, parts).place(parts[2:], key=key)
