"""The entry under `connections:`."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr

from deskweave.connector.settings import ConnectionSettings


class Settings(ConnectionSettings):
    plugin: Literal["echo"]
    token: SecretStr
