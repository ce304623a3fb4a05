"""What every test may ask for: third-party material, and nothing of this machine's environment."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pluggy
import pytest
from hypothesis import HealthCheck, settings

from deskweave import hookspecs
from deskweave.emulation import TurnedTime
from deskweave.hookspecs import hookimpl
from deskweave.plugins import Plugins
from deskweave.testing.memory import MemoryConnector, Switches
from deskweave.testing.memory.connector import RunningMemory
from deskweave.workspace.scaffold import NewConnection, write_folder

ROOT = Path(__file__).parent.parent
PLENTY = 2 * 1024**3  #: bytes
# The same examples every time, so that a change is judged by what it changed; DESKWEAVE_EXAMPLES=N goes hunting for N new ones.
settings.register_profile(
    "house",
    max_examples=int(os.environ.get("DESKWEAVE_EXAMPLES", "25")),
    derandomize="DESKWEAVE_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    print_blob=True,
)
settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """Temporary folders in memory where there is plenty of it: every commit of a store waits for the disk, in tests for nothing."""
    memory = Path("/dev/shm")
    if "PYTEST_DEBUG_TEMPROOT" not in os.environ and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > PLENTY:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(memory)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Thousands of collected tests are no garbage: to look through them again and again takes a fifth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def required(name: str) -> bool:
    """Whether a missing `name` fails instead of skipping: `.ci/run` sets DESKWEAVE_REQUIRE=shared,postgres,browser."""
    return name in os.environ.get("DESKWEAVE_REQUIRE", "").split(",")


def absent(name: str, why: str) -> None:
    """Skip, or fail where `name` is required."""
    if required(name):
        pytest.fail(f"{name} is required here: {why}")
    pytest.skip(why)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Third-party truth and real logs, beside the checkout or at DESKWEAVE_SHARED."""
    path = Path(os.environ.get("DESKWEAVE_SHARED") or ROOT.parent / "shared")
    if not (path / "oracles").is_dir():
        absent("shared", f"no third-party material at {path}; set DESKWEAVE_SHARED")
    return path


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies, languages and colours of the machine never decide a test."""
    for name in list(os.environ):
        if name.upper().endswith("_PROXY") or name.startswith(("DESKWEAVE_LANG", "DESKWEAVE_PLUGINS", "NO_COLOR")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)


# ---------------------------------------------------------------------------------------------------------- platforms in memory
MemoryFolder: TypeAlias = Callable[[Mapping[str, MemoryConnector], TurnedTime], dict[str, RunningMemory]]


class MemoryPlugin:
    """A desk that is listed, and a chat robot that is not: what its folder calls `robot` may call back."""

    deskweave_api = 1

    @hookimpl
    def deskweave_connectors(self) -> list[Any]:
        return [MemoryConnector(configures=False), MemoryConnector(configures=False, name="robot")]


@pytest.fixture(scope="session")
def memory_plugins() -> Plugins:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    made = Plugins(manager)
    made.register(MemoryPlugin(), "memory")
    return made


@pytest.fixture
def memory_folder(tmp_path: Path, memory_plugins: Plugins) -> Iterator[MemoryFolder]:
    """Writes a folder with these connections into `tmp_path` and answers with their platforms, which run until the test ends."""
    running: dict[str, RunningMemory] = {}

    def write(connectors: Mapping[str, MemoryConnector], clock: TurnedTime) -> dict[str, RunningMemory]:
        running.update({name: one.emulator.start(port=0, seed=1, now=clock) for name, one in connectors.items()})
        write_folder(
            tmp_path,
            id="acme",
            now=clock(),
            plugins=memory_plugins,
            language="en",
            zone="Asia/Shanghai",
            since=clock() - timedelta(days=1),
            connections=[
                NewConnection(name=name, plugin=connectors[name].name, access="write", settings=one.settings("admin"))
                for name, one in running.items()
            ],
        )
        return running

    yield write
    for one in running.values():
        one.stop()


@pytest.fixture
def chat_and_desk() -> dict[str, MemoryConnector]:
    """A chat robot that calls back, and a desk that is listed."""
    return {
        "chat": MemoryConnector(switches=Switches(callback=True), configures=False, name="robot"),
        "desk": MemoryConnector(configures=False),
    }
