"""Who an account is, as sync meets it: asked for in batches, matched by rules and people.csv, called by name, never guessed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from deskweave.connector import Ref
from deskweave.model import Visibility
from deskweave.people import Directory, MatchPolicy, names_of
from deskweave.people.register import ListedPerson
from deskweave.store.tables import account, event, message
from deskweave.sync import carried
from deskweave.testing.memory.people import MemoryPeople

PUBLIC, INTERNAL = Visibility.PUBLIC, Visibility.INTERNAL
TITLE = "title"


@pytest.fixture
def desk(world, monkeypatch):
    """Two platforms whose people can be asked for, and a directory; `desk.listed` is people.csv."""
    from deskweave.testing.memory import MemoryConnection

    made = world()
    opened = MemoryConnection.__init__

    def with_people(self, platform, mapper):
        opened(self, platform, mapper)
        self.people = MemoryPeople(platform)

    monkeypatch.setattr(MemoryConnection, "__init__", with_people)
    made.more["people"] = Directory(made.store)
    made.platforms["a"].introduce("li.wei", "李伟", email="Li.Wei@example.com")
    made.platforms["b"].introduce("557:1", "Wei Li", email="li.wei@example.com")
    return made


def opened(desk, name="a", by="li.wei", title="VPN drops"):
    return desk.hands(name).create("ticket", {TITLE: title}, by)


def said(desk, name):
    return [one.body for one in desk.platforms[name].comments]


def hows(desk):
    with desk.store.read() as tx:
        return {(row.conn, row.account): row.how for row in tx.execute(sa.select(account))}


def rows(desk):
    """Everything that stands about people, and how often the platforms were called."""
    with desk.store.read() as tx:
        return tx.execute(sa.select(account).order_by(account.c.conn, account.c.account)).all()


def test_a_carried_message_is_signed_with_the_name_people_call_somebody_by(desk):
    ref = opened(desk)
    desk.hands("a").write(ref, PUBLIC, "Since this morning.", "li.wei")
    desk.sync(1)
    (there,) = said(desk, "b")
    line = carried.parse(there)
    assert (line.author, line.body) == ("李伟", "Since this morning.")
    with desk.store.read() as tx:
        (who,) = tx.execute(sa.select(event.c.actor).where(event.c.field == "message_log")).scalars()
        assert names_of(tx, [tuple(who.split(":", 1))]) == {("a", "li.wei"): "李伟"}


def test_whoever_answers_elsewhere_is_the_same_person_by_his_address(desk):
    ref = opened(desk)
    desk.hands("a").write(ref, PUBLIC, "Since this morning.", "li.wei")
    desk.sync(1)
    desk.hands("b").write(Ref("ticket", "000001"), PUBLIC, "Still so.", "557:1")
    desk.sync(60)
    assert hows(desk)["b", "557:1"] == "email"
    assert carried.parse(said(desk, "a")[-1]).author == "李伟"
    with desk.store.read() as tx:
        people = Directory(desk.store)
        assert people.known(tx, "a", ["li.wei"])["li.wei"] == people.known(tx, "b", ["557:1"])["557:1"]


def test_five_messages_to_and_fro_have_one_first_line_each_and_their_author(desk):
    ref = opened(desk)
    desk.sync(1)
    for number in range(5):
        name, by, where = ("a", "li.wei", ref) if number % 2 == 0 else ("b", "557:1", Ref("ticket", "000001"))
        desk.hands(name).write(where, PUBLIC, f"word {number}", by)
        desk.sync(60)
    for name in ("a", "b"):
        for body in said(desk, name):
            line = carried.parse(body)
            assert body.count("| ") in (0, 3), body
            if line is not None:
                assert carried.parse(line.body) is None
                assert line.author == "李伟"


def test_nobody_known_stays_as_he_is_called_there(desk):
    """A site that hides addresses still tells a name; one that tells nothing leaves the account."""
    desk.platforms["a"].introduce("ou_1", "王芳")
    ref = opened(desk)
    for by in ("ou_1", "ou_2"):
        desk.hands("a").write(ref, INTERNAL, f"from {by}", by)
    desk.platforms["a"].people.pop("ou_2")
    desk.sync(1)
    authors = {carried.parse(body).body: carried.parse(body).author for body in said(desk, "b")}
    assert authors == {"from ou_1": "王芳", "from ou_2": "a:ou_2"}
    assert (hows(desk)["a", "ou_1"], hows(desk)["a", "ou_2"]) == ("none", "absent")


def test_people_csv_says_who_somebody_is_and_what_he_is_called(desk):
    desk.platforms["a"].introduce("ou_1", "W. F.")
    listed = [ListedPerson(key="1002", name="王芳", accounts={"a": "ou_1", "b": "557:9"})]
    desk.more["people"] = Directory(desk.store, listed=listed)
    ref = opened(desk)
    desk.hands("a").write(ref, PUBLIC, "Hello.", "ou_1")
    desk.sync(1)
    assert carried.parse(said(desk, "b")[0]).author == "王芳"
    assert hows(desk)["a", "ou_1"] == hows(desk)["b", "557:9"] == "people.csv"


def test_a_quiet_run_asks_nobody_and_writes_nothing(desk):
    ref = opened(desk)
    desk.platforms["a"].introduce("ou_1", "王芳")
    desk.hands("a").write(ref, PUBLIC, "Hello.", "ou_1")
    for _ in range(3):
        desk.sync(60)
    before, asked = rows(desk), []
    for platform in desk.platforms.values():
        platform.hook = lambda door: asked.append(door) if "people" in door else None
    desk.sync(60)
    assert (rows(desk), asked) == (before, [])
    desk.sync(60 * 60 * 24)
    assert asked == ["before people.fetch"], "an account nobody is matched to is asked for again after a day, the others never"


def test_accounts_are_asked_for_together(desk):
    ref = opened(desk)
    for number in range(150):
        desk.hands("a").write(ref, PUBLIC, f"word {number}", f"user{number}@example.com")
    asked = []
    desk.platforms["a"].hook = lambda door: asked.append(door) if "people" in door else None
    desk.sync(1)
    assert asked == ["before people.fetch"] * 2
    assert len(hows(desk)) == 150


@pytest.mark.parametrize("fault", ["no_right", "rejected", "down", "bug", "limited_class"])
def test_people_who_cannot_be_read_stay_text_and_sync_goes_on(desk, fault):
    ref = opened(desk)
    desk.hands("a").write(ref, PUBLIC, "Hello.", "li.wei")
    desk.platforms["a"].people_faults = [fault]
    report = desk.sync(1)
    assert [one.rule for one in report.findings] == ["people-unread"]
    assert not report.failed
    assert carried.parse(said(desk, "b")[0]).author == "a:li.wei"
    again = desk.sync(60)
    if fault in ("limited_class", "down"):
        assert hows(desk)["a", "li.wei"] == "made", "it has passed: the next run asks again"
    else:
        assert again.findings == []
        assert hows(desk)["a", "li.wei"] == "unread"
        desk.sync(60 * 60 * 24)
        assert hows(desk)["a", "li.wei"] == "made"


@pytest.mark.parametrize(
    "answer",
    [
        lambda person: ["li.wei"],
        lambda person: [],
        lambda person: [person, person],
        lambda person: [replace(person, name="\ud800")],
        lambda person: [replace(person, name=None)],
        lambda person: [replace(person, keys=[None])],
        lambda person: [replace(person, profile={"manager": object()})],
        lambda person: None,
    ],
    ids=["a-text", "too-few", "too-many", "half-a-letter", "no-name", "no-key", "no-json", "nothing"],
)
def test_an_answer_that_is_none_is_contained(desk, monkeypatch, answer):
    ref = opened(desk)
    desk.hands("a").write(ref, PUBLIC, "Hello.", "li.wei")
    person = desk.platforms["a"].people["li.wei"]
    monkeypatch.setattr(MemoryPeople, "fetch", lambda self, accounts: answer(person))
    report = desk.sync(1)
    assert {one.rule for one in report.findings} == {"people-unread"}
    assert not report.failed
    assert carried.parse(said(desk, "b")[0]).author == "a:li.wei"


def test_a_right_that_is_missing_is_missed_once_for_all(desk):
    ref = opened(desk)
    for number in range(150):
        desk.hands("a").write(ref, PUBLIC, f"word {number}", f"user{number}@example.com")
    asked = []
    desk.platforms["a"].hook = lambda door: asked.append(door) if "people" in door else None
    desk.platforms["a"].people_faults = ["no_right"]
    desk.sync(1)
    assert desk.sync(60).findings == []
    assert asked == ["before people.fetch"], "everybody who is due is asked for a day later"


def test_another_instance_is_asked_for_nobody(desk):
    from deskweave.errors import SafetyStop

    ref = opened(desk)
    desk.hands("a").write(ref, PUBLIC, "Hello.", "li.wei")
    desk.platforms["a"].people_faults = ["limited_class"]
    desk.sync(1)
    asked = []
    desk.platforms["a"].hook = lambda door: asked.append(door) if "people" in door else None

    def other():
        raise SafetyStop("another instance")

    sides = desk.engine()._sides
    engine = desk.engine()
    engine._sides = {name: replace(side, verify=other if name == "a" else None) for name, side in sides.items()}
    desk.clock.turn(60)
    with pytest.raises(SafetyStop):
        engine.run()
    assert asked == []


def test_a_limit_of_the_connection_pauses_it_like_any_other(desk):
    ref = opened(desk)
    desk.hands("a").write(ref, PUBLIC, "Hello.", "li.wei")
    desk.platforms["a"].people_faults = ["limited"]
    report = desk.sync(1)
    assert report.connections["a"].paused
    desk.sync(120)
    assert hows(desk)["a", "li.wei"] == "made"


def test_a_crash_before_people_are_asked_for_loses_nobody(desk):
    from deskweave.testing.memory import Crash

    ref = opened(desk)
    desk.hands("a").write(ref, PUBLIC, "Hello.", "li.wei")

    def crash(door):
        if "people" in door:
            raise Crash

    desk.platforms["a"].hook = crash
    with pytest.raises(Crash):
        desk.sync(1)
    desk.platforms["a"].hook = lambda door: None
    desk.sync(60)
    assert carried.parse(said(desk, "b")[0]).author == "李伟"


def test_a_run_says_how_many_fit_several_and_where_asked_how_many_fit_nobody(desk):
    desk.platforms["a"].introduce("wang.fang", "王芳", email="li.wei@example.com")
    desk.platforms["a"].introduce("ou_1", "赵六")
    ref = opened(desk)
    for by in ("li.wei", "wang.fang", "ou_1"):
        desk.hands("a").write(ref, PUBLIC, f"from {by}", by)
    desk.more["people"] = Directory(desk.store, MatchPolicy(on_none="error"))
    report = desk.sync(1)
    found = {one.rule: one for one in report.findings}
    assert {rule: one.found for rule, one in found.items()} == {"person-unknown": "3"}
    assert report.needs_person
    assert not any(name in one.message + one.remedy for one in found.values() for name in ("王芳", "赵六", "wang.fang", "ou_1"))
    assert not desk.sync(60).findings, "said once"
    desk.more["people"] = Directory(desk.store)
    assert [(one.rule, one.found) for one in desk.sync(60).findings] == [("person-several", "2")]
    assert hows(desk)["a", "wang.fang"] == hows(desk)["a", "li.wei"] == "many: email"
    assert {carried.parse(body).author for body in said(desk, "b")} == {"李伟", "王芳", "赵六"}, "an own name is no guess"


def test_a_name_that_is_withheld_stands_in_no_first_line(desk):
    (route,) = desk.routes
    desk.routes = [replace(route, withhold={"b": frozenset({TITLE})})]
    ref = opened(desk, title="李伟")
    desk.hands("a").write(ref, PUBLIC, "Hello.", "li.wei")
    desk.sync(1)
    assert [carried.parse(body).author for body in said(desk, "b")] == ["unknown"]


def test_without_a_directory_nobody_is_asked_for(world):
    plain = world()
    ref = plain.hands("a").create("ticket", {TITLE: "VPN"}, "li.wei")
    plain.hands("a").write(ref, PUBLIC, "Hello.", "li.wei")
    plain.sync(1)
    assert carried.parse(plain.platforms["b"].comments[0].body).author == "a:li.wei"
    with plain.store.read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(account)).scalar() == 0
        assert tx.execute(sa.select(message.c.author)).scalars().all() == ["a:li.wei"]
