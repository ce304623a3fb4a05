"""The store as a thing to keep: copies, a copy put back, and a store that was lost. Two platforms in memory, in this process."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deskweave import workspace
from deskweave.connector import Ref
from deskweave.emulation import TurnedTime
from deskweave.model import Visibility
from deskweave.plugins import Plugins
from deskweave.testing.memory.connector import MemoryConnector, RunningMemory


@pytest.fixture(scope="session")
def plugins(memory_plugins: Plugins) -> Plugins:
    return memory_plugins


@pytest.fixture
def two(memory_folder: Any, clock: TurnedTime) -> dict[str, RunningMemory]:
    """A folder with two platforms that are in step."""
    running: dict[str, RunningMemory] = memory_folder(
        {name: MemoryConnector(configures=False) for name in ("left", "right")}, clock
    )
    return running


def people(root: Path, two: Any, name: str, plugins: Plugins, clock: TurnedTime) -> Any:
    with workspace.open(root, now=clock, plugins=plugins) as space:
        return two[name].hands(space.connect(name).inner.mapper(space.binding(name)))


def fill(cli: Any, root: Path, two: Any, plugins: Plugins, clock: TurnedTime) -> None:
    hands = people(root, two, "left", plugins, clock)
    refs = [hands.create("ticket", {"title": f"VPN drops {n}", "status": "awaiting_acceptance"}, "li") for n in range(3)]
    for _ in range(2):
        clock.advance(timedelta(minutes=10))
        assert cli("sync").code in (0, 3)
    hands.write(refs[0], Visibility.PUBLIC, "restart it", "li")
    for _ in range(2):
        clock.advance(timedelta(minutes=10))
        assert cli("sync").code in (0, 3)
    assert len(two["right"].platform.records) == 3
    assert len(two["right"].platform.comments) == 1


Fill = Callable[..., None]


def test_a_store_that_was_lost(cli: Any, tmp_path: Path, two: Any, plugins: Plugins, clock: TurnedTime) -> None:
    fill(cli, tmp_path, two, plugins, clock)
    install = json.loads(cli("status", "--json").out)["summary"]["install"]
    writes = {name: one.platform.writes for name, one in two.items()}
    shutil.rmtree(tmp_path / ".deskweave")
    two["right"].platform.mark = None  # as where there is no place for it: the records' own marks tell
    two["left"].platform.mark = None
    for lang in ("en", "zh"):
        answer = cli("sync", "--lang", lang)
        assert answer.code == 5, answer.all
        assert "deskweave store rebuild" in answer.all
    answer = cli("store", "rebuild", "--plan")
    assert answer.code == 0, answer.all
    answer = cli("store", "rebuild")
    assert answer.code == 0, answer.all
    assert "3 inquiries, 3 of them on more than one platform" in answer.out
    assert list((tmp_path / ".deskweave/dev").glob("state.db.before-rebuild-*"))
    summary = json.loads(cli("status", "--json").out)["summary"]
    assert (summary["install"], summary["epoch"], summary["inquiries"]) == (install, 2, 3)
    assert json.loads(cli("sync", "--plan", "--json").out)["summary"]["records"] == 0
    answer = cli("sync")
    assert answer.code == 0, answer.all
    assert {name: one.platform.writes for name, one in two.items()} == writes
    assert len(two["right"].platform.comments) == 1


def test_another_stores_mark_names_the_way_out(cli: Any, tmp_path: Path, two: Any, plugins: Plugins, clock: TurnedTime) -> None:
    fill(cli, tmp_path, two, plugins, clock)
    assert two["right"].platform.mark is not None
    (tmp_path / ".deskweave/dev/state.db").unlink()
    answer = cli("sync")
    assert answer.code == 5
    assert "deskweave store rebuild" in answer.all.replace("\n", " ")
    assert cli("store", "rebuild").code == 0
    assert cli("sync").code == 0
    assert two["right"].platform.mark == two["left"].platform.mark or two["left"].platform.mark is None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_nothing_joins_is_listed(
    cli: Any, tmp_path: Path, two: Any, plugins: Plugins, clock: TurnedTime, language: str
) -> None:
    fill(cli, tmp_path, two, plugins, clock)
    for one in two.values():
        for record in one.platform.records.values():
            record.fields["links"] = None
    shutil.rmtree(tmp_path / ".deskweave")
    answer = cli("store", "rebuild", "--lang", language)
    assert answer.code == 3, answer.all
    label = next(record.label for record in two["right"].platform.records.values())
    assert f"--join {label}=" in answer.out or "--suggested" in answer.out
    assert json.loads(cli("store", "rebuild", "--json").out)["summary"]["install"] is None
    assert cli("store", "rebuild", "--join", "A").code == 2
    answer = cli("store", "rebuild", "--suggested", "--lang", language)
    assert answer.code == 0, answer.all
    assert len(two["right"].platform.records) == len(two["left"].platform.records) == 3


def test_a_copy_is_put_back(cli: Any, tmp_path: Path, two: Any, plugins: Plugins, clock: TurnedTime) -> None:
    assert cli("store", "backup", "x.db").code == 5  # nothing to copy
    fill(cli, tmp_path, two, plugins, clock)
    assert cli("store", "backup", "copy.db").code == 0
    refused = cli("store", "backup", "copy.db")
    assert refused.code == 5
    assert "deskweave store backup copy.db --yes" in refused.err
    assert cli("store", "backup", "copy.db", "--yes").code == 0
    with sqlite3.connect("copy.db") as file:
        assert file.execute("SELECT count(*) FROM inquiry").fetchone() == (3,)
    assert cli("store", "restore", "copy.db").code == 2  # nobody to ask
    for n, junk in enumerate((b"", b"no database", b"SQLite format 3\0" + bytes(5000))):
        Path(f"junk{n}").write_bytes(junk)
        answer = cli("store", "restore", f"junk{n}", "--yes")
        assert answer.code == 5, answer.all
    assert cli("store", "restore", "missing", "--yes").code == 5
    assert not Path("missing").exists()
    assert json.loads(cli("status", "--json").out)["summary"]["epoch"] == 1
    clock.advance(timedelta(minutes=10))
    people(tmp_path, two, "left", plugins, clock).create("ticket", {"title": "after", "status": "awaiting_acceptance"}, "li")
    clock.advance(timedelta(minutes=10))
    assert cli("sync").code == 0
    answer = cli("store", "restore", "copy.db", "--yes")
    assert answer.code == 0, answer.all
    assert json.loads(cli("status", "--json").out)["summary"]["epoch"] == 2
    assert cli("sync").code == 5  # what was created since carries a mark it does not know
    assert cli("store", "rebuild").code == 0
    assert cli("sync").code == 0
    assert len(two["right"].platform.records) == len(two["left"].platform.records) == 4
    clock.advance(timedelta(minutes=10))
    people(tmp_path, two, "left", plugins, clock).create("ticket", {"title": "later", "status": "awaiting_acceptance"}, "li")
    clock.advance(timedelta(minutes=10))
    assert cli("sync").code == 0
    assert two["right"].platform.mark[1] == str(json.loads(cli("status", "--json").out)["summary"]["epoch"]) == "3"
    assert cli("store", "restore", "copy.db", "--yes").code == 0  # an older copy once more: its epoch rises above all it knows
    (tmp_path / ".deskweave/dev/state.db").unlink()
    shutil.copy("copy.db", tmp_path / ".deskweave/dev/state.db")  # and behind our back, as a machine's snapshot
    answer = cli("sync")
    assert answer.code == 5
    assert "epoch 3" in answer.err.replace("\n", " ")


def test_a_store_moves(cli: Any, tmp_path: Path, two: Any, plugins: Plugins, clock: TurnedTime) -> None:
    fill(cli, tmp_path, two, plugins, clock)
    answer = cli("store", "copy", "--to", "elsewhere/state.db")
    assert answer.code == 0, answer.all
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["state.db"]
    file = tmp_path / "deskweave.yaml"
    file.write_text(file.read_text("utf-8").replace("id: acme\n", "id: acme\nstore: sqlite:elsewhere/state.db\n"), "utf-8")
    assert json.loads(cli("status", "--json").out)["summary"] == {
        **json.loads(cli("status", "--json").out)["summary"],
        "inquiries": 3,
        "epoch": 2,
    }
    assert cli("sync").code == 0


def test_of_two_folders_the_old_one_is_noticed(cli: Any, tmp_path: Path, two: Any, plugins: Plugins, clock: TurnedTime) -> None:
    """The folder was copied and its store moved along; somebody goes on in the old one all the same."""
    fill(cli, tmp_path, two, plugins, clock)
    new = tmp_path / "new"
    shutil.copytree(tmp_path, new, ignore=shutil.ignore_patterns("new", "state.db*"))
    assert cli("store", "copy", "--to", "sqlite:new/.deskweave/dev/state.db").code == 0
    assert cli("store", "copy", "--to", "new/.deskweave/dev").code == 5  # it is there already
    for address in ("postgresql://desk:s3cret@host/store", "sqlite://x"):
        answer = cli("store", "copy", "--to", address)
        assert answer.code == 2
        assert "s3cret" not in answer.all
    ref = next(iter(two["left"].platform.records))
    hands = people(tmp_path, two, "left", plugins, clock)

    def change(title: str, *folder: str) -> Any:
        clock.advance(timedelta(minutes=10))
        hands.edit(Ref(*ref), {"title": title}, "li")
        clock.advance(timedelta(minutes=10))
        return cli("sync", *folder)

    assert cli("sync").code == 0  # nobody has written with the copy yet
    assert change("moved", "-C", "new").code == 0
    writes = {name: one.platform.writes for name, one in two.items()}
    for language in ("en", "zh"):
        answer = cli("sync", "--lang", language)
        assert answer.code == 5, answer.all
        assert "deskweave store rebuild" in answer.err.splitlines()[-1]
        assert "deskweave trust" not in answer.err  # it would change nothing
    assert {name: one.platform.writes for name, one in two.items()} == writes
    assert change("moved again", "-C", "new").code == 0
    # the copy is lost: the old one takes over, and from then on the copy would be stopped
    assert cli("store", "rebuild").code == 0
    assert cli("sync").code == 0
    assert change("and back").code == 0
    assert change("too late", "-C", "new").code == 5
    titles = {record.fields["short"] for one in two.values() for record in one.platform.records.values()}
    assert "and back" in titles


@pytest.mark.parametrize("address", ["postgresql://desk@host/store", "postgres://host/x", "mysql://x", "sqlite://x"])
def test_a_store_is_a_file(cli: Any, tmp_path: Path, two: Any, address: str) -> None:
    file = tmp_path / "deskweave.yaml"
    file.write_text(file.read_text("utf-8").replace("id: acme\n", f"id: acme\nstore: {address}\n"), "utf-8")
    for lang in ("en", "zh"):
        answer = cli("status", "--lang", lang)
        assert answer.code == 2
        assert "deskweave.yaml:5" in answer.err
        assert "SQLite" in answer.err
    (finding,) = json.loads(cli("status", "--json").out)["findings"]
    assert finding["rule"] == "store-is-no-file"
    assert not list(tmp_path.glob("postgres*"))
