"""Documentation is under test: what is not written down does not exist for its users."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import deskweave_schemas
from deskweave import errors, hookspecs

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), DOCS.parent / "README.md", DOCS.parent / "README.zh-CN.md"]
HOOKS = [name for name, value in vars(hookspecs).items() if name.startswith("deskweave_") and inspect.isfunction(value)]


@pytest.mark.practice("M3")
@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented_with_its_exact_signature(hook: str) -> None:
    signature = str(inspect.signature(getattr(hookspecs, hook))).replace("'", "")
    assert f"### `{hook}{signature}`" in (DOCS / "en/reference/hooks.md").read_text("utf-8")


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_says_what_happens_when_it_raises(hook: str) -> None:
    table = (DOCS / "en/reference/hooks.md").read_text("utf-8").split("## When an implementation raises")[1].split("\n## ")[0]
    words = inspect.getdoc(getattr(hookspecs, hook)) or ""
    between = hook in ("deskweave_classify", "deskweave_prioritise", "deskweave_assign", "deskweave_escalate")
    assert hook in table or between or "raises" in words


def test_every_error_is_drawn_in_the_tree() -> None:
    tree = errors.__doc__ or ""
    named = [name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)]
    assert [name for name in named if name not in tree] == []


def test_every_kind_of_document_is_described() -> None:
    page = (DOCS / "en/reference/files.md").read_text("utf-8")
    titles = [str(deskweave_schemas.load(name).get("title", "")) for name in deskweave_schemas.names()]
    assert titles
    assert [name for name in deskweave_schemas.names() if name not in ("common",) and name not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS.parent)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), target


def test_chinese_readers_find_the_pages_they_need() -> None:
    for page in ("index.md", "tutorial/first-hour.md", "howto/own-folder.md", "howto/read-kpis.md", "explanation/limits.md"):
        assert (DOCS / "zh" / page).is_file(), page


def test_chinese_paragraphs_stand_on_one_line() -> None:
    """A line break between two Chinese characters shows as a blank in a browser."""
    for page in [*sorted((DOCS / "zh").rglob("*.md")), DOCS.parent / "README.zh-CN.md"]:
        prose = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        assert re.findall(r"[\u3000-\u9fff\uff00-\uffef]\n(?=[\u4e00-\u9fff])", prose) == [], page.name
