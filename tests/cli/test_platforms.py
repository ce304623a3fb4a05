"""Commands against real emulators over HTTP: guards count the requests that would have written."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deskweave import workspace
from deskweave.cli.width import width
from deskweave.emulation import TurnedTime
from deskweave.model import ConnectionName
from deskweave.plugins import Plugins
from deskweave.workspace import Stopped

Folder = Callable[..., Path]


def writes(*running: Any) -> int:
    return sum(one.platform.traffic.writes for one in running)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def inquiry(root: Path, snow: Any, plugins: Plugins, clock: TurnedTime, title: str = "VPN drops") -> None:
    """Somebody opens an incident in the platform's own pages."""
    with workspace.open(root, now=clock, plugins=plugins) as space:
        hands = snow.hands(space.connect("servicenow").inner.mapper(space.binding("servicenow")))
        hands.create(
            "incident",
            {
                "title": title,
                "status": "awaiting_acceptance",
                "submitted_by": "Li Wei",
                "stream": "incident",
                "submitted_at": clock(),
            },
            "li.wei",
        )
    clock.advance(timedelta(minutes=10))


# ------------------------------------------------------------------------------------------------------------------ read-only
def test_a_fresh_folder_writes_nothing(
    cli: Any, folder: Folder, snow: Any, feishu: Any, plugins: Plugins, clock: TurnedTime
) -> None:
    root = folder(servicenow=snow, feishu=feishu)
    inquiry(root, snow, plugins, clock)
    before = writes(snow, feishu)
    line = next(
        number
        for number, text in enumerate((root / "deskweave.yaml").read_text(encoding="utf-8").splitlines(), 1)
        if "access: read" in text
    )
    for command in (["sync"], ["apply"], ["apply", "--yes"]):
        answer = cli(*command)
        assert answer.code == 5, answer.all
        assert f"deskweave.yaml:{line}" in answer.all
        assert "access: write" in answer.all
    assert cli("plan").code in (0, 3)
    assert cli("check").code in (0, 3)
    assert cli("sync", "--plan").code in (0, 5)
    assert writes(snow, feishu) == before
    assert "1 inquiry" in cli("status").out  # reading was done: figures need no right to write


def test_one_platform_alone_is_measured_without_a_complaint(cli: Any, folder: Folder, snow: Any) -> None:
    folder(servicenow=snow)
    assert cli("sync").code == 0
    assert cli("kpi", "--period", "2026-11").code == 0
    assert writes(snow) == 0


# ----------------------------------------------------------------------------------------------------------------------- held
def test_a_held_connection_is_not_asked_anything(cli: Any, folder: Folder, snow: Any, feishu: Any) -> None:
    folder(access="write", servicenow=snow, feishu=feishu)
    assert cli("sync").code in (0, 3)
    assert cli("pause", "nobody").code == 2
    answer = cli("pause", "servicenow", "--why", "upgrade\ntonight", "--by", "李伟")
    assert answer.code == 0, answer.all
    assert "deskweave resume servicenow" in answer.out
    before = snow.platform.traffic.reads + snow.platform.traffic.writes
    snow.stop()  # and it may be gone altogether
    for lang, word in (("en", "held"), ("zh", "已暂停")):
        for command in (["sync"], ["sync", "--plan"], ["status"], ["sync", "--connection", "servicenow"]):
            answer = cli(*command, "--lang", lang)
            assert answer.code in (0, 3), (command, answer.all)
            assert any(word in line and "李伟" in line and "upgrade tonight" in line for line in answer.out.splitlines()), (
                answer.all
            )
    assert snow.platform.traffic.reads + snow.platform.traffic.writes == before
    (row,) = [one for one in json.loads(cli("status", "--json").out)["items"] if one["name"] == "servicenow"]
    assert (row["held_by"], row["held_why"]) == ("李伟", "upgrade tonight")
    (row,) = [one for one in json.loads(cli("sync", "--json").out)["items"] if one["connection"] == "servicenow"]
    assert row["held_by"] == "李伟"
    assert cli("resume", "servicenow").code == 0
    assert cli("sync").code == 1  # asked again, and not there
    assert "not held" in cli("resume", "servicenow").out


