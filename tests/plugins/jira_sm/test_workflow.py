"""The workflow as it is told for `check`: what is said to be out of reach there is what a walk cannot reach, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from deskweave.configure.live import read_live
from deskweave.configure.workflow import gaps, workflows_of
from deskweave.documents import read
from deskweave.errors import Rejected
from deskweave.model import FieldId
from deskweave.practice import builtin
from deskweave_jira_sm.connector import JiraConnector
from deskweave_jira_sm.emulator.state import Step

from .conftest import STATUSES

CUSTOMER = "zhang.min@example.com"
MODEL = builtin().statuses
#: every status may follow on every other: then each pair has to be there, or be told
FREE = replace(
    MODEL,
    transitions={
        f"{source}_to_{target}": replace(next(iter(MODEL.transitions.values())), sources=(source,), target=target)
        for source, target in permutations(STATUSES, 2)
    },
)


def document(statuses=None):
    if statuses is None:
        (made,) = read(JiraConnector().binding_template(), "bindings/jira_sm.yaml")
        return made.body
    return {"collections": {"request": {"statuses": statuses}}}


def told(desk, model=MODEL, body=None):
    live = read_live(desk.connect("admin").configuration)
    fields = {
        str(element.attributes.get("name")).casefold(): element.native
        for element, kind in zip(live.elements, live.kinds, strict=True)
        if kind == "field"
    }
    return gaps(model, body or document(), workflows_of(live), fields)


def status_id(desk, slug):
    return next(id_ for id_, status in desk.state.statuses.items() if status.names["en"] == STATUSES[slug])


def walked(desk, connection, start, end):
    """Whether a request in one status comes to another."""
    ref = desk.hands().create("request", {FieldId("title"): f"{start} to {end}"}, CUSTOMER)
    desk.state.issues[int(ref.rid)].status = status_id(desk, start)
    desk.later(minutes=5)  # within the limits on calls
    outcome = desk.patch(connection, ref, status=end)
    assert outcome.error is None or isinstance(outcome.error, Rejected)
    return outcome.error is None


@pytest.mark.practice("M1")
def test_the_built_in_practice_can_be_lived_on_the_workflow_of_a_new_desk(desk) -> None:
    assert told(desk) == []


def test_an_agent_may_not_read_workflows_and_nothing_is_said(desk) -> None:
    live = read_live(desk.connect("agent").configuration)
    assert workflows_of(live) == []


def reopen_gone(desk):
    desk.state.steps[:] = [step for step in desk.state.steps if step.names["en"] != "Reopen"]


def pending_apart(desk):
    desk.state.steps[:] = [step for step in desk.state.steps if step.names["en"] != "Pending"]


@pytest.mark.parametrize(
    "change", [None, reopen_gone, pending_apart], ids=["as it comes", "no reopening", "nothing leads to Pending"]
)
def test_what_is_told_is_what_a_walk_meets_with(desk, change) -> None:
    if change is not None:
        change(desk)
    statuses = {
        slug: {"is": {"status": name}, **({"sets": {"resolution": "Done"}} if slug in ("resolved", "closed", "cancelled") else {})}
        for slug, name in STATUSES.items()
    }
    missing = set()
    for gap in told(desk, FREE, document(statuses)):
        for status in gap.statuses:
            sources = [slug for slug, name in STATUSES.items() if name == gap.source] if gap.kind == "way" else list(STATUSES)
            missing |= {(source, status) for source in sources if source != status}
    connection = desk.connect("admin")
    assert missing == {pair for pair in permutations(STATUSES, 2) if not walked(desk, connection, *pair)}
    assert ("cancelled", "in_progress") in missing


def test_a_field_that_a_validator_asks_for_is_told_before_a_walk_fails_at_it(desk) -> None:
    field = next(id_ for id_, one in desk.state.fields.items() if one.name == "Solution")
    desk.state.steps[:] = [replace(step, validates=(field,)) if step.names["en"] == "Close" else step for step in desk.state.steps]
    found = told(desk)
    assert {(gap.kind, gap.targets, gap.fields) for gap in found} == {("demand", ("Closed",), (field,))}
    assert not walked(desk, desk.connect("admin"), "resolved", "closed")


def test_a_status_of_the_desk_without_a_word_and_without_a_way_back_is_told(desk) -> None:
    progress, canceled = status_id(desk, "in_progress"), status_id(desk, "cancelled")
    desk.state.statuses["90"] = replace(desk.state.statuses[progress], id="90", names={"en": "Under review", "zh": "审查中"})
    names = {"en": "Review", "zh": "审查"}
    desk.state.steps.append(Step(id="91", names=names, sources=(progress,), to="90"))
    (gap,) = told(desk)
    assert (gap.kind, gap.source) == ("trap", "Under review")
    desk.state.steps.append(Step(id="92", names=names, sources=("90",), to=canceled))
    assert told(desk) == []
