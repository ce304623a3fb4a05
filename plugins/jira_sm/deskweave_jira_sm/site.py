"""What one site and desk are made of, read once per connection: fields, statuses, request types, and who we are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

REQUEST_TYPE: Final = "com.atlassian.servicedesk:vp-origin"
TEXT_FIELD: Final = "com.atlassian.jira.plugin.system.customfieldtypes:textfield"
TEXT_AREA: Final = "com.atlassian.jira.plugin.system.customfieldtypes:textarea"


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field as `GET /field` states it. `kind` is `schema.custom` or the system name, `items` that of a list."""

    id: str
    name: str
    custom: bool
    type: str
    kind: str
    items: str


@dataclass(frozen=True, slots=True)
class Term:
    """A status, priority, resolution or request type: one id, a name in each language we heard it in."""

    id: str
    names: tuple[str, ...]
    category: str = ""
    issue_type: str = ""

    @property
    def name(self) -> str:
        return self.names[0] if self.names else self.id


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of one sort. A binding may call one by its id or by any of its names; ids decide, as names are translated."""

    by_id: Mapping[str, Term]

    def find(self, word: str) -> Term | None:
        if word in self.by_id:
            return self.by_id[word]
        folded = word.strip().casefold()
        found = [term for term in self.by_id.values() if any(name.casefold() == folded for name in term.names)]
        return found[0] if len(found) == 1 else None

    def word(self, id_: str, fallback: str, preferred: frozenset[str]) -> str:
        """What the records call it: the binding's own word for it, else its first name, else what the platform just said."""
        term = self.by_id.get(id_)
        if term is None:
            return fallback or id_
        return next((word for word in (*term.names, term.id) if word in preferred), term.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """`account` is our own accountId, `zone` that account's profile zone, in which JQL reads times."""

    base_url: str
    account: str
    zone: ZoneInfo
    project_id: str
    project_key: str
    is_desk: bool
    desk_id: str | None
    fields: Mapping[str, FieldInfo]
    statuses: Terms
    priorities: Terms
    resolutions: Terms
    request_types: Terms
    issue_types: Mapping[str, str]
    permissions: frozenset[str]
    licensed: bool
    request_type_field: str | None

    def field_named(self, name: str) -> FieldInfo | None:
        """The one custom field of that name; None where there is none or more than one."""
        if name in self.fields:
            return self.fields[name]
        found = [info for info in self.fields.values() if info.custom and info.name.casefold() == name.strip().casefold()]
        return found[0] if len(found) == 1 else None
