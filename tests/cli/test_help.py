from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from deskweave.cli.app import built
from deskweave.cli.commands import COMMANDS, ELSEWHERE, LATER, LINES, SUBCOMMANDS
from deskweave.cli.exits import Exit
from deskweave.cli.messages.en import MESSAGES
from deskweave.cli.options import COMMON
from deskweave.cli.width import width

HEAVY = ("sqlalchemy", "requests", "duckdb", "sqlglot", "yaml", "ruamel", "jsonschema", "rich", "alembic", "starlette", "pydantic")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_shows_the_six_lines_and_the_exit_codes(cli: Any, language: str) -> None:
    answer = cli("--help", "--lang", language)
    assert answer.code == 0
    for names in LINES.values():
        assert any(line.endswith("  ".join(names)) for line in answer.out.splitlines())
    for code in Exit:
        assert any(line.split()[:1] == [str(int(code))] for line in answer.out.splitlines())
    assert all(width(line) <= 80 for line in answer.out.splitlines())


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", [*COMMANDS, *(f"{name} {sub}" for name, subs in SUBCOMMANDS.items() for sub in subs)])
def test_every_command_explains_itself(cli: Any, name: str, language: str) -> None:
    answer = cli(*name.split(), "--help", "--lang", language)
    assert answer.code == 0, answer.all
    assert f"deskweave {name}" in answer.out
    assert all(width(line) <= 80 for line in answer.out.splitlines())
    assert all(option in answer.out for option in COMMON)
    if language == "zh":
        assert not any(MESSAGES[f"common-{attribute}"] in answer.out for attribute, _ in COMMON.values())


@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("kpi", "Usage: deskweave kpi [METRIC]... [OPTIONS]"),
        ("show", "Usage: deskweave show KEY [OPTIONS]"),
        ("conflicts", "Usage: deskweave conflicts [KEY | resolve C-N]... [OPTIONS]"),
        ("apply", "Usage: deskweave apply [PLAN] [OPTIONS]"),
        ("practice", "Usage: deskweave practice COMMAND [OPTIONS]"),
    ],
)
def test_the_usage_line_has_one_pair_of_brackets(cli: Any, name: str, usage: str) -> None:
    out = cli(name, "--help").out
    assert out.splitlines()[0] == usage
    assert not any(word in out for word in ("[[", "{KEY}"))


def test_every_option_has_a_sentence() -> None:
    for name in COMMANDS:
        command: Any = built(name)
        for one in [command, *getattr(command, "commands", {}).values()]:
            for parameter in one.params:
                if "--help" not in parameter.opts:
                    assert parameter.help in MESSAGES, f"{name} {parameter.name}"


@pytest.mark.parametrize("word", [*ELSEWHERE, *LATER, "synch", "--frob"])
def test_words_of_other_tools_get_an_answer(cli: Any, word: str) -> None:
    answer = cli(word)
    assert answer.code == Exit.INPUT
    assert answer.out == ""
    if word in ELSEWHERE:
        assert f"deskweave {ELSEWHERE[word]}" in answer.err
        assert ELSEWHERE[word].split()[0] in COMMANDS
    if word == "synch":
        assert "deskweave sync" in answer.err
    assert "deskweave --help" in answer.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sync", "--plna"], "--plan"),  # the nearest option
        (["show"], "KEY"),
        (["sync", "--max-changes", "many"], "--max-changes"),
        (["sync", "--max-notices", "many"], "max-notices"),
        (["kpi", "--env"], "--env"),
        (["emulate", "nothing"], "servicenow"),
    ],
)
def test_mistyped(cli: Any, arguments: list[str], says: str) -> None:
    answer = cli(*arguments)
    assert answer.code == Exit.INPUT, answer.all
    assert says in answer.err
    assert "Traceback" not in answer.all


def test_help_starts_without_anything_heavy() -> None:
    code = f"import sys; from deskweave.cli import run; run(['--help']); print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stderr.strip() == "[]"


def test_help_can_be_read_in_code_page_936() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "gbk", "DESKWEAVE_LANG": "zh"}
    answer = subprocess.run([sys.executable, "-m", "deskweave", "--help"], capture_output=True, check=True, env=environment)
    assert "退出码" in answer.stdout.decode("gbk")
