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
        from deskweave_jira_sm.config import SCHEMA

        return SCHEMA

    def connect(self, settings: Mapping[str, Json], kit: Kit) -> JiraConnection:
        from deskweave_jira_sm.config import read_settings
        from deskweave_jira_sm.connection import JiraConnection

        return JiraConnection(read_settings(settings), kit)
