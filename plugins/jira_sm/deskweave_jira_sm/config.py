"""The settings of one connection: their schema, and the frozen form everything else uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from deskweave.errors import ConfigurationError
from deskweave.model import Json

SCHEMA: Final[Mapping[str, Json]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Jira Service Management (Cloud)",
    "type": "object",
    "required": ["address", "auth", "project"],
    "properties": {
        "plugin": {"const": "jira_sm"},
        "address": {
            "type": "string",
            "description": "https://acme.atlassian.net; a scoped token needs https://api.atlassian.com/ex/jira/<cloud id>.",
            "pattern": "^https?://[^\\s]+$",
        },
        "access": {"enum": ["read", "write"]},
        "proxy": {"type": ["string", "null"]},
        "ca_bundle": {"type": ["string", "null"]},
        "auth": {
            "type": "object",
            "required": ["kind", "email", "api_token"],
            "properties": {
                "kind": {"const": "api_token"},
                "email": {"type": "string", "description": "Of the integration's own Atlassian account.", "minLength": 3},
                "api_token": {
                    "type": "string",
                    "description": "id.atlassian.com > Security > API tokens.",
                    "writeOnly": True,
                    "minLength": 1,
                },
            },
            "additionalProperties": False,
        },
        "project": {
            "type": "string",
            "description": "Key of the service project, as ITH.",
            "pattern": "^[A-Z][A-Z0-9_]{1,254}$",
        },
        "request_type": {
            "type": "string",
            "description": "Name or id of the request type new requests get where the binding names none.",
            "minLength": 1,
        },
        "create_by": {
            "enum": ["issue", "request"],
            "description": "issue (default): one call that carries our id; request: as the portal, our id follows.",
        },
        "page_size": {"type": "integer", "minimum": 1, "maximum": 100},
        "index_lag_minutes": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1440,
            "description": "How long the search index may trail a write; Atlassian states no bound. Default 120.",
        },
    },
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One entry of `connections:` with its secrets resolved."""

    address: str
    email: str
    api_token: str
    project: str
    request_type: str | None = None
    create_by: str = "issue"
    page_size: int = 100
    index_lag: timedelta = timedelta(hours=2)


def read_settings(raw: Mapping[str, Json]) -> Settings:
    """The settings as they are used; the host has held them against `SCHEMA` before.

    Raises:
        ConfigurationError: a required key is missing, which can only happen where a caller skipped the schema.
    """
    auth = raw.get("auth")
    if not isinstance(auth, Mapping):
        auth = {}
    values = {
        "address": raw.get("address"),
        "project": raw.get("project"),
        "email": auth.get("email"),
        "api_token": auth.get("api_token"),
    }
    missing = sorted(name for name, value in values.items() if not isinstance(value, str) or not value)
    if missing:
        message = f"jira_sm: the connection's settings lack {', '.join(missing)}; see `deskweave check`"
        raise ConfigurationError(message)
    lag, size, wanted = raw.get("index_lag_minutes"), raw.get("page_size"), raw.get("request_type")
    return Settings(
        address=str(values["address"]).rstrip("/"),
        email=str(values["email"]),
        api_token=str(values["api_token"]),
        project=str(values["project"]),
        request_type=wanted if isinstance(wanted, str) else None,
        create_by=str(raw.get("create_by") or "issue"),
        page_size=size if isinstance(size, int) else 100,
        index_lag=timedelta(minutes=lag) if isinstance(lag, int) else timedelta(hours=2),
    )
