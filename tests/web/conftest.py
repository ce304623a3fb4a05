"""A folder with a chat robot that calls back and a desk that is listed, both in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pluggy
import pytest

from deskweave import hookspecs, workspace
from deskweave.emulation import TurnedTime
from deskweave.hookspecs import hookimpl
from deskweave.plugins import Plugins
from deskweave.testing.memory import MemoryConnector, Switches
from deskweave.testing.memory.connector import RunningMemory
from deskweave.workspace import Workspace
from deskweave.workspace.scaffold import NewConnection, write_folder


class MemoryPlugin:
    deskweave_api = 1

    @hookimpl
    def deskweave_connectors(self) -> list[Any]:
        return [MemoryConnector(configures=False), MemoryConnector(configures=False, name="robot")]


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


@pytest.fixture(scope="session")
def memory_plugins() -> Plugins:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    made = Plugins(manager)
    made.register(MemoryPlugin(), "memory")
    return made


@pytest.fixture
def desk(tmp_path: Path, memory_plugins: Plugins) -> Iterator[Desk]:
    clock = TurnedTime(datetime(2026, 11, 23, 1, 0, tzinfo=UTC))
    made = {
        "chat": MemoryConnector(switches=Switches(callback=True), configures=False, name="robot"),
        "desk": MemoryConnector(configures=False),
    }
    running = {name: one.emulator.start(port=0, seed=1, now=clock) for name, one in made.items()}
    write_folder(
        tmp_path,
        id="acme",
        now=clock(),
        plugins=memory_plugins,
        language="en",
        zone="Asia/Shanghai",
        since=clock() - timedelta(days=1),
        connections=[
            NewConnection(name=name, plugin=made[name].name, access="write", settings=one.settings("admin"))
            for name, one in running.items()
        ],
    )
    with workspace.open(tmp_path, now=clock, plugins=memory_plugins, environ={}) as space:
        yield Desk(space, running, clock)
    for one in running.values():
        one.stop()