# ------------------------------------------------------------------------------------------------------------------ guards
def test_a_plan_shows_one_inquiry_or_one_field(
    cli: Any, folder: Folder, snow: Any, feishu: Any, plugins: Plugins, clock: TurnedTime
) -> None:
    root = folder(access="write", servicenow=snow, feishu=feishu)
    for title in ("VPN drops", "Printer jams"):
        inquiry(root, snow, plugins, clock, title)
    whole = json.loads(cli("sync", "--plan", "--json").out)["items"]
    assert {one["number"] for one in whole} == {1, 2}
    label = next(one["label"] for one in json.loads(cli("show", "INQ-2", "--json").out)["items"] if one["label"])
    for key in ("INQ-2", label):
        answer = cli("sync", key, "--plan", "--json")
        assert {one["number"] for one in json.loads(answer.out)["items"]} == {2}, answer.all
    assert "Printer jams" in cli("sync", "INQ-2", "--plan").out  # every value, of a new record too
    titles = json.loads(cli("sync", "--plan", "--field", "title", "--json").out)["items"]
    assert [[part["field"] for part in one["fields"]] for one in titles] == [["title"]] * 2
    answer = cli("sync", "--plan", "--field", "titel")
    assert answer.code == 2
    assert "title" in answer.err
    assert cli("sync", "--plan", "INQ-9").code == 2
    for words in (["INQ-1"], ["--field", "title"]):
        answer = cli("sync", *words)
        assert answer.code == 2
        assert "--plan" in answer.err
    for word in ("80.5", "101%", "-3", "many"):
        assert cli("sync", "--max-changes", word).code == 2
    assert writes(snow, feishu) == 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_stop_is_told_with_its_cause_in_the_readers_language(
    cli: Any, folder: Folder, snow: Any, language: str, capfd: Any
) -> None:
    from deskweave.cli.options import Options
    from deskweave.cli.session import Session
    from deskweave.cli.trouble import tell
    from deskweave.model import ConnectionName, FieldId
    from deskweave.sync import GuardStop, Likely, Stop

    root = folder(servicenow=snow)
    cause = Likely(
        field=FieldId("priority"), source="connection:servicenow", inquiries=3101, there="p1", one_there=True, one_wanted=True
    )
    stops = [
        Stop(
            kind="changes",
            text="many",
            connection=ConnectionName("feishu"),
            count=3118,
            of=4219,
            limit=210,
            updated=3118,
            likely=cause,
        ),
        Stop(kind="notices", text="people", count=30, limit=20),
    ]
    session = Session(Options(folder=root, language=language))
    session.workspace()
    assert tell(session, GuardStop("many", stops)) == 5
    session.close()
    said = capfd.readouterr().err
    for word in (
        "3118",
        "4219",
        "210",
        "servicenow",
        "priority",
        "3101",
        "p1",
        "--plan --field priority",
        "--max-changes 3118 --max-notices 30",
    ):
        assert word in said.replace("3,101", "3101").replace("\n", " ").replace("  ", " "), (word, said)
    assert all(width(line) <= 80 for line in said.splitlines())


# ------------------------------------------------------------------------------------------------------------------- identity
def test_another_instance_at_our_address(cli: Any, folder: Folder, snow: Any, plugins: Plugins, clock: TurnedTime) -> None:
    root = folder(access="write", servicenow=snow)
    assert cli("check").code in (0, 3)
    emulator = plugins.connectors["servicenow"].emulator
    assert emulator is not None
    other: Any = emulator.start(port=0, seed=2, now=clock)
    try:
        mine, theirs = snow.address, other.address
        edit(root / "deskweave.yaml", mine, theirs)
        for command in (["check"], ["plan"], ["apply", "--yes"], ["sync"], ["sync", "--plan"]):
            answer = cli(*command)
            assert answer.code == 5, (command, answer.all)
            assert mine.removeprefix("http://") in answer.all.replace("\n", "").replace("  ", "")
            assert theirs.removeprefix("http://") in answer.all.replace("\n", "").replace("  ", "")
            assert "deskweave trust servicenow" in answer.all
        assert writes(snow, other) == 0
        assert cli("trust", "servicenow").code == 2  # nobody to ask
        assert cli("trust", "servicenow", "--yes").code == 0
        assert cli("check").code in (0, 3)
    finally:
        other.stop()


def test_another_store_that_begins_to_write_while_an_engine_is_kept(
    cli: Any, folder: Folder, snow: Any, feishu: Any, plugins: Plugins, clock: TurnedTime
) -> None:
    """One engine, two runs: in between somebody else's mark has come to stand there."""
    root = folder(access="write", servicenow=snow, feishu=feishu)
    assert cli("apply", "--yes", "--connection", "feishu").code in (0, 3)
    inquiry(root, snow, plugins, clock)
    with workspace.open(root, now=clock, plugins=plugins) as space:
        engine, names, _ = space.engine()
        assert engine.run(names).connections[ConnectionName("feishu")].created == 1
        space.connect("feishu").inner.plant_identity("01JD7Q00000000000000000THEM", "1")
        inquiry(root, snow, plugins, clock, "printer")
        before = writes(snow, feishu)
        with pytest.raises(Stopped) as raised:
            engine.run(names)
        assert raised.value.rule == "other-install"
        assert writes(snow, feishu) == before


