"""Starting the site on loopback, and how to reach it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from deskweave.connector import Mapper
from deskweave.emulation import FaultBox, LoopbackServer
from deskweave.model import Json
from deskweave_jira_sm.emulator.hands import JiraHands
from deskweave_jira_sm.emulator.platform import JiraPlatform
from deskweave_jira_sm.emulator.seed import ADMIN_TOKEN, AGENT_TOKEN, COLLABORATOR_TOKEN

_ACCOUNTS: Final = {
    "agent": ("deskweave.agent@example.com", AGENT_TOKEN),
    "admin": ("deskweave.admin@example.com", ADMIN_TOKEN),
    "collaborator": ("deskweave.reader@example.com", COLLABORATOR_TOKEN),
}


class RunningJira:
    """`connector.RunningEmulator`. `platform` has the switches and, under its lock, the state."""

    def __init__(self, platform: JiraPlatform, port: int) -> None:
        self.platform = platform
        self._server = LoopbackServer(platform, port=port)

    @property
    def address(self) -> str:
        return self._server.address

    @property
    def faults(self) -> FaultBox:
        return self.platform.faults

    def settings(self, account: str) -> Mapping[str, Json]:
        """An entry for `connections:` with the rights of `agent`, `admin`, or `collaborator`, who has no agent licence."""
        email, token = _ACCOUNTS[account]
        return {
            "plugin": "jira_sm",
            "address": self.address,
            "access": "write",
            "auth": {"kind": "api_token", "email": email, "api_token": token},
            "project": self.platform.state.project_key,
            "request_type": "Get IT help",
        }

    def hands(self, mapper: Mapper) -> JiraHands:
        """What people do in the site's own pages."""
        return JiraHands(self.platform, mapper)

    def stop(self) -> None:
        self._server.stop()


class JiraEmulator:
    """`connector.Emulator`."""

    def start(self, *, port: int, seed: int, now: Callable[[], datetime]) -> RunningJira:
        """A new site; the same seed has the same ids, the same cloud id and no issues."""
        return RunningJira(JiraPlatform(now=now, seed=seed), port)
