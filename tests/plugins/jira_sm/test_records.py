"""Reading: changes under a lagging index, fetch, find, census, history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from deskweave.connector import Absent, Ref, RemoteRecord
from deskweave.errors import TransientError
from deskweave.model import FieldId
from deskweave_jira_sm.instant import jql_moment, read_instant

TITLE, STATUS = FieldId("title"), FieldId("status")
CUSTOMER, AGENT = "zhang.min@example.com", "li.wei@example.com"


def everything(connection, since=None):
    found, resume, pages = [], None, []
    while True:
        page = connection.records.changes("request", since, resume)
        found += page.items
        pages.append(page)
        resume = page.resume
        if resume is None:
            return found, pages


def test_changes_come_oldest_first_over_shrinking_pages(desk) -> None:
    hands = desk.hands()
    desk.site.platform.page_cap = 40
    refs = [hands.create("request", {TITLE: f"request {number}"}, CUSTOMER) for number in range(95)]
    desk.later(minutes=5)
    found, pages = everything(desk.connect())
    assert [record.ref for record in found] == refs
    sizes = [len(page.items) for page in pages]
    assert len(set(sizes)) > 1, "pages of one size would not show that a short page is not the last"
    assert all(size < 100 for size in sizes), "the server gives less than asked for"
    assert pages[-1].covers_until is not None
    covers = [page.covers_until for page in pages if page.covers_until is not None]
    assert covers == sorted(covers)


def test_a_listing_goes_on_after_a_restart(desk) -> None:
    hands = desk.hands()
    desk.site.platform.page_cap = 40
    for number in range(60):
        hands.create("request", {TITLE: f"request {number}"}, CUSTOMER)
    desk.later(minutes=5)
    first = desk.connect().records.changes("request", None, None)
    assert first.resume is not None
    rest = desk.connect().records.changes("request", None, first.resume)
    assert {record.ref for record in first.items} & {record.ref for record in rest.items} == set()
    assert len(first.items) + len(rest.items) == 60


def test_a_page_token_that_is_no_longer_taken_starts_the_listing_afresh(desk) -> None:
    hands = desk.hands()
    desk.site.platform.page_cap = 40
    for number in range(60):
        hands.create("request", {TITLE: f"request {number}"}, CUSTOMER)
    desk.later(minutes=5)
    connection = desk.connect()
    first = connection.records.changes("request", None, None)
    desk.later(days=8)
    again = connection.records.changes("request", None, first.resume)
    assert [record.ref for record in again.items] == [record.ref for record in first.items], "more than asked is fine, less never"


def test_nothing_newer_than_the_index_lag_is_called_covered(desk) -> None:
    """An issue whose index entry is late must be asked for again: this fails when covers_until is the newest time seen."""
    hands = desk.hands()
    late = [hands.create("request", {TITLE: f"request {number}"}, CUSTOMER) for number in range(6)]
    desk.later(seconds=30)  # the fast ones are listed, the slow ones (every fifth) are not
    connection = desk.connect()
    found, pages = everything(connection)
    unseen = set(late) - {record.ref for record in found}
    assert unseen, "the emulator's index lags unevenly"
    stamped = [desk.state.issues[int(ref.rid)].updated for ref in unseen]
    assert pages[-1].covers_until is not None
    assert pages[-1].covers_until <= min(stamped)
    desk.later(minutes=5)
    found, _ = everything(connection, pages[-1].covers_until)
    assert unseen <= {record.ref for record in found}


def test_an_index_that_stands_still_moves_no_watermark_past_it(desk) -> None:
    desk.hands().create("request", {TITLE: "unseen"}, CUSTOMER)
    desk.later(minutes=30)
    desk.site.faults.arm("stale_index", times=None, minutes=60)
    found, pages = everything(desk.connect())
    assert found == []
    assert pages[-1].covers_until <= min(issue.updated for issue in desk.state.issues.values())


def test_since_is_asked_in_the_accounts_zone(desk) -> None:
    """The agent lives in Shanghai, the admin in New York: the same moment, two literals. Both fail if UTC is written."""
    hands = desk.hands()
    hands.create("request", {TITLE: "old"}, CUSTOMER)
    desk.later(hours=3)
    since = desk.now()
    new = hands.create("request", {TITLE: "new"}, CUSTOMER)
    desk.later(minutes=5)
    for account in ("agent", "admin"):
        found, _ = everything(desk.connect(account), since)
        assert [record.ref for record in found] == [new], account


def test_the_profile_zone_is_asked_again_for_every_listing(desk) -> None:
    connection = desk.connect()
    _ = connection.capabilities
    person = desk.state.people("deskweave.agent@example.com")
    person.zone = "America/Los_Angeles"  # somebody edits the profile while we run
    since = desk.now()
    new = desk.hands().create("request", {TITLE: "new"}, CUSTOMER)
    desk.later(minutes=5)
    found, _ = everything(connection, since)
    assert [record.ref for record in found] == [new]


@pytest.mark.parametrize("minutes", range(-90, 95, 15))
def test_a_jql_moment_never_means_a_later_one(minutes: int) -> None:
    """Around the end of summer time one wall clock time means two moments; the later reading must still be early enough."""
    zone = ZoneInfo("Europe/Berlin")
    at = datetime(2026, 10, 25, 1, 0, tzinfo=UTC) + timedelta(minutes=minutes)
    wall = datetime.strptime(jql_moment(at, zone), '"%Y-%m-%d %H:%M"')
    assert max(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)) <= at


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2022-12-08T02:22:18.889-0800", datetime(2022, 12, 8, 10, 22, 18, 889000, tzinfo=UTC)),
        ("2026-12-24T10:30:00+01:00", datetime(2026, 12, 24, 9, 30, tzinfo=UTC)),
        (1492070429, datetime(2017, 4, 13, 8, 0, 29, tzinfo=UTC)),  # seconds, as the reference's example has them
        (1492070429000, datetime(2017, 4, 13, 8, 0, 29, tzinfo=UTC)),
        ("yesterday", None),
        (True, None),
        (None, None),
        ({"epochMillis": 5}, None),
        (10**30, None),
    ],
)
def test_read_instant(raw, expected) -> None:
    assert read_instant(raw) == expected


# ------------------------------------------------------------------------------------------------------------------- by id
def test_fetch_keeps_the_order_asked_and_reads_the_database(desk) -> None:
    hands = desk.hands()
    refs = [hands.create("request", {TITLE: f"request {number}"}, CUSTOMER) for number in range(3)]
    asked = [refs[2], refs[0], refs[1]]
    found = desk.connect().records.fetch(asked)  # no time has passed: the index knows none of them
    assert [record.ref for record in found if isinstance(record, RemoteRecord)] == asked


def test_a_moved_request_keeps_its_id(desk) -> None:
    ref = desk.hands().create("request", {TITLE: "moved"}, CUSTOMER)
    desk.state.move(desk.state.issues[int(ref.rid)], "OPS-7")
    (record,) = desk.connect().records.fetch([ref])
    assert isinstance(record, RemoteRecord)
    assert (record.ref, record.label) == (ref, "OPS-7")


@pytest.mark.parametrize(
    ("account", "security", "why"),
    [
        ("agent", False, "unclear"),  # no administrator: cannot know that nothing is hidden from it
        ("admin", False, "gone"),
        ("admin", True, "unclear"),  # the project has issue security: it may be hidden after all
    ],
)
def test_absent_is_gone_only_where_nothing_can_be_hidden(desk, account: str, security: bool, why: str) -> None:
    hands = desk.hands()
    ref, other = (hands.create("request", {TITLE: title}, CUSTOMER) for title in ("deleted", "kept"))
    if security:
        desk.state.issues[int(other.rid)].hidden_from.add("somebody")
    hands.remove(ref)
    assert desk.connect(account).records.fetch([ref]) == [Absent(ref, why)]


def test_a_hidden_request_looks_like_a_deleted_one_and_is_not_taken_for_it(desk) -> None:
    ref = desk.hands().create("request", {TITLE: "secret"}, CUSTOMER)
    desk.state.issues[int(ref.rid)].hidden_from.add(desk.state.people("deskweave.agent@example.com").id)
    assert desk.connect().records.fetch([ref]) == [Absent(ref, "unclear")]


def test_records_carry_plain_values_and_no_reporter_of_our_own(desk) -> None:
    raised = desk.hands().create("request", {TITLE: "raised there", FieldId("problem_category"): "hardware"}, CUSTOMER)
    connection = desk.connect()
    (record,) = connection.records.fetch([raised])
    assert isinstance(record, RemoteRecord)
    assert record.fields["reporter"] == "Zhang Min"
    assert record.fields["reporter.email"] == "zhang.min@example.com"
    assert record.fields["Problem category"] == "Hardware"
    assert read_instant(record.fields["opened"]) == desk.state.issues[int(raised.rid)].created
    desk.state.issues[int(raised.rid)].values["reporter"] = connection.site.account
    (record,) = connection.records.fetch([raised])
    assert isinstance(record, RemoteRecord)
    assert "reporter" not in record.fields, "our own account says nothing about the user"


def test_an_email_hidden_by_a_profile_is_unreadable_and_not_empty(desk) -> None:
    ref = desk.hands().create("request", {TITLE: "hidden"}, AGENT)
    (record,) = desk.connect().records.fetch([ref])
    assert isinstance(record, RemoteRecord)
    assert record.fields["reporter"] == "Li Wei"
    assert "reporter.email" not in record.fields


# ------------------------------------------------------------------------------------------------------- find, census, history
def test_find_sees_what_the_index_does_not(desk) -> None:
    """Fails with a search alone: nothing has been indexed yet."""
    connection = desk.connect()
    created_after = desk.now()
    made = [desk.create(connection, f"c-{number}") for number in range(12)]
    found = connection.records.find("request", "c-7", created_after)
    assert [record.ref for record in found] == [made[7].ref]
    assert connection.records.find("request", "c-99", created_after) == []


def test_find_passes_over_gaps_and_tells_of_doubles(desk) -> None:
    connection = desk.connect()
    created_after = desk.now()
    desk.state.next_number += 40  # numbers that were spent on creates that failed
    twice = [desk.create(connection, "c-1").ref for _ in range(2)]
    assert [record.ref for record in connection.records.find("request", "c-1", created_after)] == twice


def test_census_lists_every_id_and_the_time(desk) -> None:
    hands = desk.hands()
    refs = [hands.create("request", {TITLE: f"request {number}"}, CUSTOMER) for number in range(70)]
    hands.remove(refs.pop(3))
    desk.later(minutes=5)
    connection, stubs, resume = desk.connect(), [], None
    while True:
        page = connection.records.census("request", resume)
        stubs += page.items
        resume = page.resume
        if resume is None:
            break
    assert [stub.ref for stub in stubs] == refs
    assert all(stub.updated_at for stub in stubs)


@pytest.mark.parametrize("spelled", ["iso", "ms", "s"])
def test_history_tells_statuses_and_values_in_the_records_own_shape(desk, spelled: str) -> None:
    desk.site.platform.changelog_created = spelled
    hands = desk.hands()
    ref = hands.create("request", {TITLE: "first"}, CUSTOMER)
    desk.later(minutes=1)
    hands.edit(ref, {TITLE: "second", FieldId("problem_category"): "software"}, AGENT)
    desk.later(minutes=1)
    hands.edit(ref, {STATUS: "resolved"}, AGENT)
    connection = desk.connect()
    mapper = connection.mapper(desk.binding())
    page = connection.records.history([ref], None, None)
    told = [(change.field, change.old, change.new) for change in map(mapper.read_change, page.items) if change]
    assert told == [
        ("title", "first", "second"),
        ("problem_category", None, "software"),
        ("status", "awaiting_acceptance", "in_progress"),
        ("status", "in_progress", "resolved"),
    ]
    assert len({change.change_id for change in page.items}) == len(page.items)
    assert [change.at for change in page.items] == sorted(change.at for change in page.items)
    issue = desk.state.issues[int(ref.rid)]
    assert abs(page.items[0].at - issue.history[0].at) < timedelta(seconds=1)


def test_history_of_many_requests_goes_on_over_pages(desk) -> None:
    hands = desk.hands()
    desk.site.platform.page_cap = 2
    refs = [hands.create("request", {TITLE: f"request {number}"}, CUSTOMER) for number in range(8)]
    for ref in refs:
        hands.edit(ref, {TITLE: "edited"}, AGENT)
        hands.edit(ref, {STATUS: "in_progress"}, AGENT)
    connection, found, resume, pages = desk.connect(), [], None, 0
    while True:
        page = connection.records.history(refs, None, resume)
        found, resume, pages = [*found, *page.items], page.resume, pages + 1
        if resume is None:
            break
    assert pages > 1
    assert {ref: sum(change.ref == ref for change in found) for ref in refs} == dict.fromkeys(refs, 2)


def test_a_token_handed_out_twice_does_not_go_round_for_ever(desk) -> None:
    connection = desk.connect()
    with pytest.raises(TransientError, match="token"):
        connection.records._next({"nextPageToken": "same"}, {"token": "same"})


def test_hostile_issues_do_not_break_a_page(desk) -> None:
    """A record is passed with what can be read; what is no record at all is left out."""
    from deskweave_jira_sm.records import read_record

    connection = desk.connect()
    deep: dict = {"type": "doc", "version": 1, "content": []}
    here = deep
    for _ in range(300):
        inner = {"type": "panel", "content": []}
        here["content"] = [inner]
        here = inner
    hostile = {
        "summary": "<script>alert(1)</script>" * 10_000,
        "description": deep,
        "status": [],
        "priority": {"id": None, "name": 7},
        "labels": [None, {"x": 1}],
        "reporter": "nobody",
        "updated": 12,
        "customfield_10010": {"requestType": "none"},
    }
    record = read_record(connection, {"id": "1", "key": "ITH-1", "fields": hostile, "properties": {"deskweave.correlation": 5}})
    assert record is not None
    assert record.corr is None
    assert record.fields["description"] is None
    for nothing in (None, 5, [], {}, {"id": "1"}, {"fields": {}}, {"id": "1", "fields": "x"}):
        assert read_record(connection, nothing) is None


def test_status_names_follow_the_account_and_the_binding_decides(desk) -> None:
    """A Chinese account is shown translated names; the binding's own word comes back, whatever language that is."""
    from dataclasses import replace

    from deskweave.model import StatusBinding

    desk.state.people("deskweave.agent@example.com").locale = "zh_CN"
    ref = desk.hands().create("request", {TITLE: "translated"}, CUSTOMER)
    connection = desk.connect()
    bound = desk.binding()
    collection = bound.collections["request"]
    chinese = {
        "awaiting_acceptance": StatusBinding(is_={"status": "等待支持"}),
        "in_progress": StatusBinding(is_={"status": "处理中"}),
    }
    mapper = connection.mapper(replace(bound, collections={"request": replace(collection, statuses=chinese)}))
    (record,) = connection.records.fetch([ref])
    assert mapper.read(record).values[STATUS] == "awaiting_acceptance"
    numbers = {"awaiting_acceptance": StatusBinding(is_={"status": "10001"})}
    mapper = connection.mapper(replace(bound, collections={"request": replace(collection, statuses=numbers)}))
    (record,) = connection.records.fetch([ref])
    assert mapper.read(record).values[STATUS] == "awaiting_acceptance"
    # English words work where the site honours the wish for untranslated names
    desk.site.platform.english_on_request = True
    connection = desk.connect()
    mapper = connection.mapper(bound)
    (record,) = connection.records.fetch([ref])
    assert mapper.read(record).values[STATUS] == "awaiting_acceptance"
    assert Ref("request", ref.rid) == record.ref
