"""The search that proves status maps: what it finds, what it lets pass, and that it says what the engine does."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from deskweave.mapping import BoundMapper, Dialect
from deskweave.model import Binding, ConnectionName, FieldBinding, FieldId, Policy, StatusBinding
from deskweave.store import find_inquiry
from deskweave.sync.proof import Voice, prove
from deskweave.testing.memory import FIELDS, STATUSES, small_binding
from deskweave.testing.memory.practice import DIALECT, STATUS

PLAIN = {"waiting": ({"state": "1"},), "working": ({"state": "2"},), "asking": ({"state": "3"},), "closed": ({"state": "9"},)}


def bound(name, statuses, policy=Policy.SHARED):
    """`statuses`: slug -> (is, sets, *reads)."""
    spelled = {
        slug: StatusBinding(is_=is_, sets=more[0] if more else {}, reads=tuple(more[1:])) for slug, (is_, *more) in statuses.items()
    }
    binding = small_binding(name, policies={FieldId("status"): policy} if policy is not Policy.SHARED else None)
    collection = binding.collections["ticket"]
    fields = {**collection.fields}
    if policy is not Policy.SHARED:
        fields[STATUS] = FieldBinding(at="state", native="state", policy=policy)
    made = type(collection)(name="ticket", holds=None, fields=fields, statuses=spelled)
    return Binding(
        connection=ConnectionName(name), digest=repr((name, statuses, policy)), collections={"ticket": made}, fields=FIELDS,
        statuses=STATUSES,
    )  # fmt: skip


def voice(name, statuses, policy=Policy.SHARED, **more):
    binding = bound(name, statuses, policy)
    return Voice(connection=name, collection=binding.collections["ticket"], mapper=BoundMapper(binding, DIALECT), **more)


def found(*maps, **more):
    return prove(STATUSES, [voice("abc"[number], one) for number, one in enumerate(maps)], **more)


def told(one):
    return [(step.does, step.where[:1], step.status) for step in one.steps]


@pytest.mark.parametrize(
    "maps",
    [
        [PLAIN],
        [PLAIN, PLAIN, PLAIN],
        # one word for two statuses: the inquiry keeps which it was, and comes back to it
        [{**PLAIN, "asking": ({"state": "2"},)}, PLAIN],
        [{**PLAIN, "asking": ({"state": "2"},)}, {**PLAIN, "closed": ({"state": "3"},)}, PLAIN],
        # no word for a status: the platform stays where it was
        [{slug: PLAIN[slug] for slug in ("working", "closed")}, PLAIN],
        # further words that are read as a status, and a second field that tells two apart
        [{**PLAIN, "closed": ({"state": "9"}, {}, {"state": "8"}, {"state": "7"})}, PLAIN],
        [
            {"working": ({"state": "2"},), "asking": ({"state": "2", "hold": "1"}, {"code": "x"}, {"state": "4", "hold": "5"})},
            PLAIN,
        ],
    ],
    ids=["one", "three", "fold", "two folds", "no word", "reads", "two fields"],
)
def test_maps_that_hold(maps):
    assert found(*maps) == []


def test_a_status_that_is_written_and_comes_back_as_another_is_told_with_the_way():
    # "working" leaves `hold` empty, and an empty `hold` is what "asking" is: what is written as one is read as the other
    (one,) = found({"waiting": ({"state": "1"},), "working": ({"state": "2"},), "asking": ({"state": "2", "hold": None},)})
    assert (one.kind, one.voices, one.status, one.becomes) == ("moves", ("a/ticket",), "working", "asking")
    assert told(one) == [("is", "", "working"), ("writes", "a", "asking"), ("becomes", "", "asking")]
    assert one.steps[1].wanted == "working"


def test_a_status_that_writing_does_not_change_is_told():
    (one,) = found({"working": ({"state": "2"},), "closed": ({"state": "9"}, {"state": "2"})})
    assert (one.kind, one.status, one.becomes) == ("differs", "closed", "working")


def test_a_status_that_writing_makes_unreadable_is_told():
    (one,) = found({"working": ({"state": "2"},), "closed": ({"state": "9", "hold": "1"}, {"hold": "2"})})
    assert (one.kind, one.status, one.becomes) == ("differs", "closed", None)
    assert one.steps[-1].words == "state=9, hold=2"


def test_an_entry_that_is_never_read_is_told():
    maps = {**PLAIN, "closed": ({"state": "9"}, {}, {"stage": "9"}), "asking": ({"state": "3"}, {}, {"state": "3", "stage": "1"})}
    (one,) = found(maps)
    assert (one.kind, one.status, one.becomes, one.entry) == ("unread", "closed", None, 0)


def test_an_entry_that_a_plain_is_of_another_status_covers_is_told():
    maps = {"working": ({"state": "2"},), "asking": ({"state": "2", "hold": "1"}, {}, {"state": "2", "hold": "5"})}
    (one,) = found(maps)
    assert (one.kind, one.status, one.becomes) == ("unread", "asking", "working")


def test_a_status_that_can_be_reached_and_not_left_is_told():
    (one,) = found({"working": ({"state": "2"}, {"state": "9"}), "closed": ({"state": "9"},)})
    assert (one.kind, one.status, one.becomes) == ("differs", "working", "closed")
    assert told(one) == [("is", "", "closed"), ("writes", "a", "closed"), ("elsewhere", "", "working"), ("writes", "a", "closed")]


FLAPS = (
    {
        "waiting": ({"state": "3"}, {"hold": "1"}, {"state": "3"}),
        "working": ({"state": "1", "hold": None}, {"hold": "2"}),
        "asking": ({"state": "3", "hold": None}, {"hold": "3"}),
        "closed": ({"state": "2"}, {"hold": "3"}, {"state": "1"}),
    },
    {
        "waiting": ({"state": "3"}, {"state": "1"}),
        "working": ({"state": "3", "hold": None}, {}, {"state": "1"}),
        "asking": ({"state": "2", "hold": "1"}, {"hold": "2"}, {"state": "2"}),
        "closed": ({"state": "2", "hold": None}, {"hold": "1"}),
    },
)


def test_two_maps_that_go_to_and_fro_are_told_with_the_cycle_spelled_out():
    flaps = [one for one in found(*FLAPS) if one.kind == "flaps"]
    (one,) = flaps
    assert set(one.voices) == {"a/ticket", "b/ticket"}
    becomes = [step.status for step in one.steps if step.does == "becomes"]
    assert len(becomes) > len(set(becomes))  # a status it had left already
    assert not [one for one in found(FLAPS[0], PLAIN) if one.kind == "flaps"]
    shares = [frozenset({"a"}), frozenset({"b"})]
    assert not [one for one in found(*FLAPS, together=shares) if one.kind == "flaps"]  # they never meet


def test_the_engine_goes_to_and_fro_on_the_cycle_that_was_found(world):
    (one,) = [one for one in found(*FLAPS) if one.kind == "flaps"]
    maps = {"a": FLAPS[0], "b": FLAPS[1], "c": PLAIN}
    w = world(names=("a", "b", "c"), bindings={name: bound(name, each) for name, each in maps.items()})
    ref = w.hands("c").create("ticket", {"title": "VPN", "status": "waiting"}, "li")
    w.sync(1)
    w.hands("c").edit(ref, {"status": one.steps[0].status}, "li")
    parked, writes = [], 0
    for _ in range(8):
        report = w.sync(30)
        writes += sum(part.updated for part in report.connections.values())
        parked += report.parked
    assert writes > 12
    assert "came back otherwise each time" in parked[0].reason  # the guard against such wars ends it


def test_what_is_only_read_need_not_say_the_same():
    coarse = {"working": ({"state": "2"},), "closed": ({"state": "9"}, {"state": "2"})}
    assert prove(STATUSES, [voice("a", coarse, written=False), voice("b", PLAIN)]) == []
    assert prove(STATUSES, [voice("a", coarse, Policy.READ_ONLY), voice("b", PLAIN)]) == []


def test_a_platform_that_walks_to_a_status_is_searched_by_what_its_mapper_says():
    maps = {"working": ({"state": "2", "hold": "1"},), "closed": ({"state": "9"},), "asking": ({"state": "2"},)}
    binding = bound("a", maps)
    walks = Dialect(codecs=DIALECT.codecs, digest="w", status_by="transition")
    one = Voice(connection="a", collection=binding.collections["ticket"], mapper=BoundMapper(binding, walks))
    assert {found.kind for found in prove(STATUSES, [one])} <= {"moves", "differs"} != set()
    assert prove(STATUSES, [Voice(connection="a", collection=one.collection, mapper=BoundMapper(binding, DIALECT))]) == []


RAW = [None, "1", "2"]
SPELLED = st.fixed_dictionaries(
    {slug: st.tuples(
        st.sampled_from([{"state": state, **({"hold": hold} if hold != "-" else {})} for state in "123" for hold in ("-", None, "1")]),
        st.sampled_from([{}, {"hold": "1"}, {"state": "2"}]),
    ) for slug in ("waiting", "working", "closed")}
)  # fmt: skip


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(a=SPELLED, b=SPELLED, state=st.sampled_from("123"), hold=st.sampled_from(RAW), begins=st.sampled_from(["waiting", "closed"]))
def test_where_nothing_is_found_the_engine_comes_to_rest_after_an_edit(new_world, a, b, state, hold, begins):
    assume(all(one.kind == "unread" for one in found(a, b)))
    w = new_world(bindings={"a": bound("a", a), "b": bound("b", b)})
    w.hands("a").create("ticket", {"title": "VPN", "status": begins}, "li")
    w.sync(1)
    w.sync(600)
    record = next(iter(w.platforms["b"].records.values()))
    w.platforms["b"].update(record, {"state": state, "hold": hold}, "chen")
    w.sync(600)
    w.sync(600)
    quiet = w.sync(600)
    assert not any(part.updated for part in quiet.connections.values())
    assert not quiet.parked
    status = find_inquiry(w.store, "INQ-1").inquiry.values.get(STATUS)
    for name in "ab":
        says = BoundMapper(w.bindings[name], DIALECT).project("ticket", {STATUS: status}).values.get(STATUS)
        shows = w.hands(name).shows(w.refs(name)[0]).get(STATUS)
        assert shows in (says, None), name  # None: what a person typed there has no word, and is left alone
    w.store.close()
