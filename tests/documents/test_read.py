"""Reading YAML: what is understood, where it stands, and what is refused, hostile files included."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.documents import MAX_BYTES, Document, read, read_all
from deskweave.errors import DocumentError

HEAD = "apiVersion: deskweave/v1\nkind: Clock\nid: c\n"


def value(text: str) -> object:
    """What `goal: <text>` reads as."""
    return read(f"{HEAD}goal: {text}\n")[0].body["goal"]


def refused(what: str | bytes) -> list[tuple[str, int | None, int | None]]:
    with pytest.raises(DocumentError) as caught:
        read(what)
    for finding in caught.value.findings:
        assert len(finding.found) <= 80
        (finding.message + finding.remedy).encode("gbk")
    return [(finding.rule, finding.place.line, finding.place.column) for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # YAML 1.2 core: the words of YAML 1.1 are words
        ("yes", "yes"),
        ("No", "No"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("true", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        # no sexagesimal numbers, no guessed dates, no underscores
        ("12:30:45", "12:30:45"),
        ("09:00", "09:00"),
        ("2026-01-01", "2026-01-01"),
        ("2026-11-01T00:00:00+08:00", "2026-11-01T00:00:00+08:00"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        # numbers of the core schema
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("0.5", 0.5),
        ("'010'", "010"),
        ("0o17", 15),
        ("0x1F", 31),
        ("0.95", 0.95),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        # nothing
        ("~", None),
        ("null", None),
        ("", None),
        # quotes and tags decide
        ('"12"', "12"),
        ("'true'", "true"),
        ("!!str 12", "12"),
        ("!!int 12", 12),
        ("!!null ~", None),
        ("|\n  a\n  b", "a\nb\n"),
        (">\n  a\n  b", "a b\n"),
    ],
)
def test_scalars(text: str, expected: object) -> None:
    found = value(text) if text != "-" else value('"-"')
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        # shape of a file
        ("kind: Clock\nid: c\n", [("api-version", 1, 1)]),
        ("apiVersion: deskweave/v2\nkind: Clock\nid: c\n", [("api-version", 1, 1)]),
        (HEAD + "---\napiVersion: deskweave/v1\nkind: Clock\nid: d\n", [("api-version-twice", 5, 1)]),
        ("apiVersion: deskweave/v1\nkind: Clok\nid: c\n", [("unknown-kind", 2, 7)]),
        ("apiVersion: deskweave/v1\nid: c\n", [("unknown-kind", 1, 1)]),
        ("apiVersion: deskweave/v1\nkind: Clock\n", [("document-id", 1, 1)]),
        ("apiVersion: deskweave/v1\nkind: Clock\nid: 7\n", [("document-id", 3, 5)]),
        ("- a\n- b\n", [("document-shape", 1, 1)]),
        ("just words\n", [("document-shape", 1, 1)]),
        # keys
        (HEAD + "goal: 1\ngoal: 2\n", [("yaml-duplicate-key", 5, 1)]),
        (HEAD + "start: {pick: first, pick: last}\n", [("yaml-duplicate-key", 4, 22)]),
        (HEAD + "? [a]\n: b\n", [("yaml-key", 4, 3)]),
        (HEAD + "start: &a {pick: first}\nstop: {<<: *a}\n", [("yaml-merge", 5, 8)]),
        # tabs
        (HEAD + "start:\n\tpick: first\n", [("yaml-tab", 5, 1)]),
        (HEAD + "label: {en: a,\n\tzh: b}\n", [("yaml-tab", 5, 1)]),
        # tags and numbers
        (HEAD + "goal: !!python/object/apply:os.system [ls]\n", [("yaml-tag", 4, 7)]),
        (HEAD + "goal: !secret x\n", [("yaml-tag", 4, 7)]),
        (HEAD + "goal: !!int x\n", [("yaml-tag", 4, 7)]),
        (HEAD + "goal: .inf\n", [("yaml-number", 4, 7)]),
        (HEAD + "goal: 010\n", [("yaml-number", 4, 7)]),
        (HEAD + "goal: .NaN\n", [("yaml-number", 4, 7)]),
        (HEAD + "goal: 1e999\n", [("yaml-number", 4, 7)]),
        (HEAD + "goal: " + "9" * 5000 + "\n", [("yaml-number", 4, 7)]),
        # aliases
        (HEAD + "label: &x {en: *x}\n", [("yaml-recursion", 4, 16)]),
        (HEAD + "label: *nowhere\n", [("yaml-syntax", 4, 8)]),
        (HEAD + "label: &x {en: a}\nminus: [" + "*x," * 101 + "]\n", [("yaml-aliases", 5, 9 + 3 * 100)]),
        # syntax
        (HEAD + "goal: 'open\n", [("yaml-syntax", 5, 1)]),
        (HEAD + "goal: [1, 2\n", [("yaml-syntax", 5, 1)]),
        (HEAD + "goal: a\x07b\n", [("yaml-syntax", 4, 8)]),
        # encodings
        ((HEAD + "label: {zh: 首次响应}\n").encode("gbk"), [("file-encoding", 4, 13)]),
        ((HEAD + "label: {zh: 首次响应}\n").encode("utf-16"), [("file-encoding", 1, 1)]),
        (b"\x81\xff\xff", [("file-encoding", 1, 1)]),
        # size
        (b"#" * (MAX_BYTES + 1), [("file-too-large", 1, 1)]),
    ],
    ids=lambda case: repr(case)[:40] if isinstance(case, (str, bytes)) else "",
)
def test_refused_with_a_place(what: str | bytes, expected: list[tuple[str, int, int]]) -> None:
    assert refused(what) == expected


def test_gbk_is_named() -> None:
    with pytest.raises(DocumentError) as caught:
        read("kind: 时钟".encode("gbk"))
    assert caught.value.findings[0].message == "the file is not UTF-8; it can be read as GBK"
    assert caught.value.findings[0].remedy == "save it as UTF-8"


@pytest.mark.parametrize("bracket", ["[", "{a: "])
def test_a_file_of_brackets_ends_neither_process_nor_patience(bracket: str) -> None:
    """PyYAML's own composer recurses in C: 100,000 brackets end the interpreter. Run apart, so that a crash is a failure here."""
    code = f"""
from deskweave.documents import read
from deskweave.errors import DocumentError
try:
    read({bracket!r} * 200_000)
except DocumentError as error:
    print([finding.rule for finding in error.findings])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert done.stdout.strip() == "['yaml-depth']"


def test_aliases_that_unfold_without_measure() -> None:
    """Nine aliases to nine aliases to nine aliases: few aliases, a billion values."""
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert {rule for rule, _, _ in refused(HEAD + "\n".join(lines))} == {"yaml-aliases"}


def test_all_problems_of_a_file_at_once() -> None:
    text = "kind: Clok\nid: a\n---\nkind: Clock\nid: b\ngoal: 1\ngoal: 2\n---\nkind: Clock\n"
    assert refused(text) == [("api-version", 1, 1), ("unknown-kind", 1, 7), ("yaml-duplicate-key", 7, 1), ("document-id", 9, 1)]


def test_the_nearest_kind_is_offered() -> None:
    with pytest.raises(DocumentError) as caught:
        read("apiVersion: deskweave/v1\nkind: Callendar\nid: c\n", "practice/calendars.yaml")
    (finding,) = caught.value.findings
    assert (finding.place.source, finding.found, finding.nearest) == ("practice/calendars.yaml", "Callendar", "Calendar")
    assert "StatusModel" in finding.allowed


def test_marks() -> None:
    (document,) = read(HEAD + "label:\n  en: First\n  zh: 首次\nminus: [a, {b: c}]\n", "f.yaml")
    assert document.place("/label/zh").line == 6
    assert (document.place("/label/zh").column, document.place("/label/zh", key=True).column) == (7, 3)
    assert (document.place("minus/1/b").line, document.place("minus/1/b").column) == (7, 16)
    assert document.place("minus/1/b").path == "/minus/1/b"
    # what is not there answers its nearest parent
    assert (document.place("/label/fr").line, document.place("/label/fr").column) == (5, 3)
    assert document.place("/label/fr").source == "f.yaml"


def test_marks_of_an_aliased_value_are_those_of_its_anchor() -> None:
    (document,) = read(HEAD + "start: &e {enter: a}\nstop: *e\n")
    assert (document.place("/stop/enter").line, document.place("/stop", key=True).line) == (4, 5)


def test_marks_of_wide_characters_count_characters() -> None:
    (document,) = read(HEAD + "label: {zh: 首次响应, en: First}\n")
    assert document.place("/label/en").column == 23


def test_a_mark_less_document_says_what_it_is() -> None:
    document = Document(kind="Clock", id="c", body={"goal": 1}, source="plugin:acme")
    assert (document.place("goal").source, document.place("goal").path, document.place("goal").line) == (
        "plugin:acme",
        "/Clock/c/goal",
        None,
    )


def test_byte_order_mark_empty_documents_and_comments_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "clocks.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + ("# 注释\n---\n" + HEAD + "---\n# nothing\n---\nkind: Clock\nid: d\n").encode())
    assert [document.name for document in read(path)] == ["Clock/c", "Clock/d"]
    assert read("") == []
    assert read("# nothing\n") == []


def test_api_version_is_not_part_of_the_body() -> None:
    assert read(HEAD)[0].body == {"kind": "Clock", "id": "c"}


def test_several_files_report_together(tmp_path: Path) -> None:
    (tmp_path / "practice").mkdir()
    good, bad, worse = (tmp_path / "practice" / name for name in ("a.yaml", "b.yaml", "c.yaml"))
    good.write_text(HEAD, encoding="utf-8")
    bad.write_text("kind: Clock\nid: c\n", encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        read_all([good, bad, worse], root=tmp_path)
    assert [(finding.rule, finding.place.source) for finding in caught.value.findings] == [
        ("api-version", "practice/b.yaml"),
        ("file-unreadable", "practice/c.yaml"),
    ]


def assert_said(error: DocumentError) -> None:
    assert error.findings


@given(st.binary(max_size=400))
def test_any_bytes_are_documents_or_findings(data: bytes) -> None:
    try:
        read(data)
    except DocumentError as error:
        assert_said(error)


@given(st.text(alphabet="abk: -[]{}&*!|>'\"\n\t#,?%@`~0123.e+<中", max_size=200))
def test_any_text_of_yaml_signs_is_documents_or_findings(text: str) -> None:
    try:
        read(HEAD + text)
    except DocumentError as error:
        assert_said(error)


def test_importing_documents_is_light() -> None:
    code = "import sys, deskweave.documents; print(sorted({'jsonschema', 'ruamel.yaml', 'yaml', 'referencing'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": ":".join(sys.path)}, timeout=30
    )
    assert done.stdout.strip() == "[]"