# ------------------------------------------------------------------------------------------------------------------ protected
def test_a_protected_environment_wants_a_plan_or_its_name(cli: Any, folder: Folder, feishu: Any) -> None:
    folder(access="write", environments=("test", "prod"), feishu=feishu)
    Path(".env.test").rename(".env.prod")
    answer = cli("apply", "--yes")
    assert answer.code == 2  # two environments: say which
    assert "--env" in answer.err
    answer = cli("apply", "--yes", "--env", "prod")
    assert answer.code == 5, answer.all
    assert "deskweave plan --env prod -o prod.plan" in answer.err
    assert writes(feishu) == 0
    assert cli("plan", "--env", "prod", "-o", "prod.plan").code in (0, 3)
    assert cli("apply", "prod.plan", "--env", "prod").code == 5  # nobody to type the name
    assert writes(feishu) == 0
    answer = cli("apply", "prod.plan", "--env", "prod", "--yes")
    assert answer.code in (0, 3), answer.all
    assert writes(feishu) > 0
    answer = cli("apply", "prod.plan", "--env", "prod", "--yes")
    assert answer.code == 5, answer.all  # stale: it has been done


# -------------------------------------------------------------------------------------------------------------- whole way
def test_apply_then_sync_then_look(
    cli: Any, folder: Folder, snow: Any, feishu: Any, plugins: Plugins, clock: TurnedTime, tmp_path: Path
) -> None:
    root = folder(access="write", servicenow=snow, feishu=feishu)
    answer = cli("apply", "--yes", "--connection", "feishu")
    assert answer.code in (0, 3), answer.all
    inquiry(root, snow, plugins, clock)
    plan = cli("sync", "--plan", "--exit-code", "--json")
    assert json.loads(plan.out)["summary"]["records"] == 1
    assert plan.code == 4
    answer = cli("sync")
    assert answer.code in (0, 3), answer.all
    number = "INC0010001"
    pages = [cli("show", key).out for key in ("INQ-1", number, number.lower(), "FS-0001")]
    assert len(set(pages)) == 1
    assert "VPN drops" in pages[0]
    wrong = cli("show", "INC0010002")
    assert (wrong.code, number in wrong.err) == (2, True)
    why = cli("explain", number, "status")
    assert "servicenow" in why.out
    assert cli("explain", number, "Status").out == why.out  # by its label, too
    assert cli("explain", number, "statsu").code == 2
    events = json.loads(cli("explain", number, "--json").out)["items"]
    assert {"title", "status"} <= {event["field"] for event in events}
    again = cli("sync", "--json")
    assert json.loads(again.out)["summary"]["written"] == 0
    for language in ("en", "zh"):
        page = tmp_path / f"report.{language}.html"
        assert cli("report", "--period", "2026-11", "-o", str(page), "--lang", language).code == 0
        assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>") or "<html" in page.read_text(encoding="utf-8")[:300]
    everything = [
        cli(*command, "--lang", language)
        for language, commands in (
            ("en", (["status"], ["explain", "INQ-1"], ["conflicts"], ["parked"], ["sync", "--plan"], ["kpi", "--period", "2026-11"], ["plugins"])),
            ("zh", (["show", "INQ-1", "--messages"], ["explain", "INQ-1"], ["plan"], ["check"], ["kpi", "--period", "2026-11", "--by", "priority"],
                    ["sync"], ["status"], [])),
        )
        for command in commands
    ]  # fmt: skip
    for one in everything:
        assert one.code in (0, 3), one.all
        assert all(width(line) <= 80 for line in one.all.splitlines()), [line for line in one.all.splitlines() if width(line) > 80]
        assert one.all.encode("gbk")
        assert "password" not in one.all.lower() or "admin" not in one.all
    kpi = json.loads(cli("kpi", "--period", "2026-11", "--json").out)
    assert any(item["counted"] == 1 for item in kpi["items"])
    assert cli("kpi", "--period", "2026-11", "--csv").out.startswith("\ufeff")
    assert not cli("kpi", "--period", "2026-11", "--csv=raw").out.startswith("\ufeff")
    assert cli("kpi", "--period", "2026-13").code == 2
    assert cli("kpi", "first_respons_on_time").code == 2


