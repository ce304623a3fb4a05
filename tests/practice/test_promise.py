"""What is promised, and how urgent a thing is: the priority matrix and service levels (practice K, C2, J6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.findings import Finding, Place
from deskweave.model import Goal
from deskweave.model.predicate import holds
from deskweave.practice import Practice, builtin
from deskweave.practice.references import check_references

HEAD = "apiVersion: deskweave/v1\n"
MATRIX = "kind: PriorityMatrix\nid: priority\n"
LEVEL = "kind: ServiceLevel\nid: standard\n"


def promised(practice: Practice, level: str, clock: str, inquiry: dict[str, Any]) -> Goal | None:
    """The first goal that holds, as service levels say they are tried."""
    return next((goal for goal in practice.service_levels[level].goals.get(clock, ()) if holds(goal.when, inquiry)), None)


# ------------------------------------------------------------------------------------------------- the built-in practice
@pytest.mark.practice("K1", "K3")
def test_the_matrix_gives_every_pair_its_priority(practice: Practice) -> None:
    """K1, K3: the rule is written; no pair is left to somebody's mood."""
    (matrix,) = practice.priority_matrices.values()
    assert (matrix.impact, matrix.urgency, matrix.sets) == ("impact", "urgency", "priority")
    impacts, urgencies, priorities = (list(practice.fields[name].choices) for name in ("impact", "urgency", "priority"))
    for impact in impacts:
        assert [matrix.matrix[impact][urgency] in priorities for urgency in urgencies] == [True] * len(urgencies)
    assert (matrix.matrix["high"]["high"], matrix.matrix["low"]["low"]) == (priorities[0], priorities[-1])


def test_more_impact_or_urgency_never_lowers_the_priority(practice: Practice) -> None:
    (matrix,) = practice.priority_matrices.values()
    impacts, urgencies, priorities = (list(practice.fields[name].choices) for name in ("impact", "urgency", "priority"))
    table = [[priorities.index(matrix.matrix[impact][urgency]) for urgency in urgencies] for impact in impacts]
    for row in [*table, *map(list, zip(*table, strict=True))]:
        assert row == sorted(row)


@pytest.mark.practice("K2")
def test_the_priority_rises_as_time_runs_short(practice: Practice) -> None:
    """K2."""
    (matrix,) = practice.priority_matrices.values()
    (rise,) = matrix.rises.values()
    assert (rise.clock, rise.left, rise.steps, rise.when) == ("resolution", 0.25, 1, None)


@pytest.mark.practice("K4")
def test_what_impact_and_urgency_weigh(practice: Practice) -> None:
    """K4: two of impact, two of urgency, three that may be considered besides."""
    (matrix,) = practice.priority_matrices.values()
    assert {part: [choice.label["zh"] for choice in words.values()] for part, words in matrix.weighs.items()} == {
        "impact": ["是否影响关键业务", "影响个人还是多个部门"],
        "urgency": ["恢复服务对业务的紧迫程度", "服务级别合同规定的恢复时间"],
        "optional": ["预计花费的时间", "预计花费的成本", "预计投入的人力"],
    }


@pytest.mark.practice("C2", "K1")
@pytest.mark.parametrize("priority", ["p1", "p2", "p3", "p4", None])
@pytest.mark.parametrize("level", ["standard", "meeting"])
def test_five_minutes_until_someone_responds_whatever_the_priority(practice: Practice, level: str, priority: str | None) -> None:
    """C2, K1: a response target for each priority, and the sources' figure for all of them."""
    goal = promised(practice, level, "first_response", {"priority": priority})
    assert goal is not None
    assert goal.goal == timedelta(minutes=5)


