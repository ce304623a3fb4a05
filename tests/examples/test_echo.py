"""The example package is a stranger's: found by its entry point, and built on public names alone."""

from __future__ import annotations

import ast
import importlib
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

from deskweave.plugins import load_plugins

ECHO = Path(__file__).parent / "deskweave_echo"


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
