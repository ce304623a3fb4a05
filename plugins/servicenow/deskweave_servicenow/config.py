"""The settings of one connection to ServiceNow. Importing this imports pydantic: it is done when settings are asked for."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, SecretStr
from pydantic.json_schema import SkipJsonSchema

from deskweave.connector.settings import Address, ConnectionSettings, Name, SettingsPart

COLLECTIONS: Final = ("incident", "interaction")

Secret = Annotated[SecretStr, Field(min_length=1)]


class Basic(SettingsPart):
    """Name and password: needs the role snc_basic_auth_api_access on current releases."""

    model_config = ConfigDict(title="Name and password / 用户名与密码")

    kind: Literal["basic"]
    username: Name
    password: Secret


class ClientCredentials(SettingsPart):
    """An OAuth client that acts as the user its registry entry names."""

    model_config = ConfigDict(title="OAuth client credentials / OAuth 客户端凭据")

    kind: Literal["client_credentials"]
    client_id: Name
    client_secret: Secret
    scope: Name | SkipJsonSchema[None] = None

    @property
    def username(self) -> str:
        """Known to the instance alone."""
        return ""


class PasswordGrant(SettingsPart):
    """An OAuth client that signs in as a user, with that user's password."""

    model_config = ConfigDict(title="OAuth password grant / OAuth 密码授权")

    kind: Literal["password"]
    client_id: Name
    client_secret: Secret
    username: Name
    password: Secret


OAuthClient = ClientCredentials | PasswordGrant
Sign = Basic | OAuthClient


class Settings(ConnectionSettings):
    """One entry of `connections:`."""

    model_config = ConfigDict(title="ServiceNow connection / ServiceNow 连接")

    plugin: Literal["servicenow"] = "servicenow"
    address: Address = Field(title="Address / 地址", description="https://<instance>.service-now.com")
    sign: Sign = Field(alias="auth", discriminator="kind", title="Sign-in / 登录方式", description="How to sign in.")
    page_size: int = Field(
        default=500,
        ge=1,
        le=2000,
        title="Records per page / 每页条数",
        description="500 suits most instances; halved by itself when the instance cuts a page off after 60 s.",
    )
