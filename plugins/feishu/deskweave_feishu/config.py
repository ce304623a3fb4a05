"""The settings of one connection, as `deskweave.yaml` states them and as the code uses them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlsplit

from deskweave.errors import ConfigurationError
from deskweave.model import Json

FEISHU: Final = "https://open.feishu.cn"
TABLE: Final = "服务台账"
MAX_CREATE_BATCH: Final = 500

SETTINGS_SCHEMA: Final[Mapping[str, Json]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Feishu / 飞书",
    "type": "object",
    "properties": {
        "plugin": {"const": "feishu"},
        "address": {
            "title": "API address / 接口地址",
            "description": "https://open.feishu.cn, or https://open.larksuite.com for Lark (other tenants, other credentials).",
            "type": "string",
            "default": FEISHU,
        },
        "access": {"enum": ["read", "write"]},
        "proxy": {"type": ["string", "null"]},
        "ca_bundle": {"type": ["string", "null"]},
        "auth": {
            "title": "Custom app / 企业自建应用",
            "description": "From 开发者后台 > 凭证与基础信息.",
            "type": "object",
            "properties": {
                "kind": {"const": "app"},
                "app_id": {"title": "App ID", "type": "string", "minLength": 1},
                "app_secret": {"title": "App Secret", "type": "string", "minLength": 1, "writeOnly": True},
            },
            "required": ["app_id", "app_secret"],
            "additionalProperties": False,
        },
        "base": {
            "title": "Bitable base that holds the ledger / 台账所在的多维表格",
            "type": "object",
            "properties": {
                "app_token": {
                    "title": "Base / 多维表格",
                    "description": "The token, or the address feishu.cn/base/... copied from the browser.",
                    "type": "string",
                    "minLength": 1,
                },
                "table": {
                    "title": "Table / 数据表",
                    "description": "Name, or id (tbl...). `apply` makes a table of that name where there is none.",
                    "type": "string",
                    "minLength": 1,
                    "default": TABLE,
                },
                "create_batch": {
                    "title": "Rows per create / 每次新建行数",
                    "description": "1: each row has an idempotency key of its own. More: faster; a lost answer is looked up.",
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_CREATE_BATCH,
                    "default": 1,
                },
            },
            "required": ["app_token"],
            "additionalProperties": False,
        },
        "helpdesk": {
            "title": "Helpdesk whose tickets are read / 读取工单的服务台",
            "description": "From the helpdesk's own admin pages, API credentials.",
            "type": "object",
            "properties": {
                "id": {"title": "Helpdesk ID", "type": "string", "minLength": 1},
                "token": {"title": "Helpdesk token", "type": "string", "minLength": 1, "writeOnly": True},
            },
            "required": ["id", "token"],
            "additionalProperties": False,
        },
    },
    "required": ["auth"],
    "anyOf": [{"required": ["base"]}, {"required": ["helpdesk"]}],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseSettings:
    app_token: str
    table: str = TABLE
    create_batch: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpdeskSettings:
    id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One connection. Without `base` there is no collection `ledger`, without `helpdesk` no `ticket`."""

    app_id: str
    app_secret: str = field(repr=False)
    address: str = FEISHU
    base: BaseSettings | None = None
    helpdesk: HelpdeskSettings | None = None


def read_settings(settings: Mapping[str, Json]) -> Settings:
    """Settings as typed data.

    Raises:
        ConfigurationError: something needed is absent or is of another type than `SETTINGS_SCHEMA` says.
    """
    auth = _part(settings, "auth")
    if auth is None:
        raise ConfigurationError("auth is missing: a custom app's app_id and app_secret (开发者后台 > 凭证与基础信息)")
    base, helpdesk = _part(settings, "base"), _part(settings, "helpdesk")
    if base is None and helpdesk is None:
        raise ConfigurationError("neither base nor helpdesk is set: name the Bitable base of the ledger, or a helpdesk, or both")
    address = settings.get("address", FEISHU)
    if not isinstance(address, str) or not address.startswith(("https://", "http://")):
        raise ConfigurationError(f"address is {address!r}, not an https address such as {FEISHU}")
    return Settings(
        address=address.rstrip("/"),
        app_id=_text(auth, "auth", "app_id"),
        app_secret=_text(auth, "auth", "app_secret"),
        base=_base(base) if base is not None else None,
        helpdesk=HelpdeskSettings(id=_text(helpdesk, "helpdesk", "id"), token=_text(helpdesk, "helpdesk", "token"))
        if helpdesk is not None
        else None,
    )


def _base(part: Mapping[str, Json]) -> BaseSettings:
    token, table = _text(part, "base", "app_token"), part.get("table")
    if "/" in token:
        split = urlsplit(token)
        found = re.search(r"/base/([A-Za-z0-9]+)", split.path)
        if found is None:
            raise ConfigurationError(
                "base.app_token is an address without /base/<token>: open the base itself in the browser (a page inside a wiki or "
                "a document has another address) and copy that"
            )
        token = found.group(1)
        table = table or parse_qs(split.query).get("table", [None])[0]
    batch = part.get("create_batch", 1)
    if isinstance(batch, bool) or not isinstance(batch, int) or not 1 <= batch <= MAX_CREATE_BATCH:
        raise ConfigurationError(f"base.create_batch is {batch!r}; allowed is 1 to {MAX_CREATE_BATCH}")
    return BaseSettings(app_token=token, table=str(table or TABLE), create_batch=batch)


def _part(settings: Mapping[str, Json], name: str) -> Mapping[str, Json] | None:
    part = settings.get(name)
    if part is not None and not isinstance(part, Mapping):
        raise ConfigurationError(f"{name} is no mapping of settings")
    return part


def _text(part: Mapping[str, Json] | None, where: str, name: str) -> str:
    value = (part or {}).get(name)
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{where}.{name} is missing or empty")
    return value.strip()
