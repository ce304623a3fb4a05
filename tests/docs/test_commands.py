"""What the pages tell people to type exists, and what exists is told."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deskweave.cli.app import built
from deskweave.cli.commands import COMMANDS, LATER, LINES, SUBCOMMANDS
from deskweave.cli.options import COMMON

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "README.zh-CN.md"]
REFERENCE = ROOT / "docs/en/reference/commands.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def options_of(*words: str) -> set[str]:
    """The options of a command as click knows them, common ones included."""
    command: Any = built(words[0])
    if len(words) > 1:
        command = command.commands[words[1]]
    own = {spelled for parameter in command.params for spelled in (*parameter.opts, *parameter.secondary_opts)}
    return {one for one in own if one.startswith("-")} | set(COMMON) | {"--help", "--output", "--quiet", "--verbose", "--folder"}


def section(*words: str) -> str:
    """The part of the reference page about one command."""
    return REFERENCE.read_text("utf-8").split(f"### `deskweave {' '.join(words)}`\n")[1].split("\n### ")[0].split("\n## ")[0]


ALL = [(name,) for name in COMMANDS] + [(name, sub) for name, subs in SUBCOMMANDS.items() for sub in subs]


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_and_option_is_documented(words: tuple[str, ...]) -> None:
    text = section(*words)
    own = options_of(*words) - set(COMMON) - {"--help", "-h", "--output", "--quiet", "--verbose", "--folder"}
    if words[0] in SUBCOMMANDS and len(words) == 1:
        own = set(SUBCOMMANDS[words[0]])
    assert [one for one in sorted(own) if one not in text] == []


def test_every_common_option_and_every_line_is_documented() -> None:
    page = REFERENCE.read_text("utf-8")
    assert [name for name in COMMON if f"  {name} " not in page and f"  {name}\n" not in page] == []
    assert len(re.findall(r"^## ", page, re.MULTILINE)) == len(LINES)


def typed(page: Path) -> Iterator[str]:
    """Lines of blocks without a language (what a reader types), and `deskweave ...` in running text."""
    text = page.read_text("utf-8")
    for language, block in FENCE.findall(text):
        if language == "":
            for line in block.replace("\\\n", " ").splitlines():
                for part in re.split(r"&&|\|", line):
                    yield part.strip()
    yield from re.findall(r"`(deskweave [^`\n]+)`", FENCE.sub("", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_tells_people_to_type_exists(page: Path) -> None:
    for line in typed(page):
        found = re.match(r"(?:\.venv[\\/](?:Scripts|bin)[\\/])?deskweave +(.*)$", line)
        if found is None:
            continue
        words = shlex.split(re.split(r"  +", found[1])[0])
        while words and words[0] == "-C":
            words = words[2:]
        if not words or words[0].startswith("-") or words[0].isupper():
            continue
        if page.name == "hooks.md" and words[0] in LATER:
            continue  # the hooks' own words speak of what will call them; the page says that it is not there yet
        assert words[0] in COMMANDS, line
        path = tuple(words[:2]) if words[0] in SUBCOMMANDS and len(words) > 1 and words[1] in SUBCOMMANDS[words[0]] else (words[0],)
        if words[0] in SUBCOMMANDS and len(words) > 1:
            assert len(path) == 2, line
        stated = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert stated <= options_of(*path), line


def test_what_the_readme_tells_people_to_make_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in PAGES:
        for verb in re.findall(r"^make (\w+)", "\n".join(typed(page)), re.MULTILINE):
            assert verb in targets, (page.name, verb)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_names_folders_and_extras_that_exist(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    for folder in re.findall(r"`([a-z_/]+/)`|`(plugins/\w+)`", text):
        path = folder[0] or folder[1]
        assert path == "deskweave-demo/" or (ROOT / path).is_dir(), path
    declared = (ROOT / "pyproject.toml").read_text("utf-8").split("[project.optional-dependencies]")[1].split("\n[")[0]
    for extra in re.findall(r"\.\[(\w+)\]", text):
        assert re.search(rf"^{extra} =", declared, re.MULTILINE), extra
