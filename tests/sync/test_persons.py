"""People in fields: the same person by his account on each platform, called there as he is called there; a name alone is nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from deskweave.connector import Ref
from deskweave.mapping import BoundMapper, Codec, PeopleCodec, text_codec
from deskweave.model import Field, FieldBinding, FieldId, Match, Policy, Route
from deskweave.model.desk import Amend
from deskweave.people import Directory
from deskweave.people.register import ListedPerson
from deskweave.store import explain as events_of
from deskweave.store import find_inquiry, list_parked
from deskweave.store.parked import say_what_it_is
from deskweave.sync import Hooks
from deskweave.testing.memory import FIELDS, MemoryConnection, MemoryPlatform, small_binding
from deskweave.testing.memory.people import MemoryPeople
from deskweave.testing.memory.platform import US
from deskweave.testing.memory.practice import DIALECT

AGENT = FieldId("agent")
WITH_AGENT = {**FIELDS, AGENT: Field(id=AGENT, label={"en": "Agent"}, type="person", personal="identity")}


def name_of(raw, field, at):
    return text_codec.read(raw["name"] if isinstance(raw, Mapping) else raw, field, at)


def account_of(fields, at):
    raw = fields.get(at.native)
    return raw.get("account") if isinstance(raw, Mapping) else None


PERSON = Codec(
    name_of,
    lambda value, field, at: None if value is None else {"name": value},
    PeopleCodec(lambda at: at.native == "agent", account_of, lambda account, name: {"account": account, "name": name}),
)
MAPPED = replace(DIALECT, codecs={**DIALECT.codecs, "person": PERSON})


def mapper(binding):
    return BoundMapper(binding, MAPPED)


class Knowing(MemoryPlatform):
    """Keeps who it knows by account, under its own name for them; whom we name it looks for, and takes where one bears the name."""

    def known(self, fields, by):
        fields = dict(fields)
        raw = fields.get("agent")
        if by == US and isinstance(raw, Mapping):
            fields.pop("agent")
            named = [account for account, one in self.people.items() if one is not None and one.name == raw["name"]]
            account = raw.get("account") or (named[0] if len(named) == 1 else None)
            if account in self.people:
                fields["agent"] = {"account": account, "name": self.people[account].name}
        return fields

    def insert(self, collection, fields, by, *, corr, key):
        return super().insert(collection, {"agent": None, **self.known(fields, by)}, by, corr=corr, key=key)

    def update(self, record, fields, by):
        super().update(record, self.known(fields, by), by)


class Connected(MemoryConnection):
    def __init__(self, platform, made):
        super().__init__(platform, made)
        self.people = MemoryPeople(platform)


def bound(name, policy=Policy.SHARED, native="agent"):
    plain = small_binding(name)
    at = FieldBinding(at=native, native=native, policy=policy)
    collections = {key: replace(one, fields={**one.fields, AGENT: at}) for key, one in plain.collections.items()}
    return replace(plain, collections=collections, fields=WITH_AGENT, digest=f"{plain.digest}-agent-{policy}")


@pytest.fixture
def desk(world):
    return desk_of(world, ("a", "b"))


def desk_of(world, names):
    """Platforms that know their people, and `c`, to which they are text."""
    bindings = {name: bound(name, native="who" if name == "c" else "agent") for name in names}
    made = world(names=names, bindings=bindings, fields=WITH_AGENT, mapper=mapper, connection=Connected)
    made.platforms = {
        name: Knowing(name=name, now=made.clock, switches=one.switches, seed=number)
        for number, (name, one) in enumerate(made.platforms.items())
    }
    made.more["people"] = Directory(made.store)
    made.platforms["a"].introduce("li.wei", "李伟", email="li.wei@example.com")
    made.platforms["a"].introduce("chen.jing", "陈静", email="chen.jing@example.com")
    made.platforms["b"].introduce("557:1", "Wei Li", email="li.wei@example.com")
    made.platforms["b"].introduce("557:2", "Chen Jing", email="chen.jing@example.com")
    return made


def met(desk, *accounts):
    """Somebody has done something on b, so that its accounts are known."""
    ref = desk.hands("b").create("ticket", {"title": "earlier"}, accounts[0])
    for one in accounts:
        desk.hands("b").edit(ref, {"title": f"by {one}"}, one)
        desk.sync(60)


def assign(desk, name, ref, account, by="li.wei"):
    platform = desk.platforms[name]
    raw = {"account": account, "name": platform.people[account].name}
    platform.update(platform.records[ref.collection, ref.rid], {"agent": raw}, by)


def raised(desk, account="li.wei", title="VPN"):
    ref = desk.hands("a").create("ticket", {"title": title}, account)
    assign(desk, "a", ref, account)
    return ref


def agent(desk, name, title="VPN"):
    (record,) = [one for one in desk.platforms[name].records.values() if one.fields.get("short") == title]
    return record.fields.get("agent")


def held(desk):
    (label,) = [one.label for one in desk.platforms["a"].records.values() if one.fields["short"].startswith("VPN")]
    found = find_inquiry(desk.store, label)
    return found.inquiry.values.get(AGENT), [event.new for event in events_of(desk.store, found.id, AGENT)]


def quiet(desk):
    before = {name: one.writes for name, one in desk.platforms.items()}
    for _ in range(3):
        desk.sync(120)
    return before == {name: one.writes for name, one in desk.platforms.items()}


def test_the_person_is_set_by_account_and_called_there_as_he_is_called_there(desk):
    met(desk, "557:1")
    raised(desk)
    desk.sync(60)
    assert agent(desk, "b") == {"account": "557:1", "name": "Wei Li"}
    assert agent(desk, "a") == {"account": "li.wei", "name": "李伟"}
    assert quiet(desk)
    assert held(desk) == ("李伟", ["李伟"]), "a name another platform has for the same person is no change"


def test_an_assignment_crosses_to_the_account_of_the_same_person(desk):
    met(desk, "557:1", "557:2")
    ref = raised(desk)
    desk.hands("a").edit(ref, {"title": "VPN"}, "chen.jing")
    desk.sync(60)
    there = Ref("ticket", next(rid for (_, rid), one in desk.platforms["b"].records.items() if one.fields["short"] == "VPN"))
    assign(desk, "a", ref, "chen.jing", by="chen.jing")
    desk.sync(60)
    assert agent(desk, "b") == {"account": "557:2", "name": "Chen Jing"}
    assign(desk, "b", there, "557:1", by="557:2")
    desk.sync(60)
    assert agent(desk, "a") == {"account": "li.wei", "name": "李伟"}
    assert quiet(desk)


def test_two_people_of_one_name_are_told_apart_by_their_accounts(desk):
    desk.platforms["a"].introduce("li.wei.2", "李伟", email="li.wei.2@example.com")
    desk.platforms["b"].introduce("557:3", "Second Li", email="li.wei.2@example.com")
    met(desk, "557:1", "557:3")
    raised(desk, "li.wei.2")
    desk.sync(60)
    assert agent(desk, "b") == {"account": "557:3", "name": "Second Li"}
    ref = next(ref for ref in desk.refs("a") if desk.platforms["a"].records[ref.collection, ref.rid].fields["short"] == "VPN")
    assign(desk, "a", ref, "li.wei")
    desk.sync(60)
    assert agent(desk, "b") == {"account": "557:1", "name": "Wei Li"}, "the same name, another person"
    assert quiet(desk)


def test_nobody_known_stays_out_and_is_told_until_people_csv_says_who(desk):
    desk.platforms["b"].people["557:1"] = replace(desk.platforms["b"].people["557:1"], keys=())
    raised(desk)
    reports = [desk.sync(60) for _ in range(6)]
    assert agent(desk, "b") is None
    assert "field-dropped" in {one.rule for report in reports for one in report.findings}
    listed = [ListedPerson(key="1001", name="李伟", accounts={"a": "li.wei", "b": "557:1"})]
    desk.more["people"] = Directory(desk.store, listed=listed)
    for _ in range(2):
        desk.sync(60)
    assert agent(desk, "b") == {"account": "557:1", "name": "Wei Li"}
    assert quiet(desk)


def test_somebody_renamed_on_a_platform_is_no_event_and_no_write(desk):
    met(desk, "557:1")
    ref = raised(desk)
    desk.sync(60)
    platform = desk.platforms["b"]
    platform.introduce("557:1", "Wei Li-Smith", email="li.wei@example.com")
    (record,) = [one for one in platform.records.values() if one.fields["short"] == "VPN"]
    platform.update(record, {"agent": {"account": "557:1", "name": "Wei Li-Smith"}}, "557:1")
    assert quiet(desk)
    assert held(desk)[0] == "李伟"
    desk.hands("a").edit(ref, {"title": "VPN drops"}, "li.wei")
    desk.sync(60)
    assert agent(desk, "b", "VPN drops")["name"] == "Wei Li-Smith"
    assert quiet(desk)


def test_a_field_that_is_only_read_there_gets_no_account(desk):
    desk.bindings["b"] = bound("b", Policy.READ_ONLY)
    met(desk, "557:1")
    raised(desk)
    desk.sync(60)
    assert agent(desk, "b") is None
    assert quiet(desk)


def test_who_is_withheld_is_sent_neither_by_name_nor_by_account(desk):
    met(desk, "557:1")
    desk.routes = [Route(id="all", when=None, among=("a", "b"), withhold={"b": frozenset({AGENT})})]
    raised(desk)
    for _ in range(3):
        desk.sync(60)
    assert agent(desk, "b") is None


def test_a_gate_that_names_somebody_else_is_heard(desk):
    met(desk, "557:1")
    desk.more["hooks"] = Hooks(
        outgoing=lambda inquiry, write: [Amend({AGENT: "nobody"}, "so be it")] if AGENT in write.values else []
    )
    raised(desk)
    for _ in range(3):
        desk.sync(60)
    assert agent(desk, "b") is None


def test_a_lost_answer_sends_the_account_once_more_and_no_other(desk):
    met(desk, "557:1")
    raised(desk)
    desk.platforms["b"].faults = ["lost_answer"]
    for _ in range(4):
        desk.sync(120)
    assert agent(desk, "b") == {"account": "557:1", "name": "Wei Li"}
    assert quiet(desk)
    assert held(desk) == ("李伟", ["李伟"])


def test_a_name_typed_where_people_are_text_reaches_the_others_by_account(world):
    desk = desk_of(world, ("a", "b", "c"))
    met(desk, "557:1", "557:2")
    raised(desk)
    desk.hands("a").edit(next(iter(desk.refs("a"))), {"title": "earlier still"}, "chen.jing")
    for _ in range(2):
        desk.sync(60)
    (there,) = [one for one in desk.platforms["c"].records.values() if one.fields["short"] == "VPN"]
    assert there.fields["who"] == {"name": "李伟"}
    desk.platforms["c"].update(there, {"who": {"name": "陈静"}}, "someone")
    for _ in range(4):
        desk.sync(120)
    assert agent(desk, "a") == {"account": "chen.jing", "name": "陈静"}
    assert agent(desk, "b") == {"account": "557:2", "name": "Chen Jing"}
    assert there.fields["who"] == {"name": "陈静"}
    assert quiet(desk)
    assert held(desk) == ("陈静", ["李伟", "陈静"])


def test_whoever_stands_on_a_record_that_a_person_let_go_on_is_asked_for(world):
    """It looked like two inquiries and was set aside; meanwhile it was given to somebody nobody had met."""
    desk = desk_of(world, ("a", "b"))
    alike = Match(find_by=(FieldId("title"),))
    desk.bindings = {
        name: replace(one, collections={key: replace(each, match=alike) for key, each in one.collections.items()})
        for name, one in desk.bindings.items()
    }
    for _ in range(2):
        desk.hands("a").create("ticket", {"title": "VPN"}, "chen.jing")
    ref = desk.hands("b").create("ticket", {"title": "VPN"}, "557:2")
    desk.sync(60)
    assign(desk, "b", ref, "557:1", by="557:2")
    (row,) = [one for one in list_parked(desk.store) if one.label == "B-1"]
    assert say_what_it_is(desk.store, row.id, None)
    desk.sync(60)
    with desk.store.read() as tx:
        assert desk.more["people"].known(tx, "b", ["557:1"])
