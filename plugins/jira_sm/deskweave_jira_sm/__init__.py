"""Jira Service Management (Cloud): connector and emulator. Importing this costs next to nothing; the work is in the modules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from deskweave.hookspecs import hookimpl

if TYPE_CHECKING:
    from deskweave.connector import Connector

deskweave_api = 1


@hookimpl
def deskweave_connectors() -> Iterable[Connector]:
    """The one connector of this plugin, `plugin: jira_sm`."""
    from deskweave_jira_sm.connector import JiraConnector

    return [JiraConnector()]
