"""`deskweave practice lint` as a person and a program see it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CLOCK = "apiVersion: deskweave/v1\nkind: Clock\nid: first_response\ncalendar: cn_5x9\ncalender: always\n"
FLOOR = "apiVersion: deskweave/v1\nkind: Fields\nid: inquiry\nfields: {floor: {label: {en: Floor}, type: text}}\n"


@pytest.fixture
def acme(folder: Callable[..., Path]) -> Path:
    """A folder without connections, as `init` writes it."""
    return folder()


def written(folder: Path) -> list[Path]:
    """What people write in a folder, and lint reads."""
    return [folder / "deskweave.yaml", *(folder / "practice").rglob("*.yaml"), *(folder / "bindings").glob("*.yaml")]


def test_an_error_says_where_what_is_meant_what_to_do_and_why(cli: Any, acme: Path) -> None:
    (acme / "practice" / "clocks.yaml").write_text(CLOCK, encoding="utf-8")
    answer = cli("practice", "lint")
    assert answer.code == 2
    assert "practice/clocks.yaml:5:1   calender\n  error  unknown key 'calender'  did you mean calendar ?" in answer.out
    assert "why: A misspelt key would simply have no effect" in answer.out
    assert "practice/clocks.yaml:4:11   calendar\n  error  'cn_5x9' is not a calendar of this practice" in answer.out
    assert f"2 errors, 0 warnings in {len(written(acme))} files." in answer.out


def test_the_same_in_chinese(cli: Any, acme: Path) -> None:
    (acme / "practice" / "clocks.yaml").write_text(CLOCK, encoding="utf-8")
    (acme / "practice" / "floor.yaml").write_text(FLOOR.replace("text", "[text]"), encoding="utf-8")
    answer = cli("practice", "lint", "--lang", "zh")
    assert answer.code == 2
    assert "错误   未知的键 calender  是否想输入 calendar ？" in answer.out
    assert "cn_5x9 不是本实践的日历" in answer.out
    assert "原因：" in answer.out
    assert f"{len(written(acme))} 个文件中有" in answer.out
    answer.out.encode("gbk")


def test_a_warning_is_no_failure_and_says_why_once(cli: Any, acme: Path) -> None:
    text = FLOOR.replace(
        "{floor: {label: {en: Floor}, type: text}}", "{floor: {label: {en: F}, type: text}, room: {label: {en: R}, type: text}}"
    )
    (acme / "practice" / "floor.yaml").write_text(text, encoding="utf-8")
    answer = cli("practice", "lint")
    assert answer.code == 0
    assert answer.out.count("no label in zh") == 2
    assert answer.out.count("why: Readers of that language see another one.") == 1


def test_every_file_is_looked_at_though_one_cannot_be_read(cli: Any, acme: Path) -> None:
    """A tab in one file hides neither the misspelling in another nor that in a binding."""
    (acme / "practice" / "a.yaml").write_text(
        "apiVersion: deskweave/v1\nkind: Clock\nid: waiting\nlabel:\n\ten: Waiting\n", encoding="utf-8"
    )
    (acme / "practice" / "clocks.yaml").write_text(CLOCK, encoding="utf-8")
    (acme / "bindings").mkdir(exist_ok=True)
    (acme / "bindings" / "snow.yaml").write_text(
        "apiVersion: deskweave/v1\nkind: Binding\nid: snow\npractise: acme\n", encoding="utf-8"
    )
    answer = cli("practice", "lint", "--json")
    assert answer.code == 2
    told = {(item["rule"], item["place"].split(":")[0]) for item in json.loads(answer.out)["items"]}
    assert {
        ("yaml-tab", "practice/a.yaml"),
        ("unknown-key", "practice/clocks.yaml"),
        ("unknown-key", "bindings/snow.yaml"),
    } <= told


def test_rows_for_programs(cli: Any, acme: Path) -> None:
    (acme / "practice" / "clocks.yaml").write_text(CLOCK, encoding="utf-8")
    data = json.loads(cli("practice", "lint", "--json").out)
    assert data["summary"] == {"errors": 2, "warnings": 0, "notes": data["summary"]["notes"], "files": len(written(acme))}
    assert set(data["items"][0]) == {"rule", "severity", "place", "message", "why", "mend"}
    assert all(item["why"] and item["mend"] for item in data["items"])


def test_at_most_twenty_then_a_count(cli: Any, acme: Path) -> None:
    fields = ", ".join(f"extra_{number}: {{label: {{en: E{number}}}, type: text}}" for number in range(25))
    (acme / "practice" / "many.yaml").write_text(
        f"apiVersion: deskweave/v1\nkind: Fields\nid: inquiry\nfields: {{{fields}}}\n", encoding="utf-8"
    )
    answer = cli("practice", "lint")
    assert answer.out.count("  warn   ") == 20
    assert "... and 6 more" in answer.out  # twenty-five labels and the end of the known holidays


def test_what_people_wrote_comes_before_what_follows_from_it_in_a_pack(cli: Any, acme: Path) -> None:
    """Taking a field away that every message names makes errors in the pack, more than are shown."""
    text = "apiVersion: deskweave/v1\nkind: Fields\nid: inquiry\nremove: [fields/number, fields/nubmer]\n"
    (acme / "practice" / "more.yaml").write_text(text, encoding="utf-8")
    answer = cli("practice", "lint")
    assert answer.code == 2
    assert answer.out.splitlines()[1].startswith("practice/more.yaml:4:"), answer.out
    assert "there is nothing at that path in the layers below" in answer.out


def test_an_answer_that_cannot_be_written(cli: Any, acme: Path) -> None:
    """A mistyped folder is the caller's mistake, not the program's; nothing is done before it is told."""
    for file in ("nowhere/out.txt", "practice"):
        for command in (("lint",), ("render",)):
            answer = cli("practice", *command, "-o", file)
            assert (answer.code, answer.out) == (2, "")
            assert f"{file} cannot be written" in answer.err


def test_a_path_that_is_none(cli: Any, acme: Path) -> None:
    """Longer than any system takes: no such folder."""
    file = acme / "practice" / "practice.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("deskweave:service-desk@1", "../" + "x" * 5000), encoding="utf-8")
    answer = cli("practice", "lint")
    assert answer.code == 2, answer.all
    assert "there is no folder" in answer.out
    assert cli("practice", "diff", "x" * 5000).code == 2


def test_what_was_renamed_is_said_in_chinese_too(cli: Any, acme: Path) -> None:
    text = (
        "apiVersion: deskweave/v1\nkind: Routing\nid: routing\nskills: {wiring: {label: {en: Wiring, zh: 布线}, was: [meetings]}}\n"
        "groups: {rooms: {label: {en: Rooms, zh: 会议组}, tier: second_line, skills: [meetings]}}\n"
    )
    (acme / "practice" / "more.yaml").write_text(text, encoding="utf-8")
    answer = cli("practice", "lint", "--lang", "zh")
    assert answer.code == 2
    assert "已由practice/more.yaml:4改名为wiring" in "".join(answer.out.split())


def test_a_table_speaks_the_readers_language(cli: Any, acme: Path) -> None:
    """A sheet for the client's manager: the sentence as well as the reason."""
    (acme / "practice" / "clocks.yaml").write_text(CLOCK, encoding="utf-8")
    for form in ("--csv", "--format=md"):
        assert "未知的键 calender" in cli("practice", "lint", "--lang", "zh", form).out


def test_markdown_lists_each_finding_once(cli: Any, acme: Path) -> None:
    (acme / "practice" / "clocks.yaml").write_text(CLOCK, encoding="utf-8")
    shown = cli("practice", "lint", "--format=md").out
    assert len([line for line in shown.splitlines() if "'calender'" in line]) == 1
    assert len([line for line in shown.splitlines() if line.startswith("- ")]) == 0


def test_a_pack_that_is_not_the_accepted_one_is_named_in_chinese(cli: Any, acme: Path) -> None:
    lock = acme / "practice.lock"
    assert cli("practice", "upgrade", "--yes").code == 0
    lock.write_text(re.sub('digest: "........', 'digest: "deadbeef', lock.read_text(encoding="utf-8"), count=1), encoding="utf-8")
    answer = cli("practice", "lint", "--lang", "zh")
    assert answer.code == 2
    said = "".join(answer.out.split())
    assert "deskweave:service-desk@1已不是当初接受的内容" in said
    assert "(deadbeef)" in said
