"""Bindings and the workspace held against a practice."""

from __future__ import annotations

import pytest

from deskweave.documents import check, read
from deskweave.practice import builtin, check_binding, check_workspace

HEAD = "apiVersion: deskweave/v1\n"
SNOW = """\
kind: Binding
id: snow
practice: service_desk
collections:
  incident:
    holds: {stream: {eq: incident}}
    correlation: correlation_id
    messages: {public: comments, internal: work_notes}
    fields:
      title: {at: short_description, policy: shared, max_length: 160}
      problem_category: {at: u_cause, choices: {hardware: hw}}
    statuses:
      awaiting_acceptance: {is: {state: "1"}}
      in_progress: {is: {state: "2"}}
      waiting_on_user: {is: {state: "3", hold_reason: "1"}, reads: [{state: "3"}]}
      closed: {is: {state: "7"}, reads: [{state: "6"}, {state: "8"}], sets: {close_code: {choice: problem_category}}}
"""
WORKSPACE = """\
kind: Workspace
id: acme
practice: practice/
connections:
  snow: {plugin: servicenow, address: "https://x"}
  feishu: {plugin: feishu, address: "https://y"}
routes:
  incidents: {when: {stream: {eq: incident}}, among: [snow, feishu], withhold: {feishu: [email]}}
environments:
  prod: {protected: true, connections: {snow: {access: write}}}
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("practice: service_desk", "practice: servicedesk", [("unknown-practice", "/practice", "service_desk")]),
        ("title: {at", "titel: {at", [("unknown-field", "/collections/incident/fields/titel", "title")]),
        (
            "{hardware: hw}",
            "{hardwear: hw}",
            [("unknown-choice", "/collections/incident/fields/problem_category/choices/hardwear", "hardware")],
        ),
        ("closed: {is", "close: {is", [("unknown-status", "/collections/incident/statuses/close", "closed")]),
        (
            "{choice: problem_category}",
            "{choice: problem_categry}",
            [("unknown-field", "/collections/incident/statuses/closed/sets/close_code/choice", "problem_category")],
        ),
        ("{eq: incident}", "{eq: incidents}", [("unknown-choice", "/collections/incident/holds/stream/eq", "incident")]),
        # a clock is measured, not held
        (
            "{stream: {eq: incident}}",
            "{waiting: {gt: PT1H}}",
            [("unknown-field", "/collections/incident/holds/waiting", "waiting_duration")],
        ),
        # two statuses cannot both be what a record says
        (
            'reads: [{state: "6"}, {state: "8"}]',
            'reads: [{state: "2"}]',
            [("status-claimed-twice", "/collections/incident/statuses/closed/reads/0", None)],
        ),
    ],
)
def test_binding(old: str, new: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert old in SNOW
    (document,) = read(HEAD + SNOW.replace(old, new, 1) if old else HEAD + SNOW, "bindings/snow.yaml")
    assert check(document) == []
    found = check_binding(document, builtin())
    assert [(finding.rule, finding.place.path, finding.nearest) for finding in found] == expected
    assert all(finding.place.line for finding in found)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("[snow, feishu]", "[snow, fieshu]", [("unknown-connection", "/routes/incidents/among/1", "feishu")]),
        ("{feishu: [email]}", "{feishu: [mail]}", [("unknown-field", "/routes/incidents/withhold/feishu/0", "email")]),
        ("{feishu: [email]}", "{jira: [email]}", [("unknown-connection", "/routes/incidents/withhold/jira", None)]),
        ("{stream: {eq", "{strem: {eq", [("unknown-field", "/routes/incidents/when/strem", "stream")]),
        ("{snow: {access", "{snowy: {access", [("unknown-connection", "/environments/prod/connections/snowy", "snow")]),
    ],
)
def test_workspace(old: str, new: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert old in WORKSPACE
    (document,) = read(HEAD + WORKSPACE.replace(old, new, 1) if old else HEAD + WORKSPACE, "deskweave.yaml")
    assert check(document) == []
    found = check_workspace(document, builtin())
    assert [(finding.rule, finding.place.path, finding.nearest) for finding in found] == expected


def test_an_environment_may_add_a_connection() -> None:
    text = WORKSPACE.replace("{snow: {access: write}}", '{jira: {plugin: jira_sm, address: "https://z"}}')
    (document,) = read(HEAD + text)
    assert check_workspace(document, builtin()) == []
