"""Contacts and answers in the store: what a source says last holds, and what was known at a moment stays known (A7, A14)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from deskweave.ledger import collect, remove_records
from deskweave.model import Field, FieldId, Record
from deskweave.store import Store, tables
from deskweave.store.records import keys_elsewhere, records_of

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FIELDS = {
    FieldId("note"): Field(id=FieldId("note"), label={}, type="text"),
    FieldId("phone"): Field(id=FieldId("phone"), label={}, type="phone", personal="contact"),
}


class Turned:
    """A clock that a test turns."""

    def __init__(self):
        self.now = AT

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Turned()


@pytest.fixture
def store(clock):
    store = Store.open(":memory:", now=clock)
    yield store
    store.close()


def one(key, *, source="log:calls", at=AT, **values):
    return Record(grain="contact", source=source, key=key, at=at, values={FieldId(name): value for name, value in values.items()})


def write(store, *records, source="log:calls", gone=()):
    with store.write() as tx:
        return collect(tx, store, "contact", source, records, fields=FIELDS, practice="p1", gone=gone)


def read(store, **how):
    with store.read() as tx:
        return {found.record.key: dict(found.record.values) for found in records_of(tx, **how)}


def rows(store, table):
    with store.read() as tx:
        return tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_the_same_again_adds_no_row(store):
    first = write(store, one("1", note="a", phone="138"), one("2", phone="139"))
    again = write(store, one("1", note="a", phone="138"), one("2", phone="139"))
    assert (first.added, first.held, again.added, again.restated, again.held) == (2, 2, 0, 0, 2)
    assert (rows(store, tables.record), rows(store, tables.personal)) == (2, 2)


def test_a_restated_record_keeps_its_personal_values_and_its_past(store, clock):
    write(store, one("1", note="a", phone="138"))
    clock.now += timedelta(days=1)
    done = write(store, one("1", note="b", phone="138"))
    assert (done.added, done.restated, done.held) == (0, 1, 1)
    assert read(store) == {"1": {"note": "b", "phone": "138"}}
    assert read(store, as_of=AT) == {"1": {"note": "a", "phone": "138"}}
    assert rows(store, tables.personal) == 1


def test_no_phone_number_stands_in_the_record_itself(store):
    write(store, one("1", phone="13800000001"))
    with store.read() as tx:
        assert "138" not in str(tx.exec_driver_sql("SELECT doc FROM record").scalars().all())


def test_what_was_erased_is_not_brought_back_by_the_same_file(store):
    write(store, one("1", note="a", phone="138"))
    with store.write() as tx:
        tx.execute(sa.update(tables.personal).values(value=None, erased_at=AT))
    assert write(store, one("1", note="a", phone="138")).restated == 0
    assert write(store, one("1", note="b", phone="138")).restated == 1
    assert read(store) == {"1": {"note": "b", "phone": None}}
    with store.read() as tx:
        assert tx.exec_driver_sql("SELECT value FROM personal").scalars().all() == [None]


def test_removing_an_import_leaves_nothing_of_it_and_the_others_whole(store):
    write(store, one("1", note="a", phone="138"))
    write(store, one("1", note="b", phone="137"))
    write(store, one("9", source="log:other", phone="136"), source="log:other")
    with store.write() as tx:
        assert remove_records(tx, "log:calls") == 1
        with pytest.raises(ValueError, match="no import"):
            remove_records(tx, "connection:snow")
    assert read(store) == {"9": {"phone": "136"}}
    assert (rows(store, tables.record), rows(store, tables.personal)) == (1, 1)


def test_a_key_that_is_no_more_is_elsewhere_no_longer(store):
    write(store, one("1", note="a"), one("2", note="a"))
    write(store, gone=["1", "7"])
    with store.read() as tx:
        assert keys_elsewhere(tx, "contact", "log:other", ["1", "2", "3"]) == {"2": "log:calls"}


@given(
    st.lists(
        st.tuples(st.dictionaries(st.sampled_from("abc"), st.sampled_from(["x", "y"])), st.sets(st.sampled_from("abc"))), max_size=6
    )
)
def test_after_any_imports_the_last_word_holds_and_the_past_stays(imports):
    clock, states = Turned(), []
    store = Store.open(":memory:", now=clock)
    held: dict[str, str] = {}
    for says, gone in imports:
        clock.now += timedelta(hours=1)
        write(store, *(one(key, note=value) for key, value in says.items()), gone=gone - says.keys())
        held = {key: value for key, value in held.items() if key not in gone - says.keys()} | says
        states.append((clock.now, dict(held)))
    for at, state in states:
        assert {key: values["note"] for key, values in read(store, as_of=at).items()} == state
    store.close()
