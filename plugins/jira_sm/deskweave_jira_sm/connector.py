"""What the host finds: the connector `jira_sm`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from deskweave.connector import API_VERSION, Emulator, Kit
from deskweave.model import Json

if TYPE_CHECKING:
    from deskweave_jira_sm.connection import JiraConnection


class JiraConnector:
    """`connector.Connector`."""

    name = "jira_sm"
    api = API_VERSION

    @property
    def emulator(self) -> Emulator:
        """A Jira site on loopback, with the service project ITH."""
        from deskweave_jira_sm.emulator import JiraEmulator

        return JiraEmulator()

    def binding_template(self) -> str:
        from importlib.resources import files

        return (files("deskweave_jira_sm") / "binding_template.yaml").read_text(encoding="utf-8")

    def settings_schema(self) -> Mapping[str, Json]:
        from deskweave_jira_sm.config import Settings

        return Settings.model_json_schema()

    def connect(self, settings: Mapping[str, Json], kit: Kit) -> JiraConnection:
        """Open a connection; the project is looked at when it is first needed.

        Raises:
            DocumentError: the settings are not of the schema.
        """
        from deskweave.connector.settings import parse_settings
        from deskweave_jira_sm.config import Settings
        from deskweave_jira_sm.connection import JiraConnection

        return JiraConnection(parse_settings(Settings, settings, kit.connection), kit)
