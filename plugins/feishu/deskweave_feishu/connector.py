"""What the host finds under `plugin: feishu`. Nothing heavy is imported before `connect`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deskweave.connector import Connection, Emulator, Kit
    from deskweave.model import Json


class FeishuConnector:
    """`connector.Connector` for Feishu (mainland) and Lark (international): the same paths on two hosts."""

    name = "feishu"
    api = 1

    @property
    def emulator(self) -> Emulator | None:
        from deskweave_feishu.emulator import FeishuEmulator

        return FeishuEmulator()

    def binding_template(self) -> str:
        return (files("deskweave_feishu") / "binding.yaml").read_text(encoding="utf-8")

    def settings_schema(self) -> Mapping[str, Json]:
        from deskweave_feishu.config import Settings

        return Settings.model_json_schema()

    def connect(self, settings: Mapping[str, Json], kit: Kit) -> Connection:
        """Open a connection; nothing is sent yet.

        Raises:
            DocumentError: the settings are not of the schema, or cannot be right.
        """
        from deskweave.connector.settings import parse_settings
        from deskweave_feishu.config import Settings
        from deskweave_feishu.connection import FeishuConnection

        return FeishuConnection(kit, parse_settings(Settings, settings, kit.connection))
