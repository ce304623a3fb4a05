"""A figure can be asked why, and one that was published stays: `kpi explain`, `kpi quality`, `report --publish`, `--as-of`."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deskweave.cli.width import width
from deskweave.emulation import TurnedTime

NOVEMBER = ("--period", "2026-11")
MONDAY = datetime(2026, 11, 16, 2, tzinfo=UTC)  # 10:00 in Shanghai
SECRET = "li.wei@example.com"


def explained(cli: Any, *more: str) -> Any:
    return json.loads(cli("kpi", "explain", *more, *NOVEMBER, "--json").out)


def test_why_a_figure_is_what_it_is(cli: Any, desk: Any) -> None:
    answer = cli("kpi", "explain", "first_response_on_time", *NOVEMBER)
    assert answer.code == 0, answer.all
    text = " ".join(answer.out.split())
    assert "Made of 2 / 3" in text
    assert "First response within 5m: 3" in text
    assert "INQ-3 First response 12m 00s, goal 5m, Mon 16 Nov 10:00 to Mon 16 Nov 10:12" in text
    assert "Mon 16 Nov 10:12 Awaiting acceptance > In progress desk, a person" in text
    assert text.index("Counted and missed 1") < text.index("INQ-3 ") < text.index("Counted and kept 2")
    left_out = text[text.index("Left out 3") :]
    assert "Wrong data: 1 ends before it starts 1 INQ-5" in left_out
    assert "Not among those it is about: First response is known 1 INQ-4" in left_out
    assert "In another period 1" in left_out
    assert "deskweave explain INQ-3" in text


def test_what_json_lists_adds_up(cli: Any, desk: Any) -> None:
    said = explained(cli, "first_response_on_time")
    summary, items = said["summary"], said["items"]
    assert sum(one["numerator"] or 0 for one in items) == summary["numerator"] == 2
    assert sum(one["denominator"] or 0 for one in items) == summary["denominator"] == 3
    assert summary["groups"] == {"missed": 1, "kept": 2, "counted": 0, "out": 2}
    assert summary["elsewhere"] == 1
    late = next(one for one in items if one["key"] == "INQ-3")["clocks"]["first_response"]
    assert (late["took"], late["goal"], late["met"], late["started_at"]) == (720, 300, False, "2026-11-16T02:00:00Z")
    assert [event["field"] for event in late["events"]] == ["submitted_at", "status", "status"]


@pytest.mark.parametrize("style", [["--csv"], ["--csv=raw"], ["--json"], [], ["-v"]])
def test_nobody_is_named(cli: Any, desk: Any, style: list[str]) -> None:
    for metric in ("first_response_on_time", "inquiries_registered"):
        answer = cli("kpi", "explain", metric, *NOVEMBER, *style)
        assert answer.code == 0
        assert "li.wei" not in answer.all


def test_csv_for_people_and_for_machines(cli: Any, desk: Any) -> None:
    answer = cli("kpi", "explain", "first_response_on_time", *NOVEMBER, "--csv", "--lang", "zh").out
    assert answer.startswith("\ufeff问询,分组,原因,分子,分母,时钟,")
    rows = list(csv.DictReader(io.StringIO(cli("kpi", "explain", "first_response_on_time", *NOVEMBER, "--csv=raw").out)))
    assert {row["key"]: (row["group"], row["why"], row["took"]) for row in rows} == {
        "INQ-1": ("kept", "", "180"),
        "INQ-2": ("kept", "", "300"),  # five minutes exactly
        "INQ-3": ("missed", "", "720"),
        "INQ-4": ("out", "not-asked", ""),
        "INQ-5": ("out", "problem", ""),
    }


@pytest.mark.parametrize(
    ("value", "counted"),
    [
        ("channel=phone", 2),  # by its slug
        ("channel=Phone", 2),  # by its label
        ("channel=feishu", 1),
        ("channel=", 0),  # where nothing is given
    ],
)
def test_a_part_of_a_figure_by_a_field(cli: Any, desk: Any, value: str, counted: int) -> None:
    assert explained(cli, "first_response_on_time", "--by", value)["summary"]["counted"] == counted


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["explain"], "Which metric?"),
        (["explain", "first_respons_on_time"], "first_response_on_time"),  # the nearest
        (["explain", "first_response_on_time", "average_response_time"], "One metric at a time"),
        (["explain", "first_response_on_time", "--by", "channel"], "FIELD=VALUE"),
        (["explain", "first_response_on_time", "--by", "chanel=phone"], "channel"),
        (["explain", "first_response_on_time", "--by", "channel=phon"], "phone"),
        (["quality", "first_response_on_time"], "no metric"),
        (["--as-of", "yesterday"], "2026-12-01T09:00"),
        (["--as-of", "2027-01-01"], "has not come yet"),
    ],
)
def test_what_cannot_be_asked(cli: Any, desk: Any, words: list[str], told: str) -> None:
    answer = cli("kpi", *words, *NOVEMBER)
    assert answer.code == 2
    assert told in answer.err


def test_an_empty_month_names_the_one_that_has_data(cli: Any, desk: Any) -> None:
    """The last full month is the default, and the first inquiries are mostly younger."""
    answer = cli("kpi", "--period", "2026-06")
    assert "Nothing was registered in this period" in answer.out
    assert "deskweave kpi --period 2026-11" in answer.out
    assert "Nothing was registered" not in cli("kpi", *NOVEMBER).out


def test_a_composite_names_its_parts(cli: Any, desk: Any) -> None:
    said = explained(cli, "desk_index")
    parts = [(one["weight"], one["reached"]) for one in said["summary"]["parts"] if one["reached"] is not None]
    assert sum(weight * reached for weight, reached in parts) / sum(weight for weight, _ in parts) == pytest.approx(
        said["summary"]["value"]
    )
    assert "deskweave kpi explain first_response_on_time" in cli("kpi", "explain", "desk_index", *NOVEMBER).out


OPEN = """apiVersion: deskweave/v1
kind: Metric
id: open_inquiries
label: {en: Open inquiries, zh: 积压量}
period: {by: submitted_at, every: month}
value: {backlog: {}}
---
kind: Metric
id: open_growth
label: {en: Growth of open inquiries, zh: 积压增长率}
period: {by: submitted_at, every: month}
value: {derived: {divide: [{subtract: [open_inquiries, {previous: open_inquiries}]}, {previous: open_inquiries}]}}
"""


def test_a_backlog_and_a_formula_are_explained(cli: Any, desk: Any, tmp_path: Path) -> None:
    """Who is open at the end is listed; a formula shows its parts with their figures, and why it has no value."""
    (tmp_path / "practice" / "open.yaml").write_text(OPEN, "utf-8")
    said = explained(cli, "open_inquiries")
    assert said["summary"]["value"] == said["summary"]["groups"]["counted"] > 0
    closed = [one["why"] for one in said["items"] if one["group"] == "out"]
    assert "ended" in closed
    text = cli("kpi", "explain", "open_inquiries", *NOVEMBER).out
    assert "The number of inquiries open at the end of the period." in text
    assert "Closed or cancelled by the end of the period" in text
    answer = cli("kpi", "explain", "open_growth", *NOVEMBER)
    assert answer.code == 0, answer.all
    total = said["summary"]["value"]
    assert (total, "Made of    (2 - 1) ÷ 1\n" in answer.out, "Growth of open inquiries   100.0 %\n" in answer.out) == (
        2,
        True,
        True,
    )
    assert "  Open inquiries: 2\n  Open inquiries of the period before: 1\n" in answer.out
    assert "deskweave kpi explain open_inquiries --period 2026-10" in answer.out
    parts = explained(cli, "open_growth")["summary"]["parts"]
    assert [(one["metric"], one["period"], one["value"]) for one in parts] == [
        ("open_inquiries", "2026-11", 2), ("open_inquiries", "2026-10", 1),
    ]  # fmt: skip
    october = cli("kpi", "explain", "open_growth", "--period", "2026-10").out
    assert ("Made of    (1 - 0) ÷ 0\n" in october, "Divided by zero" in october) == (True, True)
    assert "除数为零：积压增长率" in cli("kpi", "--period", "2026-10", "--lang", "zh").out
    by = cli("kpi", "open_inquiries", "open_growth", *NOVEMBER, "--by", "channel")
    assert by.code == 0, by.all
    refused = cli("kpi", "open_inquiries", *NOVEMBER, "--by", "status")
    assert refused.code != 0
    assert "known as it is now" in refused.all
    for words in (["explain", "open_inquiries"], ["explain", "open_growth"], ["--by", "status"]):
        for language in ("en", "zh"):
            answer = cli("kpi", *words, *NOVEMBER, "--lang", language)
            assert answer.code == 0, answer.all
            answer.out.encode("gbk")
            assert max(width(line) for line in answer.out.splitlines()) <= 80, words


def test_what_is_wrong_with_the_data_is_listed_by_kind(cli: Any, desk: Any) -> None:
    answer = cli("kpi", "quality", *NOVEMBER)
    assert answer.code == 0
    assert "1 ends before it starts\n  INQ-5  First response" in answer.out
    assert [one["key"] for one in json.loads(cli("kpi", "quality", *NOVEMBER, "--json").out)["items"]] == ["INQ-5"]
    assert "deskweave kpi quality --period 2026-11" in cli("kpi", *NOVEMBER).out
    assert "Nothing is wrong" in cli("kpi", "quality", "--period", "2026-10").out


@pytest.mark.parametrize("language", ["en", "zh"])
def test_within_80_columns_and_gbk(cli: Any, desk: Any, language: str) -> None:
    cli("report", "--publish", *NOVEMBER)
    desk.say("three", ("status", "in_progress", MONDAY + timedelta(days=3)))
    for words in (
        ["explain", "first_response_on_time"], ["explain", "waiting_share"], ["explain", "desk_index"], ["explain", "channel_convenience"],
        ["explain", "resolution_rate"], ["explain", "abandonment_rate"], ["explain", "information_quality"], ["quality"], [],
    ):  # fmt: skip
        answer = cli("kpi", *words, *NOVEMBER, "--lang", language)
        assert answer.code == 0, answer.all
        answer.out.encode("gbk")
        assert max(width(line) for line in answer.out.splitlines()) <= 80, words


# ------------------------------------------------------------------------------------------------------------------- publishing
def test_what_was_published_stays_and_later_changes_are_named(cli: Any, desk: Any, tmp_path: Path) -> None:
    answer = cli("report", "--publish", *NOVEMBER)
    assert answer.code == 0, answer.all
    folder = tmp_path / "reports/2026-11"
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(files) == {"figures.json", "report.en.html", "report.zh.html"}
    assert b"li.wei" not in b"".join(files.values())
    assert "still the same figures" in cli("kpi", *NOVEMBER).out
    again = cli("report", "--publish", *NOVEMBER)
    assert (again.code, "nothing was written" in " ".join(again.out.split())) == (0, True)
    # after publishing one is reopened and closed again
    friday = MONDAY + timedelta(days=4)
    desk.say("one", ("status", "in_progress", friday), ("status", "closed", friday + timedelta(hours=3)))
    text = " ".join(cli("kpi", *NOVEMBER).out.split())
    line = text[text.index("Mean time to resolve: published 1h 00m, now") :]
    assert re.match(r"Mean time to resolve: published 1h 00m, now \S+ \S+: 1 inquiry changed: INQ-1 ", line), line
    said = json.loads(cli("kpi", *NOVEMBER, "--json").out)["summary"]["published"]["moved"]
    resolve = next(one for one in said if one["metric"] == "mean_time_to_resolve")
    assert [one["inquiry"] for one in resolve["changed"]] == ["INQ-1"]
    ((change,), counted) = (resolve["changed"], 4)
    assert (change["now"][0] - change["published"][0]) / counted == pytest.approx(resolve["now"] - resolve["published"])
    assert not any(one["metric"] == "first_response_on_time" for one in said)
    # the page says it under its table, and what was published stays
    page = tmp_path / "now.html"
    assert cli("report", *NOVEMBER, "-o", str(page)).code == 0
    assert "published 1h 00m, now" in page.read_text("utf-8")
    stopped = cli("report", "--publish", *NOVEMBER)
    assert stopped.code == 5
    assert "STOPPED" in stopped.out
    assert "INQ-1" in stopped.out
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files


@pytest.mark.parametrize(("language", "said"), [("en", "published 4 (warning), now 5"), ("zh", "已发布4（警告），现为5")])
def test_the_level_a_figure_was_published_at_is_told(cli: Any, desk: Any, tmp_path: Path, language: str, said: str) -> None:
    assert cli("report", *NOVEMBER, "--publish").code == 0
    file = tmp_path / "reports/2026-11/figures.json"
    text = file.read_text("utf-8")
    (line,) = [one for one in text.splitlines() if '"inquiries_registered"' in one]
    body = {**json.loads(line.strip().rstrip(",")), "value": 4, "numerator": 4, "level": "warning"}
    file.write_text(text.replace(line, f"  {json.dumps(body)}" + "," * line.endswith(",")), "utf-8")
    answer = cli("kpi", *NOVEMBER, "--lang", language)
    assert said.replace(" ", "") in re.sub(r"\s", "", answer.out), answer.out
    (moved,) = json.loads(cli("kpi", *NOVEMBER, "--json").out)["summary"]["published"]["moved"]
    assert (moved["published_level"], moved["level"]) == ("warning", None)


def test_what_another_environment_published_is_neither_compared_nor_replaced(cli: Any, desk: Any, tmp_path: Path) -> None:
    cli("report", "--publish", *NOVEMBER)
    path = tmp_path / "reports/2026-11/figures.json"
    theirs = path.read_text("utf-8").replace('"environment": "dev"', '"environment": "prod"')
    path.write_text(theirs, encoding="utf-8")
    assert "Published" not in cli("kpi", *NOVEMBER).out
    stopped = cli("report", "--publish", *NOVEMBER)
    assert stopped.code == 5
    assert "was published from prod" in " ".join(stopped.out.split())
    assert path.read_text("utf-8") == theirs


def test_a_period_that_is_not_over_is_not_published(cli: Any, desk: Any, tmp_path: Path) -> None:
    answer = cli("report", "--publish", "--period", "2026-12")
    assert answer.code == 2
    assert "2027-01-01" in answer.err
    assert not (tmp_path / "reports").exists()


def test_a_published_file_that_somebody_broke_is_told(cli: Any, desk: Any, tmp_path: Path) -> None:
    cli("report", "--publish", *NOVEMBER)
    (tmp_path / "reports/2026-11/figures.json").write_text("<<<<<<< HEAD\n", encoding="utf-8")
    for command in (["kpi"], ["report", "--publish"]):
        answer = cli(*command, *NOVEMBER)
        assert answer.code == 2
        assert "reports/2026-11/figures.json" in answer.all


# ------------------------------------------------------------------------------------------------------------------------ as of
def test_as_it_was_known_then(cli: Any, desk: Any, clock: TurnedTime) -> None:
    clock.set(datetime(2026, 12, 5, tzinfo=UTC))
    desk.inquiry("late", 2)  # of November, and nobody had told us
    desk.say("three", ("status", "in_progress", MONDAY + timedelta(days=2)))

    def figures(*more: str) -> dict[str, Any]:
        items = json.loads(cli("kpi", *NOVEMBER, *more, "--json").out)["items"]
        return {one["metric"]: one["value"] for one in items if one["period"] == "2026-11"}

    now, then = figures(), figures("--as-of", "2026-12-03")
    assert (now["inquiries_registered"], then["inquiries_registered"]) == (6, 5)
    assert (now["mean_time_to_resolve"], then["mean_time_to_resolve"]) == (3600, 3600)
    assert explained(cli, "mean_time_to_resolve")["summary"]["counted"] == 4  # one is open again, one is new
    assert {one["key"] for one in explained(cli, "mean_time_to_resolve", "--as-of", "2026-12-03")["items"] if one["group"] == "counted"} == {
        "INQ-1", "INQ-2", "INQ-3", "INQ-5",
    }  # fmt: skip
    assert figures("--as-of", "2026-11-17")["inquiries_registered"] == 0  # nothing was recorded by then
    assert figures("--as-of", "2026-12-05T07:59:59+08:00")["inquiries_registered"] == 5  # to the second
    assert "What was recorded by Thu 3 Dec 23:59" in cli("kpi", *NOVEMBER, "--as-of", "2026-12-03").out
    assert figures() == now  # the kept facts are as they were


# ------------------------------------------------------------------------------------- totals, thresholds, rows of periods
OWN = """
apiVersion: deskweave/v1
kind: Metric
id: inquiries_by_channel
label: {en: Inquiries by channel, zh: 按渠道的问询数}
factor: communication
judges: desk
period: {by: submitted_at, every: month}
by: [channel]
totals: [[]]
value: {count: {}}
thresholds: [{when: {gt: 4}, level: critical, notify: manager}, {when: {gt: 2}, level: warning}]
examples: [{given: [{channel: phone}], expect: [{channel: phone, value: 1, level: none}]}]
"""


def test_a_breakdown_ends_in_a_total(cli: Any, desk: Any) -> None:
    answer = cli("kpi", "inquiries_registered", *NOVEMBER, "--by", "channel", "--by", "returned")
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert lines[lines.index("Inquiries registered") + 1 :][:5] == [
        "Feishu / (not given) 2 - - 2", "Feishu / All 2 - - 2", "Phone / (not given) 3 - - 3", "Phone / All 3 - - 3", "All 5 - - 5",
    ]  # fmt: skip


def test_programs_tell_a_total_from_what_nobody_gave(cli: Any, desk: Any) -> None:
    asked = ("kpi", "first_response_on_time", *NOVEMBER, "--by", "returned", "--by", "channel")
    said = json.loads(cli(*asked, "--json").out)["items"]
    assert [(one["by"], one["over"], one["numerator"], one["denominator"]) for one in said] == [
        ({"returned": None, "channel": "feishu"}, [], 1, 1),
        ({"returned": None, "channel": "phone"}, [], 1, 2),
        ({"returned": None}, ["channel"], 2, 3),  # computed again: 2 of 3, not the mean of 100 % and 50 %
        ({}, ["returned", "channel"], 2, 3),
    ]
    rows = list(csv.DictReader(io.StringIO(cli(*asked, "--csv=raw").out)))
    assert [(one["by.returned"], one["by.channel"], one["over"]) for one in rows] == [
        ("", "feishu", ""), ("", "phone", ""), ("", "", "channel"), ("", "", "returned channel"),
    ]  # fmt: skip


def test_a_composite_has_a_total_too(cli: Any, desk: Any) -> None:
    said = json.loads(cli("kpi", "desk_index", *NOVEMBER, "--by", "channel", "--json").out)["items"]
    total = json.loads(cli("kpi", "desk_index", *NOVEMBER, "--json").out)["items"][0]
    assert (said[-1]["over"], said[-1]["value"], said[-1]["parts"]) == (["channel"], total["value"], total["parts"])
    assert total["value"] is not None


def test_a_named_figure_shows_its_own_breakdown_and_level(cli: Any, desk: Any) -> None:
    (desk.root / "practice" / "own.yaml").write_text(OWN.lstrip(), "utf-8")
    answer = cli("kpi", "inquiries_by_channel", *NOVEMBER)
    assert answer.code == 0, answer.all
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert "Inquiries by channel 5 1 - - !! - 5" in lines
    assert "Critical Inquiries by channel: 5, over 4; for Service desk manager" in lines
    assert lines[lines.index("Inquiries by channel") :][:3] == ["Inquiries by channel", "Feishu 2 - - 2", "Phone 3 warning - - 3"]
    why = " ".join(cli("kpi", "explain", "inquiries_by_channel", *NOVEMBER).out.split())
    assert "Critical Inquiries by channel: 5, over 4; for Service desk manager Made of" in why
    (first, *_) = json.loads(cli("kpi", "inquiries_by_channel", *NOVEMBER, "--json").out)["items"]
    assert (first["level"], first["notify"], first["by"], first["over"]) == ("critical", "manager", {}, [])


def test_a_row_of_periods(cli: Any, desk: Any) -> None:
    answer = cli("kpi", "inquiries_registered", "--period", "2026-09..2026-11")
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert lines[lines.index("Inquiries registered") + 1 :][:3] == [
        "September 2026 0 - - 0",
        "October 2026 1 - - - 1",
        "November 2026 5 - - - 5",
    ]
    said = json.loads(cli("kpi", "inquiries_registered", "--period", "2026-09..2026-11", "--json").out)
    assert said["summary"]["period"] == "2026-09..2026-11"
    assert [(one["period"], one["value"]) for one in said["items"]] == [("2026-09", 0), ("2026-10", 1), ("2026-11", 5)]


@pytest.mark.parametrize("words", [["kpi", "quality"], ["kpi", "explain", "first_response_on_time"], ["report"]])
def test_what_is_about_one_period_takes_one(cli: Any, desk: Any, words: list[str]) -> None:
    answer = cli(*words, "--period", "2026-09..2026-11")
    assert answer.code == 2
    assert "period" in answer.err


# ------------------------------------------------------------------------------------------------------------ somebody else's
def test_a_figure_beside_a_file_of_theirs(cli: Any, desk: Any, tmp_path: Path) -> None:
    """They count INQ-1 as it is, INQ-3 to its closing, one that nobody knows here, and INQ-2 not at all."""
    (tmp_path / "theirs.csv").write_text("Number;Seconds\nINQ-1;180\ninq-3;1h 12m 00s\nINC0099;60\n", encoding="utf-8")
    answer = cli("kpi", "explain", "average_response_time", *NOVEMBER, "--against", "theirs.csv")
    assert answer.code == 0, answer.all
    shown = " ".join(answer.out.split())
    assert "Ours 6m 40s Theirs 25m 20s Difference +18m 40s Both count 2" in shown
    assert "counted here alone 1 INQ-2" in shown
    assert "counted there alone 1 INC0099 no inquiry of that name here: 1" in shown
    assert "as if measured to the first Closed 1 INQ-3" in shown
    said = json.loads(cli("kpi", "explain", "average_response_time", *NOVEMBER, "--against", "theirs.csv", "--json").out)
    assert sum(one["amount"] for one in said["items"]) == pytest.approx(said["summary"]["difference"]) == 1120
    chinese = cli("kpi", "explain", "average_response_time", *NOVEMBER, "--against", "theirs.csv", "--lang", "zh").out
    assert "如按“至首次已关闭止”计时" in chinese
    chinese.encode("gbk")


def test_a_figure_beside_a_value_of_theirs(cli: Any, desk: Any) -> None:
    shown = " ".join(cli("kpi", "explain", "average_response_time", *NOVEMBER, "--against", "1h 06m 40s").out.split())
    assert "Difference +1h 00m" in shown
    assert "to the first Closed: 1h 06m, leaving +0s (3 inquiries)" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["explain", "average_response_time", "--against", "soon"], "neither a file nor a value such as 4m 12s"),
        (["explain", "average_response_time", "--against", "bad.csv"], "bad.csv:2: fast is no value such as 4m 12s"),
        (["explain", "average_response_time", "--against", "twice.csv"], "inq-1 is the inquiry of line 1 already"),
        (["explain", "average_response_time", "--against", "empty.csv"], "names no inquiry"),
        (["explain", "waiting_share", "--against", "4 %"], "does not add up out of inquiries"),
        (["explain", "desk_index", "--against", "4 %"], "does not add up out of inquiries"),
        (["average_response_time", "--against", "252"], "belongs to explain"),
    ],
)
def test_what_cannot_be_compared_is_said(cli: Any, desk: Any, tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "bad.csv").write_text("INQ-1,60\nINQ-2,fast\n", encoding="utf-8")
    (tmp_path / "twice.csv").write_text("INQ-1,60\ninq-1,70\n", encoding="utf-8")
    (tmp_path / "empty.csv").write_text("Number,Value\n", encoding="utf-8")
    answer = cli("kpi", *words, *NOVEMBER)
    assert answer.code == 2
    assert said in " ".join(answer.all.split())
