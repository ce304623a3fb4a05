"""Values there and back: for any document, what is read after a write is what was projected."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.connector import Ref
from deskweave.mapping import BoundMapper, Unmapped
from deskweave.model import Field, FieldBinding, FieldId
from deskweave_servicenow.mapping import DIALECT, asked, read_fields, read_record

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
SECONDS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=0, tzinfo=UTC))
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "title": TEXT,
        "symptom": TEXT,
        "impact": st.sampled_from(["high", "medium", "low", None]),
        "tags": st.lists(st.sampled_from(["first_line", "second_line"]), unique=True).map(lambda tags: tuple(sorted(tags))),
        "occurred_at": SECONDS,
        "is_repeat": st.booleans(),
        "status": st.sampled_from(["new", "in_progress", "waiting_on_user", "waiting_on_third_party", "resolved", "closed"]),
        "solution": TEXT,
    },
)


@given(document=DOCUMENTS)
def test_a_created_record_reads_as_projected(document):
    conftest = _binding()
    mapper = BoundMapper(conftest, DIALECT)
    draft = mapper.draft("incident", document, corr="c", key="k")
    stored = {name: "" for name in (at.native for at in conftest.collections["incident"].fields.values())} | {
        "state": "1",
        "hold_reason": "",
    }
    stored |= {name: "" if raw is None else str(raw) for name, raw in draft.fields.items()}
    row = {"sys_id": "1" * 32, "sys_updated_on": "2026-11-22 08:00:00", **stored}
    view = mapper.read(read_record("incident", row, correlation="correlation_id", address="http://x"))
    projected = mapper.project("incident", document).values
    if document.get("status") in ("resolved", "closed") and not projected.get("solution"):
        projected = {**projected, "solution": "See the linked records."}  # close notes are mandatory there
    for name, value in projected.items():
        assert view.values[name] == value, name


@cache
def _binding():
    from importlib.util import module_from_spec, spec_from_file_location
    from pathlib import Path

    spec = spec_from_file_location("servicenow_fixture", Path(__file__).with_name("conftest.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make_binding()


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("datetime", "2026-11-22 08:00:01", datetime(2026, 11, 22, 8, 0, 1, tzinfo=UTC)),  # always UTC
        ("datetime", "", None),
        ("date", "2026-11-22", "2026-11-22"),
        ("duration", "1970-01-01 00:02:17", 137),  # counted from the epoch
        ("duration", "1970-01-03 00:00:05", 172805),  # days roll the date
        ("boolean", "true", True),
        ("boolean", "false", False),
        ("boolean", "", None),
        ("integer", "3", 3),
        ("number", "2.5", 2.5),
        ("text", "a\r\nb", "a b"),
        ("long_text", "a\r\nb", "a\nb"),  # their line breaks, ours
        ("choices", "First line,Second line", ("first_line", "second_line")),
        ("choices", "", ()),
        ("person", {"value": "x", "email": "a@b.c", "name": "A"}, "A"),
        ("person", {"value": "x", "email": "a@b.c"}, "a@b.c"),
    ],
)
def test_values_are_read_as_the_platform_spells_them(kind, raw, value):
    field = Field(id=FieldId("f"), label={}, type=kind)
    at = FieldBinding(at="f", native="f", choices={"first_line": "First line", "second_line": "Second line"})
    codec = DIALECT.codec(kind)
    assert codec.read(raw, field, at) == value
    if value is not None and not isinstance(raw, dict) and "\r" not in str(raw):
        assert (codec.write(value, field, at) or "") == raw


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("datetime", "22/11/2026"),  # a display value: never guessed at
        ("datetime", {"display_value": "x"}),
        ("boolean", "perhaps"),
        ("integer", "three"),
        ("number", "inf"),
        ("choice", "Solved (Permanently)"),  # an option the practice has no word for
        ("choices", "First line,Third line"),
        ("text", ["a"]),
    ],
)
def test_what_has_no_word_stays_raw(kind, raw):
    field = Field(id=FieldId("f"), label={}, type=kind)
    at = FieldBinding(at="f", native="f", choices={"first_line": "First line"})
    with pytest.raises(Unmapped):
        DIALECT.codec(kind).read(raw, field, at)


def test_a_reference_whose_words_are_hidden_counts_as_not_readable():
    assert "caller_id" not in read_fields({"caller_id": "6816f79cc0a8016401c5a33be04be441"})
    assert read_fields({"caller_id": ""}) == {"caller_id": ""}
    assert read_fields({"caller_id": "x", "caller_id.name": "Joe"}) == {"caller_id": {"value": "x", "name": "Joe"}}


def test_journals_are_never_asked_for():
    assert "comments" not in asked(["comments", "short_description"])
    assert {"caller_id", "caller_id.email", "caller_id.name"} <= set(asked(["caller_id"]))


@pytest.mark.parametrize("row", [{}, {"sys_id": 5}, {"sys_id": "a", "sys_updated_on": "soon"}, {"sys_id": "a"}])
def test_a_malformed_row_is_no_record(row):
    assert read_record("incident", row, correlation=None, address="") is None


def test_a_history_line_of_a_state_reads_as_a_status():
    from deskweave.connector import RemoteChange

    mapper = BoundMapper(_binding(), DIALECT)
    at = datetime(2026, 11, 22, tzinfo=UTC)
    line = RemoteChange(change_id="1", ref=Ref("incident", "r"), field="state", old="2", new="3", at=at, order=0, by=None)
    change = mapper.read_change(line)
    assert (change.old, change.new) == ("in_progress", "waiting_on_user")
