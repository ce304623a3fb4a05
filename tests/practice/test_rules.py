"""The catalogue of rules: whole, in both languages, and true, by a broken and a mended example of every rule.

`rules/*.yaml` holds the examples by rule; `rule/Kind` is one more example of a rule. A text is a file of a practice that extends the
built-in one; several files, or a folder with deskweave.yaml and bindings, are written as a mapping of names to texts.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from string import Formatter

import pytest
import yaml

import deskweave
from deskweave.documents import read
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Severity
from deskweave.findings.rules import CHAPTERS, RULES
from deskweave.plugins import Plugins, load_plugins
from deskweave.practice import compose, lint
from deskweave.workspace.builtin import BuiltinChecks

FILES = Path(__file__).parent / "rules"
HEAD = "apiVersion: deskweave/v1\n"
TOP = """apiVersion: deskweave/v1
kind: Practice
id: acme
version: '1'
label: {en: ACME, zh: 艾克米}
languages: [en, zh]
zone: Asia/Shanghai
extends: [deskweave:service-desk@1]
"""
FOLDER = """apiVersion: deskweave/v1
kind: Workspace
id: acme
deskweave: ">=0.1"
zone: Asia/Shanghai
practice: practice/
connections:
  snow:
    plugin: servicenow
    address: https://acme.service-now.com
    auth: {kind: basic, username: lin, password: "${SNOW_PASSWORD}"}
"""
BINDING = """apiVersion: deskweave/v1
kind: Binding
id: snow
practice: acme
collections:
  incident:
    holds: {stream: {eq: incident}}
    fields: {title: {at: short_description}}
    statuses: {in_progress: {is: {state: "2"}}}