@pytest.mark.practice("C2", "K1")
@pytest.mark.parametrize(
    ("stream", "priority", "hours"),
    [
        ("incident", "p1", 4),
        ("problem", "p2", 8),
        ("service_request", "p3", 16),
        ("incident", "p4", 40),
        # C2: until it is known what it is, only the response is judged
        (None, "p1", None),
        # nothing is promised for the solution of these
        ("consultation", "p1", None),
        ("complaint", "p1", None),
        ("praise", "p4", None),
        # not prioritised yet
        ("incident", None, None),
    ],
)
def test_goals_of_the_solution(practice: Practice, stream: str | None, priority: str | None, hours: int | None) -> None:
    goal = promised(practice, "standard", "resolution", {"stream": stream, "priority": priority})
    assert (goal and goal.goal) == (None if hours is None else timedelta(hours=hours))


def test_a_meeting_promises_no_duration(practice: Practice) -> None:
    goal = promised(practice, "meeting", "resolution", {"stream": "incident", "priority": "p1"})
    assert goal is not None
    assert goal.goal is None


@pytest.mark.practice("J6")
def test_levels_at_risk_and_default(practice: Practice) -> None:
    """J6: told before the breach; one level holds where an item names none."""
    assert [level.id for level in practice.service_levels.values() if level.default] == ["standard"]
    for level in practice.service_levels.values():
        assert level.at_risk == (0.5, 0.8)
    assert practice.service_levels["standard"].on_change == "retroactive"


@pytest.mark.parametrize(
    ("kind", "number"), [("PriorityMatrix", f"K{n}") for n in (1, 2, 3, 4)] + [("ServiceLevel", n) for n in ("C2", "J6", "K1")]
)
def test_documents_name_the_requirements_they_state(practice: Practice, kind: str, number: str) -> None:
    assert any(number in body["satisfies"] and body["ours"] for (found, _), body in practice.documents.items() if found == kind)


