"""Examples on the pages are real: whole YAML documents hold, and the plugin of the how-to does what the page says."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from deskweave.cli import run
from deskweave.documents import Document, check, read
from deskweave.model import FieldId, Inquiry, InquiryId
from deskweave.model.desk import Hold, PlannedWrite
from deskweave.plugins import Plugins, load_plugins
from deskweave.practice import OVERLAY_KINDS, compose
from deskweave.practice.compose import PRACTICE_KINDS
from deskweave.workspace import open as open_folder
from deskweave.workspace.scaffold import NewConnection, write_folder

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
HOWTO = DOCS / "en/howto/write-a-plugin.md"
PAGES = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md", ROOT / "README.zh-CN.md"]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


PRACTICE = [DOCS / "en/howto/write-a-practice.md", DOCS / "zh/howto/write-a-practice.md"]
"""Pages whose blocks with a title are the files of one practice; `wrong.yaml` is wrong on purpose."""


def files(page: Path) -> dict[str, str]:
    found: dict[str, str] = dict(
        re.findall(r'^```yaml title="(.+?)"\n(.*?)^```$', page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    )
    return found


WHOLE = [
    pytest.param(text, id=f"{page.relative_to(ROOT)}:{number}")
    for page in PAGES
    for number, text in enumerate(blocks(page, "yaml"))
    if text.startswith("apiVersion:")
]
PARTS = [
    pytest.param(text, id=f"{page.relative_to(ROOT)}:{number}")
    for page in PAGES
    for number, text in enumerate(blocks(page, "yaml"))
    if not text.startswith("apiVersion:")
]


@pytest.mark.parametrize("text", WHOLE)
def test_whole_documents_hold_against_their_schema(text: str) -> None:
    for document in read(text, "page.yaml"):
        assert check(document) == []


@pytest.mark.parametrize("text", WHOLE)
def test_whole_practice_documents_compose(text: str) -> None:
    documents = [document for document in read(text, "page.yaml") if document.kind not in ("Workspace", "Binding", "Log")]
    head = "apiVersion: deskweave/v1\nkind: Practice\nid: acme\nversion: '1'\nlabel: {en: Acme}\nlanguages: [en]\nzone: UTC\n"
    base: list[Document] = [*read(head + "extends: [deskweave:service-desk@1]\n", "practice.yaml")]
    named = any(document.kind == "Practice" for document in documents)
    assert compose(documents if named else [*base, *documents]).metrics


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """The folder of the pages, without the file that is wrong."""
    snow = NewConnection(name="servicenow", plugin="servicenow", address="https://acme.service-now.com")
    write_folder(tmp_path, id="acme", now=now(), plugins=load_plugins(), connections=[snow])
    for old in (tmp_path / "practice").glob("*.yaml"):
        old.unlink()
    for name, text in files(PRACTICE[0]).items():
        if name != WRONG:
            (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


WRONG = "practice/wrong.yaml"


def test_the_practice_of_the_page_holds_in_a_folder(acme: Path) -> None:
    """Composed as one, every example of its metrics computed: nothing is said about any of its files."""
    with open_folder(acme, now=now, plugins=load_plugins()) as space:
        found = [finding for finding in space.lint() if finding.place and finding.place.source.startswith("practice/")]
        assert found == []
        assert {"unanswered_calls", "complete_records", "acme_index"} <= space.practice.metrics.keys()


# a row: what is typed, and the section whose first output it is
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("typed", "heading"),
    [
        (["practice", "lint"], {"en": "## Check it", "zh": "## 检查"}),
        (
            ["practice", "show", "Metric/first_response_on_time/target", "--origin"],
            {"en": "## Who said it", "zh": "## 由谁规定"},
        ),
    ],
)
def test_the_page_quotes_what_the_program_says(
    acme: Path, typed: list[str], heading: dict[str, str], language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = DOCS / language / "howto/write-a-practice.md"
    if typed[-1] == "lint":
        (acme / WRONG).write_text(files(page)[WRONG], "utf-8")
    with suppress(SystemExit):
        run([*typed, "-C", str(acme), "--lang", language, "--color", "never"])
    said = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    quoted = re.findall(r"^```text\n(.*?)^```$", page.read_text("utf-8").split(heading[language])[1], re.MULTILINE | re.DOTALL)[0]
    assert [line for line in quoted.splitlines() if line not in ("...", *said)] == []


def test_the_pages_show_every_kind_of_a_practice() -> None:
    shown = {document.kind for text in files(PRACTICE[0]).values() for document in read(text, "page.yaml")}
    assert set(PRACTICE_KINDS) <= shown


def test_both_languages_show_the_same_practice() -> None:
    english, chinese = (files(page) for page in PRACTICE)
    assert english == chinese


@pytest.mark.parametrize("text", PARTS)
def test_parts_are_keys_of_deskweave_yaml(text: str) -> None:
    (document,) = read(f"apiVersion: deskweave/v1\nkind: Workspace\nid: acme\n{text}", "deskweave.yaml")
    assert check(document) == []


# ------------------------------------------------------------------------------------------------------- the how-to's plugin
@pytest.fixture
def module() -> Iterator[ModuleType]:
    """The module of the page, imported under the name its pyproject gives."""
    settings = tomllib.loads(blocks(HOWTO, "toml")[0])
    (name,) = settings["project"]["entry-points"]["deskweave.plugins"].values()
    assert settings["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"] == [f"{name}.py"]
    made = ModuleType(name)
    sys.modules[name] = made
    exec(compile(blocks(HOWTO, "python")[0], str(HOWTO), "exec"), made.__dict__)
    yield made
    del sys.modules[name]


@pytest.fixture
def house(module: ModuleType) -> Plugins:
    plugins = load_plugins(points=[])
    plugins.register(module, "cost_center")
    assert plugins.broken == []
    return plugins


def now() -> datetime:
    return datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, house: Plugins) -> Path:
    write_folder(tmp_path, id="acme", now=now(), plugins=house)
    return tmp_path


@pytest.mark.practice("M3")
def test_the_plugins_field_and_metric_are_in_the_practice(folder: Path, house: Plugins) -> None:
    with open_folder(folder, now=now, plugins=house) as space:
        assert space.practice.fields[FieldId("cost_center")].label["zh"] == "成本中心"
        assert space.practice.metrics["cost_center_known"].unit == "ratio"
        assert space.practice.origin("Fields/inquiry/fields/cost_center").source == "plugin:cost_center"


@pytest.mark.parametrize("hook", OVERLAY_KINDS)
def test_the_page_says_which_kinds_an_overlay_may_hold(hook: str) -> None:
    row = re.search(rf"^\| `{hook}` \| (.+) \|$", HOWTO.read_text("utf-8"), re.MULTILINE)
    assert row is not None
    assert set(row[1].split(", ")) == OVERLAY_KINDS[hook]


def test_a_wrong_example_of_the_plugins_metric_would_be_found(folder: Path, house: Plugins) -> None:
    page = blocks(HOWTO, "python")[0]
    with open_folder(folder, now=now, plugins=house) as space:
        assert not [finding for finding in space.lint() if finding.severity.value == "error"]
    wrong = ModuleType("wrong")
    exec(compile(page.replace('"value": 0.5', '"value": 0.7'), str(HOWTO), "exec"), wrong.__dict__)
    plugins = load_plugins(points=[])
    plugins.register(wrong, "cost_center")
    with open_folder(folder, now=now, plugins=plugins) as space:
        assert [finding for finding in space.lint() if finding.severity.value == "error"]


# a row: to which connection, whose cost centre, whether the gate holds it back
@pytest.mark.parametrize(
    ("connection", "cost_center", "held"),
    [
        ("jira_sm", "CC-0001", True),  # the board's, to the outside
        ("feishu", "CC-0001", False),  # the board's, inside
        ("jira_sm", "CC-1000", False),  # anybody else's
    ],
)
def test_the_plugins_gate_holds_what_the_page_says(house: Plugins, connection: str, cost_center: str, held: bool) -> None:
    values = {FieldId("cost_center"): cost_center}
    inquiry = Inquiry(InquiryId("01"), values)
    write = PlannedWrite(connection, values)
    answers = [answer for _, answer in house.each("deskweave_outgoing", inquiry=inquiry, write=write)]
    assert [type(answer) for answer in answers] == ([Hold] if held else [])


@pytest.mark.practice("M3")
def test_the_test_on_the_page_passes(module: ModuleType, folder: Path) -> None:
    shown: dict[str, object] = {}
    exec(compile(blocks(HOWTO, "python")[1], str(HOWTO), "exec"), shown)
    shown["test_the_field_is_there"](folder, now)  # type: ignore[operator]
