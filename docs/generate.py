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
    "log": ("Imported logs", "导入的日志"),
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


COMMON_KEYS = ("apiVersion", "kind", "id", "label", "description", "remove", "satisfies")
"""Keys of nearly every kind; the page says them once."""

TYPES = {
    "label": ("words by language", "各语言文字"),
    "slug": ("slug", "标识"),
    "slugs": ("slugs", "标识列表"),
    "becomes": ("slug: slug", "标识: 标识"),
    "was": ("slugs", "标识列表"),
    "connection": ("connection", "连接名"),
    "date": ("date", "日期"),
    "instant": ("moment", "时刻"),
    "zone": ("time zone", "时区"),
    "duration": ("PT..H..M..S", "PT..H..M..S"),
    "period": ("P..Y..M..D", "P..Y..M..D"),
    "phase": ("phase", "阶段"),
    "weekday": ("weekday", "星期"),
    "predicate": ("condition", "条件"),
    "formula": ("formula", "公式"),
    "string": ("text", "文字"),
    "integer": ("whole number", "整数"),
    "number": ("number", "数"),
    "boolean": ("true or false", "true 或 false"),
    "array": ("list", "列表"),
    "object": ("keys", "下列各键"),
    "map": ("by key", "按键"),
}
"""Names of types in the tables of kinds, in English and Chinese."""


def kinds(language: str) -> Iterator[str]:
    """Every kind of document: its keys, what they hold, and which must be there once all layers are composed."""
    import deskweave_schemas

    zh = language == "zh"
    heads = ("键", "名称", "内容", "必填") if zh else ("key", "name", "holds", "")
    for kind, name in deskweave_schemas.KINDS.items():
        schema = deskweave_schemas.bundle(name)
        english, _, chinese = schema["title"].partition(" / ")
        yield f"## {kind}\n" if not zh else f"## {kind} {chinese}\n"
        if not zh:
            named = "" if english == kind else f"*{english}.* "
            yield f"{named}{_first(schema['description'])}\n"
        yield f"| {' | '.join(heads)} |"
        yield "|---|---|---|---|"
        for path, part, needed in _keys(schema, schema.get("$defs", {}).get("complete", {}), schema):
            if path in COMMON_KEYS or path.endswith((".*.label", ".*.description")):
                continue  # the page says them once
            yield _key_row(path, part, needed, schema, zh=zh)
        yield ""


def _first(words: str) -> str:
    """A kind's description without what is said of every kind."""
    return words.partition(" This schema describes one file's share")[0]


def _key_row(path: str, part: dict[str, object], needed: bool, root: dict[str, object], *, zh: bool) -> str:
    held = _resolved(part, root)
    title = str(part.get("title") or held.get("title", "")) if part.get("title") or _named(part) != "label" else ""
    english, _, chinese = title.partition(" / ")
    word = ("必填" if zh else "required") if needed else ""
    if zh:
        return f"| `{path}` | {chinese} | {_holds(part, root, zh=True)} | {word} |"
    words = str(part.get("description") or held.get("description", "") if not _named(part) else part.get("description", ""))
    told = ": ".join(one for one in (english, words.replace("|", "\\|").replace("\n", " ")) if one)
    return f"| `{path}` | {told} | {_holds(part, root, zh=False)} | {word} |"


def _named(part: dict[str, object]) -> str:
    """The shared type a key refers to, where the tables have a word for it."""
    name = str(part.get("$ref", "")).rstrip("/").rpartition("/")[2].rpartition(":")[2]
    return name if name in TYPES else ""


def _holds(part: dict[str, object], root: dict[str, object], *, zh: bool) -> str:
    if name := _named(part):
        return TYPES[name][zh]
    held = _resolved(part, root)
    if isinstance(ways := held.get("anyOf"), list):
        return ", ".join(_holds(one, root, zh=zh) for one in ways)
    if "enum" in held:
        return ", ".join(f"`{one}`" for one in held["enum"])  # type: ignore[attr-defined]
    if "const" in held:
        return f"`{str(held['const']).lower() if isinstance(held['const'], bool) else held['const']}`"
    kind = held.get("type")
    if kind == "array":
        items = held.get("items")
        return TYPES["array"][zh] + (f": {_holds(items, root, zh=zh)}" if isinstance(items, dict) else "")
    if kind == "object":
        return TYPES["map" if isinstance(held.get("additionalProperties"), dict) and not held.get("properties") else "object"][zh]
    names = kind if isinstance(kind, list) else [kind]
    return ", ".join(TYPES[str(one)][zh] for one in names if str(one) in TYPES)


def _resolved(part: dict[str, object], root: dict[str, object]) -> dict[str, object]:
    """What `$ref` leads to, with what stands beside it over it."""
    found = part
    while isinstance(reference := found.get("$ref"), str):
        target: dict[str, object] = root
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]  # type: ignore[assignment]
        found = {**target, **{key: value for key, value in found.items() if key != "$ref"}}
    return found


def _keys(
    part: dict[str, object], complete: dict[str, object], root: dict[str, object], path: str = "", depth: int = 0
) -> Iterator[tuple[str, dict[str, object], bool]]:
    """Path, schema and whether it must be there, for every key of a schema, in its order."""
    if depth > 8:
        return
    held = _resolved(part, root)
    required = {*_listed(complete.get("required")), *(_listed(held.get("required")) if path else ())}
    properties = held.get("properties")
    inside = complete.get("properties")
    for key, value in properties.items() if isinstance(properties, dict) else ():
        if key in ("was", "ours", "becomes"):
            continue
        here = f"{path}.{key}" if path else key
        deeper = inside.get(key, {}) if isinstance(inside, dict) else {}
        yield here, value, key in required
        yield from _below(value, deeper, root, here, depth + 1)


def _below(
    part: dict[str, object], complete: dict[str, object], root: dict[str, object], path: str, depth: int
) -> Iterator[tuple[str, dict[str, object], bool]]:
    if _named(part):
        return
    held = _resolved(part, root)
    if held.get("type") == "array" and isinstance(held.get("items"), dict):
        yield from _below(held["items"], {}, root, f"{path}[]", depth)  # type: ignore[arg-type]
        return
    yield from _keys(part, complete, root, path, depth)
    below = held.get("additionalProperties")
    if isinstance(below, dict):
        inner = complete.get("additionalProperties")
        yield from _below(below, inner if isinstance(inner, dict) else {}, root, f"{path}.*", depth + 1)


def _listed(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def guarantees(language: str) -> Iterator[str]:
    """Every guarantee of the conformance suite, by chapter: what it says, what a connector declares to be held to it."""
    from deskweave.testing.suite import CHAPTERS as PROMISES
    from deskweave.testing.suite import GUARANTEES, NEEDS

    zh = language == "zh"
    chapters: dict[str, list[str]] = {}
    for one in GUARANTEES.values():
        needs = [NEEDS[name].zh if zh else NEEDS[name].en for name in one.needs if name != "hands"]
        faults = [f"`{word}`" for word in one.faults]
        cells = (f"`{one.id}`", one.zh if zh else one.en, ("；" if zh else "; ").join(needs), ", ".join(faults))
        chapters.setdefault(one.id.partition("/")[0], []).append(f"| {' | '.join(cells)} |")
    for name, (en, chinese) in PROMISES.items():
        yield f"## {chinese if zh else en}\n"
        yield "| 保证 | 内容 | 需要 | 故障 |" if zh else "| guarantee | what it says | needs | fault |"
        yield "|---|---|---|---|"
        yield from chapters.pop(name)
        yield ""