# ------------------------------------------------------------------------------------------------------ broken and mended
# text, rule, path, message, and the words that mend it
BROKEN = [
    # matrix
    (
        MATRIX + "impact: impacts\n",
        "unknown-choice-field",
        "/impact",
        "'impacts' is not a choice field of this practice",
        ("impacts", "impact"),
    ),
    # a field that is there, and no choice
    (
        MATRIX + "sets: title\n",
        "unknown-choice-field",
        "/sets",
        "'title' is not a choice field of this practice",
        ("title", "priority"),
    ),
    (
        MATRIX + "matrix: {critical: {high: p1}}\n",
        "unknown-choice",
        "/matrix/critical",
        "'critical' is not a choice of impact",
        ("critical", "low"),
    ),
    (
        MATRIX + "matrix: {high: {asap: p1}}\n",
        "unknown-choice",
        "/matrix/high/asap",
        "'asap' is not a choice of urgency",
        ("asap", "medium"),
    ),
    (
        MATRIX + "matrix: {high: {low: p5}}\n",
        "unknown-choice",
        "/matrix/high/low",
        "'p5' is not a choice of priority",
        ("p5", "p1"),
    ),
    (
        MATRIX + "remove: [matrix/high/low]\nlabel: {en: P}\n",
        "matrix-gap",
        "/matrix/high",
        "no priority for impact 'high' with urgency 'low'",
        ("label:", "matrix: {high: {low: p3}}\nlabel:"),
    ),
    # a choice that a client adds to the field wants its row
    (
        "kind: Fields\nid: inquiry\nfields: {impact: {choices: {extreme: {label: {en: E}}}}}\n",
        "matrix-gap",
        "/matrix",
        "no priority for impact 'extreme' with urgency 'high', 'medium', 'low'",
        (
            "}}}}}\n",
            "}}}}}\n---\nkind: PriorityMatrix\nid: priority\nmatrix: {extreme: {high: p1, medium: p1, low: p1}}\n",
        ),
    ),
    (
        MATRIX + "rises: {nearly_due: {clock: resolutions}}\n",
        "unknown-clock",
        "/rises/nearly_due/clock",
        "'resolutions' is not a clock of this practice",
        ("resolutions", "resolution"),
    ),
    (
        MATRIX + "rises: {nearly_due: {clock: handling}}\n",
        "clock-without-goal",
        "/rises/nearly_due/clock",
        "nothing is promised for the clock 'handling', so no share of its goal is ever used",
        ("handling", "first_response"),
    ),
    (
        MATRIX + "rises: {nearly_due: {when: {steam: {eq: incident}}}}\n",
        "unknown-field-or-clock",
        "/rises/nearly_due/when/steam",
        "'steam' is not a field or clock of this practice",
        ("steam", "stream"),
    ),
    (
        "kind: PriorityMatrix\nid: second\nlabel: {en: S}\nimpact: impact\nurgency: urgency\nsets: priority\n"
        "matrix: {high: &row {high: p1, medium: p1, low: p1}, medium: *row, low: *row}\n",
        "set-by-two",
        "/sets",
        "PriorityMatrix/priority sets 'priority' already",
        ("id: second\nlabel: {en: S}", "id: priority"),
    ),
    # service level
    (
        LEVEL + "goals: {resolutions: {otherwise: {goal: PT8H}}}\n",
        "unknown-clock",
        "/goals/resolutions",
        "'resolutions' is not a clock of this practice",
        ("resolutions", "resolution"),
    ),
    (
        LEVEL + "goals: {resolution: {vip: {when: {cty: {eq: Beijing}}, goal: PT2H}}}\n",
        "unknown-field",
        "/goals/resolution/vip/when/cty",
        "'cty' is not a field of this practice",
        ("cty", "city"),
    ),
    # a goal may not depend on whether it is met
    (
        LEVEL + "goals: {resolution: {late: {when: {first_response: {met: false}}, goal: PT2H}}}\n",
        "unknown-field",
        "/goals/resolution/late/when/first_response",
        "'first_response' is not a field of this practice",
        ("first_response: {met: false}", "major_incident: {eq: true}"),
    ),
    (
        LEVEL + "goals: {first_response: {always: {order: 1, goal: PT2M}}}\n",
        "never-tried",
        "/goals/first_response/otherwise",
        "never tried: 'always' before it takes everything",
        ("order: 1,", "order: 1, when: {major_incident: {eq: true}},"),
    ),
    (
        LEVEL + "at_risk: [0.8, 0.5]\n",
        "at-risk-order",
        "/at_risk/1",
        "shares of a goal stand in ascending order, each once",
        ("[0.8, 0.5]", "[0.5, 0.8, 1]"),
    ),
    (
        "kind: ServiceLevel\nid: vip\nlabel: {en: V}\ndefault: true\ngoals: {}\n",
        "default-twice",
        "/default",
        "ServiceLevel/standard is the default already",
        ("goals: {}\n", "goals: {}\n---\nkind: ServiceLevel\nid: standard\ndefault: false\n"),
    ),
    # an item's level
    (
        "kind: Catalog\nid: services\ncategories: {desktop_operations: {services: {software_failure: {items: {common_software_failure: {service_level: gold}}}}}}\n",
        "unknown-service-level",
        "/categories/desktop_operations/services/software_failure/items/common_software_failure/service_level",
        "'gold' is not a service level of this practice",
        ("gold", "meeting"),
    ),
]


@pytest.mark.parametrize(("text", "rule", "at", "message", "mend"), BROKEN, ids=[f"{row[1]}{row[2]}" for row in BROKEN])
def test_broken_and_mended(
    text: str,
    rule: str,
    at: str,
    message: str,
    mend: tuple[str, str],
    composed: Callable[[str], Practice],
    findings: Callable[[str], list[Finding]],
) -> None:
    assert [(finding.rule, finding.place.path, finding.message) for finding in findings(text)] == [(rule, at, message)]
    assert text.replace(*mend) != text
    composed(text.replace(*mend))


