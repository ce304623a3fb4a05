"""Which inquiries exist where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deskweave.model.value import ConnectionName, FieldId, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An inquiry that fulfils `when` exists on every connection of `among`; `withhold` names fields that never go to one."""

    id: str
    when: Mapping[str, Json] | None  #: a predicate (model/predicate); None: every inquiry
    among: tuple[ConnectionName, ...]
    withhold: Mapping[ConnectionName, frozenset[FieldId]] = field(default_factory=dict)