def test_a_changed_practice_stops_sync(cli: Any, folder: Folder, snow: Any) -> None:
    root = folder(servicenow=snow)
    assert cli("sync").code == 0
    edit(root / "practice" / "clocks.yaml", "# goal: PT10M", "goal: PT9M")
    answer = cli("sync")
    assert answer.code == 5
    assert "deskweave practice adopt" in answer.err
    assert "deskweave practice adopt" in cli("status").out
    shown = cli("practice", "adopt")
    assert shown.code == 5  # nobody to agree
    assert "First response must now come within 9 minutes instead of 5 minutes" in " ".join(shown.out.split())
    assert cli("practice", "adopt", "--yes").code == 0
    assert cli("sync").code == 0


def test_what_was_read_before_writing_was_allowed_gets_its_counterparts(
    cli: Any, folder: Folder, snow: Any, feishu: Any, plugins: Plugins, clock: TurnedTime
) -> None:
    root = folder(servicenow=snow, feishu=feishu)
    inquiry(root, snow, plugins, clock)
    assert cli("sync").code == 5
    edit(root / "deskweave.yaml", "access: read  ", "access: write  ")
    clock.advance(timedelta(minutes=10))
    assert cli("sync").code in (0, 3)
    assert "FS-0001" in cli("show", "INC0010001").out
    before = writes(snow, feishu)
    clock.advance(timedelta(minutes=10))
    cli("sync")
    assert writes(snow, feishu) == before  # once, not with every run


def test_two_people_at_once_and_a_person_who_decides(
    cli: Any, folder: Folder, snow: Any, feishu: Any, plugins: Plugins, clock: TurnedTime
) -> None:
    from deskweave.connector import Ref
    from deskweave.model import FieldId

    root = folder(access="write", servicenow=snow, feishu=feishu)
    inquiry(root, snow, plugins, clock)
    for _ in range(2):
        cli("sync")
        clock.advance(timedelta(minutes=10))
    links = {
        one["connection"]: Ref(one["collection"], one["rid"]) for one in json.loads(cli("show", "INQ-1", "--json").out)["items"]
    }
    with workspace.open(root, now=clock, plugins=plugins) as space:
        for name, running, title in (("servicenow", snow, "VPN drops in Berlin"), ("feishu", feishu, "VPN drops in Lisbon")):
            hands = running.hands(space.connect(name).inner.mapper(space.binding(name)))
            hands.edit(links[name], {FieldId("title"): title}, "li.wei")
    clock.advance(timedelta(minutes=10))
    answer = cli("sync")
    assert answer.code == 3, answer.all
    listed = json.loads(cli("conflicts", "--json").out)["items"]
    (conflict,) = listed
    assert {conflict["ours"], conflict["theirs"]} == {"VPN drops in Berlin", "VPN drops in Lisbon"}
    stands = json.loads(cli("show", "INQ-1", "--json").out)["summary"]["values"]["title"]
    assert stands in (conflict["ours"], conflict["theirs"])
    other = "servicenow" if conflict["connection"] == "feishu" else "feishu"
    losing = conflict["connection"] if conflict["winner"] == "ours" else other
    name = conflict["conflict"]
    assert cli("conflicts", "resolve", name, "--take", "nobody").code == 2
    assert cli("conflicts", "resolve", "C-999").code == 2
    assert cli("conflicts", "resolve", name, "--take", losing, "--by", "chen.jing").code == 0
    clock.advance(timedelta(minutes=10))
    assert cli("sync").code == 0
    after = json.loads(cli("show", "INQ-1", "--json").out)["summary"]["values"]["title"]
    assert {after, stands} == {conflict["ours"], conflict["theirs"]}
    assert "chen.jing" in cli("explain", "INQ-1", "title").out
    assert json.loads(cli("conflicts", "--json").out)["items"] == []
    assert json.loads(cli("conflicts", "--all", "--json").out)["items"][0]["resolved_by"] == "chen.jing"


def test_a_quota_is_waited_for_within_one_call(
    cli: Any, folder: Folder, snow: Any, feishu: Any, plugins: Plugins, clock: TurnedTime
) -> None:
    """A base takes fifty writes a second: sixty new rows need more, and one `sync` brings them all."""
    root = folder(access="write", servicenow=snow, feishu=feishu)
    for number in range(60):
        inquiry(root, snow, plugins, clock, f"VPN drops {number}")
    answer = cli("sync", "--json")
    assert answer.code in (0, 3), answer.all
    by_name = {item["connection"]: item for item in json.loads(answer.out)["items"]}
    assert by_name["feishu"]["created"] == 60
    assert all(item["paused"] is None for item in by_name.values())
    assert "waiting for a quota" in answer.err


