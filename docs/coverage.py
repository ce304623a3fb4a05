"""Where each number of the practice is stated, which code makes it true, which test holds it: read from the files themselves.

Stated: a document of the built-in practice names it in `satisfies`, or requirements.yaml names a page. Code: a docstring, or a
comment `#:`, names it. Test: a test carries `@pytest.mark.practice("A1")`. What is not done yet is said in requirements.yaml.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
CODE = ("core/deskweave", "plugins")
APART = "core/deskweave/testing"  #: its properties have numbers of their own
NUMBER = re.compile(r"(?<![\w.-])([A-HJ-NPQ]\d{1,2})(?:-([A-HJ-NPQ])?(\d{1,2}))?(?![\w-])")
QUOTED = re.compile(r"`[^`]*`")  #: an example such as `Priority is P1` names no number
SHOWN = 3
FAMILIES = {
    "A": ("Inquiry record", "问询工单"),
    "B": ("Catalog and channels", "问询分类与渠道"),
    "C": ("Status model and clocks", "状态模型与时钟"),
    "D": ("Feedback", "用户反馈"),
    "E": ("Key figures", "流程衡量指标"),
    "F": ("Process 900, inquiry handling", "流程900 用户问询处理"),
    "G": ("Process 901, communication", "流程901 与用户沟通"),
    "H": ("Process 902, improvement", "流程902 服务台改进"),
    "J": ("Organisation", "组织"),
    "K": ("Priority", "优先级"),
    "L": ("Learning", "经验积累"),
    "M": ("Platforms", "平台"),
    "N": ("Words", "术语"),
    "P": ("Convenience of channels", "渠道便利性"),
    "Q": ("Inputs and outputs", "输入与输出"),
}
WORDS = {
    "en": {
        "heads": ("what", "stated in", "made true by", "held by"),
        "open": "**Open:**",
        "data": "the data alone",
        "comma": ", ",
        "semicolon": "; ",
        "more": "{shown} and {rest} more",
        "summary": "{all} numbers. Of {done} nothing is open; of {open} something is, and the row says what.",
    },
    "zh": {
        "heads": ("内容", "写明于", "实现于", "测试"),
        "open": "**未完成：**",
        "data": "仅为数据",
        "comma": "、",
        "semicolon": "；",
        "more": "{shown} 等 {all} 项",
        "summary": "共 {all} 个编号，其中 {done} 个没有未完成的内容，{open} 个尚有，见该行说明。",
    },
}


@cache
def requirements() -> Mapping[str, Mapping[str, Any]]:
    """Number to its titles by language, what is open in both languages, and the pages that state it."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docs/requirements.yaml").read_text("utf-8"))
    return found


def numbers_in(text: str) -> set[str]:
    """The numbers a text names; `A1-A5` and `A1-5` name five. What stands in backticks is an example and names none."""
    found = set()
    for first, letter, last in NUMBER.findall(QUOTED.sub("", text)):
        if last and letter in ("", first[0]):
            found |= {f"{first[0]}{number}" for number in range(int(first[1:]), int(last) + 1)}
        else:
            found.add(first)
    return found & requirements().keys()


@cache
def stated() -> Mapping[str, list[str]]:
    """Number to the documents of the built-in practice that state it, or else to the pages that do."""
    from deskweave.practice import builtin

    found: dict[str, list[str]] = {number: list(title["pages"]) for number, title in requirements().items() if "pages" in title}
    for document in builtin().documents.values():
        for number in document.get("satisfies", ()):
            found.setdefault(str(number), []).append(f"{document['kind']} `{document['id']}`")
    return {number: sorted(set(names)) for number, names in found.items()}


@cache
def made_true() -> Mapping[str, list[str]]:
    """Number to the modules whose docstrings or `#:` comments name it; what acts before what describes and what prints."""
    found: dict[str, list[str]] = {}
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.is_relative_to(ROOT / APART):
                continue
            for number in numbers_in("\n".join(_spoken(path))):
                found.setdefault(number, []).append(path.relative_to(ROOT).as_posix())
    return {
        number: sorted(paths, key=lambda path: ("handbook/" in path, "/model/" in path, path)) for number, paths in found.items()
    }


