"""Every number of the practice is stated, held by a test, and shown with what is open. None of it can be lost in silence."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("deskweave_docs_coverage", ROOT / "docs/coverage.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


coverage = load()
REQUIREMENTS = coverage.requirements()


@pytest.mark.parametrize("number", REQUIREMENTS)
def test_a_number_is_held_by_a_test(number: str) -> None:
    """What is not done yet excuses nobody: what is stated can be tested."""
    assert coverage.held().get(number), f'no test carries @pytest.mark.practice("{number}")'


@pytest.mark.parametrize("number", REQUIREMENTS)
def test_a_number_is_stated(number: str) -> None:
    """By the built-in practice; only what is said of platforms stands on pages instead, as no practice can state it."""
    pages = REQUIREMENTS[number].get("pages", [])
    assert bool(pages) == number.startswith("M")
    assert all((ROOT / page).is_file() for page in pages)
    assert coverage.stated().get(number)


@pytest.mark.parametrize("number", REQUIREMENTS)
def test_a_number_is_told_in_both_languages(number: str) -> None:
    title = REQUIREMENTS[number]
    assert {"en", "zh"} <= title.keys() <= {"en", "zh", "open", "open_zh", "pages"}
    assert ("open" in title) == ("open_zh" in title)
    assert title["en"].isascii()
    assert title["zh"] != title["en"]
    if "open" in title:
        assert title["open"].isascii()
        assert (title["open"][-1], title["open_zh"][-1]) == (".", "。")


def test_what_names_a_number_names_one_that_is_there() -> None:
    assert {*coverage.stated(), *coverage.held()} <= REQUIREMENTS.keys()


def test_every_mark_stands_where_it_counts() -> None:
    """One mark for a test, on a function that pytest runs: on a class, a module or a helper nobody would miss it."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if path == Path(__file__):
            continue
        source = path.read_text("utf-8")
        assert source.count("mark.practice(") == len(list(coverage.marks(source))), path


def test_only_what_pytest_runs_holds_a_number() -> None:
    mark = '@pytest.mark.practice("A1", "B2")\n'
    source = f"{mark}def test_it():\n    ...\n{mark}def helper():\n    ...\n{mark}class TestIt:\n    ...\npytestmark = pytest.mark.practice('C1')\n"
    assert list(coverage.marks(source)) == [("test_it", ["A1", "B2"])]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_number_disappears_from_the_page(language: str) -> None:
    """That the page says what the files say is the work of `cog --check`; here nothing may be missing from it."""
    page = (ROOT / f"docs/{language}/reference/practice.md").read_text("utf-8")
    assert f'coverage.tables("{language}")' in page
    rows = dict(re.findall(r"^\| \*\*([A-Z]\d+)\*\* (.*)$", page, re.MULTILINE))
    assert list(rows) == list(REQUIREMENTS)
    for number, title in REQUIREMENTS.items():
        assert title[language] in rows[number]
        assert title.get("open" if language == "en" else "open_zh", "") in rows[number]
    assert re.findall(r"^## ([A-Z])\. ", page, re.MULTILINE) == list(coverage.FAMILIES)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_row_is_short(language: str) -> None:
    """At most three of each kind; how many more there are is said, so that the page changes when one of them goes."""
    rows = [line.strip("| ").split(" | ") for line in coverage.tables(language) if line.startswith("| **")]
    assert {len(cells) for cells in rows} == {4}
    for _, where, code, tests in rows:
        assert where
        assert code
        assert tests
        assert max(cell.count("`") for cell in (where, code, tests)) <= 2 * coverage.SHOWN


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("practice A1, C2", {"A1", "C2"}),
        ("(J3-J5)", {"J3", "J4", "J5"}),
        ("G10-12", {"G10", "G11", "G12"}),
        ("P1D and 2026-Q4, D800", set()),  # a duration, a quarter, no number of ours
        ("such as `Priority is P1`, not C2", {"C2"}),  # an example
    ],
)
def test_numbers_are_read_from_words(text: str, numbers: set[str]) -> None:
    assert coverage.numbers_in(text) == numbers


@pytest.mark.contracts
def test_the_list_of_numbers_is_that_of_the_requirements(shared: Path) -> None:
    text = (shared / "practice.md").read_text("utf-8").split("## T1")[0]
    assert set(re.findall(r"(?<![\w(])([A-HJ-NPQ]\d{1,2})\. ", text)) == set(REQUIREMENTS)
