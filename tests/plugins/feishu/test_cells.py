"""Cells and codecs: three shapes of a cell, one plain value, and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.connector import Ref, RemoteRecord
from deskweave.mapping import BoundMapper, Unmapped
from deskweave.model import FieldId, StatusBinding
from deskweave_feishu.cells import Column, Option, Unwritable, column_of, empty_cell, read_cell, write_cell
from deskweave_feishu.emulator.cells import CellError, shown, take
from deskweave_feishu.emulator.state import Column as Kept
from deskweave_feishu.emulator.state import Person, Row
from deskweave_feishu.mapping import by_column_id, dialect

USER = {"id": "ou_1", "name": "张三", "en_name": "Zhang", "email": "z@x.example", "avatar_url": "u"}
READS = [
    # type, ui_type, what search answers, plain
    (1, "Text", [{"type": "text", "text": "a"}, {"type": "mention", "token": "ou_", "mentionType": "User", "text": "@x"}], "a@x"),
    (1, "Text", [{"type": "url", "text": "wiki", "link": "https://w"}, {"type": "text", "text": " b"}], "wiki b"),
    (1, "Email", [{"type": "url", "text": "a@b", "link": "mailto:a@b"}], "a@b"),
    (1, "Text", "legacy string", "legacy string"),
    (1, "Barcode", [{"type": "text", "text": "123"}], "123"),
    (1, "Text", [], None),
    (2, "Number", 2323.5, 2323.5),
    (2, "Number", [3], 3),  # a number that a formula made
    (3, "SingleSelect", "待受理", "待受理"),
    (4, "MultiSelect", ["a", "b"], ["a", "b"]),
    (4, "MultiSelect", [], None),
    (5, "DateTime", 1690992000000, 1690992000000),
    (7, "Checkbox", True, True),
    (11, "User", [USER, {"id": "ou_2"}], "张三, ou_2"),
    (13, "Phone", "131", "131"),
    (15, "Url", {"text": "t", "link": "https://x"}, "https://x"),
    (15, "Url", {"text": "t"}, "t"),
    (17, "Attachment", [{"file_token": "f", "name": "a.png"}], ["a.png"]),
    (18, "SingleLink", {"link_record_ids": ["rec1"]}, ["rec1"]),
    (20, "Formula", {"type": 1, "value": [{"type": "text", "text": "x"}]}, "x"),
    (20, "Formula", {"type": 2, "value": [7]}, 7),
    (19, "Lookup", {"type": 3, "value": ["a", "b"]}, ["a", "b"]),
    (20, "Formula", 5, 5),
    (22, "Location", {"location": "1,2", "full_address": "天安门"}, "天安门"),
    (23, "GroupChat", [{"id": "oc_1", "name": "群"}], "群"),
    (1002, "ModifiedTime", 1702455191000, 1702455191000),
    (1003, "CreatedUser", [USER], "张三"),
    (1003, "CreatedUser", USER, "张三"),
    (1005, "AutoNumber", "17", "17"),
    (3, "SingleSelect", {"odd": 1}, {"odd": 1}),  # a shape nobody told us of is handed on
    (5, "DateTime", "2026", "2026"),
    (99, "Unheard", [1], [1]),
]


def column(type_, ui_type="", options=()):
    return Column(id="fld1", name="列", type=type_, ui_type=ui_type, options=tuple(Option(id=o, name=o) for o in options))


@pytest.mark.parametrize(("type_", "ui_type", "cell", "plain"), READS)
def test_reading(type_, ui_type, cell, plain):
    assert read_cell(column(type_, ui_type), cell) == plain


def test_an_absent_cell():
    assert (empty_cell(column(1)), empty_cell(column(7)), read_cell(column(3), None)) == (None, False, None)


WRITES = [
    # type, plain, written
    (1, "a", "a"),
    (1, 5, "5"),
    (2, 5, 5),
    (2, "5.5", 5.5),
    (3, "a", "a"),
    (4, ["b", "a"], ["b", "a"]),
    (4, "a", ["a"]),
    (5, 1690992000000, 1690992000000),
    (7, False, False),
    (13, "+8613026162666", "+8613026162666"),
    (15, "https://x", {"text": "https://x", "link": "https://x"}),
    (1, None, None),
    (7, None, None),
]


@pytest.mark.parametrize(("type_", "plain", "written"), WRITES)
def test_writing(type_, plain, written):
    assert write_cell(column(type_, options=("a", "b")), plain) == written


REFUSED = [
    # type, plain, what the message says
    (1, ["a"], "text"),
    (1, "x" * 100_001, "max_length"),
    (2, "viel", "number"),
    (2, float("inf"), "number"),
    (2, True, "number"),
    (3, "c", "a, b"),
    (4, ["a", "c"], "no option c"),
    (5, "2026-01-01", "milliseconds"),
    (7, "yes", "true or false"),
    (13, "021-5555 1234", "digits"),
    (11, "张三", "read_only"),
    (20, "x", "read_only"),
    (1005, "x", "read_only"),
]


@pytest.mark.parametrize(("type_", "plain", "says"), REFUSED)
def test_what_does_not_fit_is_not_sent(type_, plain, says):
    with pytest.raises(Unwritable, match=says):
        write_cell(column(type_, options=("a", "b")), plain)


def test_columns_as_feishu_describes_them():
    raw = {
        "field_id": "fld1",
        "field_name": "状态",
        "type": 3,
        "ui_type": "SingleSelect",
        "property": {"options": [{"id": "o1", "name": "a", "color": 0}, {"broken": 1}, "x"]},
        "description": [{"type": "text", "text": "谁"}, {"type": "text", "text": "看"}],
        "is_primary": True,
    }
    known = column_of(raw)
    assert (known.option_names, known.description, known.primary) == (frozenset({"a"}), "谁看", True)
    assert column_of({**raw, "description": "d", "property": None}).description == "d"
    assert column_of({**raw, "description": {"text": "t"}}).description == "t"
    for broken in ({"field_id": 1}, {"type": True}, {"type": "3"}, {"field_name": None}):
        assert column_of({**raw, **broken}) is None


# ------------------------------------------------------------------------------------------------------- through the platform
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
DOCUMENTS = st.fixed_dictionaries(
    {
        "title": st.none() | TEXT,
        "symptom": st.none() | TEXT | st.just("siehe https://x.example/a?b=c 然后\r\nhttp://y"),
        "user": st.none() | TEXT,
        "email": st.none() | st.emails(),
        "submitted_at": st.none() | st.datetimes(timezones=st.just(UTC), min_value=datetime(1971, 1, 1)),
        "priority": st.none() | st.sampled_from(["p1", "p2"]),
        "tags": st.none() | st.lists(st.sampled_from(["first_line", "second_line"]), unique=True).map(tuple),
        "is_repeat": st.none() | st.booleans(),
        "effort": st.none() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9),
        "due": st.none() | st.dates(min_value=date(2, 1, 1), max_value=date(9998, 12, 31)).map(lambda day: day.isoformat()),
        "status": st.sampled_from(["awaiting_acceptance", "in_progress", "closed"]),
    }
)
PERSON = Person("ou_1", "张三", "z@x.example")


def through(columns, fields):
    """Written, kept by the emulated base, and answered by a search."""
    row = Row("rec1", 1, {}, PERSON, 1, PERSON, 2)
    answered = {}
    for one in columns:
        if one.name in fields:
            kept = take(one, write_cell(column_of(one.shown()), fields[one.name]), {})
            if one.type == 3 and kept is not None:
                kept = one.option(name=kept)["id"]
            if one.type == 4 and kept is not None:
                kept = [one.option(name=name)["id"] for name in kept]
            row.cells[one.field_id] = kept
        cell = shown(one, row, {}, unchecked_is_absent=True)
        known = column_of(one.shown())
        answered[one.name] = read_cell(known, cell) if cell is not None else empty_cell(known)
    return RemoteRecord(
        ref=Ref("ledger", "rec1"), fields=answered, corr=None, updated_at=None, version="1", updated_by=None, label=""
    )


def kept_columns(binding):
    from deskweave_feishu.configuration import definition

    bound = binding.collections["ledger"]
    columns = []
    for name, at in bound.fields.items():
        wanted = definition(at.at, binding.fields[name].type)
        options = list(at.choices.values()) or [said.is_["状态"] for said in bound.statuses.values()]
        setup = {"options": [{"id": f"opt{o}", "name": o, "color": 0} for o in options]} if wanted["type"] in (3, 4) else None
        columns.append(Kept(f"fld{name}", at.at, wanted["type"], wanted["ui_type"], setup))
    return columns


@settings(max_examples=60)
@given(document=DOCUMENTS)
def test_what_was_written_reads_as_it_was_projected(binding, document):
    mapper = BoundMapper(binding, dialect(binding.zone))
    document = {FieldId(name): value for name, value in document.items()}
    record = through(
        kept_columns(binding), {k: v for k, v in mapper.draft("ledger", document, corr="", key="k").fields.items() if v != ""}
    )
    seen = mapper.read(record)
    want = mapper.project("ledger", document)
    assert dict(seen.unknown) == {}
    assert dict(seen.values) == dict(want.values)
    assert mapper.patch(want, record, key="k").set == {}
    again = mapper.project("ledger", {**document, **seen.values})
    assert dict(again.values) == dict(seen.values)  # reading changes nothing


@settings(max_examples=60)
@given(before=DOCUMENTS, after=DOCUMENTS)
def test_a_patch_leads_from_any_row_to_any_other(binding, before, after):
    mapper = BoundMapper(binding, dialect(binding.zone))
    columns = kept_columns(binding)
    fields = {k: v for k, v in mapper.draft("ledger", before, corr="", key="k").fields.items() if v != ""}
    want = mapper.project("ledger", after)
    patch = mapper.patch(want, through(columns, fields), key="k")
    assert dict(mapper.read(through(columns, {**fields, **patch.set})).values) == dict(want.values)


@given(
    cell=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=6,
    )
)
def test_no_cell_whatever_crashes_a_record(binding, cell):
    mapper = BoundMapper(binding, dialect(binding.zone))
    for known in (column_of(one.shown()) for one in kept_columns(binding)):
        plain = read_cell(known, cell)
        record = RemoteRecord(
            ref=Ref("ledger", "r"), fields={known.name: plain}, corr=None, updated_at=None, version=None, updated_by=None, label=""
        )
        mapper.read(record)


def test_dates_are_midnights_of_the_binding_zone():
    codec = dialect("Asia/Shanghai").codecs["date"]
    raw = codec.write("2026-11-16", None, None)
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=raw) == datetime(2026, 11, 15, 16, tzinfo=UTC)
    assert codec.read(raw, None, None) == "2026-11-16"
    assert dialect("UTC").codecs["date"].read(raw, None, None) == "2026-11-15"
    with pytest.raises(Unmapped):
        codec.write("0001-01-01", None, None)  # its midnight in Shanghai is before all time
    assert dialect("UTC").digest != dialect("Asia/Shanghai").digest


def test_statuses_are_spelled_with_the_ids_that_are_known(binding):
    bound = binding.collections["ledger"]
    fields = {name: replace(at, native=f"fld_{name}") for name, at in bound.fields.items()}
    statuses = {
        **bound.statuses,
        "closed": StatusBinding(is_={"状态": "已关闭"}, reads=({"状态": "完成"},), sets={"问题描述": "x"}),
    }
    local = by_column_id(replace(binding, collections={"ledger": replace(bound, fields=fields, statuses=statuses)}))
    closed = local.collections["ledger"].statuses["closed"]
    assert (closed.is_, closed.reads, closed.sets) == ({"fld_status": "已关闭"}, ({"fld_status": "完成"},), {"fld_symptom": "x"})
    assert local.collections["ledger"].correlation == "关联标识"  # no id is known for it
    assert by_column_id(binding).collections["ledger"] == bound


# ---------------------------------------------------------------------------------------------------- the emulated base itself
TAKES = [
    # type, value, code; the platform's own checks, which are not ours
    (1, {"a": 1}, 1254060),
    (2, "5", 1254015),
    (3, 5, 1254015),
    (4, "a", 1254015),
    (5, "2026", 1254064),
    (7, "true", 1254015),
    (11, [{"id": "ou_nobody"}], 1254066),
    (13, "12-3", 1254072),
    (15, "https://x", 1254068),
    (1005, "1", 1254015),
    (1, "x" * 100_001, 1254130),
]


@pytest.mark.parametrize(("type_", "value", "code"), TAKES)
def test_the_emulated_base_refuses(type_, value, code):
    with pytest.raises(CellError) as caught:
        take(Kept("fld", "列", type_, ""), value, {})
    assert caught.value.code == code
