"""The command line in this process: arguments in, exit code and both streams out; a clock that stands still until it is turned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deskweave.cli.app import call
from deskweave.emulation import TurnedTime
from deskweave.plugins import Plugins, load_plugins

START = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


Cli = Callable[..., Answer]


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    return load_plugins()


@pytest.fixture
def clock() -> TurnedTime:
    return TurnedTime(START)


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any, plugins: Plugins, clock: TurnedTime) -> Cli:
    """`cli("init", "--lang", "zh")` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def wait(until: datetime) -> None:
        clock.set(max(clock(), until) + timedelta(seconds=1))

    def run(*arguments: str) -> Answer:
        capfd.readouterr()
        clock.advance(timedelta(seconds=2))
        code = call(list(arguments), now=clock, wait=wait, plugins=plugins)
        out, err = capfd.readouterr()
        return Answer(code, out, err)

    return run


@pytest.fixture
def snow(plugins: Plugins, clock: TurnedTime) -> Iterator[Any]:
    """A ServiceNow of our own."""
    emulator = plugins.connectors["servicenow"].emulator
    assert emulator is not None
    running = emulator.start(port=0, seed=1, now=clock)
    yield running
    running.stop()


@pytest.fixture
def feishu(plugins: Plugins, clock: TurnedTime) -> Iterator[Any]:
    emulator = plugins.connectors["feishu"].emulator
    assert emulator is not None
    running = emulator.start(port=0, seed=1, now=clock)
    yield running
    running.stop()


@pytest.fixture
def folder(tmp_path: Path, plugins: Plugins) -> Callable[..., Path]:
    """Write a folder connected to running emulators: `folder(access="write", servicenow=snow)`."""
    from deskweave.workspace.scaffold import NewConnection, write_folder

    def write(*, access: str = "read", environments: tuple[str, ...] = (), language: str = "en", **running: Any) -> Path:
        write_folder(
            tmp_path,
            id="acme",
            now=START,
            plugins=plugins,
            language=language,
            zone="Asia/Shanghai",
            since=START - timedelta(days=1),
            environments=environments,
            connections=[
                NewConnection(name=name, plugin=name, access=access, settings=one.settings("admin"))
                for name, one in running.items()
            ],
        )
        return tmp_path

    return write
