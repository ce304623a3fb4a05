"""Three real logs, read as they came through the command line: what they hold, how they are guessed, and figures counted by hand.

The expected numbers are taken from the files by a few lines that share nothing with the product.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from deskweave.cli.app import call
from deskweave.plugins import load_plugins

pytestmark = [pytest.mark.slow, pytest.mark.contracts]

NOW = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)


@pytest.fixture
def cli(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    plugins = load_plugins()

    def run(*arguments):
        capfd.readouterr()
        code = call(list(arguments), now=lambda: NOW, plugins=plugins)
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return code, out

    return run


def figures(cli, period):
    return {
        one["metric"]: one for one in json.loads(cli("kpi", "--period", period, "--json")[1])["items"] if one["period"] == period
    }


def summary(cli, *arguments):
    code, out = cli(*arguments, "--json")
    return code, json.loads(out)


# --------------------------------------------------------------------------------------------------------------------- Volvo
def volvo(shared):
    """Traces of the XES file by a pattern, without a parser: (status + substatus, at) in the order of the file."""
    text = gzip.decompress((shared / "data/07_bpic2013_incidents.xes.gz").read_bytes()).decode()
    for trace in text.split("<trace>")[1:]:
        steps = []
        for event in trace.split("<event>")[1:]:
            said = dict(re.findall(r'key="([^"]+)" value="([^"]*)"', event.split("</event>")[0]))
            at = datetime.fromisoformat(said["time:timestamp"])
            steps.append((f"{said['concept:name']} + {said['lifecycle:transition']}", at, said["org:group"]))
        yield sorted(steps, key=lambda step: step[1])


def test_the_volvo_log(cli, shared):
    code, answer = summary(cli, "import-log", str(shared / "data/07_bpic2013_incidents.xes.gz"), "--zone", "Europe/Stockholm")
    assert code == 3  # "Unmatched" is no status of anybody
    assert (answer["summary"]["rows"], answer["summary"]["inquiries"]) == (65_533, 7_554)
    assert [(one["rule"], one["found"]) for one in answer["findings"]] == [("log-status-unknown", "Unmatched + Unmatched")]
    # the built-in holidays begin after this log: no duration is made up for its days
    assert {one["metric"] for one in answer["items"] if one["why"] == "coverage"} >= {
        "first_response_on_time",
        "mean_time_to_resolve",
    }
    traces = list(volvo(shared))
    begun = Counter(steps[0][1].astimezone(UTC).strftime("%Y") for steps in traces)
    assert begun.total() == 7_554
    found = figures(cli, "2012-04")
    stockholm = [steps[0][1] for steps in traces if steps[0][1].strftime("%Y-%m") == "2012-04"]
    assert found["inquiries_registered"]["value"] == len(stockholm)
    _, flow = summary(cli, "export", "dfg")
    words = {"Completed + Closed": "closed", "Completed + Cancelled": "cancelled", "Completed + Resolved": "resolved", "Completed + In Call": "resolved",
             "Queued + Awaiting Assignment": "awaiting_acceptance", "Accepted + In Progress": "in_progress", "Accepted + Assigned": "in_progress",
             "Accepted + Wait - User": "waiting_on_user", "Accepted + Wait - Customer": "waiting_on_user", "Accepted + Wait": "waiting_on_third_party",
             "Accepted + Wait - Vendor": "waiting_on_third_party", "Accepted + Wait - Implementation": "waiting_on_third_party",
             "Unmatched + Unmatched": "Unmatched + Unmatched"}  # fmt: skip
    edges: Counter[tuple[str, str]] = Counter()
    pongs = 0
    for steps in traces:
        path = [status for status, _ in groupby(words[word] for word, _, _ in steps)]
        edges.update(pairwise(path))
        groups = [group for group, _ in groupby(group for _, _, group in steps)]
        pongs += sum(one == three for one, three in zip(groups, groups[2:], strict=False))
    assert {(one["source"], one["target"]): one["count"] for one in flow["items"]} == edges
    assert flow["summary"]["ping_pong"]["times"] == pongs
    _, again = summary(cli, "import-log", str(shared / "data/07_bpic2013_incidents.xes.gz"))
    assert (again["summary"]["added"], again["summary"]["added_events"], again["summary"]["restated"]) == (0, 0, 0)


# -------------------------------------------------------------------------------------------------------------- ServiceNow audit
def test_the_servicenow_audit_log(cli, shared):
    path = shared / "data/uci_incident_event_log_first5998.csv.gz"
    code, answer = summary(cli, "import-log", str(path), "--zone", "UTC")
    assert code == 3
    assert (answer["summary"]["rows"], answer["summary"]["inquiries"]) == (5_998, 890)
    found = {one["rule"]: one["found"] for one in answer["findings"]}
    assert found["log-status-unknown"] == "Awaiting Evidence"
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))
    cases = defaultdict(list)
    for row in rows:
        at = datetime.strptime(row["sys_updated_at"], "%d-%m-%Y %H:%M").replace(tzinfo=UTC)
        cases[row["number"]].append((at, row["incident_state"], row))
    closed = answered = never = 0
    for steps in cases.values():
        steps.sort(key=lambda step: step[0])
        opened = datetime.strptime(steps[0][2]["opened_at"], "%d-%m-%Y %H:%M").replace(tzinfo=UTC)
        active = next((at for at, state, _ in steps if state == "Active"), None)
        if steps[-1][1] == "Closed":
            closed += 1
            answered += active is not None and active >= opened
            never += active is None or active < opened
    year = figures(cli, "2016")
    assert year["inquiries_registered"]["value"] == 890
    assert year["never_accepted"]["value"] == never
    assert year["average_response_time"]["counted"] == answered
    assert closed == answered + never
    file = Path("logs/uci_incident_event_log_first5998.yaml")
    mapping = file.read_text(encoding="utf-8")
    assert "order: day_first  # row 2 says 29-02-2016 01:16" in mapping
    file.write_text(mapping.replace("Awaiting Evidence: ~", "Awaiting Evidence: waiting_on_user"), encoding="utf-8")
    code, again = summary(cli, "import-log", str(path))
    assert (code, again["summary"]["restated"], again["summary"]["added"]) == (0, 890, 0)
    assert figures(cli, "2016")["inquiries_registered"]["value"] == 890


# ------------------------------------------------------------------------------------------------------------ ServiceNow records
def test_the_servicenow_table_export(cli, shared):
    code, answer = summary(cli, "import-log", str(shared / "data/servicenow_incidents_REST.csv"), "--zone", "UTC")
    assert code == 0
    assert (answer["summary"]["rows"], answer["summary"]["inquiries"]) == (67, 67)
    cannot = {one["metric"]: one["names"] for one in answer["items"] if one["whole"] and one["why"] == "status"}
    assert (
        cannot["average_response_time"] == cannot["mean_time_to_resolve"] == ["in_progress"]
    )  # an export of records has no such moment
    with open(shared / "data/servicenow_incidents_REST.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    opened = Counter(row["opened_at"][:7] for row in rows)
    for month, count in opened.items():
        assert figures(cli, month)["inquiries_registered"]["value"] == count
    _, facts = cli("export", "facts", "--csv=raw")
    statuses = Counter(row["status"] for row in csv.DictReader(io.StringIO(facts)))
    assert statuses["closed"] == sum(row["incident_state"] == "7" for row in rows)
    assert not any(row["short_description"] in facts for row in rows)
