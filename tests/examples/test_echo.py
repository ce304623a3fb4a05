"""The example package is a stranger's: found by its entry point, and built on public names alone."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from deskweave.plugins import load_plugins

ECHO = Path(__file__).parent / "deskweave_echo"
PAGES = [Path(__file__).parents[2] / f"docs/{language}/howto/write-a-connector.md" for language in ("en", "zh")]


@pytest.mark.practice("M3")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parts[-3])
def test_the_page_shows_what_stands_in_the_package(page):
    shown = re.findall(r'^```\w+ title="(.+?)"\n(.*?)^```$', page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(shown) == 8
    for name, text in shown:
        assert text in (ECHO / name).read_text(encoding="utf-8"), f"{page.name} shows what {name} does not hold:\n{text}"


@pytest.mark.practice("M3")
def test_it_is_found_by_the_entry_point_it_states():
    stated = tomllib.loads((ECHO / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]["deskweave.plugins"]
    points = [EntryPoint(name, value, "deskweave.plugins") for name, value in stated.items()]
    plugins = load_plugins(points=points)
    assert plugins.broken == []
    assert list(plugins.connectors) == ["echo"]


def test_it_uses_public_names_only():
    """What a module exports under `__all__`, else a name without an underscore of a module without one."""
    private = []
    for path in ECHO.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("deskweave."):
                continue
            module = importlib.import_module(node.module)
            public = getattr(module, "__all__", [name for name in dir(module) if not name.startswith("_")])
            private += [f"{path.name}:{node.lineno} {node.module}.{one.name}" for one in node.names if one.name not in public]
    assert not private
