"""`practice diff` and `practice adopt` at the terminal: in words, in both languages, with the line, for how many open inquiries."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deskweave import workspace
from deskweave.cli.width import width
from deskweave.documents import read
from deskweave.ledger import Entry, Ledger, Posting
from deskweave.model import FieldId, InquiryId
from deskweave.practice import resolve
from deskweave.practice.lock import write_lock

INIT = ("init", "--id", "acme", "--zone", "Asia/Shanghai")
GOAL = "apiVersion: deskweave/v1\nkind: Clock\nid: first_response\ngoal: PT10M\n"
GONE = "apiVersion: deskweave/v1\nkind: Fields\nid: inquiry\nremove: [fields/problem_category/choices/hardware]\n"
RENAMED = """apiVersion: deskweave/v1
kind: Fields
id: inquiry
fields: {problem_category: {choices: {devices: {label: {en: Devices, zh: 设备}, was: [hardware]}}}}
"""


@pytest.fixture
def acme(cli: Any, tmp_path: Path) -> Path:
    assert cli(*INIT).code == 0
    return tmp_path


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str], None]:
    def write(text: str) -> None:
        (tmp_path / "practice" / "more.yaml").write_text(text, encoding="utf-8")

    return write


def git(*arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=li", "-c", "user.email=li@acme.cn", *arguments], check=True, capture_output=True)


def inquiries(folder: Path, *held: dict[str, str]) -> None:
    """Open inquiries in the store, as a sync would have left them."""
    now = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
    with workspace.open(folder, now=lambda: now) as space:
        ledger = Ledger(space.store, fields=space.practice.fields, statuses=space.practice.statuses, practice=space.practice.digest)
        with space.store.write() as tx:
            for values in held:
                entries = [
                    Entry(field=FieldId(name), new=value, at=now, source="person:p1", origin_id=space.store.new_id())
                    for name, value in values.items()
                ]
                ledger.commit(tx, [Posting(inquiry=InquiryId(space.store.new_id()), entries=entries, new=True)])


def plain(text: str) -> str:
    return " ".join(text.split())


# -------------------------------------------------------------------------------------------------------------------- diff
def test_a_new_folder_is_compared_with_what_it_extends(cli: Any, acme: Path, put: Any) -> None:
    put(GOAL)
    answer = cli("practice", "diff")
    assert answer.code == 0, answer.all
    assert "extended: deskweave:service-desk@1" in answer.out
    assert "~ First response must now come within 10 minutes instead of 5 minutes (working time" in plain(answer.out)
    assert "practice/more.yaml:4" in answer.out
    assert all(width(line) <= 80 for line in answer.out.splitlines())
    assert not (acme / ".deskweave" / "dev" / "state.db").exists()  # looking makes nothing


def test_in_chinese(cli: Any, acme: Path, put: Any) -> None:
    put(GOAL)
    answer = cli("practice", "diff", "deskweave:service-desk@1", "--lang", "zh")
    assert "首次响应时长目标由5分钟改为10分钟（按5x8工作时间）" in answer.out
    answer.out.encode("gbk")


def test_two_revisions_and_a_working_tree(cli: Any, acme: Path, put: Any) -> None:
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    put(GOAL)
    git("add", "-A")
    git("commit", "-q", "-m", "two")
    put(GOAL.replace("PT10M", "PT20M"))
    assert "within 20 minutes instead of 10 minutes" in plain(cli("practice", "diff", "HEAD:").out)
    assert "within 10 minutes instead of 5 minutes" in plain(cli("practice", "diff", "HEAD~1:", "git:HEAD").out)
    assert "No difference." in cli("practice", "diff", "HEAD:", "HEAD:").out


def test_a_folder_inside_a_repository_takes_what_it_extends_from_the_same_revision(
    cli: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    (tmp_path / "base" / "practice").mkdir(parents=True)
    base = tmp_path / "base" / "practice" / "clock.yaml"
    base.write_text(
        "apiVersion: deskweave/v1\nkind: Practice\nid: base\nversion: 1.0.0\nextends: [deskweave:service-desk@1]\n"
        "---\nkind: Clock\nid: first_response\ngoal: PT6M\n",
        encoding="utf-8",
    )
    (tmp_path / "client").mkdir()
    monkeypatch.chdir(tmp_path / "client")
    assert cli(*INIT).code == 0
    file = tmp_path / "client" / "practice" / "practice.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("deskweave:service-desk@1", "../base"), encoding="utf-8")
    git("init", "-q", str(tmp_path))
    git("add", "-A", "..")
    git("commit", "-q", "-m", "one")
    base.write_text(base.read_text(encoding="utf-8").replace("PT6M", "PT7M"), encoding="utf-8")
    (tmp_path / "client" / "practice.lock").unlink(missing_ok=True)
    answer = cli("practice", "diff", "HEAD:")
    assert "within 7 minutes instead of 6 minutes" in plain(answer.out), answer.all


def test_a_revision_stands_over_the_pack_it_was_accepted_on(cli: Any, acme: Path) -> None:
    """The program of that time came with another pack; it was accepted, committed, and upgraded since."""
    (pack,) = resolve(read(acme / "practice" / "practice.yaml"))
    others = tuple(one for one in pack.documents if one.name != "Clock/first_response")
    (was,) = (one for one in pack.documents if one.name == "Clock/first_response")
    then = replace(was, body={**was.body, "goal": "PT6M"})
    write_lock(acme, [replace(pack, documents=(*others, then))])
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    assert cli("practice", "diff", "HEAD:").code == 2  # here, too, another pack is installed than was accepted
    assert cli("practice", "upgrade", "--yes").code == 0
    answer = cli("practice", "diff", "HEAD:")
    assert answer.code == 0, answer.all
    assert "within 5 minutes instead of 6 minutes" in plain(answer.out)
    # elsewhere, as in a fresh clone, there is no copy of it
    shutil.rmtree(acme / ".deskweave" / "packs")
    answer = cli("practice", "diff", "HEAD:")
    assert answer.code == 2
    assert "it was written for deskweave:service-desk@1" in plain(answer.err)
    assert "upgrade" not in answer.err  # which would not help


def test_a_mistake_of_the_other_side_is_told_as_such(cli: Any, acme: Path, put: Any, monkeypatch: Any) -> None:
    """Nobody looks for it in the file that is here."""
    put(GOAL.replace("PT10M", "soon"))
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    put(GOAL)
    answer = cli("practice", "diff", "HEAD:")
    assert answer.code == 2
    assert "HEAD:practice/more.yaml:4:7   goal" in answer.err
    put(GOAL.replace("PT10M", "soon"))
    other = acme / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    assert cli(*INIT).code == 0
    assert "../practice/more.yaml:4:7   goal" in cli("practice", "diff", "..").err


def test_what_is_not_in_force_names_a_command_that_can_be_given(cli: Any, acme: Path) -> None:
    for language in ("en", "zh"):
        assert "\n         deskweave practice adopt\n" in cli("practice", "diff", "in-force", "--lang", language).err


def test_another_folder(cli: Any, acme: Path, put: Any, monkeypatch: Any) -> None:
    put(GOAL)
    other = acme / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    assert cli(*INIT).code == 0
    answer = cli("practice", "diff", "-C", str(acme), str(other), ".")
    assert "within 10 minutes instead of 5 minutes" in plain(answer.out), answer.all


def test_the_exit_code_says_whether_there_is_a_difference(cli: Any, acme: Path, put: Any) -> None:
    assert cli("practice", "diff", ".", ".", "--exit-code").code == 0
    put(GOAL)
    assert cli("practice", "diff", "--exit-code").code == 4
    assert cli("practice", "diff").code == 0


def test_json_and_markdown(cli: Any, acme: Path, put: Any) -> None:
    put(GOAL)
    answer = json.loads(cli("practice", "diff", "--json").out)
    (item,) = [one for one in answer["items"] if one["subject"] == "clock"]
    assert item == item | {
        "touches": "clocks",
        "effect": "re_judges",
        "sort": "changed",
        "aspect": "goal",
        "slug": "first_response",
        "path": "Clock/first_response/goal",
        "old": 300,
        "new": 600,
        "place": "practice/more.yaml:4",
    }
    assert answer["summary"]["changes"] == len(answer["items"])
    shown = cli("practice", "diff", "--format", "md").out
    assert "| For clocks | First response must now come within 10 minutes instead of 5 minutes" in shown
    assert "| practice/more.yaml:4 |" in shown


def test_a_label_means_nothing_to_markdown(cli: Any, acme: Path, put: Any) -> None:
    put(RENAMED.replace("Devices", "'*D* <b>|[x](y)'"))
    shown = cli("practice", "diff", "--format", "md").out
    assert r"\*D\* &lt;b&gt;\|\[x\](y)" in shown
    assert "<b>" not in shown


def test_the_first_practice_of_a_protected_environment_is_asked_for(cli: Any, acme: Path) -> None:
    path = acme / "deskweave.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "environments:\n  production: {protected: true}\n", encoding="utf-8")
    answer = cli("practice", "adopt", "--env", "production")  # nobody at a terminal: not adopted
    assert answer.code == 5
    assert "No practice was in force yet" in answer.out
    assert "Not adopted" in answer.out
    assert cli("practice", "adopt", "--env", "production", "--yes").code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nosuch",), "there is no such folder"),
        (("deskweave:service-disk@1",), "did you mean deskweave:service-desk@1"),
        (("in-force",), "no practice is in force here yet"),
        (("HEAD:",), "this folder is in no git repository"),
        (("--", "--upload-pack=x:"), "that is no git revision"),
    ],
)
def test_what_cannot_be_compared_is_said(cli: Any, acme: Path, arguments: tuple[str, ...], says: str) -> None:
    answer = cli("practice", "diff", *arguments)
    assert answer.code == 2
    assert says in plain(answer.all)


def test_an_unknown_revision_is_said(cli: Any, acme: Path) -> None:
    git("init", "-q")
    answer = cli("practice", "diff", "v9:")
    assert answer.code == 2
    assert "git cannot read that revision" in answer.err


def test_without_git_it_says_so(cli: Any, acme: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", str(acme))
    answer = cli("practice", "diff", "HEAD:")
    assert answer.code == 2
    assert "git is not installed" in answer.err


# ------------------------------------------------------------------------------------------------------------------- adopt
def test_adopting_shows_how_many_open_inquiries_a_change_matters_to(cli: Any, acme: Path, put: Any) -> None:
    assert cli("practice", "adopt").code == 0
    inquiries(acme, {"status": "in_progress", "problem_category": "hardware"}, {"status": "closed", "problem_category": "hardware"})
    put(RENAMED)
    answer = cli("practice", "adopt")  # nobody at a terminal: not adopted
    assert answer.code == 5
    assert "> Choice Hardware is now Devices (renamed)" in answer.out
    assert "matters to 1 open inquiry" in answer.out
    assert "> Problem category: Hardware becomes Devices, in 1 inquiry" in answer.out
    assert "deskweave practice adopt --yes" in answer.out
    assert cli("practice", "adopt", "--yes").code == 0
    again = cli("practice", "adopt", "--yes")
    assert "Nothing to adopt" in again.out
    assert "No difference." in cli("practice", "diff", "in-force", ".").out
    assert "hardware > Devices" in plain(cli("explain", "INQ-1", "problem_category").out)


def test_what_would_be_stranded_stops_it_with_the_line_to_write(cli: Any, acme: Path, put: Any) -> None:
    cli("practice", "adopt")
    inquiries(acme, {"status": "in_progress", "problem_category": "hardware"})
    put(GONE)
    answer = cli("practice", "adopt", "--yes")
    assert answer.code == 5
    assert "1 open inquiry holds 'hardware' in problem_category" in plain(answer.out)
    assert "say where they go, in Fields/inquiry: fields: {problem_category: {becomes: {hardware: " in plain(answer.out)
    assert "Not adopted" in answer.out
    data = json.loads(cli("practice", "adopt", "--yes", "--json").out)
    assert (data["exit"], data["summary"]["adopted"]) == (5, False)
    assert [one["rule"] for one in data["findings"]] == ["becomes-missing"]
    chinese = cli("practice", "adopt", "--yes", "--lang", "zh")
    assert chinese.code == 5
    assert "有 1 张进行中的工单在字段 problem_category 中仍使用 hardware" in plain(chinese.out)
    chinese.all.encode("gbk")
    put(GONE + "fields: {problem_category: {becomes: {hardware: software}}}\n")
    data = json.loads(cli("practice", "adopt", "--yes", "--json").out)
    assert (data["exit"], data["summary"]["adopted"]) == (0, True)
    assert data["summary"]["carried"] == [
        {"field": "problem_category", "value": "hardware", "into_field": "problem_category", "into": "software", "count": 1}
    ]


def test_what_takes_the_place_of_a_removed_term_has_to_be_there(cli: Any, acme: Path, put: Any) -> None:
    put(GONE + "fields: {problem_category: {becomes: {hardware: sofware, usage: other}}}\n")
    answer = cli("practice", "lint")
    assert answer.code == 2
    assert "did you mean software" in plain(answer.out)
    assert "'usage' is still a choice" in plain(answer.out)
