"""A changed calendar restates history only on request, and the difference is shown first: `kpi restate`."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deskweave import workspace
from deskweave.emulation import TurnedTime
from deskweave.ledger import Entry, Ledger, Posting
from deskweave.model import FieldId, InquiryId
from deskweave.plugins import Plugins
from deskweave.workspace.scaffold import NewConnection, write_folder

YEAR = """apiVersion: deskweave/v1
kind: Holidays
id: cn_statutory
coverage: {to: 2027-12-31}
revision: 2026-11-10
years:
  2027:
    off: [2027-01-01]
    working: {2027-01-03: fri}
"""


def shanghai(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


NOW = shanghai(2027, 1, 5, 9)


def write(root: Path, clock: TurnedTime, *times: datetime | None, **values: Any) -> None:
    """One inquiry: submitted, accepted, closed; None: that has not happened."""
    submitted = times[0]
    assert submitted is not None
    with workspace.open(root, now=clock) as space:
        store, practice = space.store, space.practice
        changes = [("submitted_at", submitted, submitted), *((name, value, submitted) for name, value in values.items())]
        words = ("awaiting_acceptance", "in_progress", "closed")
        changes += [("status", word, at) for word, at in zip(words, times, strict=False) if at is not None]
        entries = [
            Entry(field=FieldId(name), new=value, at=at, source="connection:desk", origin_id=store.new_id())
            for name, value, at in changes
        ]
        ledger = Ledger(store, fields=practice.fields, statuses=practice.statuses, practice=practice.digest)
        with store.write() as tx:
            ledger.commit(tx, [Posting(inquiry=InquiryId(store.new_id()), entries=entries, new=True)], settled=None)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, plugins: Plugins) -> Path:
    """INQ-1 lies in known days; INQ-2 was closed in January, which nobody knows; INQ-3 waits since the last minutes of the year.

    Made once: the tests work on copies.
    """
    root, clock = tmp_path_factory.mktemp("desk"), TurnedTime(NOW)
    write_folder(
        root, id="acme", now=NOW, plugins=plugins, language="en", zone="Asia/Shanghai", environments=(), since=NOW,
        connections=[NewConnection(name="desk", plugin="feishu", access="read", settings={})],
    )  # fmt: skip
    write(root, clock, shanghai(2026, 12, 28, 9), shanghai(2026, 12, 28, 9, 4), shanghai(2026, 12, 29, 10))
    write(root, clock, shanghai(2026, 12, 31, 16), shanghai(2026, 12, 31, 16, 10), shanghai(2027, 1, 4, 11))
    write(root, clock, shanghai(2026, 12, 31, 17, 58))
    with workspace.open(root, now=clock) as space:
        space.refresh_facts()
    return root


@pytest.fixture
def desk(made: Path, cli: Any, tmp_path: Path, clock: TurnedTime) -> Path:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    clock.set(NOW)
    return tmp_path


def add_the_year(root: Path) -> None:
    (root / "practice").mkdir(exist_ok=True)
    (root / "practice" / "holidays-2027.yaml").write_text(YEAR, encoding="utf-8")


def told(cli: Any, *words: str) -> Any:
    return json.loads(cli(*words, "--json").out)


@pytest.mark.practice("C3")
def test_past_the_last_known_day_everything_says_so(cli: Any, desk: Path) -> None:
    shown = " ".join(cli("kpi", "--period", "2026-12").out.split())
    assert "1 outside the calendar's coverage" in shown
    assert "Holidays are known to 2026-12-31" in shown
    page = (desk / "page.html", cli("report", "--period", "2026-12", "-o", "page.html"))[0].read_text(encoding="utf-8")
    assert "Holidays are known to 2026-12-31" in page
    inquiry = " ".join(cli("show", "INQ-3").out.split())
    assert "First response was due Fri 1 Jan 09:03 (provisional)" in inquiry
    assert "holidays are known to 2026-12-31" in inquiry
    assert told(cli, "show", "INQ-3")["summary"]["due"] == [
        {"clock": "first_response", "at": "2027-01-01T01:03:00Z", "provisional": True, "why": None}
    ]
    restating = cli("kpi", "restate").out
    assert "INQ-3  First response  Fri 1 Jan 09:03 (provisional)" in restating
    assert "Every inquiry is judged by today's rules." in restating
    # a month of days that are all known has nothing to say about them
    assert "Holidays are known" not in cli("kpi", "--period", "2026-11").out


@pytest.mark.practice("C3")
def test_adding_a_year_is_one_file_and_restates_on_request_alone(cli: Any, desk: Path) -> None:
    before = told(cli, "kpi", "--period", "2026-12")
    add_the_year(desk)
    after = told(cli, "kpi", "--period", "2026-12")
    assert [one["value"] for one in after["items"]] == [one["value"] for one in before["items"]]
    assert after["summary"]["earlier_rules"]
    assert "3 inquiries were judged by earlier rules: deskweave kpi restate" in cli("report", "--period", "2026-12").out

    found = told(cli, "kpi", "restate")
    moved = {(one["period"], one["metric"]): one for one in found["items"]}
    # 31 Dec from 16:10 on is 1 h 50, 3 January (make-up) 8 h, 4 January to 11:00 2 h; INQ-1 took 7 h 56 and 1 h
    one, both = 8 * 3600 + 56 * 60, (8 * 3600 + 56 * 60 + 11 * 3600 + 50 * 60) / 2
    mean = moved["2026-12", "mean_time_to_resolve"]
    assert (mean["before"], mean["now"], mean["names"]) == (one, both, ["INQ-2"])
    assert found["summary"]["due"] == [
        {
            "inquiry": "INQ-3",
            "clock": "first_response",
            "before": {"at": "2027-01-01T01:03:00Z", "provisional": True, "why": None},
            "now": {"at": "2027-01-03T01:03:00Z", "provisional": False, "why": None},
        }
    ]
    text = " ".join(cli("kpi", "restate").out.split())
    assert "days are now known until 31 December 2027 instead of 31 December 2026 practice/holidays-2027.yaml:4" in text
    assert "now make-up working days: 3 January 2027 (works as Friday)" in text
    assert "1 inquiry would be judged otherwise. Nothing has been changed." in text

    done = told(cli, "kpi", "restate", "--yes")
    assert done["summary"]["done"]
    assert {(one["period"], one["metric"]) for one in done["items"]} == set(moved)
    now = {(one["period"], one["metric"]): one["value"] for one in told(cli, "kpi", "--period", "2026-12")["items"]}
    assert now["2026-12", "mean_time_to_resolve"] == both
    shown = " ".join(cli("kpi", "--period", "2026-12").out.split())
    assert "judged by earlier rules" not in shown
    assert "Mean time to resolve 8h 56m, now 10h 23m" in shown
    (line,) = (desk / ".deskweave/dev/restatements.jsonl").read_text(encoding="utf-8").splitlines()
    kept = json.loads(line)
    assert (kept["why"], kept["inquiries"], len(kept["before"])) == ("asked-for", 1, 1)
    assert kept["calendars_before"] != kept["calendars_now"]
    again = cli("kpi", "restate").out
    assert "Every inquiry is judged by today's rules." in again
    assert f"restated from {kept['before'][0][:8]} to {kept['now'][:8]}" in again


def test_what_was_published_stays_and_tells_the_difference(cli: Any, desk: Path) -> None:
    assert cli("report", "--period", "2026-12", "--publish").code == 0
    file = desk / "reports/2026-12/figures.json"
    frozen = file.read_bytes()
    add_the_year(desk)
    assert "Published and staying so: 2026-12" in cli("kpi", "restate").out
    assert cli("kpi", "restate", "--yes").code == 0
    assert file.read_bytes() == frozen
    shown = " ".join(cli("kpi", "--period", "2026-12").out.split())
    assert "Mean time to resolve: published 8h 56m, now 10h 23m: 1 inquiry changed: INQ-2" in shown


def test_a_practice_that_judges_the_same_asks_for_nothing(cli: Any, desk: Path) -> None:
    """A label is no rule: no line under the figures, and restating says that nothing would move."""
    (desk / "practice").mkdir(exist_ok=True)
    (desk / "practice" / "kpis.yaml").write_text(
        "apiVersion: deskweave/v1\nkind: Metric\nid: mean_time_to_resolve\nlabel: {en: Time to resolve, zh: 解决时间}\n",
        encoding="utf-8",
    )
    assert "earlier rules" not in cli("kpi", "--period", "2026-12").out
    answer = cli("kpi", "restate").out
    assert "nothing judges otherwise" in answer
    assert "Today's rules judge every inquiry as the earlier ones did." in answer


def test_other_fields_make_rows_anew_and_that_is_told(cli: Any, desk: Path) -> None:
    """Rows of other columns cannot stay as they are: what moved with it stands in the log all the same."""
    add_the_year(desk)
    (desk / "practice" / "fields.yaml").write_text(
        "apiVersion: deskweave/v1\nkind: Fields\nid: inquiry\n"
        "fields:\n  floor: {type: text, label: {en: Floor, zh: 楼层}, group: ticket, writers: [agent]}\n",
        encoding="utf-8",
    )
    lint = cli("practice", "lint")
    assert lint.code == 0, lint.all
    shown = " ".join(cli("kpi", "--period", "2026-12").out.split())
    assert "Mean time to resolve 8h 56m, now 10h 23m" in shown
    (line,) = (desk / ".deskweave/dev/restatements.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["why"] == "columns"
    assert "as fields, statuses or clocks changed" in " ".join(cli("kpi", "restate").out.split())


def test_a_practice_that_nobody_kept_is_said(cli: Any, desk: Path) -> None:
    for path in (desk / ".deskweave/dev/facts/judged-by").glob("*.json"):
        path.unlink()
    add_the_year(desk)
    assert "earlier rules" in cli("kpi", "--period", "2026-12").out
    answer = " ".join(cli("kpi", "restate").out.split())
    assert "nobody kept that practice" in answer
    assert "Mean time to resolve 8h 56m 10h 23m 1" in answer


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["restate", "--yes", "--period", "2026-12"], "Restating is of everything"),
        (["restate", "mean_time_to_resolv"], "mean_time_to_resolve"),
        (["restate", "--as-of", "2026-12-01"], "Restating is of everything"),
    ],
)
def test_what_is_asked_wrongly_changes_nothing(cli: Any, desk: Path, words: list[str], said: str) -> None:
    add_the_year(desk)
    answer = cli("kpi", *words)
    assert answer.code == 2
    assert said in answer.all
    assert told(cli, "kpi", "--period", "2026-12")["summary"]["earlier_rules"]


def test_in_chinese_and_as_csv(cli: Any, desk: Path) -> None:
    add_the_year(desk)
    answer = cli("kpi", "restate", "--lang", "zh").out
    assert "新增调休工作日2027年1月3日（按周五上班）" in answer
    assert "1月1日 周五 09:03（暂定）  >  1月3日 周日 09:03" in answer
    answer.encode("gbk")
    rows = cli("kpi", "restate", "--csv").out.splitlines()
    assert rows[0] == "\ufeffPeriod,Figure,as judged,restated,inquiries,which,published"
    assert "2026-12,Mean time to resolve,8h 56m,10h 23m,1,INQ-2,false" in rows
