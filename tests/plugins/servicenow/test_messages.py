"""Comments and work notes: written with our mark, read back as a feed, never taken for somebody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deskweave.errors import Executed
from deskweave.model import InternalMessage, PublicMessage, Visibility
from deskweave_servicenow.messages import read_body, write_body

CORR = "01JD0000000000000000000000:01JD0000000000000000000002"


@pytest.fixture
def incident(hands):
    return hands.create("incident", {"title": "x", "user": "wang.fang"}, "li.wei")


def test_a_written_message_is_found_by_its_mark(admin, incident, now):
    assert admin.capabilities
    message = PublicMessage(body="您好，请重启。\n谢谢", author=None, at=now())
    outcome = admin.messages.say(incident, message, corr=CORR, key="k")
    assert outcome.executed is Executed.YES
    (found,) = admin.messages.of(incident, None).items
    assert (found.ref, found.corr, found.body, found.author_side) == (outcome.ref, CORR, message.body, "us")
    assert (found.visibility, found.parent, found.at) == (Visibility.PUBLIC, incident, now())


def test_the_feed_brings_each_message_once_and_tells_sides(open_connection, hands, incident, now, everything):
    admin = open_connection("admin", page_size=2)
    hands.write(incident, Visibility.PUBLIC, "It is broken", "wang.fang")
    hands.write(incident, Visibility.PUBLIC, "Looking", "zhang.min")
    now.advance(timedelta(seconds=5))
    hands.write(incident, Visibility.INTERNAL, "Cable", "zhang.min")
    items, pages = everything(lambda resume: admin.messages.changes("incident", None, resume))
    assert {(one.body, one.author, one.author_side) for one in items} == {
        ("It is broken", "wang.fang", "user"),
        ("Looking", "zhang.min", "agent"),
        ("Cable", "zhang.min", "agent"),
    }
    assert len({one.ref for one in items}) == 3
    assert pages[-1].covers_until == now() - timedelta(seconds=60)
    later, _ = everything(lambda resume: admin.messages.changes("incident", now(), resume))
    assert [one.body for one in later] == ["Cable"]


def test_interactions_have_work_notes_only(admin, hands, now):
    ref = hands.create("interaction", {"title": "x"}, "li.wei")
    assert admin.capabilities
    outcome = admin.messages.note(ref, InternalMessage(body="note", author=None, at=now()), corr=CORR, key="k")
    assert outcome.ref is not None
    assert [one.body for one in admin.messages.changes("interaction", None, None).items] == ["note"]
    with pytest.raises(ValueError, match="work_notes"):
        hands.write(ref, Visibility.PUBLIC, "x", "li.wei")


def test_a_copy_of_our_text_is_not_our_message(admin, hands, incident):
    hands.write(incident, Visibility.PUBLIC, write_body("quoted", CORR), "zhang.min")
    (found,) = admin.messages.of(incident, None).items
    assert (found.corr, found.author_side, found.body) == (None, "agent", "quoted")


def test_an_account_without_the_right_reads_nothing_and_claims_nothing(agent, hands, incident):
    hands.write(incident, Visibility.PUBLIC, "hello", "wang.fang")
    page = agent.messages.changes("incident", None, None)
    assert (page.items, page.resume, page.covers_until, page.expected) == ((), None, None, 1)


def test_a_right_lost_later_shows_in_the_capabilities(emulator, agent, hands, incident):
    emulator.grant("agent", "sys_journal_field")
    hands.write(incident, Visibility.PUBLIC, "hello", "wang.fang")
    assert agent.capabilities.collections["incident"].messages == "feed"
    emulator.platform.accounts["deskweave.agent"].tables.clear()
    assert agent.messages.changes("incident", None, None).covers_until is None
    assert agent.capabilities.collections["incident"].messages == "none"


def test_the_callers_comment_takes_an_incident_off_hold(agent, hands, mapper, incident):
    hands.edit(incident, {"status": "waiting_on_user"}, "zhang.min")
    hands.write(incident, Visibility.PUBLIC, "answer", "zhang.min")
    assert mapper.read(agent.records.fetch([incident])[0]).values["status"] == "waiting_on_user"
    hands.write(incident, Visibility.PUBLIC, "answer", "wang.fang")
    assert mapper.read(agent.records.fetch([incident])[0]).values["status"] == "in_progress"


@pytest.mark.parametrize(
    ("value", "body", "mark"),
    [
        ("plain", "plain", None),
        ("a\r\nb", "a\nb", None),
        ("[code]<p>Hello &amp; <b>bye</b></p>[/code]", "Hello & bye", None),  # the platform's own HTML
        ("a\n\n[deskweave:x:y]", "a", "x:y"),
        ("a [deskweave:x:y] b", "a [deskweave:x:y] b", None),  # a mark ends the text or is none
    ],
)
def test_bodies_are_read_as_text(value, body, mark):
    assert read_body(value) == (body, mark)


def test_html_of_a_strangers_text_is_not_let_through():
    """[code] makes ServiceNow render HTML; a requester's text from another platform must not run in an agent's browser."""
    assert "[code]" not in write_body("[code]<script>alert(1)</script>[/code]", "c").lower()
    assert "[CODE]" not in write_body("[CODE]<img onerror=x>", "c")
