"""What the reference pages say about the code, taken from the code. `cog` writes it into the pages, CI checks that it is fresh."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator


def hooks() -> Iterator[str]:
    """Every hook: its exact signature as a heading, and its own words."""
    from deskweave import hookspecs

    source = inspect.getsource(hookspecs)
    section = ""
    for line in source.splitlines():
        banner = re.match(r"# -+ ([\w ]+)$", line)
        if banner:
            section = banner.group(1)
            yield f"## {section.capitalize()}\n"
            continue
        found = re.match(r"def (deskweave_\w+)\(", line)
        if not found:
            continue
        function = getattr(hookspecs, found.group(1))
        signature = str(inspect.signature(function)).replace("'", "")
        first = " *First result wins.*" if getattr(function, "deskweave_spec", {}).get("firstresult") else ""
        yield f"### `{found.group(1)}{signature}`\n"
        yield inspect.cleandoc(function.__doc__ or "") + first + "\n"


def exit_codes(language: str) -> Iterator[str]:
    """The one table of exit codes, in the words of `--help`."""
    from deskweave.cli.exits import Exit
    from deskweave.cli.language import Messages

    say = Messages(language)
    yield "| code | meaning |" if language == "en" else "| 退出码 | 含义 |"
    yield "|---|---|"
    for code in Exit:
        yield f"| {int(code)} | {say(f'exit-{int(code)}')} |"


def commands() -> Iterator[str]:
    """`--help` of every command and subcommand, as a user sees it in English; what all understand stands once, with the first."""
    from deskweave.cli.commands import LINES, SUBCOMMANDS
    from deskweave.cli.language import Messages

    say = Messages("en")

    def shown(*words: str, common: bool = False) -> str:
        text = help_text(*words)
        return (text if common else text.split(say("help-common"))[0]).strip()

    yield f"```text\n{shown(common=True)}\n```\n"
    for line, names in LINES.items():
        yield f"## {say(f'line-{line}').strip()}\n"
        for name in names:
            yield f"### `deskweave {name}`\n\n```text\n{shown(name)}\n```\n"
            for sub in SUBCOMMANDS.get(name, ()):
                yield f"### `deskweave {name} {sub}`\n\n```text\n{shown(name, sub)}\n```\n"


def help_text(*words: str) -> str:
    """What `deskweave WORDS --help` prints, without the blanks at the ends of lines."""
    import io
    from contextlib import redirect_stderr, redirect_stdout, suppress

    from deskweave.cli import run

    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out), suppress(SystemExit):
        run([*words, "--help", "--lang", "en", "--color", "never"])
    return "\n".join(line.rstrip() for line in out.getvalue().strip().splitlines())
