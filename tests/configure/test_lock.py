from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from deskweave.configure import ElementKey, Lock, LockEntry, lock_path, read_lock, write_lock
from deskweave.connector import InstanceIdentity
from deskweave.errors import DocumentError

GOOD = """# Written by deskweave: identity, ids, last applied. Commit it; do not edit it.
apiVersion: deskweave/v1
connection: snow
elements:
  choice/fields/category/choices/usage@incident:
    attributes:
      label:
        en: How to
        zh: 使用咨询
      name: "no"
      order: 2
    made: true
    native: 9d385017c611228701d22104cc95c371
  field/fields/title@incident:
    attributes: {}
    made: false
    native: short_description
environment: test
identity:
  address: https://acmetest.service-now.com
  instance: 3f2a91c0
kind: Lock
"""


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "snow.test.lock.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_reads_what_stands_there_and_writes_it_back_sorted(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    lock = read_lock(path, "snow", "test")
    assert lock.identity == InstanceIdentity("https://acmetest.service-now.com", "3f2a91c0", None, None)
    assert lock.native("field", "fields/title", "incident") == "short_description"
    assert lock.choice_natives("incident", "category") == {"usage": "9d385017c611228701d22104cc95c371"}
    assert lock.elements[ElementKey("choice", "fields/category/choices/usage", "incident")].attributes["name"] == "no"
    assert write_lock(path, lock)  # quoted where another reader could stumble: once
    text = path.read_text(encoding="utf-8")
    assert 'native: "9d385017c611228701d22104cc95c371"' in text
    assert 'en: "How to"' in text
    assert "使用咨询" in text
    assert read_lock(path, "snow", "test") == lock
    assert not write_lock(path, lock)


def test_any_yaml_reader_reads_the_same(tmp_path: Path) -> None:
    odd = [
        "no",
        "1e3",
        "0o17",
        "2026-11-22",
        "null",
        "~",
        "",
        " x",
        "a: b",
        "#c",
        "1_000",
        "12:30:45",
        "是",
        "\u2028",
        "\x85",
        "\t",
    ]
    lock = Lock(
        connection="snow",
        environment="test",
        elements={
            ElementKey("field", "fields/x"): LockEntry(native="n", made=True, attributes={"list": odd, "number": 3, "flag": True})
        },
    )
    path = tmp_path / "x.lock.yaml"
    write_lock(path, lock)
    found = yaml.safe_load(path.read_bytes())
    assert found["elements"]["field/fields/x"]["attributes"] == {"list": odd, "number": 3, "flag": True}
    assert read_lock(path, "snow", "test") == lock


def test_no_file_is_an_empty_lock(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "none.yaml", "snow", "test") == Lock(connection="snow", environment="test")
    assert lock_path(tmp_path, "snow", "test") == tmp_path / "bindings" / "snow.test.lock.yaml"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("environment: test", "environment: prod", 18, "must be test"),  # copied from another environment
        ("connection: snow", "connection: jira", 3, "must be snow"),
        ("    made: false", "    made: perhaps", 14, "made"),
        ("    native: short_description", "    nature: x", 14, "native"),
        ("  field/fields/title@incident:", "  title:", 14, "kind/path"),
        ("kind: Lock", "kind: Lock\nkind: Lock", 23, "twice"),  # two branches merged line by line
        ("kind: Lock", "<<<<<<< HEAD", 22, "merge"),
        ("  instance: 3f2a91c0", "  instance: 3", 19, "address and instance"),
        ("elements:", "elements: &a", 4, ""),  # an anchor alone does no harm
        ("kind: Lock", "kind: *nowhere", 22, "alias"),
        ("    attributes: {}", "    attributes: 7", 14, "mappings"),
        ("kind: Lock", "kind: [", 23, "not readable"),
        ("kind: Lock", "kind: Lock\n---\na: 1", 23, "one document"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    path = write(tmp_path, GOOD.replace(old, new))
    if not words:
        read_lock(path, "snow", "test")
        return
    with pytest.raises(DocumentError) as caught:
        read_lock(path, "snow", "test")
    finding = caught.value.findings[0]
    assert finding.place.source == str(path)
    assert finding.place.line == line
    assert words in finding.message
    finding.message.encode("gbk")


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"[" * 100_000, b"- 1", b"a: \x01", b"\xc4\xe3\xba\xc3: 1", b"{? {a: b} : c}"]
)
def test_hostile_bytes_are_refused_and_nothing_else(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DocumentError):
        read_lock(write(tmp_path, content), "snow", "test")


def test_writing_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, GOOD)

    def fail(source: object, target: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_lock(path, Lock(connection="snow", environment="test"))
    assert path.read_text(encoding="utf-8") == GOOD
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
