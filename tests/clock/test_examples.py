"""Examples that stand in the files of clocks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deskweave.clock import checks
from deskweave.documents import read
from deskweave.errors import DocumentError
from deskweave.practice import compose

TOP = """apiVersion: deskweave/v1
kind: Practice
id: acme
version: '1'
label: {en: ACME, zh: 艾克米}
languages: [en, zh]
zone: Asia/Shanghai
extends: [deskweave:service-desk@1]
"""


@pytest.fixture(scope="module")
def builtin():
    return compose(read(TOP, "practice.yaml"))


@pytest.mark.practice("A1", "C1", "C2")
def test_every_built_in_clock_has_examples_that_come_out(builtin):
    assert {name for name, clock in builtin.clocks.items() if clock.examples} == set(builtin.clocks)
    assert list(checks(builtin)) == []


def given(*lines, **expect):
    return {"given": list(lines), "expect": expect}


NEW = {"at": "2026-03-16T10:00:00+08:00", "status": "awaiting_acceptance"}
TAKEN = {"at": "2026-03-16T10:04:00+08:00", "status": "in_progress"}


@pytest.mark.parametrize(
    ("example", "path", "rule", "found"),
    [
        (given(NEW, TAKEN, took="PT4M", goal="PT5M", met=True, due="2026-03-16T02:05:00Z"), "", "", ""),  # the same instant in UTC
        (given(NEW, TAKEN, took="PT5M"), "expect/took", "example-differs", "PT4M"),
        (given(NEW, TAKEN, took=None), "expect/took", "example-differs", "PT4M"),
        (given(NEW, took="PT0S"), "expect/took", "example-differs", "no value"),  # nothing is never 0
        (given(NEW, TAKEN, goal="PT1H"), "expect/goal", "example-differs", "PT5M"),
        (given(NEW, TAKEN, met=False), "expect/met", "example-differs", "true"),
        (given(NEW, met=False), "expect/met", "example-differs", "not judged"),
        (given(NEW, due=None), "expect/due", "example-differs", "2026-03-16T02:05:00+00:00"),
        (given(NEW, due="2026-03-16T10:06:00+08:00"), "expect/due", "example-differs", "2026-03-16T10:05:00+08:00"),
        (given(NEW, {**TAKEN, "colour": "red"}, met=True), "given/1/colour", "example-given", "colour"),
        (given(NEW, {**TAKEN, "status": "limbo"}, met=True), "given/1/status", "example-given", "limbo"),
        (given(NEW, {**TAKEN, "priority": "p9"}, met=True), "given/1/priority", "example-given", "p9"),
        (given({**NEW, "at": "2026-03-16T10:00:00"}, met=True), "given/0/at", "example-given", "2026-03-16T10:00:00"),  # no offset
        (given({**NEW, "submitted_at": "soon"}, met=True), "given/0/submitted_at", "example-given", "soon"),
        (given({**NEW, "at": "2027-12-01T10:00:00+08:00"}, {**TAKEN, "at": "2027-12-01T10:04:00+08:00"}, took="PT4M"),
         "expect/took", "example-differs", "no value: calendar cn_5x8 does not cover 2027-12-01"),
    ],
)  # fmt: skip
def test_what_an_example_says_wrong(builtin, example, path, rule, found):
    clock = replace(builtin.clocks["first_response"], examples=(example,))
    findings = list(checks(replace(builtin, clocks={**builtin.clocks, "first_response": clock}), examples={"first_response"}))
    assert [(one.rule, one.place.path) for one in findings] == (
        [(rule, f"/clocks/first_response/examples/0/{path}")] if rule else []
    )
    for one in findings:
        assert one.found.startswith(found)
        str(one).encode("gbk")
    assert list(checks(replace(builtin, clocks={**builtin.clocks, "first_response": clock}), examples=())) == []


def test_who_changes_a_clock_is_not_held_to_the_examples_of_the_pack(builtin):
    """A pack's examples are its own tests: another goal or calendar makes none of them wrong for the client."""
    from datetime import UTC, datetime

    from deskweave.workspace.builtin import BuiltinChecks

    own = TOP + "---\nkind: Clock\nid: first_response\ngoal: PT10M\n"
    found = BuiltinChecks(lambda: datetime(2026, 3, 1, tzinfo=UTC)).deskweave_lint(compose(read(own, "practice.yaml")))
    assert [one.rule for one in found if one.rule.startswith("example-")] == []
    assert any(one.rule == "example-differs" for one in checks(compose(read(own, "practice.yaml"))))


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ("expect: {}", "out-of-bounds"),
        ("expect: {tookk: PT5M}", "unknown-key"),
        ("expect: {took: five}", "wrong-form"),
        ("expect: {took: PT5M}, by: me", "unknown-key"),
        ("expect: {met: maybe}", "wrong-type"),
    ],
)
def test_the_schema_refuses_what_is_no_example(wrong, rule):
    text = f"{TOP}---\nkind: Clock\nid: first_response\nexamples: [{{given: [{{at: 2026-03-16T10:00:00+08:00}}], {wrong}}}]\n"
    with pytest.raises(DocumentError) as caught:
        compose(read(text, "practice.yaml"))
    assert [one.rule for one in caught.value.findings] == [rule]
