"""`practice render` at the terminal: a document in the reader's language, and what there is to know about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

CONNECTION = "servicenow=https://acme.service-now.com"


@pytest.fixture
def folder(cli: Any) -> Path:
    assert cli("init", "--id", "acme", "--zone", "Asia/Shanghai", "--connection", CONNECTION).code == 0
    return Path()


@pytest.mark.parametrize(("language", "said"), [("en", "practice handbook"), ("zh", "实践手册")])
def test_the_document_is_written_in_the_reader_s_language(cli: Any, folder: Path, language: str, said: str) -> None:
    answer = cli("practice", "render", "--lang", language)
    assert answer.code == 0, answer.all
    page = (folder / f"practice.{language}.html").read_text(encoding="utf-8")
    assert said in page
    assert f'lang="{"zh-CN" if language == "zh" else "en"}"' in page
    assert f"practice.{language}.html" in answer.out
    assert answer.out.startswith("acme / dev")


def test_it_says_what_it_cannot_know(cli: Any, folder: Path) -> None:
    answer = cli("practice", "render")
    assert "Not under version control" in answer.out
    assert "Not planned yet" in answer.out
    assert "servicenow" in answer.out
    assert "deskweave practice render --plan practice.plan" in answer.out
    assert "Not planned yet: deskweave plan" in (folder / "practice.en.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "name", "begin"),
    [
        (("--format", "md"), "practice.en.md", "# "),
        (("--format", "html"), "practice.en.html", "<!DOCTYPE html>"),
        (("-o", "hand-over.md"), "hand-over.md", "# "),  # the name says it
        (("-o", "hand-over.html"), "hand-over.html", "<!DOCTYPE html>"),
        (("-o", "hand-over.md", "--format", "html"), "hand-over.md", "<!DOCTYPE html>"),  # the word stands over the name
    ],
)
def test_format_and_name(cli: Any, folder: Path, arguments: tuple[str, ...], name: str, begin: str) -> None:
    answer = cli("practice", "render", *arguments)
    assert answer.code == 0, answer.all
    assert (folder / name).read_text(encoding="utf-8").startswith(begin)


def test_json_says_where_it_is_and_does_not_stand_in_its_place(cli: Any, folder: Path) -> None:
    answer = cli("practice", "render", "--json", "-o", "book.html")
    found = json.loads(answer.out)
    assert found["summary"]["file"] == "book.html"
    assert found["summary"]["version"] is None  # no git here
    assert [item["key"] for item in found["items"]][:2] == ["purpose", "fields"]
    assert (folder / "book.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_same_again_is_the_same_bytes(cli: Any, folder: Path) -> None:
    cli("practice", "render")
    first = (folder / "practice.en.html").read_bytes()
    cli("practice", "render")
    assert (folder / "practice.en.html").read_bytes() == first


@pytest.mark.parametrize("command", [("plan",), ("practice", "show"), ("status",)])
def test_html_is_no_format_of_other_commands(cli: Any, folder: Path, command: tuple[str, ...]) -> None:
    answer = cli(*command, "--format", "html")
    assert answer.code == 2
    assert "text, json, csv, md" in answer.err


def test_a_practice_with_a_mistake_is_not_rendered(cli: Any, folder: Path) -> None:
    (folder / "practice" / "wrong.yaml").write_text("apiVersion: deskweave/v1\nkind: Clock\nid: x\ncalender: y\n", encoding="utf-8")
    answer = cli("practice", "render")
    assert answer.code == 2
    assert "wrong.yaml" in answer.all
    assert not (folder / "practice.en.html").exists()


def test_a_plan_file_tells_what_platforms_cannot_hold(cli: Any, folder: Path) -> None:
    from deskweave.configure import HandStep, write_plan
    from deskweave.configure.plan import ConnectionPlan, Plan

    step = HandStep(
        number="J-7", connection="servicenow", kind="field", elements=("fields/x",), degree="by_hand", what="a rule nobody can write",
        steps={"en": "Write it by hand"}, where="System > Rules", verify=False,
    )  # fmt: skip
    lost = HandStep(
        number="", connection="servicenow", kind="field", elements=("fields/y",), degree="narrowed", what="order is lost", steps={},
        where=None, verify=False,
    )  # fmt: skip
    plan = Plan(
        folder="acme",
        environment="dev",
        practice="0",
        connections=(ConnectionPlan(connection="servicenow", identity=None, hand_steps=(step, lost)),),
    )
    write_plan(folder / "acme.plan", plan)
    answer = cli("practice", "render", "--plan", "acme.plan", "--format", "md")
    assert answer.code == 0, answer.all
    assert "Not planned yet" not in answer.out
    text = (folder / "practice.en.md").read_text(encoding="utf-8")
    for said in ("J-7", "a rule nobody can write", "Write it by hand", "order is lost"):
        assert said in text


def test_numbered_steps_come_from_the_register_without_asking_a_platform(cli: Any, folder: Path) -> None:
    (folder / "by-hand").mkdir()
    (folder / "by-hand" / "dev.yaml").write_text(
        "apiVersion: deskweave/v1\nkind: ByHand\nenvironment: dev\nsteps:\n"
        "  J-1: {connection: servicenow, kind: field, elements: [fields/x], what: first, done: {by: 李雷, on: '2026-11-01'}}\n"
        "  J-2: {connection: servicenow, kind: field, elements: [fields/y], what: second}\n",
        encoding="utf-8",
    )
    assert cli("practice", "render", "--format", "md").code == 0
    text = (folder / "practice.en.md").read_text(encoding="utf-8")
    opened, done = text.index("To be done by hand"), text.rindex("Done by hand")
    assert opened < text.index("J-2") < done < text.index("J-1")
    assert "李雷, 2026-11-01" in text
