"""The main job, end to end, as a person who has never seen Deskweave runs it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from deskweave.cli.width import width
from deskweave.demo.stage import MARK, Stage, clear
from deskweave.demo.story import Told, tell
from deskweave.demo.telling import Telling
from deskweave.errors import DocumentError
from deskweave.plugins import load_plugins
from deskweave.store import inquiry_messages
from deskweave.store.joined import list_inquiries


@dataclass
class Seen:
    """What the audience saw, and what was looked up while the stage still stood."""

    told: Told
    lines: list[str]
    writes_when_quiet: int
    prefixes: list[str]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    lines: list[str] = []
    telling = Telling("zh", lines.append, folder=Path("../there/desk demo"))
    stages: list[Stage] = []
    found: dict[str, object] = {}

    def step(name: str, told: Told, stage: Stage) -> None:
        stages.append(stage)
        telling.step(name, told, stage)
        if name == "kpi":
            bodies = [
                one.body or "" for row in list_inquiries(stage.space.store) for one in inquiry_messages(stage.space.store, row.id)
            ]
            found["prefixes"] = [body for body in bodies if re.match(r"\[.+ \| .+ UTC \|", body)]
            before = {name: emulator.platform.traffic.writes for name, emulator in stage.running.items()}  # type: ignore[attr-defined]
            engine, works, _ = stage.space.engine()
            engine.run(works)
            after = {name: emulator.platform.traffic.writes for name, emulator in stage.running.items()}  # type: ignore[attr-defined]
            found["writes"] = sum(after[name] - before[name] for name in after)

    folder = tmp_path_factory.mktemp("demo") / "deskweave-demo"
    told = tell(folder, plugins=load_plugins(), language="zh", seed=2, step=step, progress=lambda _: None)
    return Seen(told, lines, int(str(found["writes"])), list(found["prefixes"]))  # type: ignore[call-overload]


@pytest.mark.practice("M1")
def test_everything_comes_out_as_promised(seen: Seen) -> None:
    found = seen.told.comparison
    assert (found.missing, found.doubled, found.different, found.leaked) == ([], [], [], [])
    assert seen.told.planned_again == 0
    assert seen.told.quiet
    assert found.values > 1000  # it did look


def test_trouble_was_really_made(seen: Seen) -> None:
    tally = seen.told.tally
    assert (tally.limits, tally.lost) == (6, 3)
    assert tally.contested is not None
    assert [one.field for one in tally.conflicts].count(tally.contested) == 1
    assert tally.left_out == 0


def test_a_quiet_desk_writes_nothing_more(seen: Seen) -> None:
    assert seen.writes_when_quiet == 0


def test_a_carried_message_is_stored_without_its_first_line(seen: Seen) -> None:
    assert seen.prefixes == []


def test_the_story_is_told_in_lines_that_any_terminal_can_show(seen: Seen) -> None:
    for line in "\n".join(seen.lines).split("\n"):
        line.encode("gbk")
        assert not re.search(r"[\u2500-\u257f\u2190-\u21ff\u2713\u2717\u2026]", line), line
    assert all(width(line) <= 80 for line in seen.lines if not line.startswith(" " * 17) and "  " * 7 not in line)


def test_the_paths_lead_there_from_where_one_stands(seen: Seen) -> None:
    lines = "\n".join(seen.lines)
    assert "cd '../there/desk demo' && deskweave explain" in lines
    assert "../there/desk demo/report.en.html" in lines
    assert Telling("en", print).path(seen.told, "x.md") == (seen.told.folder / "x.md").as_posix()


def test_what_is_left_behind_works_without_the_platforms(seen: Seen) -> None:
    folder = seen.told.folder
    for name in (
        "deskweave.yaml", "report.en.html", "report.zh.html", "practice.en.html", "practice.zh.html", "by-hand.en.md", "by-hand.zh.md", ".gitignore",
    ):  # fmt: skip
        assert (folder / name).stat().st_size > 0, name
    for language in ("en", "zh"):
        for name in ("report", "practice"):
            page = (folder / f"{name}.{language}.html").read_text("utf-8")
            assert re.search(r"(?:src|href)=.https?://|url\(.?https?://|@import", page) is None, name
            assert "<script" not in page, name
    secrets = (folder / ".env.dev").read_text("utf-8")
    for line in secrets.splitlines():
        if "=" in line and not line.startswith("#"):
            assert line.split("=", 1)[1] not in (folder / "deskweave.yaml").read_text("utf-8")


def test_only_a_demos_folder_is_rewritten(tmp_path: Path) -> None:
    mine = tmp_path / "acme"
    mine.mkdir()
    (mine / "notes.txt").write_text("keep me")
    with pytest.raises(DocumentError) as caught:
        clear(mine)
    assert "not a demo's" in caught.value.findings[0].message
    assert (mine / "notes.txt").read_text() == "keep me"
    (mine / MARK).touch()
    clear(mine)
    assert not mine.exists()
