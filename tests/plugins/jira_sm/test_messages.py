"""Comments: visibility, our own mark, sides, edits, and what rich text becomes."""

from __future__ import annotations

import pytest

from deskweave.connector import Ref
from deskweave.errors import Executed, Missing, Rejected
from deskweave.model import FieldId, InternalMessage, PublicMessage, Visibility
from deskweave_jira_sm.adf import LIMIT

TITLE = FieldId("title")
CUSTOMER, AGENT = "zhang.min@example.com", "li.wei@example.com"


@pytest.fixture
def parent(desk) -> Ref:
    return desk.hands().create("request", {TITLE: "talk"}, CUSTOMER)


def public(desk, body: str) -> PublicMessage:
    return PublicMessage(body=body, author=None, at=desk.now())


def internal(desk, body: str) -> InternalMessage:
    return InternalMessage(body=body, author=None, at=desk.now())


def test_what_is_said_and_noted_comes_back(desk, parent) -> None:
    connection = desk.connect()
    text = "Please **restart** and run `ipconfig`:\n\n- first\n- second\n\nsee [the guide](https://example.com/a)"
    said = connection.messages.say(parent, public(desk, text), corr="m-1", key="k")
    noted = connection.messages.note(parent, internal(desk, "we know this one"), corr="m-2", key="k")
    page = connection.messages.of(parent, None)
    assert [(m.ref, m.visibility, m.body, m.corr, m.author_side) for m in page.items] == [
        (said.ref, Visibility.PUBLIC, text, "m-1", "us"),
        (noted.ref, Visibility.INTERNAL, "we know this one", "m-2", "us"),
    ]
    stored = desk.state.issues[int(parent.rid)].comments
    assert [comment.public for comment in stored] == [True, False]


def test_one_call_writes_message_and_mark(desk, parent) -> None:
    connection = desk.connect()
    before = desk.site.platform.traffic.writes
    connection.messages.say(parent, public(desk, "hello"), corr="m-1", key="k")
    assert desk.site.platform.traffic.writes == before + 1


def test_a_lost_answer_leaves_a_message_that_is_recognised(desk, parent) -> None:
    connection = desk.connect()
    _ = connection.capabilities
    desk.site.faults.arm("lost_answer", method="POST", path="/comment")
    outcome = connection.messages.note(parent, internal(desk, "lost"), corr="m-9", key="k")
    assert (outcome.executed, outcome.ref) == (Executed.MAYBE, None)
    assert [message.corr for message in connection.messages.of(parent, None).items] == ["m-9"]


def test_sides_and_edits(desk, parent) -> None:
    hands, connection = desk.hands(), desk.connect()
    hands.write(parent, Visibility.PUBLIC, "it does not work", CUSTOMER)
    hands.write(parent, Visibility.PUBLIC, "we look into it", AGENT)
    hands.write(parent, Visibility.INTERNAL, "a known fault", AGENT)
    # a person who uses the integration's account is not us
    hands.write(parent, Visibility.PUBLIC, "by hand", "deskweave.agent@example.com")
    comment = desk.state.issues[int(parent.rid)].comments[1]
    desk.later(minutes=2)
    comment.updated = desk.state.stamp()
    page = connection.messages.of(parent, None)
    assert [(m.author_side, m.visibility.value, m.corr) for m in page.items] == [
        ("user", "public", None),
        ("agent", "public", None),
        ("agent", "internal", None),
        ("agent", "public", None),
    ]
    assert [m.edited_at is not None for m in page.items] == [False, True, False, False]


def test_an_employee_who_reports_is_the_user(desk) -> None:
    ref = desk.hands().create("request", {TITLE: "my own"}, "emma.larsen@example.com")
    desk.hands().write(ref, Visibility.PUBLIC, "still broken", "emma.larsen@example.com")
    (message,) = desk.connect().messages.of(ref, None).items
    assert message.author_side == "user"


def test_pages(desk, parent) -> None:
    hands, connection = desk.hands(), desk.connect()
    for number in range(130):
        hands.write(parent, Visibility.PUBLIC, f"message {number}", CUSTOMER)
    first = connection.messages.of(parent, None)
    assert first.resume is not None
    second = connection.messages.of(parent, first.resume)
    assert second.resume is None
    assert [m.body for m in (*first.items, *second.items)] == [f"message {number}" for number in range(130)]
    assert {m.author_side for m in second.items} == {"user"}


def test_a_hidden_request_has_not_lost_its_messages(desk, parent) -> None:
    """Jira answers a forbidden issue's comments with an empty list; that would read as "all deleted"."""
    desk.hands().write(parent, Visibility.PUBLIC, "there", CUSTOMER)
    connection = desk.connect()
    desk.state.issues[int(parent.rid)].hidden_from.add(connection.site.account)
    with pytest.raises(Missing):
        connection.messages.of(parent, None)


def test_a_note_that_came_out_public_is_withdrawn(desk, parent, monkeypatch) -> None:
    """As outside service projects, where the switch is not known."""
    from deskweave_jira_sm.emulator import issues

    monkeypatch.setattr(issues, "_VISIBILITY", "nobody.knows.this")
    outcome = desk.connect().messages.note(parent, internal(desk, "secret"), corr="m-1", key="k")
    assert outcome.executed is Executed.NO
    assert isinstance(outcome.error, Rejected)
    assert "secret" not in str(outcome.error)
    assert desk.state.issues[int(parent.rid)].comments == []


def test_too_long_a_message_is_refused_before_it_is_sent(desk, parent) -> None:
    connection = desk.connect()
    outcome = connection.messages.say(parent, public(desk, "x" * (LIMIT + 1)), corr="m-1", key="k")
    assert (outcome.executed, type(outcome.error)) == (Executed.NO, Rejected)


@pytest.mark.parametrize(("left", "kind"), [(4_999, None), (5_000, Rejected)])
def test_an_issue_holds_five_thousand_comments(desk, parent, left: int, kind) -> None:
    issue = desk.state.issues[int(parent.rid)]
    desk.hands().write(parent, Visibility.PUBLIC, "one", CUSTOMER)
    issue.comments = issue.comments * left
    outcome = desk.connect().messages.say(parent, public(desk, "one more"), corr="m-1", key="k")
    assert (type(outcome.error) if outcome.error else None) is kind


def test_there_is_no_feed(desk) -> None:
    with pytest.raises(Rejected):
        desk.connect().messages.changes("request", None, None)


def test_people_are_found_by_a_shown_email_only(desk) -> None:
    from deskweave.connector import PersonKey

    people = desk.connect().people
    shown, hidden, prefix = people.look_up(
        [
            PersonKey("email", "Emma.Larsen@example.com"),
            PersonKey("email", "li.wei@example.com"),  # found, but the profile does not show that it is theirs: no guess
            PersonKey("email", "emma.larsen@example.co"),
        ]
    )
    assert [person.name for person in shown.people] == ["Emma Larsen"]
    assert (hidden.people, hidden.complete, prefix.people) == ([], False, [])
    assert people.fetch([shown.people[0].account, "nobody"])[1] is None
