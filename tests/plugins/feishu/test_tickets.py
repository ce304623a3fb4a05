"""Helpdesk tickets: listed without order, read as records, and what was said on them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deskweave.connector import Absent, Ref
from deskweave.errors import Rejected, TransientError
from deskweave.model import FieldId, PublicMessage, Visibility

GUEST, AGENT = "zhang.wei@acme.example", "li.wei@desk.acme.example"


def listed(source, since=None):
    items, resume, calls = [], None, 0
    while True:
        page = source.changes("ticket", since, resume)
        items, calls = [*items, *page.items], calls + 1
        if page.resume is None:
            return {record.ref.rid: record for record in items}, page, calls
        assert page.covers_until is None
        resume = page.resume


@pytest.fixture
def desk(running, connect, binding):
    connection = connect()
    mapper = connection.mapper(binding)
    return connection, mapper, running.hands(mapper)


def opened(hands, title="打印机不工作", **values):
    return hands.create("ticket", {FieldId("title"): title, **{FieldId(k): v for k, v in values.items()}}, GUEST)


@pytest.mark.practice("D3")
def test_a_tickets_life(desk, running, clock):
    connection, mapper, hands = desk
    running.platform.person(GUEST).name = "张伟"
    ref = opened(hands)
    clock.advance(timedelta(minutes=3))
    record = connection.records.fetch([ref])[0]
    assert dict(mapper.read(record).values) == {
        "title": "打印机不工作",
        "submitted_at": clock() - timedelta(minutes=3),
        "user": "张伟",
        "email": GUEST,
        "status": "awaiting_acceptance",
        "user_satisfaction": None,
    }
    assert mapper.read(record).unknown == {FieldId("channel"): 0}  # other ways in have no word
    hands.edit(ref, {FieldId("status"): "in_progress"}, AGENT)
    clock.advance(timedelta(minutes=30))
    hands.edit(ref, {FieldId("status"): "closed", FieldId("user_satisfaction"): "dissatisfied"}, AGENT)
    record = connection.records.fetch([ref])[0]
    assert mapper.read(record).values[FieldId("user_satisfaction")] == "dissatisfied"
    assert record.fields["score"] == 1  # their one is our three
    assert (record.fields["status"], record.fields["agent_resolution_time"]) == (51, 1800)
    assert record.fields["agent_owner.name"] == "李伟"
    assert record.fields["dissatisfaction_reason"] == ["问题没有解决"]
    assert record.fields["tags"] == []  # told only when one ticket is asked for
    assert record.updated_at == clock()


STATUSES = [
    # raw, stage, what it reads as
    (1, 2, "awaiting_acceptance"),
    (2, 2, "in_progress"),
    (2, 1, "awaiting_acceptance"),  # a bot at work has not accepted it
    (3, 2, "awaiting_acceptance"),  # in the queue for a person
    (50, 1, "closed"),
    (51, 2, "closed"),
    (52, 2, "closed"),
]


@pytest.mark.practice("C2")
@pytest.mark.parametrize(("status", "stage", "reads"), STATUSES)
def test_raw_statuses(desk, running, status, stage, reads):
    connection, mapper, hands = desk
    ticket = running.platform.helpdesk.tickets[opened(hands).rid]
    ticket.status, ticket.ticket_type = status, stage
    record = connection.records.fetch([Ref("ticket", ticket.ticket_id)])[0]
    assert mapper.read(record).values[FieldId("status")] == reads


def test_a_status_without_a_word_stays_raw(desk, running):
    connection, mapper, hands = desk
    ticket = running.platform.helpdesk.tickets[opened(hands).rid]
    ticket.status = 4
    seen = mapper.read(connection.records.fetch([Ref("ticket", ticket.ticket_id)])[0])
    assert seen.unknown[FieldId("status")] == {"status": 4, "ticket_type": 2}


def test_windows_are_halved_until_they_fit_on_a_page(running, connect, binding, clock):
    """With pages in no order, nothing but an answer that holds everything is complete."""
    connection = connect()  # no binding yet: first messages are not asked for
    guest = running.platform.person(GUEST)
    wanted = set()
    for number in range(650):
        ticket = running.platform.service.open(guest)
        if number % 3:
            running.platform.service.touch(ticket)
        wanted.add(ticket.ticket_id)
        clock.advance(timedelta(seconds=20 if number % 50 else 4000))
    found, page, calls = listed(connection.records)
    assert set(found) == wanted
    assert page.covers_until == clock() - timedelta(minutes=5)
    pages = [one.query["page"] for one in running.platform.traffic if one.path.endswith("/tickets")]
    assert set(map(tuple, pages)) == {("1",)}  # never a second page, which may have shifted
    assert calls < 70


def test_more_in_one_instant_than_on_a_page_is_paged(running, connect, clock, monkeypatch):
    connection = connect()
    guest = running.platform.person(GUEST)
    tickets = {running.platform.service.open(guest).ticket_id for _ in range(450)}
    running.platform.ids.dice.shuffle = lambda items: None  # with a stable order even this is complete
    found, _, _ = listed(connection.records)
    assert set(found) == tickets


def test_the_cap_of_a_listing_hides_nothing(running, connect, clock):
    running.platform.list_cap = 250
    connection = connect()
    guest = running.platform.person(GUEST)
    wanted = set()
    for _ in range(400):
        wanted.add(running.platform.service.open(guest).ticket_id)
        clock.advance(timedelta(seconds=1))
    assert set(listed(connection.records)[0]) == wanted


def test_only_what_changed_since_and_tickets_never_updated(desk, running, clock):
    connection, _, hands = desk
    old, touched = opened(hands, "一"), opened(hands, "二")
    assert running.platform.helpdesk.tickets[old.rid].updated_at == -1
    clock.advance(timedelta(hours=1))
    since = clock()
    hands.edit(touched, {FieldId("status"): "in_progress"}, AGENT)
    new = opened(hands, "三")  # has no update time: an update window alone would miss it
    found, _, _ = listed(connection.records, since)
    assert set(found) == {touched.rid, new.rid}


def test_a_first_message_is_asked_for_once(desk, running, clock):
    connection, mapper, hands = desk
    ref = opened(hands, "  打印机\n不工作  ")
    hands.write(ref, Visibility.PUBLIC, "还在吗", GUEST)
    for _ in range(3):
        found, _, _ = listed(connection.records)
        assert mapper.read(found[ref.rid]).values[FieldId("title")] == "打印机 不工作"
    assert sum("messages" in one.path for one in running.platform.traffic) == 1


def test_a_ticket_without_a_word_has_no_title_yet(desk, running):
    connection, mapper, hands = desk
    ref = hands.create("ticket", {}, GUEST)
    assert FieldId("title") not in mapper.read(listed(connection.records)[0][ref.rid]).values
    hands.write(ref, Visibility.PUBLIC, "电脑蓝屏", GUEST)
    assert mapper.read(listed(connection.records)[0][ref.rid]).values[FieldId("title")] == "电脑蓝屏"


def test_who_said_what(desk, running, clock):
    connection, _, hands = desk
    ref = opened(hands)
    clock.advance(timedelta(minutes=1))
    running.platform.service.say(running.platform.helpdesk.tickets[ref.rid], None, "正在为您转接人工")
    clock.advance(timedelta(minutes=1))
    spoken = hands.write(ref, Visibility.PUBLIC, "您好，请问编号？", AGENT)
    noted = hands.write(ref, Visibility.INTERNAL, "**驱动** 冲突", AGENT)
    messages = connection.messages.of(ref, None)
    told = [(one.author_side, one.visibility.value, one.body) for one in messages.items]
    assert told[:2] == [("user", "public", "打印机不工作"), ("bot", "public", "正在为您转接人工")]
    assert sorted(told[2:]) == [("agent", "internal", "**驱动** 冲突"), ("agent", "public", "您好，请问编号？")]
    assert {spoken, noted} <= {one.ref for one in messages.items}
    assert messages.resume is None
    comment = next(one for one in messages.items if one.visibility is Visibility.INTERNAL)
    assert comment.author == str(running.platform.person(AGENT).number)  # 19 digits, not rounded


@pytest.mark.parametrize("as_objects", [False, True])
def test_comments_and_reasons_as_lists_and_as_the_documents_have_them(desk, running, as_objects):
    connection, _, hands = desk
    running.platform.object_comments = as_objects
    ref = opened(hands)
    assert connection.messages.of(ref, None).items[0].visibility is Visibility.PUBLIC
    hands.write(ref, Visibility.INTERNAL, "备注", AGENT)
    hands.edit(ref, {FieldId("user_satisfaction"): "dissatisfied"}, AGENT)
    internal = [one.body for one in connection.messages.of(ref, None).items if one.visibility is Visibility.INTERNAL]
    assert internal == ["备注"]
    assert connection.records.fetch([ref])[0].fields["dissatisfaction_reason"] == ["问题没有解决"]


def test_many_messages_come_in_pages_that_know_who_is_who(desk, running, clock):
    connection, _, hands = desk
    ref = opened(hands)
    ticket = running.platform.helpdesk.tickets[ref.rid]
    for number in range(450):
        running.platform.service.say(ticket, running.platform.person(AGENT if number % 2 else GUEST), str(number))
        clock.advance(timedelta(seconds=1))
    said, resume = [], None
    while True:
        page = connection.messages.of(ref, resume)
        said += page.items
        resume = page.resume
        if resume is None:
            break
    assert [one.body for one in said] == ["打印机不工作", *map(str, range(450))]
    assert {one.author_side for one in said} == {"user", "agent"}


CONTENTS = [
    # content, what it reads as
    ({"content": "hi", "msg_type": "text"}, "hi"),
    ({"msg_type": "image", "image_key": "img_1"}, "[image / 图片]"),
    ({"msg_type": "image", "image_keys": ["a", "b"]}, "[image / 图片]\n[image / 图片]"),
    ({"msg_type": "file"}, "[file / 文件]"),
    (
        {
            "msg_type": "post",
            "content": '{"post":{"zh_cn":{"title":"T","content":[[{"tag":"text","text":"a"},{"tag":"a","text":"b","href":"https://x"}]]}}}',
        },
        "T\na[b](https://x)",
    ),
    (
        {"msg_type": "post", "content": {"zh_cn": {"content": [[{"tag": "at", "user_name": "李宁"}], [{"tag": "img"}]]}}},
        "@李宁\n[image / 图片]",
    ),
    ({"msg_type": "text", "content": '{"text":"inner"}'}, "inner"),
    ("not JSON {", "not JSON {"),
    ({"msg_type": "text", "content": 7}, "7"),
    ({"msg_type": "post", "content": '{"post": 3}'}, ""),
    (None, ""),
    ([1, 2], "[1, 2]"),
]


@pytest.mark.parametrize(("content", "text"), CONTENTS)
def test_contents(content, text):
    import json

    from deskweave_feishu.content import plain_text

    assert plain_text(json.dumps(content, ensure_ascii=False) if isinstance(content, dict) else content) == text


def test_what_cannot_be_seen_is_not_gone(desk, running):
    connection, _, _ = desk
    assert connection.records.fetch([Ref("ticket", "6626871355780366331")]) == [
        Absent(Ref("ticket", "6626871355780366331"), "unclear")
    ]


def test_tickets_take_no_messages_from_us(desk, running):
    connection, _, hands = desk
    ref = opened(hands)
    message = PublicMessage(body="b", author=None, at=running.platform.now())
    assert isinstance(connection.messages.say(ref, message, corr="c", key="k").error, Rejected)
    with pytest.raises(Rejected):
        connection.messages.changes("ticket", None, None)


def test_census_sees_every_ticket(desk, running, clock):
    connection, _, hands = desk
    refs = set()
    for _ in range(45):
        refs.add(opened(hands))
        clock.advance(timedelta(minutes=7))
    seen, resume = set(), None
    while True:
        page = connection.records.census("ticket", resume)
        seen |= {stub.ref for stub in page.items}
        if page.resume is None:
            break
        resume = page.resume
    assert seen == refs


def test_an_unreadable_place_to_resume_says_so(desk):
    connection, _, _ = desk
    for collection in ("ticket", "ledger"):
        with pytest.raises(Rejected, match="start it anew"):
            connection.records.changes(collection, None, "{broken")


def test_a_listing_that_fails_is_taken_up_where_it_was(desk, running, clock):
    connection, _, hands = desk
    for number in range(60):
        opened(hands, str(number))
        clock.advance(timedelta(minutes=1))
    page = connection.records.changes("ticket", None, None)
    running.faults.arm("internal_error", path="/tickets")
    with pytest.raises(TransientError):
        connection.records.changes("ticket", None, page.resume)
    found = {record.ref.rid for record in page.items}
    while page.resume is not None:
        page = connection.records.changes("ticket", None, page.resume)
        found |= {record.ref.rid for record in page.items}
    assert found == set(running.platform.helpdesk.tickets)


def test_hands_say_what_comes_later(desk):
    _, _, hands = desk
    ref = opened(hands)
    for act in (
        lambda: hands.attach(ref, Visibility.PUBLIC, "a.png", b"", AGENT),
        lambda: hands.answer("c", "rated", 1, AGENT),
        lambda: hands.replay("ticket", []),
    ):
        with pytest.raises(NotImplementedError, match="later release"):
            act()
    with pytest.raises(ValueError, match="delete"):
        hands.remove(ref)
    with pytest.raises(ValueError, match="messages"):
        hands.write(Ref("ledger", "rec"), Visibility.PUBLIC, "x", AGENT)