def test_impact_and_urgency_are_not_one_field(findings: Callable[[str], list[Finding]]) -> None:
    found = [finding for finding in findings(MATRIX + "urgency: impact\n") if finding.rule == "matrix-fields"]
    assert [(finding.place.path, finding.message) for finding in found] == [
        ("/urgency", "impact, urgency and the result are three fields")
    ]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (LEVEL + "at_risk: [0]\n", "/at_risk/0"),
        (LEVEL + "at_risk: [1.1]\n", "/at_risk/0"),
        (LEVEL + "at_risk: [0.5, 0.5]\n", "/at_risk"),
        (LEVEL + "on_change: forget\n", "/on_change"),
        (LEVEL + "goals: {resolution: {p1: {goal: P1D}}}\n", "/goals/resolution/p1/goal"),
        (LEVEL + "goals: {resolution: {p1: {goal: never}}}\n", "/goals/resolution/p1/goal"),
        (MATRIX + "rises: {nearly_due: {left: 0}}\n", "/rises/nearly_due/left"),
        (MATRIX + "rises: {nearly_due: {left: 1}}\n", "/rises/nearly_due/left"),
        (MATRIX + "rises: {nearly_due: {steps: 0}}\n", "/rises/nearly_due/steps"),
        (MATRIX + "weighs: {mood: {good: {label: {en: G}}}}\n", "/weighs/mood"),
    ],
)
def test_values_the_schema_refuses(text: str, at: str, findings: Callable[[str], list[Finding]]) -> None:
    assert at in [finding.place.path for finding in findings(text)]


def test_without_any_goal_nothing_can_be_at_risk(findings: Callable[[str], list[Finding]]) -> None:
    """Taking the promise away points at the rules that wait for it."""
    found = findings(LEVEL + "remove: [goals/resolution]\nlabel: {en: S}\n")
    assert {finding.rule for finding in found} == {"clock-without-goal"}
    assert {finding.place.source for finding in found} == {
        "deskweave:service-desk/routing.yaml",
        "deskweave:service-desk/priority.yaml",
    }


def test_wrong_shapes_are_told_and_nothing_raises(findings: Callable[[str], list[Finding]]) -> None:
    text = "kind: PriorityMatrix\nid: m\nimpact: [a]\nurgency: {x: y}\nsets: 3\nmatrix: {high: 1, low: {high: [p1]}}\nrises: [1]\n---\n"
    text += "kind: ServiceLevel\nid: l\ngoals: {resolution: [1], first_response: {a: 1}}\nat_risk: [a]\ndefault: {x: y}\n"
    assert {"wrong-type"} <= {finding.rule for finding in findings(text)}


# -------------------------------------------------------------------------------------------------------- a client's share
def test_a_client_raises_one_goal(composed: Callable[[str], Practice]) -> None:
    acme, base = composed(LEVEL + "goals: {resolution: {p1: {goal: PT2H}}}\n"), builtin()
    p1, p2 = ({"stream": "incident", "priority": priority} for priority in ("p1", "p2"))
    assert promised(acme, "standard", "resolution", p1).goal == timedelta(hours=2)
    assert promised(acme, "standard", "resolution", p2) == promised(base, "standard", "resolution", p2)
    assert acme.origin("ServiceLevel/standard/goals/resolution/p1/goal").source == "f.yaml"
    assert acme.origin("ServiceLevel/standard/goals/resolution/p1/when").source == "deskweave:service-desk/service_levels.yaml"
    assert acme.origin("ServiceLevel/standard/goals/resolution/p2/goal").source == "deskweave:service-desk/service_levels.yaml"


def test_a_clocks_goal_stands_once(composed: Callable[[str], Practice]) -> None:
    """A client who changes the clock's own goal changes what every level promises that states none of its own."""
    acme = composed("kind: Clock\nid: first_response\ngoal: PT10M\n---\n" + LEVEL + "goals: {first_response: {p1: {goal: PT3M}}}\n")
    assert promised(acme, "standard", "first_response", {"priority": "p1"}).goal == timedelta(minutes=3)
    assert promised(acme, "standard", "first_response", {"priority": "p2"}).goal == timedelta(minutes=10)
    assert promised(acme, "meeting", "first_response", {}).goal == timedelta(minutes=10)


