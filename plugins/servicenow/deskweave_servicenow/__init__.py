"""ServiceNow: incidents and interactions, their comments and history, the columns and choices of a practice.

Importing this costs next to nothing; everything else is loaded when a connection is opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from deskweave.hookspecs import hookimpl

if TYPE_CHECKING:
    from deskweave.connector import Connection, Connector, Emulator, Kit
    from deskweave.model import Json

deskweave_api = 1


class ServiceNow:
    """`connector.Connector`."""

    name = "servicenow"
    api = 1

    @property
    def emulator(self) -> Emulator:
        from deskweave_servicenow.emulator import ServiceNowEmulator

        return ServiceNowEmulator()

    def binding_template(self) -> str:
        """The commented binding of the built-in practice to an instance."""
        from importlib.resources import files

        return files(__package__).joinpath("binding.yaml").read_text(encoding="utf-8")

    def settings_schema(self) -> Mapping[str, Json]:
        from deskweave_servicenow.config import Settings

        return Settings.model_json_schema()

    def connect(self, settings: Mapping[str, Json], kit: Kit) -> Connection:
        """Open a connection. Nothing is sent before it is first used.

        Raises:
            DocumentError: the settings are not of the schema.
        """
        from deskweave.connector.settings import parse_settings
        from deskweave_servicenow.config import Settings
        from deskweave_servicenow.connection import ServiceNowConnection

        return ServiceNowConnection(parse_settings(Settings, settings, kit.connection), kit)


@hookimpl
def deskweave_connectors() -> Sequence[Connector]:
    """The one connector of this package."""
    return [ServiceNow()]
