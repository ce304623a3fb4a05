"""One value of the built-in practice spoiled at a time: findings that say so, or a practice that can be told, never a traceback.

What is spoiled is composed, checked for sense, rendered in both languages and compared with what it was, as the commands do.
"""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deskweave.cli.difference import Teller
from deskweave.documents import Document, read
from deskweave.errors import DocumentError
from deskweave.findings import Finding
from deskweave.practice import Layer, Practice, builtin, builtin_pack, compose_layers, lint
from deskweave.practice.difference import compare
from deskweave.practice.handbook import Edition, as_html, as_markdown, book

Path = tuple[str | int, ...]

PACK = [
    document
    for entry in sorted(builtin_pack().files.iterdir(), key=lambda entry: entry.name)
    if entry.name.endswith(".yaml")
    for document in read(entry)
]
HOSTILE = "\u202e\x07<script>x</script>\u202c"
VALUES: list[Any] = [
    None, True, 0, -1, 10**30, 0.5, "", " ", "x", HOSTILE, "{title", "all", "closed", "(a+)+$", "24:00", "9999-12-31", "PT99999999H", "P1D",
    [], {}, ["x"], [None], [{}], {"x": 1}, {"en": "x"}, {"all": []}, {"any": [{"stream": {"eq": "incident"}}]}, {"not": {}},
]  # fmt: skip
"""What stands in place of the right value: another type, a limit, a word that means something elsewhere."""


def paths(value: Any, at: Path = ()) -> list[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, item in inner for path in paths(item, (*at, key)))]


SPOTS = [(number, path) for number, one in enumerate(PACK) if one.kind != "Holidays" for path in paths(one.body) if path]


def spot(kind: str, *path: str | int) -> tuple[int, Path]:
    return next(number for number, document in enumerate(PACK) if document.kind == kind), path


def spoiled(document: Document, path: Path, value: Any) -> Document:
    """The document with one value replaced; `...` takes it away."""
    body: Any = copy.deepcopy(document.body)
    here = body
    for part in path[:-1]:
        here = here[part]
    if value is ...:
        del here[path[-1]]
    else:
        here[path[-1]] = copy.deepcopy(value)
    kind, name = body.get("kind"), body.get("id")
    return Document(kind=kind if isinstance(kind, str) else "Nothing", id=str(name), body=body, source="f.yaml", spot=document.spot)


def composed(at: tuple[int, Path], value: Any, *, above: bool) -> Practice:
    """The built-in practice with one value spoiled: in its own file, or by a client's file above it."""
    number, path = at
    wrong = spoiled(PACK[number], path, value)
    if above:
        layers = [Layer(name="pack", documents=tuple(PACK)), Layer(name="files", documents=(wrong,))]
    else:
        layers = [Layer(name="files", documents=(*PACK[:number], wrong, *PACK[number + 1 :]))]
    return compose_layers(layers)


def told(practice: Practice) -> list[Finding]:
    """Everything that is said of a practice."""
    for language in ("en", "zh"):
        whole = book(practice, Edition(now=datetime(2026, 3, 1, tzinfo=UTC)), language)
        assert "<script>" not in as_html(whole)
        as_markdown(whole)
        for old, new in ((builtin(), practice), (practice, builtin())):
            Teller(old, new, language).lines(compare(old, new), every=True)
    return lint(practice, today=date(2026, 3, 1))


@settings(max_examples=20)
@given(st.sampled_from(SPOTS), st.sampled_from([..., *VALUES]), st.booleans())
# a word of the list that others are held to is no word
@example(spot("Routing", "groups", "desktop_support", "skills", 2), {"x": 1}, False)
# a number of a requirement that is none
@example(spot("Feedback", "satisfies", 0), "", False)
# hostile text where text is expected
@example(spot("Fields", "fields", "title", "label", "zh"), HOSTILE, True)
def test_one_spoiled_value(at: tuple[int, Path], value: Any, above: bool) -> None:
    try:
        practice = composed(at, value, above=above)
    except DocumentError as error:
        findings = list(error.findings)
        assert findings
    else:
        findings = told(practice)
    for finding in findings:
        assert len(finding.found) <= 80
        assert all(isinstance(one, str) for one in (finding.found, *finding.allowed))
        hash(finding)


@pytest.mark.parametrize(
    ("at", "value", "above", "rules"),
    [
        # a list of words that holds something else: what refers to the other words is right all the same
        (spot("Routing", "groups", "desktop_support", "skills", 0), {"x": 1}, False, {"wrong-type", "skill-not-in-group"}),
        # what is no word is told by its shape, not looked up as well
        (spot("Feedback", "surveys", "each_record", "audience", 0), ["x"], False, {"wrong-type"}),
        # the messages that name the field are right
        (spot("Fields", "fields", "title", "type"), "txet", False, {"not-allowed"}),
        # a client's word where the groups of fields stand: the fields keep theirs
        (spot("Fields", "groups"), "ticket", True, {"wrong-type"}),
    ],
)
def test_one_mistake_is_told_once(at: tuple[int, Path], value: Any, above: bool, rules: set[str]) -> None:
    with pytest.raises(DocumentError) as caught:
        composed(at, value, above=above)
    assert {one.rule for one in caught.value.findings} == rules
