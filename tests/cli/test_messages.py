from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import deskweave.cli
from deskweave.cli.language import Messages, choose
from deskweave.cli.messages import en, zh

HERE = Path(deskweave.cli.__file__).parent


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_the_same_things() -> None:
    assert set(en.MESSAGES) == set(zh.MESSAGES)
    assert {key: fields(text) for key, text in en.MESSAGES.items()} == {key: fields(text) for key, text in zh.MESSAGES.items()}


def test_no_id_stands_twice_and_both_languages_are_divided_alike() -> None:
    for language in (en, zh):
        assert sum(len(part.MESSAGES) for part in language.PARTS) == len(language.MESSAGES)
    divided = [{part.__name__.rpartition(".")[2]: set(part.MESSAGES) for part in language.PARTS} for language in (en, zh)]
    assert divided[0] == divided[1]


def test_everything_can_be_said_in_gbk_without_ambiguous_marks() -> None:
    for text in [*en.MESSAGES.values(), *zh.MESSAGES.values()]:
        text.encode("gbk")
        assert not re.search(r"[\u2500-\u257f\u2190-\u21ff\u2026✓✗\U0001f300-\U0001faff]", text), text


def ids() -> Iterator[tuple[str, bool]]:
    """Ids the code asks for: whole ones, and beginnings of those that are put together."""
    for path in sorted(HERE.rglob("*.py")):
        if path.name == "demo.py":  # see test_help for its options
            continue  # the story has words of its own
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                candidates = node.args[:1] if name in ("say", "Misused") else []
                candidates += [word.value for word in node.keywords if word.arg == "help"]
                for one in candidates:
                    for part in [one.body, one.orelse] if isinstance(one, ast.IfExp) else [one]:
                        if isinstance(part, ast.Constant) and isinstance(part.value, str) and path.name != "screen.py":
                            yield f"{path.name}:{part.value}", True
                        elif isinstance(part, ast.JoinedStr) and isinstance(part.values[0], ast.Constant):
                            yield f"{path.name}:{part.values[0].value}", False
                        elif isinstance(part, ast.BinOp) and isinstance(part.left, ast.Constant):
                            yield f"{path.name}:{part.left.value}", False


def test_no_message_is_missing_and_none_is_left_over() -> None:
    used: set[str] = set()
    for name, whole in ids():
        key = name.partition(":")[2]
        if not re.fullmatch(r"[a-z][a-zA-Z0-9-]*", key) or name.startswith(("session.py:connections", "emulate.py:connections")):
            continue  # screen.say of a literal line
        found = {one for one in en.MESSAGES if (one == key if whole else one.startswith(key))}
        assert found, f"{name} is in no catalogue"
        used |= found
    commands = {name for name in en.MESSAGES if re.fullmatch(r"[a-z]+(-[a-z]+)?", name)}
    prefixes = (
        "line-",
        "exit-",
        "common-",
        "stop-",
        "remedy-",
        "month-",
        "weekday-",
        "column-",
        "state-",
        "check-",
        "link-",
        "practice-",
    )
    left = {
        name for name in en.MESSAGES if name not in used and name not in commands and not name.startswith((*prefixes, "demo-opt-"))
    }
    assert left == set()


def test_plurals() -> None:
    say = Messages("en")
    assert say("sync-conflicts", n=1) == "1 conflict"
    assert say("sync-conflicts", n=2) == "2 conflicts"
    assert Messages("zh")("sync-conflicts", n=1) == "1 个冲突"


@pytest.mark.parametrize(
    ("option", "environ", "folder", "system", "language"),
    [
        ("zh", "en", "en", "en_US.UTF-8", "zh"),
        (None, "zh_CN", "en", "en_US.UTF-8", "zh"),
        (None, None, "zh", "en_US.UTF-8", "zh"),
        (None, None, None, "zh_CN.GB18030", "zh"),
        (None, None, None, "Chinese (Simplified)_China.936", "zh"),  # Windows
        (None, None, None, "de_DE.UTF-8", "en"),
        (None, "de", None, "zh_CN", "zh"),  # a language we do not speak is no answer
        (None, None, None, None, "en"),
    ],
)
def test_whose_language(option: str | None, environ: str | None, folder: str | None, system: str | None, language: str) -> None:
    variables = {} if environ is None else {"DESKWEAVE_LANG": environ}
    assert choose(option, folder, environ=variables, system=lambda: system) == language
