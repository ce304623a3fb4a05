"""Who is who between two emulated platforms, through a client's folder: names on messages, accounts in fields, and the list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deskweave import workspace
from deskweave.cli.app import call
from deskweave.demo.stage import build, wait
from deskweave.model import FieldId, Visibility
from deskweave.plugins import load_plugins
from deskweave.sync import carried

PUBLIC = Visibility.PUBLIC
HIDDEN = 6  #: people of the site whose profiles show no address


@pytest.fixture
def stage(tmp_path) -> Iterator[Any]:
    from deskweave_jira_sm.emulator.state import Account

    made = build(
        tmp_path / "desk", ["servicenow", "jira_sm"], load_plugins(), opens=datetime(2026, 11, 16, 1, 0, tzinfo=UTC),
        language="en", zone="Asia/Shanghai", seed=3,
    )  # fmt: skip
    try:
        site = made.running["jira_sm"].platform.state
        li = site.people("li.wei@desk.acme.example")
        assert li is not None
        li.name = "Wei Li"
        for number in range(HIDDEN):
            site.accounts[f"557:{number}"] = Account(
                id=f"557:{number}", email=f"user.{number}@acme.example", name=f"User {number}", agent=True, shows_email=False
            )
        plan, failures = made.space.plan()
        assert not failures
        made.space.apply(plan)
        made.clock.advance(timedelta(hours=1))
        yield made
    finally:
        made.close()


def hands(stage, name):
    return stage.running[name].hands(stage.space.connect(name).connection.mapper(stage.space.binding(name)))


def sync(stage, times=2):
    for _ in range(times):
        stage.clock.advance(timedelta(minutes=10))
        engine, works, failures = stage.space.engine()
        assert not failures
        report = engine.run(works)
        assert not report.parked, report.parked
    return report


def values(**named):
    return {FieldId(name): value for name, value in named.items()}


def people(stage, capfd, *words):
    stage.space.close()
    capfd.readouterr()
    code = call(["people", *words, "-C", str(stage.folder)], now=stage.clock, plugins=load_plugins())
    out = capfd.readouterr().out
    stage.space = workspace.open(
        stage.folder, now=stage.clock, plugins=load_plugins(), environ={}, wait=lambda until: wait(stage.clock, until)
    )
    return code, out


@pytest.mark.practice("G7")
def test_one_person_on_two_platforms_is_one_person(stage, capfd):
    snow, jira = hands(stage, "servicenow"), hands(stage, "jira_sm")
    request = jira.create(
        "request", values(title="Printer", status="awaiting_acceptance", stream="incident"), "wang.fang@acme.example"
    )
    jira.write(request, PUBLIC, "I look after it.", "li.wei@desk.acme.example")
    for number in range(HIDDEN):
        jira.write(request, PUBLIC, f"me too, {number}", f"user.{number}@acme.example")
    sync(stage)
    raised = values(title="VPN", symptom="drops", stream="incident", status="awaiting_acceptance", impact="low", urgency="low")
    incident = snow.create("incident", raised, "li.wei")
    snow.edit(incident, values(agent_name="李伟"), "li.wei")
    snow.write(incident, PUBLIC, "Since this morning.", "li.wei")
    sync(stage)

    site = stage.running["jira_sm"].platform.state
    (issue,) = [one for one in site.issues.values() if one.values.get("summary") == "VPN"]
    li = site.people("li.wei@desk.acme.example")
    assert issue.values["assignee"] == li.id, "who has another name there is set by account"
    bodies = [body for _, body in jira.said(next(ref for ref in refs(stage) if ref.rid == str(issue.id)))]
    assert [carried.parse(body).author for body in bodies] == ["Wei Li"], "one person has one name: that of the account met first"
    there = [row for row in stage.running["servicenow"].platform.tables["incident"].rows.values()]
    (row,) = [one for one in there if one["short_description"] == "VPN"]
    assert stage.running["servicenow"].platform.user("li.wei")["sys_id"] == row["assigned_to"]
    before = {name: len([one for one in running.platform.traffic if one.writes]) for name, running in stage.running.items()}
    sync(stage)
    after = {name: len([one for one in running.platform.traffic if one.writes]) for name, running in stage.running.items()}
    assert after == before, "at rest nothing is written"

    code, out = people(stage, capfd, "jira_sm", "--missing", "--json")
    missing = json.loads(out)["items"]
    assert {one["account"] for one in missing} >= {f"557:{number}" for number in range(HIDDEN)}
    assert {one["how"] for one in missing if one["account"].startswith("557:")} == {"none"}
    code, out = people(stage, capfd, "--missing", "--several", "--csv=raw")
    (stage.folder / "people.csv").write_text(out, encoding="utf-8")
    code, out = people(stage, capfd, "--missing", "--several", "--json")
    assert (code, json.loads(out)["items"]) == (0, [])
    sync(stage, times=1)
    code, out = people(stage, capfd, "--found", "--json")
    names = {one["account"]: one["name"] for one in json.loads(out)["items"]}
    assert names["557:3"] == "User 3"


def refs(stage):
    from deskweave.connector import Ref

    return [Ref("request", str(number)) for number in stage.running["jira_sm"].platform.state.issues]