def _spoken(path: Path) -> Iterator[str]:
    source = path.read_text("utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value
    yield from re.findall(r"#: (.*)$", source, re.MULTILINE)


@cache
def held() -> Mapping[str, list[str]]:
    """Number to the tests that are marked with it, as `path::test`: those that hold few numbers first."""
    found: dict[str, list[tuple[int, str]]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        source = path.read_text("utf-8")
        if "mark.practice" in source:
            name = path.relative_to(ROOT).as_posix()
            for test, numbers in marks(source):
                for number in numbers:
                    found.setdefault(number, []).append((len(numbers), f"{name}::{test}"))
    return {number: [test for _, test in sorted(tests)] for number, tests in found.items()}


def marks(source: str) -> Iterator[tuple[str, list[str]]]:
    """The tests of a module with the numbers they are marked with. A mark on what pytest does not run counts for nothing."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            numbers = [number for mark in node.decorator_list for number in _numbers(mark)]
            if numbers:
                yield node.name, numbers


def _numbers(mark: ast.expr) -> Iterator[str]:
    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.practice":
        yield from (str(one.value) for one in mark.args if isinstance(one, ast.Constant))


def summary(language: str) -> str:
    """How many numbers there are, and of how many something is open."""
    left = sum("open" in title for title in requirements().values())
    return str(WORDS[language]["summary"]).format(all=len(requirements()), done=len(requirements()) - left, open=left)


def tables(language: str) -> Iterator[str]:
    """The page: what there is in all, then a table for each letter with a row for each number."""
    words = WORDS[language]
    yield summary(language)
    letter = ""
    for number in requirements():
        if number[0] != letter:
            letter = number[0]
            yield from ("", f"## {letter}. {FAMILIES[letter][language == 'zh']}", "")
            yield from (f"| {' | '.join(words['heads'])} |", "|---|---|---|---|")
        yield f"| {' | '.join(_row(number, language))} |"


def _row(number: str, language: str) -> Iterator[str]:
    title, words = requirements()[number], WORDS[language]
    gap = title.get("open" if language == "en" else "open_zh")
    yield f"**{number}** {title[language]}" + (f"<br>{words['open']} {gap}" if gap else "")
    yield _told(stated().get(number, []), language, _document)
    yield _told(made_true().get(number, []), language, _module) or str(words["data"])
    yield _told(held().get(number, []), language, _test)


def _document(name: str) -> tuple[str, str]:
    kind, _, slug = name.partition(" ")
    return (kind, slug) if slug else ("", f"`{name.removeprefix('docs/en/')}`")


def _module(path: str) -> tuple[str, str]:
    short = re.sub(r"^plugins/([^/]+)/deskweave_[^/]+/", r"plugins/\1/", path.removeprefix("core/deskweave/"))
    return "", f"`{short.removesuffix('.py').removesuffix('/__init__')}`"


def _test(name: str) -> tuple[str, str]:
    """A test's name is a sentence: as words it wraps, and the test is found by them."""
    path, test = name.split("::")
    return f"`{path.removeprefix('tests/').replace('test_', '').removesuffix('.py')}`:", test.removeprefix("test_").replace(
        "_", " "
    )


def _told(names: list[str], language: str, say: Callable[[str], tuple[str, str]]) -> str:
    """The first names, those of one kind or file together, and how many more there are."""
    words, groups = WORDS[language], dict[str, list[str]]()
    for of, what in map(say, names[:SHOWN]):
        groups.setdefault(of, []).append(what)
    shown = str(words["semicolon"]).join(f"{of} {str(words['comma']).join(each)}".strip() for of, each in groups.items())
    if len(names) <= SHOWN:
        return shown
    return str(words["more"]).format(shown=shown, rest=len(names) - SHOWN, all=len(names))
