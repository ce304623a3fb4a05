"""A folder with a chat robot that calls back and a desk that is listed, both in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deskweave import workspace
from deskweave.emulation import TurnedTime
from deskweave.plugins import Plugins
from deskweave.testing.memory.connector import RunningMemory
from deskweave.workspace import Workspace


@dataclass
class Desk:
    space: Workspace
    running: dict[str, RunningMemory]
    clock: TurnedTime

    def say(self, title: str) -> None:
        """Somebody writes to the robot."""
        binding = self.space.binding("chat")
        connection = self.space.unasked("chat")
        self.running["chat"].hands(connection.mapper(binding)).create(
            "ticket", {"title": title, "status": "awaiting_acceptance"}, "li"
        )
        connection.close()


@pytest.fixture
def desk(tmp_path: Path, memory_folder: Any, chat_and_desk: Any, memory_plugins: Plugins) -> Iterator[Desk]:
    clock = TurnedTime(datetime(2026, 11, 23, 1, 0, tzinfo=UTC))
    running = memory_folder(chat_and_desk, clock)
    with workspace.open(tmp_path, now=clock, plugins=memory_plugins, environ={}) as space:
        yield Desk(space, running, clock)