def test_people_are_not_written_to_by_surprise(cli: Any, folder: Folder, snow: Any, plugins: Plugins, clock: TurnedTime) -> None:
    """Jira mails reporters: more than twenty creates there stop before the first one."""
    emulator = plugins.connectors["jira_sm"].emulator
    assert emulator is not None
    jira: Any = emulator.start(port=0, seed=1, now=clock)
    try:
        root = folder(access="write", servicenow=snow, jira_sm=jira)
        for number in range(22):
            inquiry(root, snow, plugins, clock, f"VPN drops {number}")
        before = writes(snow, jira)
        plan = cli("sync", "--plan")
        assert plan.code == 5, plan.all
        assert "22" in plan.out
        answer = cli("sync")
        assert answer.code == 5, answer.all
        assert writes(snow, jira) == before
        assert cli("sync", "--max-notices", "50").code in (0, 1, 3)
        assert writes(snow, jira) > before
    finally:
        jira.stop()


def test_show_says_which_records_are_left_as_they_are(
    cli: Any, folder: Folder, snow: Any, feishu: Any, plugins: Plugins, clock: TurnedTime
) -> None:
    root = folder(access="write", servicenow=snow, feishu=feishu)
    route = "routes: {incidents: {when: {stream: {eq: incident}}, among: [servicenow, feishu], afterwards: freeze}}\n"
    (root / "deskweave.yaml").write_text((root / "deskweave.yaml").read_text(encoding="utf-8") + route, encoding="utf-8")
    assert cli("apply", "--yes").code in (0, 3)
    inquiry(root, snow, plugins, clock)
    for _ in range(2):
        cli("sync")
        clock.advance(timedelta(minutes=30))
    assert "left as it is" not in cli("show", "INQ-1").out
    edit(root / "deskweave.yaml", "{stream: {eq: incident}}", "{stream: {eq: problem}}")
    cli("sync")
    assert "feishu/ledger  left as it is: it no longer fulfils its route" in cli("show", "INQ-1").out
    assert "保持原样：已不符合路由条件" in cli("show", "INQ-1", "--lang", "zh").out
    found = json.loads(cli("show", "INQ-1", "--json").out)["items"]
    assert {(one["connection"], one["state"]) for one in found} == {("servicenow", "live"), ("feishu", "frozen")}


def test_check_proves_a_status_map_by_the_platforms_own_mapper(
    cli: Any, folder: Folder, plugins: Plugins, clock: TurnedTime
) -> None:
    emulator = plugins.connectors["jira_sm"].emulator
    assert emulator is not None
    jira: Any = emulator.start(port=0, seed=1, now=clock)
    try:
        root = folder(jira_sm=jira)
        # a status is walked to there: a second field of `is` is read, and never written
        edit(root / "bindings/jira_sm.yaml", "closed: {is: {status: Closed}", "closed: {is: {status: Closed, labels: done}")
        assert "status-not-shown" not in cli("practice", "lint", "--json").out
        assert "comes to rest at a state that is read as no status where the inquiry is 'closed'" in " ".join(
            cli("check").out.split()
        )
    finally:
        jira.stop()


def test_check_tells_what_a_platforms_workflow_does_not_let_happen(
    cli: Any, folder: Folder, plugins: Plugins, clock: TurnedTime
) -> None:
    emulator = plugins.connectors["jira_sm"].emulator
    assert emulator is not None
    jira: Any = emulator.start(port=0, seed=1, now=clock)
    try:
        folder(jira_sm=jira)
        assert "workflow" not in cli("check").out
        state = jira.platform.state
        state.steps[:] = [step for step in state.steps if step.names["en"] not in ("Reopen", "Pending")]
        told = " ".join(cli("check").out.split())
        assert "has no way from 'Closed' to" in told
        assert "from there one gets to: nowhere" in told
        assert "waiting_on_third_party: no transition of workflow" in told
        assert "leads to 'Pending': it can never be set there" in told
        chinese = "".join(cli("check", "--lang", "zh").out.split())
        assert "中没有通向“Pending”的流转，永远无法设置" in chinese
        assert "无法从“Closed”到达" in chinese
    finally:
        jira.stop()
