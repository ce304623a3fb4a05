"""The demo's store is deleted while its three platforms go on: noticed, made whole, and nothing is written anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deskweave import workspace
from deskweave.cli.app import call
from deskweave.demo.compare import Comparison, compare
from deskweave.demo.stage import Stage
from deskweave.demo.story import Told, tell
from deskweave.emulation import TurnedTime
from deskweave.plugins import load_plugins
from deskweave.store import inquiry_messages
from deskweave.store.joined import list_inquiries

PLUGINS = load_plugins()
Call = Callable[..., tuple[int, str]]


@dataclass(frozen=True)
class Desk:
    """What a store says, by the records an inquiry has: numbers and ids are given anew when it is rebuilt."""

    inquiries: dict[frozenset[tuple[str, str, str]], dict[str, object]]
    messages: dict[frozenset[tuple[str, str, str]], list[tuple[str, str, tuple[str, ...]]]]
    comparison: Comparison


@pytest.mark.slow
@pytest.mark.practice("M1")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_lost_store_of_the_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str) -> None:
    clock = TurnedTime(datetime(2026, 11, 22, 9, 0, tzinfo=UTC))  # of whoever works in the folder afterwards
    folder = tmp_path / "desk demo"
    seen: list[str] = []

    def wait(until: datetime) -> None:
        clock.set(max(until, clock()) + timedelta(seconds=1))

    def cli(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        clock.advance(timedelta(minutes=2))
        code = call(["-C", str(folder), "--lang", language, *words], now=clock, wait=wait, plugins=PLUGINS)
        answer = capsys.readouterr()
        return code, answer.out + answer.err

    def linger(told: Told, stage: Stage) -> None:
        stage.hand_over(clock)
        seen.append("lingered")
        loses_and_finds(cli, folder, stage, told, look=lambda: desk(folder, clock, wait))

    told = tell(
        folder,
        plugins=PLUGINS,
        language=language,
        seed=2 if language == "zh" else 1,
        step=lambda *_: None,
        progress=lambda _: None,
        linger=linger,
    )
    assert told.well
    assert seen


def loses_and_finds(cli: Call, folder: Path, stage: Stage, told: Told, look: Callable[[], Desk]) -> None:
    running: dict[str, Any] = dict(stage.running)

    def writes() -> dict[str, int]:
        return {name: one.platform.traffic.writes for name, one in running.items()}

    code, said = cli("sync")
    assert code == 0, said
    before, written = look(), writes()
    assert len(before.inquiries) == sum(told.tally.created.values()) >= 60
    for file in (folder / ".deskweave/dev").glob("state.db*"):
        file.unlink()
    for command in (("sync",), ("sync", "--plan"), ("apply", "--yes")):
        code, said = cli(*command)
        assert code == 5, said
        assert "deskweave store rebuild -C" in said.replace("\n  ", " ")
    assert json.loads(cli("store", "rebuild", "--plan", "--json")[1])["summary"]["install"] is None
    code, said = cli("store", "rebuild", "--json")
    assert code == 0, said
    summary = json.loads(said)["summary"]
    assert (summary["inquiries"], summary["joined"], summary["undecided"]) == (len(before.inquiries), len(before.inquiries), 0)
    assert summary["conflicts"] == 0
    assert summary["messages"] == sum(map(len, before.messages.values()))
    assert json.loads(cli("sync", "--plan", "--json")[1])["summary"]["records"] == 0
    for _ in range(2):
        code, said = cli("sync")
        assert code == 0, said
    assert writes() == written
    after = look()
    assert after.inquiries == before.inquiries
    assert after.messages == before.messages
    assert after.comparison == before.comparison
    found = after.comparison
    assert (found.missing, found.doubled, found.different, found.leaked) == ([], [], [], [])
    assert found.values == told.comparison.values > 1000


def desk(folder: Path, clock: TurnedTime, wait: Callable[[datetime], None]) -> Desk:
    with workspace.open(folder, now=clock, plugins=PLUGINS, wait=wait) as space:
        rows = list_inquiries(space.store)
        homes = {
            row.id: frozenset((str(link.connection), link.collection, str(link.rid)) for link in row.links if link.rid)
            for row in rows
        }
        sides = {}
        for name in space.folder.connections:
            connection, binding = space.connect(name).connection, space.binding(name)
            sides[str(name)] = connection, binding, connection.mapper(binding)
        return Desk(
            inquiries={homes[row.id]: dict(row.inquiry.values) for row in rows},
            messages={
                homes[row.id]: sorted(
                    (str(one.visibility), str(one.body), tuple(sorted(one.connections)))
                    for one in inquiry_messages(space.store, row.id)
                )
                for row in rows
            },
            comparison=compare(space.store, sides, wait),
        )
