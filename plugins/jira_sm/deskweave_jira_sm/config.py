"""The settings of one connection to Jira. Importing this imports pydantic: it is done when settings are asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import ConfigDict, Field, SecretStr
from pydantic.json_schema import SkipJsonSchema

from deskweave.connector.settings import Address, ConnectionSettings, Name, SettingsPart


class ApiToken(SettingsPart):
    """An API token of the integration's own Atlassian account."""

    kind: Literal["api_token"]
    email: str = Field(min_length=3, title="E-mail", description="Of the integration's own Atlassian account.")
    api_token: SecretStr = Field(min_length=1, title="API token", description="id.atlassian.com > Security > API tokens.")


class Settings(ConnectionSettings):
    """One entry of `connections:`."""

    model_config = ConfigDict(title="Jira Service Management (Cloud)")

    plugin: Literal["jira_sm"] = "jira_sm"
    address: Address = Field(
        description="https://acme.atlassian.net; a scoped token needs https://api.atlassian.com/ex/jira/<cloud id>."
    )
    auth: ApiToken
    project: str = Field(
        pattern="^[A-Z][A-Z0-9_]{1,254}$", title="Project key / 项目键", description="Key of the service project, as ITH."
    )
    request_type: Name | SkipJsonSchema[None] = Field(
        default=None, description="Name or id of the request type new requests get where the binding names none."
    )
    create_by: Literal["issue", "request"] = Field(
        default="issue",
        description="issue (default): one call that carries our id; request: as the portal, our id follows.",
    )
    page_size: int = Field(default=100, ge=1, le=100)
    index_lag_minutes: int = Field(
        default=120,
        ge=1,
        le=1440,
        description="How long the search index may trail a write; Atlassian states no bound. Default 120.",
    )

    @property
    def index_lag(self) -> timedelta:
        return timedelta(minutes=self.index_lag_minutes)
