"""practice.lock: what is accepted is what counts, a change stops, an upgrade tells what it brings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deskweave import workspace
from deskweave.documents import read, read_all
from deskweave.errors import DocumentError
from deskweave.findings import Finding
from deskweave.plugins import load_plugins
from deskweave.practice import Layer, practice_files, resolve
from deskweave.practice.difference import compare
from deskweave.practice.lock import KEPT, LOCK_FILE, changes, check_lock, check_locked, kept, locked, read_lock, write_lock
from deskweave.workspace.folder import Folder, read_folder
from deskweave.workspace.loading import compose_practice, lock_practice, read_upgrade

HEAD = "apiVersion: deskweave/v1\n"
PACK = "deskweave:service-desk@1"
BASE = HEAD + f"kind: Practice\nid: base\nversion: 2026.1.0\nextends: [{PACK}]\n---\nkind: Clock\nid: first_response\ngoal: PT7M\n"
ACME = HEAD + (
    "kind: Practice\nid: acme\nversion: 2026.1.0\nlabel: {en: Acme, zh: 艾}\nlanguages: [zh, en]\nzone: Asia/Shanghai\nextends: [../base]\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    base, root = tmp_path / "base" / "practice", tmp_path / "acme"
    base.mkdir(parents=True)
    (base / "practice.yaml").write_text(BASE, encoding="utf-8")
    (root / "practice").mkdir(parents=True)
    (root / "practice" / "practice.yaml").write_text(ACME, encoding="utf-8")
    (root / "deskweave.yaml").write_text(HEAD + "kind: Workspace\nid: acme\nlanguage: en\nzone: Asia/Shanghai\n", encoding="utf-8")
    return read_folder(root)


PLUGINS = load_plugins([])


def layers(folder: Folder) -> list[Layer]:
    return resolve(read_all(practice_files(folder.practice_folder), root=folder.root), root=folder.root)


def change_base(folder: Folder, old: str, new: str) -> None:
    path = folder.root.parent / "base" / "practice" / "practice.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def findings(folder: Folder) -> list[Finding]:
    with pytest.raises(DocumentError) as caught:
        compose_practice(folder, PLUGINS)
    for one in caught.value.findings:
        (one.message + one.remedy).encode("gbk")
    return list(caught.value.findings)


def test_the_file_is_sorted_holds_no_times_and_is_read_back(folder: Folder) -> None:
    assert lock_practice(folder, PLUGINS) is True
    text = (folder.root / LOCK_FILE).read_text(encoding="utf-8")
    lock = read_lock(folder.root)
    assert lock is not None
    assert list(lock) == sorted(lock) == ["../base", PACK]
    assert (lock["../base"].version, lock[PACK].version) == ("2026.1.0", "1.0.0")
    assert list(lock[PACK].documents) == sorted(lock[PACK].documents)
    assert "Clock/first_response" in lock[PACK].documents
    before = (folder.root / LOCK_FILE).stat().st_mtime_ns
    assert lock_practice(folder, PLUGINS) is False  # what it says already changes no byte
    assert (folder.root / LOCK_FILE).stat().st_mtime_ns == before
    (folder.root / LOCK_FILE).write_bytes(text.replace("\n", "\r\n").encode())  # as a checkout on Windows leaves it
    assert read_lock(folder.root) == lock


def test_a_digest_knows_content_only(folder: Folder) -> None:
    before = locked(layers(folder)[1])
    change_base(folder, "kind: Clock\nid: first_response\ngoal: PT7M", "# a remark\nid: first_response\nkind: Clock\ngoal: 'PT7M'")
    assert locked(layers(folder)[1]) == before
    change_base(folder, "PT7M", "PT8M")
    after = locked(layers(folder)[1])
    assert after.digest != before.digest
    (change,) = changes({before.address: before, PACK: locked(layers(folder)[0])}, layers(folder))
    assert change.documents() == {"added": (), "changed": ("Clock/first_response",), "removed": ()}


def test_a_changed_layer_stops_everything_until_it_is_accepted(folder: Folder) -> None:
    lock_practice(folder, PLUGINS)
    compose_practice(folder, PLUGINS)
    change_base(folder, "PT7M", "PT9M")
    (found,) = findings(folder)
    assert (found.rule, found.place.source, found.place.line, found.remedy) == (
        "pack-changed",
        "practice/practice.yaml",
        8,
        "deskweave practice upgrade",
    )
    lock_practice(folder, PLUGINS)
    assert compose_practice(folder, PLUGINS)[0].clocks["first_response"].goal is not None


def test_what_else_is_wrong_is_said_beside_a_pack_that_changed(folder: Folder) -> None:
    lock_practice(folder, PLUGINS)
    change_base(folder, "PT7M", "PT9M")
    text = "apiVersion: deskweave/v1\nkind: Metric\nid: inquiries_registered\nwhere: {chanel: {eq: phone}}\n"
    (folder.root / "practice" / "more.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        compose_practice(folder, PLUGINS)
    assert {one.rule for one in caught.value.findings} == {"pack-changed", "unknown-field-or-clock"}


def test_without_a_lock_only_lint_says_so(folder: Folder) -> None:
    practice, _ = compose_practice(folder, PLUGINS)
    below = [layer for layer in practice.layers if layer.address]
    assert [(one.rule, one.severity.value, one.found) for one in check_locked(None, below)] == [
        ("not-locked", "warning", PACK),
        ("not-locked", "warning", "../base"),
    ]
    with workspace.open(folder.root, now=lambda: datetime(2026, 3, 1, tzinfo=UTC), plugins=PLUGINS) as space:
        assert [one.rule for one in space.lint(deep=False)] == ["not-locked", "not-locked"]
    lock_practice(folder, PLUGINS)
    assert check_locked(read_lock(folder.root), below) == []


def test_an_upgrade_knows_the_practice_as_it_was_accepted(folder: Folder) -> None:
    lock_practice(folder, PLUGINS)
    change_base(folder, "PT7M", "PT9M")
    found = read_upgrade(folder, PLUGINS)
    assert [change.address for change in found.changes] == ["../base"]
    assert found.old is not None
    assert [(one.path, one.aspect) for one in compare(found.old, found.new).changes] == [
        (("Clock", "first_response", "goal"), "goal")
    ]
    for copy in (folder.root / KEPT).iterdir():  # a fresh clone has no copies: names only
        copy.unlink()
    bare = read_upgrade(folder, PLUGINS)
    assert bare.old is None
    assert bare.changes[0].documents()["changed"] == ("Clock/first_response",)
    write_lock(folder.root, found.below)
    assert read_upgrade(folder, PLUGINS).changes == []


def test_a_copy_that_is_not_what_was_accepted_is_not_believed(folder: Folder) -> None:
    lock_practice(folder, PLUGINS)
    lock = read_lock(folder.root)
    assert lock is not None
    copy = folder.root / KEPT / f"{lock['../base'].digest}.json"
    assert kept(folder.root, lock["../base"]) is not None
    for text in (copy.read_text(encoding="utf-8").replace("PT7M", "PT8M"), "[", "[{}]", "null"):
        copy.write_text(text, encoding="utf-8")
        assert kept(folder.root, lock["../base"]) is None


def test_a_layer_that_came_or_went(folder: Folder) -> None:
    lock_practice(folder, PLUGINS)
    lock = read_lock(folder.root)
    assert lock is not None
    below = layers(folder)
    assert [(one.address, one.old is None, one.new is None) for one in changes(lock, below[:1])] == [("../base", False, True)]
    assert check_lock(lock, [*below, replace(below[0], address="x:new@1")]) == []
    assert [one.found for one in check_locked(lock, [replace(below[0], address="x:new@1")])] == ["x:new@1"]


@pytest.mark.parametrize(
    "text",
    [
        "",  # empty
        "format: 2\nlayers: {}\n",  # of a later version
        "format: 1\nlayers: [a]\n",
        'format: 1\nlayers: {"../base": {version: "1"}}\n',  # an entry that says too little
        "<<<<<<< ours\nformat: 1\n=======\nformat: 1\n>>>>>>> theirs\n",  # a merge nobody finished
        "format: 1\nlayers: &a {x: *a}\n",
    ],
)
def test_a_lock_file_that_cannot_be_read(folder: Folder, text: str) -> None:
    (folder.root / LOCK_FILE).write_text(text, encoding="utf-8")
    assert {one.place.source for one in findings(folder)} == {LOCK_FILE}


def test_the_lock_names_every_document_of_a_layer() -> None:
    """Two documents of one kind and id in a layer are one entry, whichever comes first."""
    texts = ["kind: Clock\nid: waiting\ngoal: PT1H\n", "kind: Clock\nid: waiting\ncycles: first_close\n"]
    both = [tuple(one for text in order for one in read(HEAD + text)) for order in (texts, texts[::-1])]
    one, other = (locked(Layer(name="folder:x", documents=documents, address="x")) for documents in both)
    assert one == other
    assert list(one.documents) == ["Clock/waiting"]
