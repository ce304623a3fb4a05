"""What platforms have sent by themselves, as people see it. A source that only calls back, and one that is listed, in memory."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from deskweave import workspace
from deskweave.emulation import TurnedTime
from deskweave.plugins import Plugins
from deskweave.store.tables import inbox
from deskweave.testing.memory import MemoryConnection, MemoryReceiver
from deskweave.testing.memory.connector import RunningMemory
from deskweave.workspace.receiving import Receiving


@pytest.fixture(scope="session")
def plugins(memory_plugins: Plugins) -> Plugins:
    return memory_plugins


@pytest.fixture
def two(memory_folder: Any, chat_and_desk: Any, clock: TurnedTime) -> dict[str, RunningMemory]:
    running: dict[str, RunningMemory] = memory_folder(chat_and_desk, clock)
    return running


def say(root: Path, two: Any, plugins: Plugins, clock: TurnedTime, title: str) -> None:
    """Somebody writes to the robot, and it tells us."""
    with workspace.open(root, now=clock, plugins=plugins) as space:
        hands = two["chat"].hands(space.unasked("chat").mapper(space.binding("chat")))
        hands.create("ticket", {"title": title, "status": "awaiting_acceptance"}, "li")
        receiving = Receiving(space)
        assert receiving.names == ["chat"]
        assert two["chat"].posts.deliver(lambda request: receiving.receive("chat", request).reply) == 0
        receiving.close()


def test_deliveries_are_listed_worked_on_and_replayed(
    cli: Any, tmp_path: Path, two: Any, plugins: Plugins, clock: TurnedTime
) -> None:
    assert "Nothing waits" in cli("store", "inbox").out
    say(tmp_path, two, plugins, clock, "VPN drops")
    shown = cli("store", "inbox")
    assert shown.code == 0
    assert "1 delivery in the inbox" in shown.out
    assert "waits for the next sync" in shown.out
    assert "VPN" not in shown.out, "people's words are nobody's to list"
    clock.advance(timedelta(minutes=2))
    assert cli("sync").code in (0, 3)
    assert len(two["desk"].platform.records) == 1
    assert json.loads(cli("store", "inbox", "--json").out)["summary"]["deliveries"] == 0
    every = json.loads(cli("store", "inbox", "--since", "2020-01-01", "--json").out)["items"]
    assert [(one["connection"], one["id"], one["state"], one["records"]) for one in every] == [("chat", "post-000001", "done", 1)]
    assert "VPN" not in json.dumps(every)
    again = cli("store", "inbox", "post-000001", "--replay")
    assert "1 read anew" in again.out
    clock.advance(timedelta(minutes=2))
    assert json.loads(cli("sync", "--json").out)["summary"]["written"] == 0
    assert len(two["desk"].platform.records) == 1


def test_what_is_to_be_pasted_runs_nothing_a_platform_has_written(
    cli: Any, tmp_path: Path, two: Any, plugins: Plugins, clock: TurnedTime
) -> None:
    say(tmp_path, two, plugins, clock, "VPN drops")
    with workspace.open(tmp_path, now=clock, plugins=plugins) as space, space.store.write() as tx:
        tx.execute(sa.update(inbox).values(delivery_id="x; reboot", parked_reason="no"))
    assert "deskweave store inbox 'x; reboot' --replay" in cli("store", "inbox").out


def test_a_delivery_nobody_can_read_waits_for_a_person(
    cli: Any, tmp_path: Path, two: Any, plugins: Plugins, clock: TurnedTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Falls(MemoryReceiver):
        def record(self, told: Any) -> Any:
            raise KeyError(told["label"])

    monkeypatch.setattr(MemoryConnection, "receives", Falls)
    say(tmp_path, two, plugins, clock, "VPN drops")
    assert cli("store", "inbox").out.endswith("  deskweave sync\n"), "the next run reads it once more by itself"
    run = cli("sync")
    assert run.code == 3
    assert "deskweave store inbox" in run.out
    listed = json.loads(cli("store", "inbox", "--json").out)["items"]
    assert listed[0]["state"] == "parked"
    shown = cli("status")
    assert "1 delivery waits in the inbox, 1 of them parked" in shown.out
    assert "deskweave store inbox" in shown.out
    assert "still cannot be read" in cli("store", "inbox", "--since", "2020-01-01", "--replay").out
    assert cli("sync").code == 3
    monkeypatch.setattr(MemoryConnection, "receives", MemoryReceiver)
    assert "1 read anew" in cli("store", "inbox", listed[0]["id"], "--replay").out
    cli("sync")
    assert len(two["desk"].platform.records) == 1


def test_one_that_shall_not_count_is_dropped(cli: Any, tmp_path: Path, two: Any, plugins: Plugins, clock: TurnedTime) -> None:
    say(tmp_path, two, plugins, clock, "a test")
    assert cli("store", "inbox", "post-000001", "--drop").code == 0
    cli("sync")
    assert not two["desk"].platform.records


@pytest.mark.parametrize(
    "words", [("nothing-like-it",), ("--replay",), ("--drop",), ("--since", "2020-01-01", "--drop"), ("--since", "soon")]
)
def test_what_is_not_said_well_is_refused(cli: Any, two: Any, words: tuple[str, ...]) -> None:
    assert cli("store", "inbox", *words).code == 2


def test_a_store_with_deliveries_is_not_begun_anew_by_a_rebuild(
    cli: Any, tmp_path: Path, two: Any, plugins: Plugins, clock: TurnedTime
) -> None:
    say(tmp_path, two, plugins, clock, "VPN drops")
    cli("sync", "--plan")
    cli("store", "rebuild")
    assert json.loads(cli("store", "inbox", "--since", "2020-01-01", "--json").out)["summary"]["deliveries"] == 1
