"""What is printed to be typed, can be typed: the command is there, its options are its own, and they stand where they are taken."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import deskweave
from deskweave.cli.app import built, call
from deskweave.cli.commands import COMMANDS, LATER, SUBCOMMANDS
from deskweave.cli.options import COMMON, Options, take_common
from deskweave.cli.session import Session

ROOT = Path(deskweave.__file__).parent
PLUGINS = Path(__file__).parents[2] / "plugins"
COMMAND = re.compile(r"deskweave (?P<name>[a-z][a-z-]*)(?P<rest>(?: (?!and |or |then )[-\w./=*%{}<>|\"']+)*)")


def texts(tree: ast.Module) -> Iterator[str]:
    """Strings of a module that are no docstrings, with a word for what is put into them."""
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            if isinstance(node, ast.Expr | ast.JoinedStr):
                break
            if isinstance(child, ast.Constant) and isinstance(child.value, str):
                yield child.value
            elif isinstance(child, ast.JoinedStr):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "THIS" for part in child.values)


def printed() -> Iterator[tuple[str, str]]:
    for path in [*ROOT.rglob("*.py"), *PLUGINS.rglob("*.py")]:
        for text in texts(ast.parse(path.read_text(encoding="utf-8"))):
            yield path.name, text


def options_of(name: str, second: str) -> set[str]:
    command = built(name)
    if second:
        command = command.commands[second]  # type: ignore[union-attr]
    return {*COMMON, "--help", *(option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts))}


def test_every_command_that_is_printed_is_there() -> None:
    found = 0
    for place, text in printed():
        for match in COMMAND.finditer(text):
            name, words = match["name"], match["rest"].split()
            assert name not in LATER, f"{place}: {match[0]} is not there yet"
            if name not in COMMANDS:
                continue
            found += 1
            second = words[0] if words and words[0] in SUBCOMMANDS.get(name, ()) else ""
            if words and words[0].startswith("-"):
                assert name not in SUBCOMMANDS, f"{place}: {match[0]} lacks its second word"
            known = options_of(name, second)
            for word in words:
                if re.match(r"--[a-z]", word):
                    assert re.match(r"[-a-z]+", word)[0] in known, f"{place}: {match[0]}: {word}"  # type: ignore[index]
    assert found > 100


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("deskweave sync", "deskweave sync -C 'my desk'"),
        ("deskweave store rebuild", "deskweave store rebuild -C 'my desk'"),
        ("deskweave store rebuild --join A=B", "deskweave store rebuild --join A=B -C 'my desk'"),
        ("Lost? deskweave store rebuild. Else:", "Lost? deskweave store rebuild -C 'my desk'. Else:"),
        ("first deskweave practice lint, then deskweave plan", "first deskweave practice lint -C 'my desk', then deskweave plan -C 'my desk'"),
        ("mend or remove the plugin; deskweave plugins lists them", "mend or remove the plugin; deskweave plugins lists them"),
        ("deskweave demo --keep", "deskweave demo --keep"),
        ("cd desk && deskweave sync", "cd desk && deskweave sync"),
    ],
)  # fmt: skip
def test_the_folder_stands_behind_the_command(text: str, told: str) -> None:
    assert Session(Options(folder=Path("my desk"))).onward(text) == told


def test_what_onward_prints_is_understood(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not a folder of ours: each command says so itself, none is unknown."""
    for name in COMMANDS:
        for second in SUBCOMMANDS.get(name, ("",)):
            line = Session(Options(folder=tmp_path)).onward(f"deskweave {name} {second}".strip())
            options, rest = take_common(line.split()[1:])
            assert rest == [name, *filter(None, [second])]
            assert options.folder in (tmp_path, Path())
            assert call([*line.split()[1:], "--help"]) == 0
            assert capsys.readouterr().out.startswith(f"Usage: deskweave {name}")


def test_a_folder_without_a_connection_is_not_sent_to_a_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(["init"]) == 0
    assert call(["practice", "adopt"]) == 0
    assert "deskweave sync" not in capsys.readouterr().out
