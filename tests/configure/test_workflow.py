"""A platform's workflow held against a status map: what cannot be brought about there, and from where."""

from __future__ import annotations

import pytest

from deskweave.configure.live import Live
from deskweave.configure.workflow import gaps, workflows_of
from deskweave.connector import Element
from deskweave.practice import builtin

STATES = {"1": "To do", "2": "Doing", "3": "Blocked", "4": "Done", "5": "Cancelled", "6": "Lost"}
MAP = {
    "awaiting_acceptance": {"is": {"status": "To do"}},
    "in_progress": {"is": {"status": "doing"}},
    "waiting_on_user": {"is": {"status": "Blocked"}},
    "closed": {"is": {"status": "Done"}, "sets": {"Outcome": "ok"}},
    "cancelled": {"is": {"status": "Cancelled"}},
}
WHOLE = ["12", "21", "23", "32", "24", "42", "15", "25"]
FIELDS = {"outcome": "customfield_7", "reason": "customfield_8"}


def told(*ways, workflow="w"):
    """`ways`: "12" leads from 1 to 2, "*2" from everywhere, "24:customfield_7" demands a field."""
    elements = [Element(id=None, native=id_, attributes={"name": name}) for id_, name in STATES.items()]
    kinds = ["status"] * len(elements)
    for way in ways:
        path, _, demands = way.partition(":")
        attributes = {
            "name": f"step {path}", "workflow": workflow, "from": [] if path[0] == "*" else [path[0]], "to": path[1],
            "demands": demands.split(",") if demands else [],
        }  # fmt: skip
        elements.append(Element(id=None, native=path, attributes=attributes))
        kinds.append("transition")
    return Live(tuple(elements), tuple(kinds))


def found(*ways, statuses=MAP):
    document = {"collections": {"request": {"statuses": statuses}, "note": {"fields": {}}}}
    return gaps(builtin().statuses, document, workflows_of(told(*ways)), FIELDS)


@pytest.mark.parametrize(
    "ways",
    [
        WHOLE,
        ["*1", "*2", "*3", "*4", "*5"],
        ["12", "21", "23", "32", "24:customfield_7", "42", "15", "25"],  # it is given: `sets` names the field as people do
        [*WHOLE, "26", "62"],  # a state without a word, and with a way back
    ],
    ids=["hops", "from everywhere", "given", "way back"],
)
def test_workflows_that_let_everything_happen(ways):
    assert found(*ways) == []


def test_a_closed_request_that_cannot_be_opened_again_is_told_with_where_one_gets_to():
    (gap,) = found("12", "21", "23", "32", "24", "15", "25")
    assert (gap.kind, gap.source, gap.onward) == ("way", "Done", ())
    assert set(gap.statuses) == {"awaiting_acceptance", "in_progress", "waiting_on_user", "cancelled"}  # the practice reopens
    (gap,) = found("12", "21", "23", "32", "24", "45", "15", "25")
    assert (gap.source, gap.onward) == ("Done", ("Cancelled",))


def test_what_the_practice_never_asks_for_is_not_missed():
    assert found(*WHOLE) == []  # nothing leads out of "Cancelled", and no transition of the practice does either


def test_a_status_that_nothing_leads_to_is_told_once():
    (gap,) = found("12", "21", "32", "24", "42", "15", "25")
    assert (gap.kind, gap.statuses, gap.targets) == ("nowhere", ("waiting_on_user",), ("Blocked",))
    (gap,) = found(*[way for way in WHOLE if "3" not in way])  # it is not in the workflow at all
    assert (gap.kind, gap.targets) == ("nowhere", ("waiting_on_user",))


def test_a_field_that_the_only_way_demands_and_the_map_does_not_give_is_told():
    (gap,) = [one for one in found("12", "21", "23", "32", "24:customfield_8", "42", "15", "25") if one.source == "Doing"]
    assert (gap.kind, gap.targets, gap.fields) == ("demand", ("Done",), ("customfield_8",))
    assert found("12", "21", "23", "32", "24:customfield_8", "34", "42", "15", "25") == []  # a longer way demands nothing


def test_a_state_without_a_word_and_without_a_way_back_is_told():
    (gap,) = found(*WHOLE, "26")
    assert (gap.kind, gap.source) == ("trap", "Lost")
    read = {**MAP, "cancelled": {"is": {"status": "Cancelled"}, "reads": [{"status": "6"}]}}
    assert found(*WHOLE, "26", statuses=read) == []


def test_a_state_that_is_read_as_a_status_has_to_lead_on_like_it():
    read = {**MAP, "in_progress": {"is": {"status": "Doing"}, "reads": [{"status": "Lost"}]}}
    (gap,) = found(*WHOLE, "26", statuses=read)
    assert (gap.kind, gap.source) == ("way", "Lost")
    assert found(*WHOLE, "26", "62", statuses=read) == []


def test_every_workflow_of_a_desk_is_looked_at_and_one_whose_ends_are_not_told_is_none():
    live = told(*WHOLE)
    other = told("12", "21", workflow="v")
    both = Live((*live.elements, *other.elements), (*live.kinds, *other.kinds))
    document = {"collections": {"request": {"statuses": MAP}}}
    assert {gap.workflow for gap in gaps(builtin().statuses, document, workflows_of(both), {})} == {"v"}
    silent = Live((Element(id=None, native="9", attributes={"name": "Close", "workflow": "w"}),), ("transition",))
    assert workflows_of(silent) == []
