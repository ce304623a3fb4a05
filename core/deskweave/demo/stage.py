"""The stage: three emulated platforms on one turned clock, and a folder that is connected to them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from deskweave import workspace
from deskweave.connector import Hands, RunningEmulator
from deskweave.documents import problem
from deskweave.emulation import TurnedTime
from deskweave.errors import DocumentError
from deskweave.findings import Place
from deskweave.plugins import Plugins
from deskweave.workspace import Workspace
from deskweave.workspace.scaffold import NewConnection, write_folder

MARK: Final = ".deskweave-demo"  #: says that a folder is a demo's, so that it may be rewritten


@dataclass(slots=True)
class Stage:
    """Everything the story needs. `close` takes it down; the folder stays."""

    folder: Path
    clock: TurnedTime
    running: Mapping[str, RunningEmulator]
    space: Workspace
    hands: dict[str, Hands]

    def hand_over(self, now: Callable[[], datetime]) -> None:
        """Leave the folder to whoever works in it now; the platforms stay, and their time goes with this clock."""
        self.space.close()
        self.clock.go_with(now)

    def close(self) -> None:
        self.space.close()
        for emulator in self.running.values():
            emulator.stop()


def wait(clock: TurnedTime, until: datetime) -> None:
    """What a quota asks for costs the story's time, nobody else's."""
    clock.set(max(until, clock()) + timedelta(seconds=1))  # a second more, so that the quota has something in it


def clear(folder: Path) -> None:
    """Make room for the demo's folder; what is not a demo's is never touched.

    Raises:
        DocumentError: the folder holds something else.
    """
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            message = "this folder is not empty and not a demo's: it is left as it is"
            raise DocumentError(
                [problem("not-a-demo", Place(str(folder), ""), str(folder), message, remedy="deskweave demo --into ANOTHER-FOLDER")]
            )
        shutil.rmtree(folder)
    elif folder.exists() and not folder.is_dir():
        message = "there is a file of this name"
        raise DocumentError([problem("not-a-demo", Place(str(folder), ""), str(folder), message, remedy="choose another folder")])


def build(folder: Path, names: Sequence[str], plugins: Plugins, *, opens: datetime, language: str, zone: str, seed: int) -> Stage:
    """Start an emulator for each of `names` and write a folder that knows them.

    Args:
        folder: made anew.
        names: connectors; each has an emulator.
        plugins: where they come from.
        opens: what time it is when the curtain rises.
        language: of the folder.
        zone: of the desk.
        seed: of the emulators.
    """
    clear(folder)
    clock = TurnedTime(opens.astimezone(UTC))
    running: dict[str, RunningEmulator] = {}
    try:
        for name in names:
            emulator = plugins.connectors[name].emulator
            assert emulator is not None
            running[name] = emulator.start(port=0, seed=seed, now=clock)
        write_folder(
            folder,
            id="demo",
            now=clock(),
            plugins=plugins,
            language=language,
            zone=zone,
            label={"en": "Demo service desk", "zh": "演示服务台"},
            connections=[
                NewConnection(name=name, plugin=name, access="write", settings=running[name].settings("admin")) for name in names
            ],
            since=opens - timedelta(hours=1),
            # a week of work is synced in a few seconds: what would stop a real desk is the point of this one
            extra={"guard": {"max_changes": {"update": {"share": 1, "records": 1000}}, "max_notices": 1000}},
        )
        (folder / MARK).write_text("made by deskweave demo; it may be rewritten\n", encoding="utf-8")
        space = workspace.open(folder, now=clock, plugins=plugins, environ={}, wait=lambda until: wait(clock, until))
    except BaseException:
        for emulator_ in running.values():
            emulator_.stop()
        raise
    return Stage(folder, clock, running, space, {})
