"""Files nobody writes by hand: read rightly or refused with a place, whatever their size and shape. Never a traceback."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from deskweave.documents import MAX_BYTES, check, read, read_all, read_value
from deskweave.documents.read import MAX_FINDINGS
from deskweave.errors import DocumentError

HEAD = "apiVersion: deskweave/v1\nkind: Fields\nid: f\n"
FIELD = "{label: {en: A, zh: 甲}, type: text, entry: typed}"


def rules(what: bytes | str | Path) -> set[str]:
    """Rules of what is wrong with a file's bytes, then with its documents' shape; empty: nothing."""
    try:
        documents = read(what)
    except DocumentError as error:
        findings = list(error.findings)
    else:
        findings = [finding for document in documents for finding in check(document)]
    for finding in findings:
        assert len(finding.found) <= 80
        assert len(finding.message) < 500
        (finding.message + finding.remedy).encode("gbk")
    assert len(findings) <= MAX_FINDINGS * 2
    return {finding.rule for finding in findings}


def bomb(levels: int, width: int) -> str:
    lines = [f"a0: &a0 [{', '.join('x' * width)}]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return HEAD + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # --- what is read
        ("\ufeff" + HEAD, set()),  # a byte order mark
        (HEAD.replace("\n", "\r\n") + "fields:\r\n  a: " + FIELD + "\r\n", set()),  # lines as Windows ends them
        (HEAD + "fields:\n" + "".join(f"  f{n}: {FIELD}\n" for n in range(20_000)), set()),  # many fields
        (HEAD + "fields: {a: {label: {en: " + "x" * 1_000_000 + "}}}\n", set()),  # one long text
        (HEAD + "fields:\n  a:\n    label:\n      en: |\n" + "        line\n" * 100_000, set()),  # one text of many lines
        (HEAD + "#" * 1_000_000 + "\n" + "\n" * 500_000, set()),  # nothing but remarks
        (HEAD + "---\n" * 100_000, set()),  # empty documents
        # --- keys that are no words
        (HEAD + "fields: {1: " + FIELD + "}\n", {"bad-key"}),
        (HEAD + "fields: {null: " + FIELD + "}\n", set()),  # `null` is a word like any other where a key stands
        (HEAD + "fields: {~: " + FIELD + "}\n", {"bad-key"}),
        (HEAD + "fields: {[a, b]: " + FIELD + "}\n", {"yaml-key"}),
        (HEAD + "? {a: b}\n: c\n", {"yaml-key"}),
        (HEAD + "fields: {: " + FIELD + "}\n", {"yaml-syntax"}),
        (HEAD + "x: &x {a: 1}\n*x : 2\n", {"yaml-key"}),
        (HEAD + "base: &b {a: 1}\nfields: {<<: *b}\n", {"yaml-merge"}),
        # --- aliases
        (bomb(9, 9), {"yaml-aliases"}),  # a billion values
        (bomb(4, 20), {"yaml-aliases"}),  # few levels, wide
        (HEAD + "x: &a [&b [*a]]\n", {"yaml-recursion"}),
        (HEAD + "x: &a {y: &b {z: *a}}\n", {"yaml-recursion"}),
        # --- nesting
        (HEAD + "x: " + "[" * 100_000, {"yaml-depth"}),
        (HEAD + "x: " + "{a: " * 100_000, {"yaml-depth"}),
        (HEAD + "".join(" " * n + "a:\n" for n in range(300)), {"yaml-depth"}),
        (HEAD + "x:\n  " + "- " * 50_000 + "a\n", {"yaml-depth"}),
        # --- a million mistakes are not told one by one
        (HEAD + "a: 1\n" * 500_000, {"yaml-duplicate-key"}),
        (HEAD + "".join(f"a{n}: 1\n" for n in range(100_000)), {"unknown-key"}),
        (HEAD + "fields:\n" + "".join(f"  f{n}: 1\n" for n in range(50_000)), {"wrong-type"}),
        (HEAD + "fields: {a: {writers: [" + "{}, " * 50_000 + "]}}\n", {"wrong-type"}),
        (HEAD + "fields: {a: {writers: [" + ", ".join(f"w{n % 999}" for n in range(100_000)) + "]}}\n", {"out-of-bounds"}),
        (HEAD + "fields: [" + "a, " * 100_000 + "]\n", {"wrong-type"}),
        (HEAD + "fields: {a: {type: " + "x" * 1_000_000 + "}}\n", {"not-allowed"}),
        (HEAD + "x" * 1_000_000 + ": 1\n", {"yaml-syntax"}),  # YAML's own limit for a key
        ("kind: Fields\nid: f\n" + "---\nkind: Fields\n" * 50_000, {"api-version", "document-id"}),
        ("apiVersion: deskweave/v9\nkind: Fields\nid: f\n", {"api-version"}),
        # --- bytes
        (HEAD + "description: {en: a\x00b}\n", {"yaml-syntax"}),
        (HEAD + "\tx: 1\n", {"yaml-tab"}),
        (HEAD + "goal: 'never closed\n" * 2, {"yaml-syntax"}),
        (HEAD + "x: !!python/object/apply:os.system ['true']\n", {"yaml-tag"}),
        ("%YAML 1.1\n%TAG ! tag:x,2000:\n---\n" + HEAD + "x: !y 1\n", {"yaml-tag"}),
        ("{" * 2_000_000, {"yaml-key"}),
        ("- " * 2_000_000, {"yaml-depth"}),
        ("&a " * 100_000, {"yaml-syntax"}),
        ("!" * 1_000_000, {"yaml-tag", "document-shape"}),
        ("? " * 100_000, {"yaml-key"}),
    ],
    ids=lambda case: repr(case[:40]) if isinstance(case, str) else "",
)
def test_texts(text: str, expected: set[str]) -> None:
    assert rules(text) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ((HEAD + "label: {zh: 首次响应}\n").encode("gbk"), "file-encoding"),  # saved by an editor of old
        ((HEAD + "label: {zh: 首次响应}\n").encode("utf-16"), "file-encoding"),
        (bytes(range(256)) * 1000, "file-encoding"),  # a picture, a program
        (b"\x00" * 100_000, "yaml-syntax"),
        (b"x" * (10 * 1024 * 1024), "file-too-large"),
        (HEAD.encode() + b"#" * MAX_BYTES, "file-too-large"),
    ],
    ids=lambda case: repr(case[:20]) if isinstance(case, bytes) else case,
)
def test_bytes(data: bytes, expected: str) -> None:
    assert rules(data) == {expected}


def _folder(path: Path) -> None:
    path.mkdir()


def _loop(path: Path) -> None:
    path.symlink_to(path.with_name("other.yaml"))
    path.with_name("other.yaml").symlink_to(path)


def _nowhere(path: Path) -> None:
    path.symlink_to("nowhere")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [_folder, _loop, _nowhere, _pipe, _device])
def test_what_is_no_file(tmp_path: Path, make: Callable[[Path], None]) -> None:
    home = tmp_path / ("far" * 30)  # a finding shows the end of a name that is longer than it shows
    home.mkdir()
    path = home / "x.yaml"
    make(path)
    assert rules(path) == {"file-unreadable"}
    with pytest.raises(DocumentError) as caught:
        read_all([path], root=home)
    assert [one.place.source for one in caught.value.findings] == ["x.yaml"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything is readable here")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(HEAD, encoding="utf-8")
    path.chmod(0)
    assert rules(path) == {"file-unreadable"}


def test_a_large_file_keeps_every_place() -> None:
    """A place is one number inside: line and column come out again, however far down."""
    text = HEAD + "fields:\n" + "".join(f"  f{n}: {FIELD}\n" for n in range(20_000))
    (document,) = read(text, "f.yaml")
    place = document.place("fields/f19999/label/zh")
    assert (place.line, place.column) == (20_004, text.splitlines()[-1].index("甲") + 1)
    assert document.place("fields/f19999", key=True).column == 3


def test_a_value_that_is_no_document() -> None:
    """Lock files are read under the same rules."""
    value, spot = read_value("a: [1, {b: 2}]\n")
    assert (value, spot.parts["a"].parts["1"].keys["b"]) == ({"a": [1, {"b": 2}]}, (1, 9))
    assert read_value("")[0] is None
    with pytest.raises(DocumentError):
        read_value("a: 1\na: 2\n")
