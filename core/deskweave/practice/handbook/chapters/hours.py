"""When the desk works (practice C3): calendars, days off and make-up days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from deskweave.model import Calendar, CalendarVersion, Holidays
from deskweave.model.practice import WEEKDAYS, Weekday
from deskweave.practice.handbook.edition import Edition
from deskweave.practice.handbook.tree import Section, row, say, section, table
from deskweave.practice.handbook.voice import Voice
from deskweave.practice.wording import say_weekday, say_windows

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def chapter(voice: Voice, edition: Edition) -> Section | None:
    today = edition.now.astimezone(ZoneInfo(voice.practice.zone)).date()
    return section(
        "hours",
        voice("Working hours and holidays", "工作时间与节假日"),
        [],
        [_calendars(voice), *(_holidays(voice, one, today) for one in voice.practice.holidays.values())],
    )


def _calendars(voice: Voice) -> Section | None:
    rows = (
        row(
            voice.term(one.label, one.id, voice.said("Calendar", one.id)),
            _hours(voice, one),
            one.zone,
            one.holidays or "",
            voice.about("Calendar", one.id),
        )
        for one in voice.practice.calendars.values()
    )
    heads = (
        voice("Calendar", "日历"),
        voice("Hours", "工作时间"),
        voice("Time zone", "时区"),
        voice("Holidays", "节假日表"),
        voice("Remarks", "说明"),
    )
    return section("calendars", voice("Calendars", "日历"), [table(heads, rows)])


def _hours(voice: Voice, calendar: Calendar) -> list[str]:
    if calendar.from_inquiry:
        return [voice("stated by each inquiry", "以每条问询中的时间为准")]
    lines = []
    for version in calendar.versions:
        if len(calendar.versions) > 1:
            lines.append(voice("From {day}:", "自{day}起：", day=voice.day(version.since)))
        lines += week(voice, version)
    return lines


def week(voice: Voice, version: CalendarVersion) -> list[str]:
    """The week in lines: days in a row with the same hours are one."""
    runs: list[list[Weekday]] = []
    for day in WEEKDAYS:
        hours = version.week.get(day, ())
        if runs and version.week.get(runs[-1][-1], ()) == hours:
            runs[-1].append(day)
        else:
            runs.append([day])
    lines = []
    for run in runs:
        hours = version.week.get(run[0], ())
        if not hours:
            continue
        first, last = say_weekday(run[0], voice.language), say_weekday(run[-1], voice.language)
        if len(run) == 7:
            days = voice("Every day", "每天")
        elif len(run) == 1:
            days = first
        else:
            days = voice("{first} to {last}", "{first}至{last}", first=first, last=last)
        whole = hours == ((hours[0][0], None),) and hours[0][0].hour == hours[0][0].minute == 0
        said = voice("round the clock", "全天") if whole else say_windows(hours, voice.language)
        lines.append(f"{days} {said}")
    return lines


def _holidays(voice: Voice, one: Holidays, today: date) -> Section | None:
    first = max(one.since.year, min(today.year - 1, one.until.year))
    rows = (
        row(
            str(year),
            voice.list(_run(voice, begin, end) for begin, end in _runs(day for day in one.off if day.year == year)),
            voice.list(
                voice.aside(_short(voice, day), voice("as {day}", "按{day}上班", day=say_weekday(weekday, voice.language)))
                for day, weekday in sorted(one.working.items())
                if day.year == year
            ),
        )
        for year in range(first, one.until.year + 1)
    )
    about = voice(
        "Known from {since} to {until}, as of revision {revision}. Beyond that goals are counted on the plain week, are marked as "
        "provisional and are restated once the days are known.",
        "已知范围为{since}至{until}，依据版本 {revision}。超出范围的时限暂按普通工作周推算，标为暂定，日期公布后重新计算。",
        since=voice.day(one.since),
        until=voice.day(one.until),
        revision=one.revision,
    )
    earlier = (
        voice("Years before {year} stand in the practice's files.", "{year}年以前的日期见实践文件。", year=first)
        if first > one.since.year
        else ""
    )
    heads = (voice("Year", "年份"), voice("Days off", "放假"), voice("Make-up working days", "调休上班"))
    title = voice.label(voice.said("Holidays", one.id).get("label"), one.id)
    return section(
        f"holidays-{one.id}",
        voice("Holidays: {name}", "节假日：{name}", name=title),
        [say(voice.sentences(about, earlier)), table(heads, rows, keep=range(3))],
    )


def _runs(days: Iterable[date]) -> list[tuple[date, date]]:
    runs: list[tuple[date, date]] = []
    for day in sorted(days):
        if runs and day - runs[-1][1] == timedelta(days=1):
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs


def _run(voice: Voice, begin: date, end: date) -> str:
    if begin == end:
        return _short(voice, begin)
    if begin.month == end.month:
        return voice(
            "{first}-{last} {month}",
            "{number}月{first}-{last}日",
            first=begin.day,
            last=end.day,
            month=_MONTHS[begin.month - 1],
            number=begin.month,
        )
    return voice("{a} to {b}", "{a}至{b}", a=_short(voice, begin), b=_short(voice, end))


def _short(voice: Voice, day: date) -> str:
    return voice("{day} {month}", "{number}月{day}日", day=day.day, month=_MONTHS[day.month - 1], number=day.month)
