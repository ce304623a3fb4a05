"""Echo Desk as a platform of Deskweave. Importing this costs next to nothing: what is heavy is imported when it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from deskweave import hookimpl

if TYPE_CHECKING:
    from deskweave.connector import Connection, Connector, Emulator, Kit
    from deskweave.model import Json

deskweave_api = 1


class EchoConnector:
    """What `plugin: echo` means."""

    name = "echo"
    api = 1

    @property
    def emulator(self) -> Emulator:
        from deskweave_echo.emulator import EchoEmulator

        return EchoEmulator()

    def binding_template(self) -> str:
        return files(__package__).joinpath("binding.yaml").read_text(encoding="utf-8")

    def settings_schema(self) -> Mapping[str, Json]:
        from deskweave_echo.settings import Settings

        return Settings.model_json_schema()

    def connect(self, settings: Mapping[str, Json], kit: Kit) -> Connection:
        from deskweave.connector.settings import parse_settings
        from deskweave_echo.connection import EchoConnection
        from deskweave_echo.settings import Settings

        return EchoConnection(parse_settings(Settings, settings, kit.connection), kit)


@hookimpl
def deskweave_connectors() -> Sequence[Connector]:
    return [EchoConnector()]
