from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.ledger import MESSAGE_LOG, Entry, Ledger, Posting, Utterance, fold
from deskweave.model import FieldId, InquiryId, InternalMessage, PublicMessage
from deskweave.store import Store, tables
from deskweave.store.events import events_of
from deskweave.store.inquiries import load_documents
from deskweave.testing.memory import FIELDS, STATUSES

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def store():
    store = Store.open(":memory:", now=lambda: AT)
    yield store
    store.close()


def ledger(store):
    return Ledger(store, fields=FIELDS, statuses=STATUSES, practice="p1")


def said(field, new, origin, **more):
    return Entry(field=FieldId(field), new=new, at=AT, source="connection:a", origin_id=origin, **more)


def begin(store, tx, *entries):
    inquiry = InquiryId(store.new_id())
    ledger(store).commit(tx, [Posting(inquiry=inquiry, entries=entries, new=True)])
    return inquiry


def test_numbers_go_up_and_documents_are_folds(store):
    with store.write() as tx:
        first = begin(store, tx, said("title", "a", "t/1/1/title"), said("status", "closed", "t/1/1/status"))
        second = begin(store, tx, said("title", "b", "t/2/1/title"))
        documents = load_documents(tx, [first, second])
        assert [documents[one].number for one in (first, second)] == [1, 2]
        assert documents[first].closed_at == AT
        for one in (first, second):
            assert fold(events_of(tx, one)) == documents[one].values


def test_what_the_document_says_already_is_no_event(store):
    with store.write() as tx:
        inquiry = begin(store, tx, said("title", "a", "1"))
        ledger(store).commit(tx, [Posting(inquiry=inquiry, entries=[said("title", "a", "2")])])
        assert len(events_of(tx, inquiry)) == 1


def test_a_line_of_history_is_written_once_an_observation_never_lost(store):
    with store.write() as tx:
        inquiry = begin(store, tx, said("title", "a", "1"))
        for _ in range(2):
            ledger(store).commit(tx, [Posting(inquiry=inquiry, entries=[said("title", "b", "line", history=True)])])
            ledger(store).commit(tx, [Posting(inquiry=inquiry, entries=[said("title", "c", "seen", precise=False)])])
        events = events_of(tx, inquiry)
        assert [event.new for event in events] == ["a", "b", "c"]
        ledger(store).commit(tx, [Posting(inquiry=inquiry, entries=[said("title", "d", "seen", precise=False)])])
        assert [event.new for event in events_of(tx, inquiry)][-1] == "d"


def test_personal_values_stand_aside_and_can_be_erased(store):
    with store.write() as tx:
        inquiry = begin(store, tx, said("detail", "my knee hurts", "1"))
        ledger(store).record(
            tx,
            [
                Utterance(
                    inquiry=inquiry,
                    message=InternalMessage(body="his knee", author=None, at=AT),
                    author="a:li",
                    source="connection:a",
                    origin_id="c/1/message_log",
                )
            ],
        )
        everything = str([tx.execute(sa.select(table)).all() for table in (tables.event, tables.inquiry, tables.message)])
        assert "knee" not in everything
        assert load_documents(tx, [inquiry])[inquiry].values["detail"] == "my knee hurts"
        tx.execute(sa.update(tables.personal).values(value=None, erased_at=AT))
        assert load_documents(tx, [inquiry])[inquiry].values["detail"] is None
        assert [event.field for event in events_of(tx, inquiry)] == ["detail", MESSAGE_LOG]


@pytest.mark.practice("A4")
def test_a_message_is_recorded_once(store):
    with store.write() as tx:
        inquiry = begin(store, tx)
        one = Utterance(
            inquiry=inquiry,
            message=PublicMessage(body="hi", author=None, at=AT),
            author="x",
            source="connection:a",
            origin_id="c/1",
        )
        assert ledger(store).record(tx, [one, one])[1] is None
        assert ledger(store).record(tx, [one]) == [None]


def test_other_links_become_dirty(store):
    with store.write() as tx:
        inquiry = begin(store, tx, said("title", "a", "1"))
        for name in ("x", "y"):
            tx.execute(
                sa.insert(tables.link).values(
                    id=name, conn=name, collection="t", inquiry=inquiry, kind="inquiry", corr=name, state="live"
                )
            )
        ledger(store).commit(tx, [Posting(inquiry=inquiry, entries=[said("title", "b", "2")])], settled=["x"])
        assert dict(tx.execute(sa.select(tables.link.c.id, tables.link.c.dirty)).all()) == {"x": False, "y": True}


VALUES = st.one_of(st.none(), st.text(max_size=3), st.booleans(), st.integers(0, 2), st.just(AT), st.tuples(st.text(max_size=2)))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["title", "detail", "status"]), VALUES, st.booleans(), st.integers(0, 4)), max_size=12))
def test_the_document_is_the_fold_whatever_happens(steps):
    store = Store.open(":memory:", now=lambda: AT)
    try:
        with store.write() as tx:
            inquiry = begin(store, tx)
            for field, value, history, origin in steps:
                entry = said(field, value, f"o{origin}", history=history)
                ledger(store).commit(tx, [Posting(inquiry=inquiry, entries=[entry])])
            events = events_of(tx, inquiry)
            if events:
                coarse = events[0]
                line = said(coarse.field, "between", "late", history=True, refines=coarse.seq, old=coarse.old)
                ledger(store).commit(tx, [Posting(inquiry=inquiry, entries=[line])])
            assert fold(events_of(tx, inquiry)) == load_documents(tx, [inquiry])[inquiry].values
            assert [event.seq for event in events_of(tx, inquiry)] == sorted(event.seq for event in events_of(tx, inquiry))
    finally:
        store.close()
