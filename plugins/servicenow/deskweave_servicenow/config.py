"""What a connection to ServiceNow needs to know, as JSON Schema and as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place, Severity
from deskweave.model import Json

COLLECTIONS: Final = ("incident", "interaction")
_SECRET: Final[Mapping[str, Json]] = {"type": "string", "minLength": 1, "writeOnly": True}
_NAME: Final[Mapping[str, Json]] = {"type": "string", "minLength": 1}

SCHEMA: Final[Mapping[str, Json]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "ServiceNow connection / ServiceNow 连接",
    "type": "object",
    "properties": {
        "plugin": {"const": "servicenow"},
        "address": {"title": "Address / 地址", "description": "https://<instance>.service-now.com", "type": "string"},
        "access": {"enum": ["read", "write"]},
        "proxy": {"type": ["string", "null"]},
        "ca_bundle": {"type": ["string", "null"]},
        "auth": {
            "title": "Sign-in / 登录方式",
            "oneOf": [
                {
                    "title": "Name and password / 用户名与密码",
                    "description": "Needs the role snc_basic_auth_api_access on current releases.",
                    "type": "object",
                    "properties": {"kind": {"const": "basic"}, "username": _NAME, "password": _SECRET},
                    "required": ["kind", "username", "password"],
                    "additionalProperties": False,
                },
                {
                    "title": "OAuth client credentials / OAuth 客户端凭据",
                    "type": "object",
                    "properties": {
                        "kind": {"const": "client_credentials"},
                        "client_id": _NAME,
                        "client_secret": _SECRET,
                        "scope": _NAME,
                    },
                    "required": ["kind", "client_id", "client_secret"],
                    "additionalProperties": False,
                },
                {
                    "title": "OAuth password grant / OAuth 密码授权",
                    "type": "object",
                    "properties": {
                        "kind": {"const": "password"},
                        "client_id": _NAME,
                        "client_secret": _SECRET,
                        "username": _NAME,
                        "password": _SECRET,
                    },
                    "required": ["kind", "client_id", "client_secret", "username", "password"],
                    "additionalProperties": False,
                },
            ],
        },
        "page_size": {
            "title": "Records per page / 每页条数",
            "description": "500 suits most instances; halved by itself when the instance cuts a page off after 60 s.",
            "type": "integer",
            "minimum": 1,
            "maximum": 2000,
        },
    },
    "required": ["address", "auth"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """How the connection signs in; fields that a kind does not use are empty. Never printed."""

    kind: Literal["basic", "client_credentials", "password"]
    username: str = ""
    password: str = ""
    client_id: str = ""
    client_secret: str = ""
    scope: str = ""

    def __repr__(self) -> str:
        return f"Sign(kind={self.kind!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    address: str
    access: Literal["read", "write"]
    sign: Sign
    page_size: int = 500


def parse_settings(settings: Mapping[str, Json], connection: str) -> Settings:
    """Settings as data; the host has checked them against the schema and put the secrets in.

    Raises:
        DocumentError: something a connection cannot do without is missing or of the wrong kind.
    """
    problems: list[Finding] = []

    def problem(path: str, message: str, allowed: tuple[str, ...] = ()) -> None:
        place = Place(source=f"connection:{connection}", path=path)
        problems.append(
            Finding(rule="connection-settings", severity=Severity.ERROR, place=place, found="", message=message, allowed=allowed)
        )

    address = settings.get("address")
    if not isinstance(address, str) or not address.startswith(("http://", "https://")):
        problem("/address", "address is the instance's URL, such as https://acme.service-now.com")
        address = ""
    auth = settings.get("auth")
    sign = Sign(kind="basic")
    if not isinstance(auth, Mapping):
        problem("/auth", "auth says how to sign in", ("basic", "client_credentials", "password"))
    else:
        needed = {
            "basic": ("username", "password"),
            "client_credentials": ("client_id", "client_secret"),
            "password": ("client_id", "client_secret", "username", "password"),
        }
        kind = str(auth.get("kind"))
        if kind not in needed:
            problem("/auth/kind", "auth.kind is not one this connector knows", tuple(needed))
        else:
            for name in needed[kind]:
                if not auth.get(name):
                    problem(f"/auth/{name}", f"auth.{name} is needed for kind {kind}")
            sign = Sign(
                kind=kind,  # type: ignore[arg-type]  # one of the three, checked above
                **{name: str(auth.get(name) or "") for name in ("username", "password", "client_id", "client_secret", "scope")},
            )
    size = settings.get("page_size", 500)
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= 2000:
        problem("/page_size", "page_size is a whole number from 1 to 2000")
        size = 500
    if problems:
        raise DocumentError(problems)
    access: Literal["read", "write"] = "write" if settings.get("access") == "write" else "read"
    return Settings(address=address.rstrip("/"), access=access, sign=sign, page_size=size)
