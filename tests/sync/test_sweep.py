"""Records that vanish: two censuses and the platform's own word make a tombstone, and never many at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deskweave.connector import Absent, Page
from deskweave.errors import SafetyStop
from deskweave.model import Visibility
from deskweave.store import list_parked
from deskweave.sync import Guard
from deskweave.testing.memory import MemoryConnection, Switches

V = {"title": "VPN drops", "priority": "high", "status": "waiting"}
DAY = 86_400


@pytest.fixture
def desk(world):
    """Ten inquiries on both platforms, whose first census is due."""
    w = world()
    for n in range(10):
        w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li")
    w.sync(1)
    w.sync(60)
    return w


def twin(w, ref):
    """The record on a of one on b."""
    title = w.platforms["b"].records[ref.collection, ref.rid].fields["short"]
    return next(one for one in w.refs("a") if w.platforms["a"].records[one.collection, one.rid].fields["short"] == title)


def labels(report):
    return [(note.connection, note.label, note.number) for note in report.gone]


def test_two_censuses_a_day_apart_and_the_platforms_word_make_a_tombstone(desk):
    w = desk
    ref = w.refs("b")[3]
    other = twin(w, ref)
    number = int(w.platforms["a"].records[other.collection, other.rid].fields["short"][2:]) + 1
    w.hands("b").remove(ref)
    assert not w.sync(3600).gone  # no census is due
    assert not w.sync(DAY).gone  # missed once
    assert not w.sync(3600).gone
    report = w.sync(DAY)
    assert labels(report) == [("b", "B-4", number)]
    assert report.needs_person
    # the inquiry and its other record stay, nothing is created anew, nothing is said to a record that is gone
    w.hands("a").edit(other, {"priority": "low"}, "li")
    w.hands("a").write(other, Visibility.PUBLIC, "still there?", "li")
    report = w.sync(60)
    assert not report.gone
    assert len(w.platforms["b"].records) == 9
    assert len(w.platforms["a"].records) == 10
    assert not list_parked(w.store)
    assert not report.waiting
    assert not w.sync(60).written


def test_a_record_that_comes_back_is_joined_again(desk):
    w = desk
    ref = w.refs("b")[3]
    record, other = w.platforms["b"].records[ref.collection, ref.rid], twin(w, ref)
    w.hands("b").remove(ref)
    w.sync(DAY)
    assert w.sync(DAY).gone
    w.hands("a").edit(other, {"priority": "low"}, "li")
    w.hands("a").write(other, Visibility.PUBLIC, "hello", "li")
    w.sync(60)
    w.platforms["b"].records[ref.collection, ref.rid] = record
    w.platforms["b"].touch(record, "restore")
    w.sync(60)
    w.sync(60)
    assert record.fields["prio"] == "3"
    assert len(w.platforms["b"].records) == len(w.platforms["a"].records) == 10
    assert [comment.body.splitlines()[-1] for comment in w.platforms["b"].comments] == ["hello"]


def test_missed_once_and_seen_again_is_nothing(desk, monkeypatch):
    """The index that a census reads trails: the record is there when it is asked for."""
    w = desk
    plain = MemoryConnection.census

    def trailing(self, collection, resume):
        page = plain(self, collection, resume)
        return Page(items=page.items[1:], resume=None, expected=None)

    monkeypatch.setattr(MemoryConnection, "census", trailing)
    for _ in range(4):
        assert not w.sync(DAY).gone
    w.hands("a").edit(w.refs("a")[0], {"priority": "low"}, "li")
    assert w.sync(60).connections["b"].updated == 1


@pytest.mark.parametrize("why", ["hidden", "unclear"])
def test_what_the_account_may_not_see_is_not_gone(desk, monkeypatch, why):
    w = desk
    plain = MemoryConnection.fetch

    def fetch(self, refs):
        return [Absent(one.ref, why) if isinstance(one, Absent) else one for one in plain(self, refs)]

    monkeypatch.setattr(MemoryConnection, "fetch", fetch)
    w.hands("b").remove(w.refs("b")[3])
    reports = [w.sync(DAY) for _ in range(4)]
    assert not any(report.gone for report in reports)
    assert any(finding.rule == "record-hidden" for finding in reports[-1].findings)


def test_a_census_that_lists_less_than_the_platform_counts_says_nothing_about_anybody(desk, monkeypatch):
    w = desk
    plain = MemoryConnection.census

    def short(self, collection, resume):
        page = plain(self, collection, resume)
        return Page(items=page.items[:-1], resume=None, expected=page.expected)

    monkeypatch.setattr(MemoryConnection, "census", short)
    w.hands("b").remove(w.refs("b")[3])
    reports = [w.sync(DAY) for _ in range(4)]
    assert not any(report.gone for report in reports)
    assert any(finding.rule == "census-incomplete" for finding in reports[-1].findings)


@pytest.mark.parametrize("keep", [0, 5])
def test_many_at_once_stop_everything(desk, keep):
    w = desk
    for ref in w.refs("b")[keep:]:
        w.hands("b").remove(ref)
    w.hands("a").edit(w.refs("a")[0], {"priority": "low"}, "li")
    for _ in range(3):
        with pytest.raises(SafetyStop, match=f"{10 - keep} of 10 records in ticket of b are not there any more; the limit is 3"):
            w.sync(DAY)
    assert w.platforms["b"].writes == 10
    w.guard = Guard().allowing(10 - keep)
    if keep:  # said to be on purpose
        w.sync(60)
        assert len(w.sync(DAY).gone) == 10 - keep


def test_what_an_index_shows_late_is_found_by_the_look_back_of_every_hour(world):
    """Slower than the platform said it would be: the watermark has passed by then."""
    w = world(switches={"a": Switches(index_lag=timedelta(0))})
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.sync(600)
    late = w.clock() + timedelta(hours=2)
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    record = w.platforms["a"].records[ref.collection, ref.rid]
    record.index[-1] = (late, record.index[-1][1])
    other = w.hands("a").create("ticket", {**V, "title": "other"}, "li")
    for _ in range(3):
        w.sync(600)
    w.hands("a").edit(other, {"priority": "low"}, "li")
    w.sync(600)
    w.sync(7200)
    assert w.hands("b").shows(w.refs("b")[0])["priority"] == "low"
