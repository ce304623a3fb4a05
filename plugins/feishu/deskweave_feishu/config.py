"""The settings of one connection to Feishu. Importing this imports pydantic: it is done when settings are asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic.json_schema import SkipJsonSchema

from deskweave.connector.settings import Address, ConnectionSettings, SettingsPart

FEISHU: Final = "https://open.feishu.cn"
TABLE: Final = "服务台账"
MAX_CREATE_BATCH: Final = 500


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _token(value: str) -> str:
    """The base's token, also out of the address people copy."""
    if "/" not in value:
        return value
    found = re.search(r"/base/([A-Za-z0-9]+)", urlsplit(value).path)
    if found is None:
        message = (
            "an address without /base/<token>: open the base itself in the browser (a page inside a wiki or a document has "
            "another address) and copy that"
        )
        raise ValueError(message)
    return found.group(1)


# What is copied from a browser or read from a file often brings a space or a line end along; no name or secret of Feishu has any.
Copied = Annotated[str, BeforeValidator(_stripped), Field(min_length=1)]
Secret = Annotated[SecretStr, BeforeValidator(_stripped), Field(min_length=1)]


class App(SettingsPart):
    """From 开发者后台 > 凭证与基础信息."""

    model_config = ConfigDict(title="Custom app / 企业自建应用")

    kind: Literal["app"] = "app"
    app_id: Copied = Field(title="App ID")
    app_secret: Secret = Field(title="App Secret")


class BaseSettings(SettingsPart):
    """The Bitable base that holds the ledger, and the table in it."""

    model_config = ConfigDict(title="Bitable base that holds the ledger / 台账所在的多维表格")

    app_token: Annotated[Copied, AfterValidator(_token)] = Field(
        title="Base / 多维表格", description="The token, or the address feishu.cn/base/... copied from the browser."
    )
    table: str = Field(
        default=TABLE,
        min_length=1,
        title="Table / 数据表",
        description="Name, or id (tbl...). `apply` makes a table of that name where there is none.",
    )
    create_batch: int = Field(
        default=1,
        ge=1,
        le=MAX_CREATE_BATCH,
        title="Rows per create / 每次新建行数",
        description="1: each row has an idempotency key of its own. More: faster; a lost answer is looked up.",
    )

    @model_validator(mode="before")
    @classmethod
    def _table_of_the_address(cls, values: Any) -> Any:
        """An address copied while a table was open names the table too."""
        if isinstance(values, Mapping) and "table" not in values and isinstance(values.get("app_token"), str):
            named = parse_qs(urlsplit(values["app_token"]).query).get("table")
            if named:
                return {**values, "table": named[0]}
        return values


class HelpdeskSettings(SettingsPart):
    """From the helpdesk's own admin pages, API credentials."""

    model_config = ConfigDict(title="Helpdesk whose tickets are read / 读取工单的服务台")

    id: Copied = Field(title="Helpdesk ID")
    token: Secret = Field(title="Helpdesk token")


class Settings(ConnectionSettings):
    """One entry of `connections:`. Without `base` there is no collection `ledger`, without `helpdesk` no `ticket`."""

    model_config = ConfigDict(
        title="Feishu / 飞书", json_schema_extra={"anyOf": [{"required": ["base"]}, {"required": ["helpdesk"]}]}
    )

    plugin: Literal["feishu"] = "feishu"
    address: Address = Field(
        default=FEISHU,
        title="API address / 接口地址",
        description="https://open.feishu.cn, or https://open.larksuite.com for Lark (other tenants, other credentials).",
    )
    auth: App
    base: BaseSettings | SkipJsonSchema[None] = None
    helpdesk: HelpdeskSettings | SkipJsonSchema[None] = None

    @model_validator(mode="after")
    def _has_something_to_read(self) -> Settings:
        if self.base is None and self.helpdesk is None:
            message = "neither base nor helpdesk is set: name the Bitable base of the ledger, or a helpdesk, or both"
            raise ValueError(message)
        return self
