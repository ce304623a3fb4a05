"""Writing back: the person's comments, order and line ends stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskweave.documents import amend, read
from deskweave.errors import DocumentError

FILE = """\
# bindings of the desk
apiVersion: deskweave/v1
kind: Binding # people edit this
id: snow
practice: acme
collections:
  # incidents only
  incident:
    correlation: correlation_id # ours
    fields:
      title: {at: "short_description", policy: shared} # 标题
      solution: {at: close_notes}
    statuses:
      closed:
        is: {state: "7"}
        reads:
          - {state: "6"}
---
# the second one
kind: Binding
id: jira
collections: {}
"""
SNOW = ("Binding", "snow")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "snow.yaml"
    path.write_text(FILE, encoding="utf-8", newline="")
    return path


def test_only_the_value_changes(path: Path) -> None:
    assert amend(path, {"/collections/incident/fields/title/at": "u_title"}, document=SNOW)
    old, new = FILE.splitlines(), path.read_text(encoding="utf-8").splitlines()
    (changed,) = [number for number, line in enumerate(old) if new[number] != line]
    assert len(old) == len(new)
    assert (
        new[changed].split() == old[changed].replace("short_description", "u_title").split()
    )  # quotes stay; the comment keeps its column


def test_new_keys_are_added_on_the_way(path: Path) -> None:
    changes = {"/collections/incident/fields/user/at": "caller_id", "/collections/task/holds": {"stream": {"eq": "problem"}}}
    assert amend(path, changes, document=SNOW)
    text = path.read_text(encoding="utf-8")
    for line in FILE.splitlines():
        assert line in text.splitlines()
    body = read(path)[0].body
    assert body["collections"]["incident"]["fields"]["user"] == {"at": "caller_id"}
    assert body["collections"]["task"] == {"holds": {"stream": {"eq": "problem"}}}


def test_keys_are_taken_out(path: Path) -> None:
    assert amend(path, {}, document=SNOW, remove=["/collections/incident/fields/solution", "/collections/none"])
    assert path.read_text(encoding="utf-8") == FILE.replace("      solution: {at: close_notes}\n", "")


@pytest.mark.parametrize(
    "changes",
    [
        {"/practice": "acme"},
        {"/collections/incident/statuses/closed/is": {"state": "7"}},
        {"collections/incident/fields/title/policy": "shared"},
        {},
    ],
)
def test_nothing_new_keeps_every_byte(path: Path, changes: dict) -> None:
    before, stamp = path.read_bytes(), path.stat().st_mtime_ns
    assert not amend(path, changes, document=SNOW, remove=["/nothing"])
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (before, stamp)


def test_byte_order_mark_and_line_ends_stay(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode())
    assert amend(path, {"/practice": "other"}, document=SNOW)
    assert path.read_bytes() == b"\xef\xbb\xbf" + FILE.replace("practice: acme", "practice: other").replace("\n", "\r\n").encode()


def test_a_type_is_a_change(path: Path) -> None:
    """1, true and "1" are three values."""
    amend(path, {"/collections/incident/creates": True}, document=SNOW)
    assert amend(path, {"/collections/incident/creates": 1}, document=SNOW)
    assert read(path)[0].body["collections"]["incident"]["creates"] == 1
    assert type(read(path)[0].body["collections"]["incident"]["creates"]) is int


def test_words_that_look_like_other_things_stay_words(path: Path) -> None:
    values = {"date": "2026-01-01", "number": "12", "flag": "yes", "null": "null", "zh": "中文", "colon": "a: b", "time": "12:30"}
    amend(path, {"/collections/incident/options": values}, document=SNOW)
    assert read(path)[0].body["collections"]["incident"]["options"] == values
    assert amend(path, {"/practice": "x"}, document=SNOW)
    assert read(path)[0].body["collections"]["incident"]["options"] == values


def test_which_document(path: Path) -> None:
    assert amend(path, {"/practice": "acme"}, document=("Binding", "jira"))
    assert read(path)[1].body["practice"] == "acme"
    for wanted in (None, ("Binding", "nobody")):
        with pytest.raises(DocumentError) as caught:
            amend(path, {"/practice": "x"}, document=wanted)
        assert caught.value.findings[0].allowed == ("Binding/snow", "Binding/jira")


@pytest.mark.parametrize("where", ["", "/practice/deeper", "/collections/incident/correlation/x/y"])
def test_a_path_that_cannot_be_set(path: Path, where: str) -> None:
    before = path.read_bytes()
    with pytest.raises(DocumentError) as caught:
        amend(path, {where: 1}, document=SNOW)
    assert caught.value.findings[0].rule == "bad-path"
    assert path.read_bytes() == before


def test_a_file_we_would_not_read_is_not_written(path: Path) -> None:
    path.write_text(FILE + "id: again\n", encoding="utf-8")
    with pytest.raises(DocumentError):
        amend(path, {"/practice": "x"}, document=SNOW)


RESPELLED = """\
apiVersion: deskweave/v1
kind: StatusModel
id: inquiry
initial: a
statuses:
  a:
    {label: {en: A, zh: 甲}, # ruamel would join these lines
     phase: new}
  b: {label: {en: B, zh: 乙}, phase: closed}
transitions:
  close: {from: [a], to: b,
          by: [agent]}
  # the last comment
"""


@pytest.mark.parametrize(
    ("where", "value", "touched"),
    [
        ("/initial", "b", ["initial: a"]),
        ("/statuses/b/phase", "cancelled", ["  b: {label: {en: B, zh: 乙}, phase: closed}"]),
        ("/transitions/close/to", "a", ["  close: {from: [a], to: b,", "          by: [agent]}"]),
        ("/statuses/c", {"phase": "new"}, []),
    ],
)
def test_what_is_untouched_keeps_the_persons_spelling(tmp_path: Path, where: str, value: object, touched: list[str]) -> None:
    path = tmp_path / "statuses.yaml"
    path.write_text(RESPELLED, encoding="utf-8")
    assert amend(path, {where: value})
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in RESPELLED.splitlines() if line not in lines] == touched


BUILTIN = Path(__file__).parents[2] / "core/deskweave/practice/builtin"


@pytest.mark.parametrize("source", sorted(BUILTIN.glob("*.yaml")), ids=lambda path: path.name)
def test_the_built_in_files_survive_a_change(source: Path, tmp_path: Path) -> None:
    path = tmp_path / source.name
    path.write_bytes(source.read_bytes())
    last = read(source)[-1]
    assert amend(path, {"/label/en": "Another", "/label/fr": "Autre"}, document=(last.kind, last.id))
    expected = [dict(document.body) for document in read(source)]
    expected[-1]["label"] = {**expected[-1].get("label", {}), "en": "Another", "fr": "Autre"}
    assert [document.body for document in read(path)] == expected
    kept = set(path.read_text(encoding="utf-8").splitlines())
    assert len([line for line in source.read_text(encoding="utf-8").splitlines() if line not in kept]) <= 1