"""
DEFAULTS = {
    "deskweave.yaml": FOLDER,
    "practice/practice.yaml": TOP,
    "bindings/snow.yaml": BINDING,
    ".env": "SNOW_PASSWORD=x\n",
}
NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
NAME = "example.yaml"


@dataclass(frozen=True)
class Example:
    rule: str
    name: str  #: rule, or rule/Kind
    chapter: str  #: the file it stands in
    broken: Mapping[str, str]
    mended: Mapping[str, str]
    says: tuple[str, ...]
    today: datetime


def examples() -> list[Example]:
    """Every example of `rules/*.yaml`."""
    return list(_examples())


def _examples() -> Iterator[Example]:
    for path in sorted(FILES.glob("*.yaml")):
        for name, body in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            yield Example(
                rule=name.split("/")[0],
                name=name,
                chapter=path.stem,
                broken=_files(body["broken"]),
                mended=_files(body["mended"]),
                says=tuple(body.get("says", ())),
                today=datetime.fromisoformat(f"{body['today']}T12:00:00+08:00") if "today" in body else NOW,
            )


def _files(text: str | dict[str, str]) -> Mapping[str, str]:
    if isinstance(text, dict):
        return text
    return {NAME: text if text.startswith(("apiVersion", "# as it stands")) else HEAD + text}


def findings_of(files: Mapping[str, str], today: datetime, folder: Path, plugins: Plugins) -> list[Finding]:
    """What is said about an example, besides what is said about the built-in practice as it is."""
    if set(files) <= {NAME, "other.yaml"}:
        return [one for one in _practice(files, today) if _key(one) not in _base(today)]
    if today not in _FOLDERS:
        _FOLDERS[today] = frozenset(map(_key, _folder({}, today, folder / "base", plugins)))
    return [one for one in _folder(files, today, folder / "example", plugins) if _key(one) not in _FOLDERS[today]]


_FOLDERS: dict[datetime, frozenset[tuple[str, str, str]]] = {}
"""What is said about the plain folder, by the day it is said on."""


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.place.source, finding.place.path


@lru_cache(maxsize=4)
def _base(today: datetime) -> frozenset[tuple[str, str, str]]:
    return frozenset(map(_key, _practice({}, today)))


def _practice(files: Mapping[str, str], today: datetime) -> list[Finding]:
    documents = []
    try:
        if not any("\nkind: Practice" in text for text in files.values()):
            documents += read(TOP, "practice.yaml")
        for name, text in files.items():
            documents += read(text, name)
        practice = compose(documents)
    except DocumentError as error:
        return list(error.findings)
    if not any("kind: Metric" in text or "kind: Clock" in text for text in files.values()):
        return lint(practice, today=today.date())  # what is left out looks at clocks and metrics only
    return list(BuiltinChecks(lambda: today).deskweave_lint(practice))


def _folder(files: Mapping[str, str], today: datetime, folder: Path, plugins: Plugins) -> list[Finding]:
    from deskweave import workspace

    for name, text in {**DEFAULTS, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    try:
        space = workspace.open(folder, None, must_choose=False, now=lambda: today, plugins=plugins)
        try:
            found = space.lint()
        finally:
            space.close()
    except DocumentError as error:
        found = list(error.findings)
    return found


def said(finding: Finding) -> str:
    """A finding as an example states it: place, severity, sentence, what is allowed, what was meant, what to do.

    What is allowed of the practice's own words is left out: that list is the practice.
    """
    place = finding.place
    spot = f":{place.line}:{place.column}" if place.line is not None else ""
    text = f"{place.source}{spot} {place.path}".rstrip()
    if finding.severity is not Severity.ERROR:
        text += f" ({finding.severity.value})"
    text += f" {finding.rule}: {finding.message}"
    if finding.allowed and not finding.rule.startswith("unknown-") and len(finding.allowed) <= 12:
        text += f" | allowed: {', '.join(finding.allowed)}"
    if finding.nearest:
        text += f" | nearest: {finding.nearest}"
    if finding.remedy and len(finding.remedy) <= 120:
        text += f" | {finding.remedy}"
    return text


CORE = Path(deskweave.__file__).parent
EXAMPLES = examples()

#: Rules that no text of a folder brings about, but bytes, plugins, other commands, or a practice in memory (a file is stopped by the
#: check of references before clock and measure see it): where each is tested.
ELSEWHERE = {
    "status-flaps": "tests/workspace/test_proving.py",
    "clock-order": "tests/clock/test_checks.py",
    "engine-inexact": "tests/measure/test_snapshots.py",
    "engine-unknown": "tests/measure/test_snapshots.py",
    "engine-untested": "tests/measure/test_snapshots.py",
    "facts-database": "tests/cli/test_engines.py",
    "unknown-zone": "tests/measure/logs/test_history.py",
    "bad-path": "tests/documents/test_amend.py",
    "file-encoding": "tests/documents/test_hostile.py",
    "file-too-large": "tests/documents/test_hostile.py",
    "file-unreadable": "tests/documents/test_hostile.py",
    "yaml-aliases": "tests/documents/test_hostile.py",
    "yaml-depth": "tests/documents/test_hostile.py",
    "secret-form": "tests/documents/test_secret.py",
    "secret-missing": "tests/documents/test_secret.py",
    "ambiguous-name": "tests/measure/test_cases.py",
    "method-unsupported": "tests/measure/test_cases.py",
    "predicate-shape": "tests/measure/test_cases.py",
    "unknown-name": "tests/measure/test_cases.py",
    "unknown-operator": "tests/measure/test_cases.py",
    "unknown-slug": "tests/measure/test_cases.py",
    "value-type": "tests/measure/test_cases.py",
    "connection-settings": "tests/plugins/test_settings.py",
    "extends-circle": "tests/practice/test_compose.py",
    "extends-folder": "tests/practice/test_layers.py",
    "extends-itself": "tests/practice/test_layers.py",
    "extends-misplaced": "tests/practice/test_layers.py",
    "folder-missing": "tests/practice/test_layers.py",
    "layer-link": "tests/practice/test_layers.py",
    "renamed-and-kept": "tests/practice/test_layers.py",
    "renamed-twice": "tests/practice/test_layers.py",
    "feedback-never-asked": "tests/practice/test_lint.py",
    "not-locked": "tests/practice/test_lock.py",
    "pack-changed": "tests/practice/test_lock.py",
    "becomes-missing": "tests/workspace/test_adoption.py",
    "environment-needed": "tests/workspace/test_folder.py",
    "no-folder": "tests/workspace/test_folder.py",
    "store-is-no-file": "tests/cli/test_store.py",
}
#: said by what a folder is opened with (plugins, another environment) or by other commands, whose tests go by the exit code
BY_OTHER_COMMANDS = frozenset(
    (
        "check-did-not-run",
        "lock-unreadable",
        "no-git",
        "no-repository",
        "no-such-document",
        "no-such-practice",
        "no-such-revision",
        "not-a-demo",
        "not-in-force",
        "nothing-to-compare",
        "overlay-kind",
        "overlay-shape",
        "pack-unreadable",
        "published-figures",
        "plugin-raised",
        "unknown-environment",
    )
)
#: chapters whose rules speak of platforms, runs, logs and tables, not of the files of a practice
OTHER_CHAPTERS = ("log", "platform", "sheet")
#: names that only look like rules in the code
NO_RULES = re.compile(r".*[._ ].*|unknown-(elements|express|identity|preflight|usage)|deskweave|status")


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return load_plugins()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_says_what_it_says_and_mended_says_nothing(example: Example, plugins: Plugins, tmp_path: Path) -> None:
    found = findings_of(example.broken, example.today, tmp_path / "broken", plugins)
    assert tuple(said(one) for one in found) == example.says
    assert example.rule in {one.rule for one in found}
    for one in found:
        rule = RULES[one.rule]
        assert one.severity is rule.severity
        assert rule.in_chinese(one) != one.message, f"{one.rule} has no sentence in Chinese for {one.values}"
    mended = findings_of(example.mended, example.today, tmp_path / "mended", plugins)
    assert [said(one) for one in mended] == []


def test_every_rule_has_an_example_or_a_test_elsewhere() -> None:
    shown = {example.rule for example in EXAMPLES}
    wanted = {rule.slug for name, chapter in CHAPTERS.items() if name not in OTHER_CHAPTERS for rule in chapter}
    assert wanted - shown == {*ELSEWHERE, *BY_OTHER_COMMANDS}
    assert shown <= wanted
    root = Path(__file__).parent.parent.parent
    assert {slug for slug, path in ELSEWHERE.items() if slug not in (root / path).read_text(encoding="utf-8")} == set()


def test_every_kind_has_an_example_of_its_schema() -> None:
    from deskweave.documents import KINDS

    texts = [text for example in EXAMPLES if example.chapter == "shape" for text in example.broken.values()]
    assert {kind for kind in KINDS if not any(f"kind: {kind}\n" in text for text in texts)} == set()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # saved by an editor of an older Windows
        (
            HEAD.encode() + "kind: Clock\nid: a\nlabel: {zh: 首次响应}\n".encode("gbk"),
            "f.yaml:4:13 file-encoding: the file is not UTF-8; it can be read as GBK | save it as UTF-8",
        ),
        (HEAD.encode() + b"#" * (5 * 1024 * 1024), "f.yaml:1:1 file-too-large: the file is larger than 5 MiB | split it by noun"),
        # ten lines that would unfold to more than a hundred values
        (
            (HEAD + "kind: Fields\nid: a\nx: &a [1]\ny: [" + ", ".join(["*a"] * 101) + "]\n").encode(),
            "yaml-aliases",
        ),
        ((HEAD + "kind: Fields\nid: a\nx: " + "[" * 80 + "]" * 80 + "\n").encode(), "yaml-depth"),
    ],
    ids=["file-encoding", "file-too-large", "yaml-aliases", "yaml-depth"],
)
def test_examples_in_bytes(data: bytes, expected: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read(data, "f.yaml")
    assert any(expected in said(one) for one in caught.value.findings), [said(one) for one in caught.value.findings]


# --------------------------------------------------------------------------------------------------- code and catalogue
def used() -> Iterator[tuple[str, str]]:
    """Every rule the core names, with the file: literals where a function takes a `rule`, and the `what` of unknown words."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(CORE.rglob("*.py"))}
    taking: dict[str, set[tuple[str, int]]] = {name: {("what", 0)} for name in ("known", "all_known", "_unknown")}
    taking["_becomes"] = {("what", 1)}  # hands it on to `known`
    taking["_Refused"] = {("rule", 0)}  # the exception a pattern is refused by
    calls: list[tuple[Path, ast.Call]] = []
    for path, tree in trees.items():
        speaks = not {"findings", "cli", "testing"} & set(path.parts)
        for node in ast.walk(tree):
            if speaks and isinstance(node, ast.Call):
                calls.append((path, node))
            elif isinstance(node, ast.FunctionDef):
                names = [one.arg for one in (*node.args.posonlyargs, *node.args.args) if one.arg not in ("self", "cls")]
                if "rule" in names and node.name != "__init__":
                    taking.setdefault(node.name, set()).add(("rule", names.index("rule")))
    for path, call in calls:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        for word, number in taking.get(name, ()):
            for text in literals(call.args[number]) if len(call.args) > number else ():
                yield (text if word == "rule" else f"unknown-{text.replace(' ', '-')}"), path.name
        for keyword in call.keywords:
            if keyword.arg == "rule":
                for text in literals(keyword.value):
                    yield text, path.name


def literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


def test_code_and_catalogue_name_the_same_rules() -> None:
    named = {slug: file for slug, file in used() if not NO_RULES.fullmatch(slug)}
    assert {slug: file for slug, file in named.items() if slug not in RULES} == {}
    assert set(RULES) - set(named) == set()


def test_every_rule_speaks_both_languages() -> None:
    for rule in RULES.values():
        assert set(rule.why) == set(rule.mend) == {"en", "zh"}
        for text in (rule.says, *rule.forms.values(), *rule.why.values(), *rule.mend.values()):
            assert text
            text.encode("gbk")
            assert not re.search(r"[\u2500-\u257f\u2190-\u21ff\u2026✓✗]", text), text
        assert re.fullmatch(r"[a-z][a-z0-9-]*", rule.slug)
        # the sentence in Chinese is Chinese, and its placeholders can be filled
        assert re.search(r"[\u4e00-\u9fff]", rule.says)
        assert all(name is None or name.isidentifier() for _, name, _, _ in Formatter().parse(rule.says))
        assert (rule.why["en"][-1], rule.why["zh"][-1]) == (".", "。")


def test_a_sentence_without_its_values_falls_back_to_the_findings_own() -> None:
    from deskweave.findings import Place

    finding = Finding(rule="target-order", severity=Severity.WARNING, place=Place("f", ""), found="1", message="own words")
    assert RULES["target-order"].in_chinese(finding) == "own words"
