"""A platform that is only what a test says it is, brought by a plugin like any other."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pluggy
import pytest

from deskweave import hookspecs
from deskweave.connector import Capabilities, CollectionCapabilities, InstanceIdentity
from deskweave.emulation import TurnedTime
from deskweave.hookspecs import hookimpl
from deskweave.plugins import Plugins
from deskweave.store import Store

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SCHEMA = {
    "type": "object",
    "required": ["auth"],
    "properties": {
        "auth": {
            "type": "object",
            "required": ["token"],
            "properties": {
                "kind": {"const": "token"},
                "user": {"type": "string"},
                "token": {"type": "string", "writeOnly": True, "minLength": 4},
            },
            "additionalProperties": False,
        },
        "project": {"type": "string", "pattern": "^[A-Z]+$"},
    },
    "additionalProperties": False,
}
BINDING = """apiVersion: deskweave/v1
kind: Binding
id: toy
practice: service_desk
collections:
  task:
    correlation: corr
    fields:
      title: {at: name}
      priority: {at: prio, choices: {p1: "1"}}
"""


@dataclass
class Instance:
    """What stands behind the wire."""

    name: str = "toy-1"
    planted: str | None = None
    epoch: str | None = None
    error: Exception | None = None
    writes: list[str] = field(default_factory=list)
    settings: Mapping[str, Any] = field(default_factory=dict)
    closed: int = 0
    forgets: bool = False  #: it takes our mark and keeps none


class ToyConnection:
    records = sink = messages = attachments = people = outreach = configuration = target = scoreboard = webhooks = None

    def __init__(self, instance: Instance, address: str) -> None:
        self._instance, self._address = instance, address

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            collections={"task": CollectionCapabilities(reads=True)}, rates=(), max_parallel=1, lost=(), probed_at=NOW
        )

    @property
    def identity(self) -> InstanceIdentity:
        if self._instance.error is not None:
            raise self._instance.error
        return InstanceIdentity(self._address, self._instance.name, self._instance.planted, self._instance.epoch)

    def mapper(self, binding: Any) -> Any:
        raise NotImplementedError

    def plant_identity(self, install: str, epoch: str) -> None:
        self._instance.writes.append("mark")
        if not self._instance.forgets:
            self._instance.planted, self._instance.epoch = install, epoch

    def close(self) -> None:
        self._instance.closed += 1


class ToyConnector:
    api, emulator = 1, None

    def __init__(self, name: str, instance: Instance) -> None:
        self.name, self.instance = name, instance

    def settings_schema(self) -> Mapping[str, Any]:
        return SCHEMA

    def binding_template(self) -> str:
        return BINDING

    def connect(self, settings: Mapping[str, Any], kit: Any) -> ToyConnection:
        self.instance.settings = settings
        return ToyConnection(self.instance, str(settings["address"]))


class ToyPlugin:
    deskweave_api = 1

    def __init__(self, connectors: list[ToyConnector]) -> None:
        self._connectors = connectors

    @hookimpl
    def deskweave_connectors(self) -> list[ToyConnector]:
        return self._connectors


def empty_plugins() -> Plugins:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return Plugins(manager)


@pytest.fixture
def clock() -> TurnedTime:
    return TurnedTime(datetime(2026, 11, 16, 1, 0, tzinfo=UTC))


@pytest.fixture
def store(clock: TurnedTime) -> Iterator[Store]:
    with contextlib.closing(Store.open(":memory:", now=clock, entropy=Random(7).randbytes)) as made:
        yield made


@pytest.fixture
def instances() -> dict[str, Instance]:
    return {"toy": Instance(), "other": Instance(name="other-1")}


@pytest.fixture
def plugins(instances: dict[str, Instance]) -> Plugins:
    made = empty_plugins()
    made.register(ToyPlugin([ToyConnector(name, instance) for name, instance in instances.items()]), "toys")
    return made


@pytest.fixture
def now() -> Callable[[], datetime]:
    return lambda: NOW


@pytest.fixture
def folder(tmp_path: Path, plugins: Plugins) -> Iterator[Path]:
    """A folder with one connection, written as `init` writes it."""
    from deskweave.workspace.scaffold import NewConnection, write_folder

    settings = {"auth": {"kind": "token", "token": "s3cr3t-value"}}
    write_folder(
        tmp_path / "acme",
        id="acme",
        now=NOW,
        plugins=plugins,
        connections=[NewConnection(name="toy", plugin="toy", address="https://toy.example", settings=settings)],
    )
    return tmp_path / "acme"
