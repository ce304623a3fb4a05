"""Between the practice's words and Jira's: rich text, values, and the mapper's law over the wire."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.connector import RemoteRecord, View
from deskweave.mapping import Unmapped
from deskweave.model import Field, FieldBinding, FieldId
from deskweave_jira_sm.adf import from_adf, settled, to_adf
from deskweave_jira_sm.emulator.richtext import is_document
from deskweave_jira_sm.mapping import DIALECT
from deskweave_jira_sm.values import within_limit

PIECES = [
    "a",
    "b",
    " ",
    "*",
    "**",
    "`",
    "```",
    "-",
    "\n",
    ">",
    "[",
    "]",
    "(",
    ")",
    "](",
    "1. ",
    "# ",
    "|",
    "中",
    "https://x.y",
    "\r\n",
    "\x00",
    "\u2028",
]
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=80)


@given(texts)
@settings(max_examples=400)
def test_settled_text_comes_back_as_it_was_written(text: str) -> None:
    once = settled(text)
    assert from_adf(to_adf(once)) == once
    assert settled(once) == once


@given(texts)
@settings(max_examples=300)
def test_every_text_is_a_document_jira_takes(text: str) -> None:
    assert is_document(to_adf(text))


@given(st.text(alphabet="abc 中文,.;:!?", min_size=1, max_size=60).filter(lambda text: text.strip()))
def test_plain_words_are_not_touched(text: str) -> None:
    assert settled(text) == text.strip()


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["doc", "text", "paragraph", "bulletList", "marks"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "text", "content", "marks", "attrs", "href", "url"]), inner, max_size=5)
    ),
    max_leaves=25,
)


@given(json_values)
@settings(max_examples=300)
def test_no_document_breaks_the_reader(document) -> None:
    assert isinstance(from_adf(document), str)


@pytest.mark.parametrize(
    ("node", "text"),
    [
        ({"type": "mention", "attrs": {"id": "5b10", "text": "@Li Wei"}}, "@Li Wei"),
        ({"type": "emoji", "attrs": {"shortName": ":smile:", "text": ":)"}}, ":)"),
        ({"type": "inlineCard", "attrs": {"url": "https://x.y/z"}}, "https://x.y/z"),
        ({"type": "text", "text": "x", "marks": [{"type": "strike"}]}, "x"),
        ({"type": "text", "text": "https://x.y", "marks": [{"type": "link", "attrs": {"href": "https://x.y"}}]}, "https://x.y"),
        ({"type": "text", "text": "run", "marks": [{"type": "link", "attrs": {"href": "javascript:alert(1)"}}]}, "run"),
        ({"type": "newNodeOfNextYear", "content": [{"type": "text", "text": "kept"}]}, "kept"),
    ],
)
def test_what_markdown_cannot_say_becomes_text(node, text: str) -> None:
    document = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [node]}]}
    assert from_adf(document) == text


def test_blocks() -> None:
    def words(text: str) -> dict:
        return {"type": "paragraph", "content": [{"type": "text", "text": text}]}

    document = {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "Head"}]},
            {"type": "panel", "attrs": {"panelType": "info"}, "content": [words("in a panel")]},
            {
                "type": "orderedList",
                "content": [{"type": "listItem", "content": [words("one")]}, {"type": "listItem", "content": [words("two")]}],
            },
            {"type": "codeBlock", "content": [{"type": "text", "text": "x = 1\ny = 2"}]},
            {"type": "blockquote", "content": [words("said")]},
            {
                "type": "table",
                "content": [
                    {
                        "type": "tableRow",
                        "content": [{"type": "tableCell", "content": [words("a")]}, {"type": "tableCell", "content": [words("b")]}],
                    }
                ],
            },
        ],
    }
    text = from_adf(document)
    assert text == "Head\n\nin a panel\n\n1. one\n2. two\n\n```\nx = 1\ny = 2\n```\n\n> said\n\na | b"
    assert settled(text) == text


# ------------------------------------------------------------------------------------------------------------------ codecs
def field(type_: str) -> Field:
    return Field(id=FieldId("x"), label={}, type=type_)  # type: ignore[arg-type]


AT = FieldBinding(at="x", native="x", choices={"hardware": "Hardware", "software": "Software"})


@pytest.mark.parametrize(
    ("type_", "raw", "value"),
    [
        ("choice", "Hardware", "hardware"),
        ("choice", "HARDWARE", "hardware"),  # Jira compares option values without case
        ("choice", "", None),
        ("choices", ["Software", "Hardware"], ("hardware", "software")),
        ("choices", None, ()),
        ("number", "1.5", 1.5),
        ("integer", 90.0, 90),
        ("duration", 90.0, 90),
        ("boolean", "是", True),
        ("boolean", "No", False),
        ("date", "2026-12-24", "2026-12-24"),
        ("datetime", "2026-12-24T10:00:00.000+0800", datetime(2026, 12, 24, 2, tzinfo=UTC)),
        ("long_text", "a  \n\n\n\nb", "a\n\nb"),
        ("text", "a\nb", "a b"),
    ],
)
def test_reading(type_: str, raw, value) -> None:
    assert DIALECT.codec(type_).read(raw, field(type_), AT) == value


@pytest.mark.parametrize(
    ("type_", "raw"),
    [
        ("choice", "Printer"),  # somebody added an option there
        ("number", "many"),
        ("integer", 1.5),
        ("boolean", "perhaps"),
        ("date", "soon"),
        ("datetime", {"epochMillis": 1}),
        ("long_text", {"type": "doc"}),
        ("number", True),
    ],
)
def test_a_value_without_a_word_is_unmapped(type_: str, raw) -> None:
    with pytest.raises(Unmapped):
        DIALECT.codec(type_).read(raw, field(type_), AT)


@given(st.text(alphabet="ab |,\n中", max_size=600))
def test_a_cross_reference_fits(text: str) -> None:
    assert len(within_limit(text)) <= 255
    assert "\n" not in within_limit(text)


# ----------------------------------------------------------------------------------------------------------- over the wire
documents = st.fixed_dictionaries(
    {
        "title": st.text(min_size=1, max_size=40).filter(
            lambda text: text.strip("\x00 \t\r\n\u2028\u2029\x0b\x0c\x85\x1c\x1d\x1e\x1f").strip()
        ),
        "symptom": st.none() | texts,
        "priority": st.none() | st.sampled_from(["p1", "p2", "p3"]),
        "tags": st.sets(st.sampled_from(["first_line", "second_line"])).map(lambda tags: tuple(sorted(tags))),
        "problem_category": st.none() | st.sampled_from(["hardware", "software"]),
        "is_repeat": st.none() | st.booleans(),
        "occurred_at": st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
        "contact_duration": st.none() | st.integers(0, 10**6),
        "solution": st.none() | texts,
    }
)


def test_reading_what_a_draft_made_gives_what_the_projection_says(desk) -> None:
    """The mapper's law, held against the site: read(created from draft(d)) restates project(d), and writing it again changes nothing."""
    desk.site.platform.issue_limits = False
    connection = desk.connect()
    mapper = connection.mapper(desk.binding())

    @given(documents)
    @settings(max_examples=40)
    def hold(document) -> None:
        desk.later(seconds=5)
        draft = mapper.draft("request", document, corr="c", key="k")
        (outcome,) = connection.sink.create([draft])
        assert outcome.error is None, outcome.error
        assert isinstance(outcome.record, RemoteRecord)
        seen = mapper.read(outcome.record)
        projected = mapper.project("request", document).values
        for name in document:
            if name == "priority" and document[name] is None:
                continue  # Jira gives every request a priority
            assert seen.values[FieldId(name)] == projected[FieldId(name)], name
        again = mapper.patch(
            View({name: value for name, value in projected.items() if name in document and value is not None}),
            outcome.record,
            key="k",
        )
        assert again.set == {}

    hold()