def test_a_level_of_a_clients_own(composed: Callable[[str], Practice]) -> None:
    acme = composed(
        "kind: ServiceLevel\nid: gold\nlabel: {en: Gold, zh: 金牌}\nat_risk: [0.3, 0.6, 0.9]\non_change: keep\n"
        "goals: {resolution: {board: {order: 1, when: {department: {eq: Board}}, goal: PT1H}, otherwise: {goal: PT8H}}}\n---\n"
        "kind: Catalog\nid: services\ncategories: {meeting_support: {services: {executive_meeting_support: {items: {meeting_test_and_assurance: {service_level: gold}}}}}}\n"
    )
    assert acme.catalog["meeting_test_and_assurance"].service_level == "gold"
    assert promised(acme, "gold", "resolution", {"department": "Board"}).goal == timedelta(hours=1)
    assert promised(acme, "gold", "resolution", {"department": "Sales"}).goal == timedelta(hours=8)
    level = acme.service_levels["gold"]
    assert (level.default, level.on_change, level.at_risk) == (False, "keep", (0.3, 0.6, 0.9))


def test_a_client_changes_one_cell(composed: Callable[[str], Practice]) -> None:
    acme = composed(MATRIX + "matrix: {high: {low: p2}}\n")
    (matrix,), (base,) = acme.priority_matrices.values(), builtin().priority_matrices.values()
    assert matrix.matrix["high"] == {**base.matrix["high"], "low": "p2"}
    assert acme.origin("PriorityMatrix/priority/matrix/high/low").source == "f.yaml"
    assert acme.origin("PriorityMatrix/priority/matrix/high/high").source == "deskweave:service-desk/priority.yaml"


# ------------------------------------------------------------------------------------------------------------- properties
def told(kind: str, name: str, **changes: Any) -> list[Finding]:
    """What the checks of references say of the built-in practice with a document changed."""
    bodies = {key: dict(body) for key, body in builtin().documents.items()}
    bodies[kind, name] |= changes
    return check_references(bodies, lambda *path, key=False: Place("text", "/" + "/".join(map(str, path))))


def test_the_built_in_practice_refers_to_nothing_that_is_not_there() -> None:
    assert told("ServiceLevel", "standard") == []


@given(st.lists(st.floats(0.01, 1, allow_nan=False), max_size=5))
def test_shares_at_risk_are_taken_in_ascending_order_only(shares: list[float]) -> None:
    found = told("ServiceLevel", "standard", at_risk=shares)
    wrong = [number for number in range(1, len(shares)) if shares[number] <= shares[number - 1]]
    assert [(finding.rule, finding.place.path) for finding in found] == [
        ("at-risk-order", f"/ServiceLevel/standard/at_risk/{number}") for number in wrong
    ]


PAIRS = [(impact, urgency) for impact in ("high", "medium", "low") for urgency in ("high", "medium", "low")]


@pytest.mark.practice("K3")
@given(holes=st.sets(st.sampled_from(PAIRS)), lost_rows=st.sets(st.sampled_from(["high", "medium", "low"])))
def test_every_hole_of_the_matrix_is_told_and_no_other(holes: set[tuple[str, str]], lost_rows: set[str]) -> None:
    rows = [impact for impact in ("high", "medium", "low") if impact not in lost_rows]
    kept = {row: {urgency: "p1" for impact, urgency in PAIRS if impact == row and (row, urgency) not in holes} for row in rows}
    found = told("PriorityMatrix", "priority", matrix=kept)
    missing = {
        impact: [urgency for urgency in ("high", "medium", "low") if urgency not in kept.get(impact, {})]
        for impact in kept | dict.fromkeys(lost_rows)
    }
    expected = {
        f"no priority for impact {impact!r} with urgency {', '.join(map(repr, urgencies))}"
        for impact, urgencies in missing.items()
        if urgencies
    }
    assert {finding.message for finding in found} == expected
    assert {finding.rule for finding in found} <= {"matrix-gap"}
