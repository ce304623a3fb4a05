"""Two desks that already hold the same inquiries, joined from the command line: told before, counted once, decided by a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from deskweave import workspace
from deskweave.connector import Ref
from deskweave.emulation import TurnedTime
from deskweave.plugins import Plugins

Folder = Callable[..., Path]


@pytest.fixture
def desks(cli: Any, folder: Folder, snow: Any, feishu: Any, plugins: Plugins, clock: TurnedTime) -> Path:
    """Three inquiries that ServiceNow and Feishu both hold, read from both; two of them are called the same."""
    root = folder(servicenow=snow, feishu=feishu)
    path = root / "deskweave.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("access: read  ", "access: write  "), encoding="utf-8")
    assert cli("apply", "--yes", "--connection", "feishu").code in (0, 3)
    path.write_text(path.read_text(encoding="utf-8").replace("access: write  ", "access: read  "), encoding="utf-8")
    values = {"status": "awaiting_acceptance", "stream": "incident"}
    with workspace.open(root, now=clock, plugins=plugins) as space:
        for name, running, collection in (("servicenow", snow, "incident"), ("feishu", feishu, "ledger")):
            hands = running.hands(space.connect(name).inner.mapper(space.binding(name)))
            for title in ("VPN drops", "no sound", "no sound"):
                hands.create(collection, {**values, "title": title, "submitted_at": clock()}, "li.wei")
    clock.advance(timedelta(minutes=10))
    return root


def match(root: Path) -> None:
    path = root / "bindings" / "feishu.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("  ledger:\n", "  ledger:\n    match: {find_by: [title]}\n"), encoding="utf-8")


def write(root: Path) -> None:
    path = root / "deskweave.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("access: read  ", "access: write  "), encoding="utf-8")


def counted(root: Path, clock: TurnedTime, plugins: Plugins) -> int:
    """How many inquiries figures are made of."""
    with workspace.open(root, now=clock, plugins=plugins) as space:
        space.refresh_facts()
        with space.facts.open() as table:
            return len(table.query("SELECT inquiry FROM facts"))


def test_what_was_read_before_is_joined_and_counts_once(cli: Any, desks: Path, plugins: Plugins, clock: TurnedTime) -> None:
    assert cli("sync").code == 5
    assert counted(desks, clock, plugins) == 6
    match(desks)
    write(desks)
    plan = cli("sync", "--plan")
    assert "INQ-1 = INQ-4  title" in plan.out
    assert counted(desks, clock, plugins) == 6
    answer = cli("sync")
    assert "INQ-1 = INQ-4  title" in answer.out
    assert "deskweave parked INQ-2" in " ".join(answer.out.split())
    assert "matched by title" in cli("explain", "INQ-1").out
    assert "按 title 对应" in cli("explain", "INQ-4", "--lang", "zh").out
    assert cli("show", "INQ-4").out == cli("show", "INQ-1").out  # it goes on under its older number
    assert counted(desks, clock, plugins) == 5
    assert cli("parked", "INQ-2", "--is", "FS-0002").code == 0
    assert cli("parked", "INQ-3", "--is", "nobody").code == 2
    cli("sync")
    assert counted(desks, clock, plugins) == 4
    shown = cli("show", "INQ-2").out
    assert "incident" in shown
    assert "FS-0002" in shown
    assert "deskweave parked INQ-3 --release" in cli("parked", "INQ-3").out
    assert cli("parked", "INQ-3", "--release").code == 0
    assert "INQ-3 = INQ-6" in cli("sync").out  # only one is left that it can be
    assert counted(desks, clock, plugins) == 3
    for command in (["sync"], ["parked"], ["explain", "INQ-1"]):
        for language in ("en", "zh"):
            assert cli(*command, "--lang", language).all.encode("gbk")


def test_a_binding_that_matches_is_no_new_mapping(cli: Any, desks: Path, plugins: Plugins, clock: TurnedTime) -> None:
    """Nobody has to look at a plan because records are joined by what they say."""
    assert cli("sync").code == 5
    with workspace.open(desks, now=clock, plugins=plugins) as space:
        before = space.binding("feishu").digest
    match(desks)
    with workspace.open(desks, now=clock, plugins=plugins) as space:
        bound = space.binding("feishu")
        assert bound.digest == before
        assert bound.collections["ledger"].match is not None


def test_check_says_what_the_binding_asks_for_and_the_account_cannot_do(cli: Any, folder: Folder, snow: Any, feishu: Any) -> None:
    root = folder(access="write", servicenow=snow, feishu=feishu)
    path = root / "bindings" / "servicenow.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            "  incident:\n", "  incident:\n    deletes: {policy: delete, retention: P7D}\n", 1
        ),
        encoding="utf-8",
    )
    answer = cli("check", "servicenow")
    assert answer.code == 3
    assert "cannot delete in incident" in " ".join(answer.out.split())
    path = root / "bindings" / "feishu.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("  ledger:\n", "  ledger:\n    deletes: mark\n"), encoding="utf-8")
    answer = cli("check", "feishu", "--lang", "zh")
    assert "ledger 不接受内部备注" in "".join(answer.out.split()).replace("ledger不", "ledger 不")
    assert "deletes-without-note" in cli("practice", "lint", "--json").out


@pytest.mark.parametrize("policy", ["mark", "close"])
def test_a_row_that_is_deleted_leaves_a_note_on_the_incident(
    cli: Any, folder: Folder, snow: Any, feishu: Any, plugins: Plugins, clock: TurnedTime, policy: str
) -> None:
    root = folder(access="write", servicenow=snow, feishu=feishu)
    path = root / "bindings" / "servicenow.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("  incident:\n", f"  incident:\n    deletes: {policy}\n", 1), encoding="utf-8"
    )
    assert cli("apply", "--yes", "--connection", "feishu").code in (0, 3)
    with workspace.open(root, now=clock, plugins=plugins) as space:
        there = {name: space.connect(name).inner.mapper(space.binding(name)) for name in ("servicenow", "feishu")}
        incidents, rows = snow.hands(there["servicenow"]), feishu.hands(there["feishu"])
        values = {"status": "awaiting_acceptance", "stream": "incident", "submitted_at": clock()}
        refs = [incidents.create("incident", {**values, "title": title}, "li.wei") for title in ("VPN drops", "no sound")]
        clock.advance(timedelta(minutes=10))
        assert cli("sync").code in (0, 3)
        clock.advance(timedelta(minutes=10))
        cli("sync")
        with space.store.read() as tx:
            gone = tx.execute(sa.text("SELECT rid FROM link WHERE conn = 'feishu' AND label = 'FS-0001'")).scalar()
        rows.remove(Ref("ledger", gone))
        for _ in range(2):
            clock.advance(timedelta(days=1))
            answer = cli("sync")
        assert "FS-0001" in answer.out
        (note,) = [body for _, body in incidents.said(refs[0]) if "was deleted there" in body]
        assert "FS-0001 (feishu)" in note
        assert "[deskweave |" in note
        assert not [body for _, body in incidents.said(refs[1]) if "was deleted there" in body]
        ended = incidents.shows(refs[0])["status"]
        assert ended == ("cancelled" if policy == "close" else "awaiting_acceptance")
        if policy == "close":
            assert "deleted on feishu" in cli("explain", "INQ-1", "status").out
