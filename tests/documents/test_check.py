"""Schema errors as sentences a person can act on."""

from __future__ import annotations

import pytest

from deskweave.documents import Document, check, check_against, read
from deskweave.findings import Finding, Place
from deskweave_schemas import KINDS, load

HEAD = "apiVersion: deskweave/v1\n"


def findings(text: str) -> list[Finding]:
    (document,) = read(HEAD + text, "f.yaml")
    return check(document)


@pytest.mark.parametrize("kind", KINDS)
def test_the_schemas_examples_have_no_findings(kind: str) -> None:
    for example in load(kind)["examples"]:
        assert check(Document(kind=kind, id=example["id"], body=example, source="example")) == []


@pytest.mark.parametrize(
    ("text", "rule", "place", "message", "nearest"),
    [
        # an unknown key points at the key and offers the nearest
        ("kind: Clock\nid: c\ncalender: x\n", "unknown-key", ("/calender", 4, 1), "unknown key 'calender'", "calendar"),
        ("kind: Clock\nid: c\nstart: {entr: x}\n", "unknown-key", ("/start/entr", 4, 9), "unknown key 'entr'", "enter"),
        # a value outside a closed list points at the value
        (
            "kind: Clock\nid: c\ncycles: lastclose\n",
            "not-allowed",
            ("/cycles", 4, 9),
            "'lastclose' is not allowed here",
            "last_close",
        ),
        (
            "kind: Clock\nid: c\nstart: {submitted: yes}\n",
            "not-allowed",
            ("/start/submitted", 4, 20),
            "'yes' is not allowed here",
            None,
        ),
        # days have no fixed length on a working calendar
        ("kind: Clock\nid: c\ngoal: P1D\n", "wrong-form", ("/goal", 4, 7), "'P1D' is not a valid working duration", None),
        ("kind: Clock\nid: c\nminus: [a]\n", "out-of-bounds", ("/minus", 4, 8), "at least 2 needed", None),
        # types
        ("kind: Clock\nid: c\nlabel: First\n", "wrong-type", ("/label", 4, 8), "a mapping is expected, not text", None),
        ("kind: Clock\nid: c\nlabel: {en: 3}\n", "wrong-type", ("/label/en", 4, 13), "text is expected, not a number", None),
        ("kind: Clock\nid: c\nlabel: {en: ''}\n", "out-of-bounds", ("/label/en", 4, 13), "must not be empty", None),
        (
            "kind: Clock\nid: c\nlabel: {English: a}\n",
            "bad-key",
            ("/label/English", 4, 9),
            "'English' cannot be used as a key here",
            None,
        ),
        # slugs: shape, and words YAML 1.1 readers would turn into booleans
        (
            "kind: Routing\nid: r\nroles: {Agent: {}}\n",
            "bad-key",
            ("/roles/Agent", 4, 9),
            "'Agent' cannot be used as a key here",
            None,
        ),
        ("kind: Routing\nid: r\nroles: {yes: {}}\n", "bad-key", ("/roles/yes", 4, 9), "'yes' cannot be used as a key here", None),
        ("kind: Routing\nid: kebab-case\n", "wrong-form", ("/id", 3, 5), "'kebab-case' is not a valid slug", None),
        # dates are checked as dates, zones as zones, patterns as patterns
        ("kind: Holidays\nid: h\noff: [2026-02-30]\n", "wrong-form", ("/off/0", 4, 7), "'2026-02-30' is not a valid date", None),
        (
            "kind: Calendar\nid: c\nzone: Asia/Shangai\n",
            "wrong-form",
            ("/zone", 4, 7),
            "'Asia/Shangai' is not a valid time zone",
            None,
        ),
        (
            "kind: Fields\nid: f\nfields: {a: {pattern: '['}}\n",
            "wrong-form",
            ("/fields/a/pattern", 4, 23),
            "'[' is not a valid pattern",
            None,
        ),
        # quoted times only
        (
            "kind: Calendar\nid: c\nversions: [{from: 2026-01-01, week: {mon: [['9:00', '18:00']]}}]\n",
            "wrong-form",
            ("/versions/0/week/mon/0/0", 4, 45),
            "'9:00' is not a valid value",
            None,
        ),
        (
            "kind: Calendar\nid: c\nversions: [{week: {}}]\n",
            "missing-key",
            ("/versions/0", 4, 12),
            "the key 'from' is missing",
            None,
        ),
        # predicates
        (
            "kind: Metric\nid: m\nwhere: {stream: {equals: incident}}\n",
            "unknown-key",
            ("/where/stream/equals", 4, 18),
            "unknown key 'equals'",
            None,
        ),
        (
            "kind: Metric\nid: m\nwhere: {stream: {eq: incident}, channel: {eq: phone}}\n",
            "one-key",
            ("/where", 4, 8),
            "exactly one key is expected, not 2",
            None,
        ),
        (
            "kind: Metric\nid: m\nwhere: {stream: incident}\n",
            "wrong-type",
            ("/where/stream", 4, 17),
            "a mapping is expected, not text",
            None,
        ),
        (
            "kind: Metric\nid: m\nvalue: {count: {}, sum: a}\n",
            "one-key",
            ("/value", 4, 8),
            "exactly one key is expected, not 2",
            None,
        ),
        (
            "kind: Metric\nid: m\nexamples: [{given: [{a: {took: P1D}}], expect: []}]\n",
            "wrong-form",
            ("/examples/0/given/0/a/took", 4, 32),
            "'P1D' is not a valid working duration",
            None,
        ),
        # bindings and workspace
        (
            "kind: Binding\nid: snow\ncollections: {incident: {fields: {title: {policy: mine}}}}\n",
            "missing-key",
            ("/collections/incident/fields/title", 4, 35),
            "the key 'at' is missing",
            None,
        ),
        (
            "kind: Workspace\nid: w\nconnections: {snow: {access: writ}}\n",
            "not-allowed",
            ("/connections/snow/access", 4, 30),
            "'writ' is not allowed here",
            "write",
        ),
        (
            "kind: Workspace\nid: w\nsync: {since: 2026-11-01T00:00:00}\n",
            "wrong-form",
            ("/sync/since", 4, 15),
            "'2026-11-01T00:00:00' is not a valid instant",
            None,
        ),
    ],
)
def test_sentences(text: str, rule: str, place: tuple[str, int, int], message: str, nearest: str | None) -> None:
    first = findings(text)[0]
    assert (first.rule, (first.place.path, first.place.line, first.place.column)) == (rule, place)
    assert first.message == message
    assert first.nearest == nearest
    assert first.place.source == "f.yaml"


