from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from deskweave.connector import PersonKey, PersonMatch, RemotePerson
from deskweave.people import Directory, MatchPolicy, names_of
from deskweave.people.register import ListedPerson
from deskweave.store import Store
from deskweave.store.tables import account


@pytest.fixture
def store():
    store = Store.open(":memory:", now=lambda: datetime(2026, 11, 22, tzinfo=UTC))
    yield store
    store.close()


def hidden(account):
    """What a site tells that hides addresses: an account id and a name."""
    return RemotePerson(account=account, name="李伟", keys=[PersonKey("account", account)], active=True, side="unknown")


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
    match = PersonMatch(PersonKey("email", "a@example.com"), [someone("a")], complete=False)
    assert Directory.proven(match) is None
    assert Directory.proven(PersonMatch(match.key, match.people, complete=True)) is match.people[0]


def rows(store):
    with store.read() as tx:
        found = tx.execute(sa.select(account.c.conn, account.c.account, account.c.how)).all()
    return {(row.conn, row.account): row.how for row in found}


def whose(store, *places):
    with store.read() as tx:
        return [Directory(store).known(tx, conn, [name]).get(name) for conn, name in places]


def settled(store, people):
    with store.write() as tx:
        return not people.follows_files(tx) and bool(people.follow_files(tx))


def test_a_shared_address_is_nobody_s_own(store):
    people = Directory(store)
    with store.write() as tx:
        people.resolve(tx, "snow", [someone("li.wei", email="desk@example.com")])
        people.resolve(tx, "jira", [someone("557:1", email="desk@example.com")])
        people.resolve(tx, "snow", [someone("wang.fang", email="desk@example.com")])
    assert rows(store) == {("snow", "li.wei"): "many: email", ("snow", "wang.fang"): "many: email", ("jira", "557:1"): "email"}
    with store.read() as tx:
        (who,) = people.known(tx, "jira", ["557:1"]).values()
        assert people.account_of(tx, who, "snow") is None


def test_an_account_in_use_outweighs_one_that_is_not(store):
    people = Directory(store)
    left = RemotePerson(account="old", name="李伟", keys=[PersonKey("email", "li@example.com")], active=False, side="agent")
    with store.write() as tx:
        people.resolve(tx, "snow", [left, someone("new", email="li@example.com")])
        (jira,) = people.resolve(tx, "jira", [someone("557:1", email="li@example.com")])
        assert people.account_of(tx, jira.person, "snow") == "new"
    assert rows(store)["snow", "old"] == "many: email"


def test_a_key_only_the_platform_has_makes_nobody(store):
    """A site that hides addresses tells an account id and a name: that is nobody another platform could be asked for."""
    with store.write() as tx:
        (found,) = Directory(store).resolve(tx, "jira", [hidden("557:1")])
    assert (found.person, found.how, found.text) == (None, "none", "李伟")


def test_people_csv_outweighs_rules_and_gives_way_when_its_row_goes(store):
    rules = Directory(store)
    with store.write() as tx:
        (li,) = rules.resolve(tx, "snow", [someone("li.wei", email="li@example.com")])
        (other,) = rules.resolve(tx, "jira", [someone("557:1", email="other@example.com")])
        rules.resolve(tx, "jira", [hidden("557:2")])
    listed = ListedPerson(key="1001", name="李伟（大）", accounts={"snow": "li.wei", "jira": "557:1", "feishu": "ou_1"})
    said = Directory(store, listed=[listed])
    assert settled(store, said)
    assert not settled(store, said), "matched again although nothing has changed"
    one = whose(store, ("snow", "li.wei"), ("jira", "557:1"), ("feishu", "ou_1"))
    assert one == [li.person] * 3
    assert other.person != li.person
    with store.read() as tx:
        assert names_of(tx, [("jira", "557:1"), ("jira", "557:2"), ("snow", "nobody")]) == {
            ("jira", "557:1"): "李伟（大）",
            ("jira", "557:2"): "李伟",
        }
    assert settled(store, rules)
    one, two, three = whose(store, ("snow", "li.wei"), ("jira", "557:1"), ("feishu", "ou_1"))
    assert one is not None
    assert two is not None
    assert (one != two, three) == (True, None)
    with store.read() as tx:
        assert names_of(tx, [("snow", "li.wei")]) == {("snow", "li.wei"): "李伟"}


def test_a_rule_that_was_wrong_goes_with_what_it_matched(store):
    with store.write() as tx:
        wide = Directory(store)
        (one,) = wide.resolve(tx, "snow", [someone("admin", user_name="admin")])
        (two,) = wide.resolve(tx, "jira", [someone("557:1", user_name="Admin")])
        assert one.person == two.person
    narrow = Directory(store, policies={"jira": MatchPolicy(find_by=("email",))})
    assert settled(store, narrow)
    assert whose(store, ("snow", "admin"), ("jira", "557:1")) == [one.person, None]


def test_an_account_is_asked_for_once_and_a_day_later_where_nobody_fits(store):
    people, now = Directory(store), store.now()
    with store.write() as tx:
        assert people.meet(tx, "snow", ["li.wei", "gone", "robot", "", "x" * 400, "\ud800", "a\nb"]) == 3
        assert people.meet(tx, "snow", ["li.wei"]) == 0
        assert people.due(tx, "snow", now) == ["gone", "li.wei", "robot"]
        robot = RemotePerson(account="robot", name="Bot", keys=[PersonKey("email", "bot@example.com")], active=True, side="bot")
        people.learn(tx, "snow", {"li.wei": someone("li.wei", email="li@example.com"), "gone": None, "robot": robot})
        assert people.due(tx, "snow", now) == []
        assert people.due(tx, "snow", now + timedelta(days=1)) == ["gone"]
        assert people.due(tx, "snow", now - timedelta(days=300)) == ["gone", "li.wei", "robot"]  # the clock was put back
        assert people.due(tx, "jira", now) == []
    assert rows(store) == {("snow", "li.wei"): "made", ("snow", "gone"): "absent", ("snow", "robot"): "bot"}


@given(
    st.lists(
        st.tuples(st.sampled_from(["snow", "jira"]), st.sampled_from("abc"), st.sampled_from("pqr"), st.booleans()), max_size=8
    ),
    st.lists(
        st.tuples(st.sampled_from("xyz"), st.sampled_from("abc")), max_size=3, unique_by=(lambda row: row[0], lambda row: row[1])
    ),
)
def test_matching_again_changes_nothing_and_people_csv_always_stands(met, named):
    with closing(Store.open(":memory:", now=lambda: datetime(2026, 11, 22, tzinfo=UTC))) as store:
        listed = [ListedPerson(key=key, name=key, accounts={"snow": name}) for key, name in named]
        people = Directory(store, listed=listed)
        for conn, name, mail, active in met:
            one = RemotePerson(
                account=name, name=name, keys=[PersonKey("email", f"{mail}@example.com")], active=active, side="unknown"
            )
            with store.write() as tx:
                people.resolve(tx, conn, [one])
        settled(store, people)
        before = rows(store), whose(store, *sorted(rows(store)))
        with store.write() as tx:
            people.settle(tx)
        assert (rows(store), whose(store, *sorted(rows(store)))) == before
        every = [one for one in zip(sorted(rows(store)), before[1], strict=True) if one[1] is not None]
        assert len({(place[0], who) for place, who in every}) == len(every), "two accounts of one connection are one person"
        assert all(rows(store)["snow", name] == "people.csv" for _, name in named)
