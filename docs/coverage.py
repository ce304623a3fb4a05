"""Where each number of the practice is stated, which code makes it true, which test holds it: read from the files themselves.

Stated: a document of the built-in practice names it in `satisfies`. Code: a docstring, or a comment `#:`, names
it. Test: a test carries `@pytest.mark.practice("A1")`. A number without a test fails the build unless requirements.yaml says
what is open.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
CODE = ("core/deskweave", "plugins")
APART = "core/deskweave/testing"  #: its properties have numbers of their own
NUMBER = re.compile(r"(?<![\w.-])([A-HJ-NPQ]\d{1,2})(?:-([A-HJ-NPQ])?(\d{1,2}))?(?![\w-])")
SHOWN = 4


@cache
def requirements() -> Mapping[str, Mapping[str, str]]:
    """Number to its titles by language, and what is open."""
    found: dict[str, dict[str, str]] = yaml.safe_load((ROOT / "docs/requirements.yaml").read_text("utf-8"))
    return found


def numbers_in(text: str) -> set[str]:
    """The numbers a text names; `A1-A5` and `A1-5` name five."""
    found = set()
    for first, letter, last in NUMBER.findall(text):
        if last and letter in ("", first[0]):
            found |= {f"{first[0]}{number}" for number in range(int(first[1:]), int(last) + 1)}
        else:
            found.add(first)
    return found & requirements().keys()


@cache
def stated() -> Mapping[str, list[str]]:
    """Number to the documents of the built-in practice that state it."""
    from deskweave.practice import builtin

    found: dict[str, list[str]] = {}
    for document in builtin().documents.values():
        for number in document.get("satisfies", ()):
            found.setdefault(str(number), []).append(f"{document['kind']} `{document['id']}`")
    return {number: sorted(set(names)) for number, names in found.items()}


@cache
def made_true() -> Mapping[str, list[str]]:
    """Number to the modules whose docstrings or `#:` comments name it."""
    found: dict[str, list[str]] = {}
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.is_relative_to(ROOT / APART):
                continue
            for number in numbers_in("\n".join(_spoken(path))):
                found.setdefault(number, []).append(path.relative_to(ROOT).as_posix())
    return found


def _spoken(path: Path) -> Iterator[str]:
    source = path.read_text("utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield ast.get_docstring(node) or ""
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value
    yield from re.findall(r"#: (.*)$", source, re.MULTILINE)


@cache
def held() -> Mapping[str, list[str]]:
    """Number to the tests that are marked with it, as `path::test`."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        source = path.read_text("utf-8")
        if "mark.practice" not in source:
            continue
        name = path.relative_to(ROOT).as_posix()
        for node in ast.parse(source).body:
            if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == "pytestmark" for one in node.targets):
                values = node.value.elts if isinstance(node.value, (ast.List, ast.Tuple)) else [node.value]
                for number in _marked(values):
                    found.setdefault(number, []).append(name)
            inner = [node, *(node.body if isinstance(node, ast.ClassDef) else ())]
            for one in inner:
                if isinstance(one, (ast.FunctionDef, ast.ClassDef)):
                    for number in _marked(one.decorator_list):
                        found.setdefault(number, []).append(f"{name}::{one.name}")
    return found


def _marked(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.practice":
            yield from (str(one.value) for one in node.args if isinstance(one, ast.Constant))


def table(language: str) -> Iterator[str]:
    """The page's table: a row for each number."""
    heads = {
        "en": ("number", "what", "stated in", "made true by", "held by"),
        "zh": ("编号", "内容", "写明于", "实现于", "测试"),
    }[language]
    nobody = {"en": "**open**", "zh": "**未覆盖**"}[language]
    yield f"| {' | '.join(heads)} |"
    yield "|---|---|---|---|---|"
    for number, title in requirements().items():
        tests = _short([f"`{one.removeprefix('tests/')}`" for one in held().get(number, [])], language)
        gap = title.get("open") if language == "en" else title.get("open_zh", title.get("open"))
        tests = f"{nobody}: {gap}" if gap and not tests else f"{tests}; {nobody}: {gap}" if gap else tests or nobody
        code = [f"`{one.removeprefix('core/')}`" for one in made_true().get(number, [])]
        row = [number, title[language], _short(stated().get(number, []), language), _short(code, language), tests]
        yield f"| {' | '.join(row)} |"


def _short(names: list[str], language: str) -> str:
    more = {"en": "and {} more", "zh": "等 {} 项"}[language]
    rest = [more.format(len(names) - SHOWN if language == "en" else len(names))] if len(names) > SHOWN else []
    return ", ".join([*names[:SHOWN], *rest])