def test_all_at_once_in_order_of_the_file() -> None:
    found = findings("kind: Clock\nid: c\ngoal: P1D\ncalender: x\nlabel: {en: 3}\n")
    assert [(finding.rule, finding.place.line) for finding in found] == [("wrong-form", 4), ("unknown-key", 5), ("wrong-type", 6)]


def test_allowed_values_are_said() -> None:
    (finding,) = findings("kind: StatusModel\nid: s\nstatuses: {a: {phase: waitng}}\n")
    assert finding.allowed == ("new", "active", "waiting", "resolved", "closed", "cancelled")
    assert finding.nearest == "waiting"


def test_a_long_value_is_cut_and_a_secret_is_not_shown() -> None:
    (finding,) = findings(f"kind: Clock\nid: c\ngoal: {'x' * 500}\n")
    assert len(finding.found) == 80
    text = "kind: Workspace\nid: w\nnotify: [{client_secret: hunter2}]\n"
    (finding,) = findings(text)
    assert "hunter2" not in repr(finding)


def test_an_address_carries_no_password() -> None:
    text = "kind: Workspace\nid: w\nconnections: {snow: {address: 'https://bot:hunter2@acme.example/'}}\n"
    (finding,) = findings(text)
    assert (finding.rule, finding.found) == ("wrong-form", "https://***@acme.example/")
    assert "hunter2" not in repr(finding)


def test_deep_predicates_do_not_exhaust_the_stack() -> None:
    deep = "{not: " * 55 + "{stream: {eq: incident}}" + "}" * 55
    assert findings(f"kind: Metric\nid: m\nwhere: {deep}\n") == []


def test_a_plugins_schema_must_be_one() -> None:
    with pytest.raises(ValueError, match="not a JSON Schema"):
        check_against({"type": "objekt"}, {}, lambda path, key: Place("f", ""))
