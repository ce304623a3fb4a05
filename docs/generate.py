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


CHAPTERS = {
    "reading": ("Reading a file", "读取文件"),
    "shape": ("Shape of a document", "文档的形式"),
    "unknown": ("Words nothing answers to", "引用落空"),
    "reference": ("The practice as a whole", "实践整体"),
    "sense": ("Sense", "合理性"),
    "folder": ("The folder", "目录"),
    "sheet": ("Imported tables", "导入的表格"),
    "platform": ("Platforms and runs", "平台与运行"),
}
"""Headings of `deskweave.findings.rules.CHAPTERS`, in English and Chinese."""


def rules(language: str) -> Iterator[str]:
    """Every rule: why it matters, how it is mended, and an example with exactly what is said about it."""
    from deskweave.findings.rules import CHAPTERS as RULES

    zh = language == "zh"
    severities = {"error": "错误", "warning": "注意", "note": "提示"} if zh else {}
    words = ("写作", "提示", "改为") if zh else ("Written", "Said", "Mended")
    examples = _rule_examples()
    for chapter, found in RULES.items():
        yield f"## {CHAPTERS[chapter][zh]}\n"
        for rule in found:
            yield f"### {rule.slug}\n"
            yield f"**{severities.get(rule.severity.value, rule.severity.value)}** {rule.why[language]} {rule.mend[language]}\n"
            for example in examples.get(rule.slug, ())[:1]:
                for word, text in zip(words, _told(example, rule.says if zh else ""), strict=True):
                    yield f"{word}:\n\n{text}\n"


def _rule_examples() -> dict[str, list[dict[str, object]]]:
    """The examples that tests hold the rules to, by rule."""
    from pathlib import Path

    import yaml

    found: dict[str, list[dict[str, object]]] = {}
    for path in sorted((Path(__file__).parent.parent / "tests" / "practice" / "rules").glob("*.yaml")):
        for name, example in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            found.setdefault(name.split("/")[0], []).append(example)
    return found


def _told(example: dict[str, object], sentence: str) -> Iterator[str]:
    """What was written, what is said, what was mended, as fenced blocks."""

    def fenced(files: object) -> str:
        held = files if isinstance(files, dict) else {"example.yaml": files}
        blocks = []
        for name, text in held.items():
            whole = text if str(text).startswith("apiVersion") else f"apiVersion: deskweave/v1\n{text}"
            blocks.append(f'```yaml title="{name}"\n{str(whole).rstrip()}\n```')
        return "\n\n".join(blocks)

    said = example["says"]
    assert isinstance(said, list)
    yield fenced(example["broken"])
    lines = "\n".join(str(line) for line in said)
    yield f"```text\n{lines}\n```" + (f"\n\n中文提示：`{sentence}`" if sentence else "")
    yield fenced(example["mended"])
