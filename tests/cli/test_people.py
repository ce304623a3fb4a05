"""`deskweave people`: who is found, who is not, and that what it lists can be pasted into people.csv."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest

from deskweave import workspace
from deskweave.connector import PersonKey, RemotePerson
from deskweave.model import Visibility
from deskweave.workspace.people import directory

SECRET = "li.wei@example.com"  #: whose account the inquiries of `desk` name


def person(account, name, side="agent", **keys):
    told = [PersonKey("account", account), *(PersonKey(*one) for one in keys.items())]
    return RemotePerson(account=account, name=name, keys=told, active=True, side=side)


@pytest.fixture
def acme(cli, tmp_path, clock):
    """Four agents on ServiceNow, twelve users of a Jira that shows the address of two; one address two agents share."""
    made = cli("init", "--id", "acme", "--lang", "en", "--connection", "snow:servicenow", "--connection", "jira:jira_sm")
    assert made.code == 0, made.err
    with workspace.open(tmp_path, now=clock) as space, space.store.write() as tx:
        who = directory(space)
        agents = [person(f"agent.{n}", f"坐席{n}", email=f"agent.{n}@acme.cn") for n in range(2)]
        desk = [person(one, one.title(), email="desk@acme.cn") for one in ("night", "day")]
        who.resolve(tx, "snow", [*agents, *desk, person("robot", "Robot", "bot")])
        shown = [person(f"557:{n}", f"Agent {n}", email=f"Agent.{n}@acme.cn") for n in range(2)]
        hidden = [person(f"557:{n}", "=Wang Fang" if n == 5 else f"User {n}") for n in range(2, 12)]
        who.resolve(tx, "jira", [*shown, *hidden])
        who.meet(tx, "jira", ["557:99"])
    return tmp_path


def test_each_account_stands_with_its_rule_or_why_it_is_nobody_s(cli, acme):
    found = json.loads(cli("people", "--json").out)
    assert found["summary"] == {"found": 4, "missing": 11, "several": 2, "bot": 1}
    assert found["exit"] == 3, "several want a person"
    by_account = {one["account"]: one for one in found["items"]}
    assert (by_account["557:0"]["how"], by_account["557:0"]["name"]) == ("email", "坐席0")
    assert by_account["agent.0"]["person"] == by_account["557:0"]["person"]
    assert (by_account["557:3"]["how"], by_account["557:99"]["how"], by_account["day"]["how"]) == ("none", None, "many: email")
    text = cli("people", "jira", "--missing")
    assert text.code == 0
    assert text.out.count("fits nobody") == 10
    assert "not asked for yet" in text.out
    assert "agent.0" not in text.out
    assert "未找到" in cli("people", "--missing", "--lang", "zh").out
    assert cli("people", "nowhere").code == 2


@pytest.mark.parametrize("form", ["--csv", "--csv=raw"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_listed_can_be_pasted_and_then_nobody_is_missing(cli, acme, form, lang):
    assert cli("people", "--missing", "--several", form, "--lang", lang, "-o", "missing.csv").code == 3
    rows = list(csv.reader(io.StringIO((acme / "missing.csv").read_text(encoding="utf-8-sig"))))
    assert len(rows) == 1 + 13
    assert cli("practice", "import", "missing.csv", "--kind", "people", "--yes").code == 0
    after = json.loads(cli("people", "--missing", "--several", "--json").out)
    assert (after["items"], after["exit"]) == ([], 0)
    listed = {one["account"]: one for one in json.loads(cli("people", "--found", "--json").out)["items"]}
    assert (listed["557:5"]["how"], listed["557:5"]["name"]) == ("people.csv", "=Wang Fang")
    assert listed["day"]["person"] != listed["night"]["person"]


def test_a_row_of_people_csv_joins_accounts_no_rule_can(cli, acme):
    text = "key,name,account snow,account jira\n1001,李伟,agent.0,557:2\n1002,王芳,,557:3\n"
    (acme / "people.csv").write_text(text, encoding="utf-8")
    listed = {one["account"]: one for one in json.loads(cli("people", "--json").out)["items"]}
    assert (
        listed["agent.0"]["person"] == listed["557:2"]["person"] == listed["557:0"]["person"] or listed["557:0"]["state"] != "found"
    )
    assert (listed["557:2"]["name"], listed["557:2"]["how"]) == ("李伟", "people.csv")
    raw = cli("people", "--found", "--csv=raw").out
    assert "1001,李伟," in raw
    (acme / "people.csv").write_text("key,name,account snow\n1001,A,agent.0\n1002,B,agent.0\n", encoding="utf-8")
    for wrong in (cli("people"), cli("practice", "lint")):
        assert wrong.code == 2
        assert "people.csv:3" in wrong.all


def test_without_a_store_nobody_was_met(cli):
    assert cli("init", "--id", "acme", "--lang", "en", "--connection", "snow:servicenow").code == 0
    answer = cli("people")
    assert answer.code == 0
    assert "deskweave sync" in answer.out


def test_nobody_is_an_error_where_the_rules_say_so(cli, acme):
    file = acme / "deskweave.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "\npeople: {on_none: error}\n", encoding="utf-8")
    assert cli("people", "jira", "--missing").code == 3
    assert cli("people", "jira", "--found").code == 0


def test_explain_calls_whoever_did_it_by_name(cli, desk, tmp_path, clock):
    before = cli("explain", "INQ-1")
    assert SECRET in before.out
    with workspace.open(tmp_path, now=clock) as space, space.store.write() as tx:
        directory(space).resolve(tx, "desk", [person(SECRET, "李伟", email=SECRET)])
    after = cli("explain", "INQ-1", "status")
    assert "李伟" in after.out
    assert SECRET not in after.out
    event = json.loads(cli("explain", "INQ-1", "status", "--json").out)["items"][0]
    assert (event["actor"], event["name"]) == (f"desk:{SECRET}", "李伟")


def test_members_of_feishu_stand_with_their_names(cli, folder, feishu, plugins, clock):
    root = folder(feishu=feishu)
    stranger = feishu.platform.person("外部顾问")
    for app in feishu.apps.values():
        app.contact_range = set(feishu.platform.people) - {stranger.open_id}
    with workspace.open(root, now=clock, plugins=plugins) as space:
        hands = feishu.hands(space.connect("feishu").inner.mapper(space.binding("feishu")))
        ref = hands.create("ticket", {"title": "VPN 断线"}, "王芳")
        for who in ("王芳", "李伟", "外部顾问"):
            hands.write(ref, Visibility.PUBLIC, f"{who}: 请看", who)
    clock.advance(timedelta(minutes=10))
    cli("sync")
    found = {one["account"]: one for one in json.loads(cli("people", "feishu", "--json").out)["items"]}
    for name in ("王芳", "李伟"):
        account = feishu.platform.person(name).open_id
        assert (found[account]["name"], found[account]["how"]) == (name, "made")
    assert found[stranger.open_id]["how"] == "absent"
    shown = cli("show", "INQ-1", "--messages").out
    assert "李伟  public" in shown
    assert shown.count("ou_") == 1, "only who is not shown to the app stays an id"
