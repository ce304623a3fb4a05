"""Which inquiries exist where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from deskweave.model.value import ConnectionName, FieldId, Json

PERSON_TOOK_PART: Final[Mapping[str, Json]] = {"service_form": {"ne": "bot"}}
"""What a route asks where the file does not say: a chat that only a bot handled is measured, and created nowhere else. A platform
that has no bots says nothing of the form of service, and a person is taken to be there.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An inquiry that fulfils `when` exists on every connection of `among`; `withhold` names fields that never go to one.

    `afterwards` is what becomes of counterparts of an inquiry that no longer fulfils `when`. keep: they go on like before. freeze:
    they stay as they are, neither written nor read, until it fulfils `when` again. The record it began with is never frozen.
    """

    id: str
    when: Mapping[str, Json] | None  #: a predicate (model/predicate); None: every inquiry
    among: tuple[ConnectionName, ...]
    afterwards: Literal["keep", "freeze"] = "keep"
    withhold: Mapping[ConnectionName, frozenset[FieldId]] = field(default_factory=dict)
