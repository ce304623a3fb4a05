from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deskweave.connector import PersonKey, PersonMatch, RemotePerson
from deskweave.people import Directory, MatchPolicy
from deskweave.store import Store


@pytest.fixture
def store():
    store = Store.open(":memory:", now=lambda: datetime(2026, 11, 22, tzinfo=UTC))
    yield store
    store.close()


def someone(account, **keys):
    return RemotePerson(
        account=account, name="李伟", keys=[PersonKey(kind, value) for kind, value in keys.items()], active=True, side="agent"
    )


def test_the_same_mail_is_the_same_person_whatever_its_letters(store):
    people = Directory(store)
    with store.write() as tx:
        (first,) = people.resolve(tx, "snow", [someone("li.wei", email="Li.Wei@example.com", mobile="+86 138-0000-0000")])
        (second,) = people.resolve(tx, "jira", [someone("557:1", email="li.wei@example.com ")])
        (third,) = people.resolve(tx, "feishu", [someone("ou_1", mobile="0086 13800000000")])
        assert first.person == second.person == third.person
        assert (first.how, second.how, third.how) == ("made", "email", "mobile")
        assert people.account_of(tx, first.person, "jira") == "557:1"
        assert people.known(tx, "snow", ["li.wei", "nobody"]) == {"li.wei": first.person}


def test_two_persons_who_fit_are_nobody_until_somebody_says(store):
    people = Directory(store, MatchPolicy(find_by=("email",)))
    with store.write() as tx:
        (one,) = people.resolve(tx, "snow", [someone("a", email="a@example.com")])
        (two,) = people.resolve(tx, "snow", [someone("b", email="b@example.com")])
        both = RemotePerson(
            account="c",
            name="",
            keys=[PersonKey("email", "a@example.com"), PersonKey("email", "b@example.com")],
            active=True,
            side="agent",
        )
        (found,) = people.resolve(tx, "jira", [both])
        assert (found.person, found.how, found.text) == (None, "many: email", "c")
        people.join(tx, "jira", "c", two.person, by="person:admin")
        assert people.resolve(tx, "jira", [both])[0].person == two.person != one.person


def test_nobody_known_stays_text(store):
    people = Directory(store, MatchPolicy(on_none="leave"))
    with store.write() as tx:
        (found,) = people.resolve(tx, "snow", [someone("x", email="x@example.com")])
    assert (found.person, found.text) == (None, "李伟")


def test_an_incomplete_answer_proves_nothing():
    hidden = PersonMatch(PersonKey("email", "a@example.com"), [someone("a")], complete=False)
    assert Directory.proven(hidden) is None
    assert Directory.proven(PersonMatch(hidden.key, hidden.people, complete=True)) is hidden.people[0]
