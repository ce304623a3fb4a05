"""What the demo says, in English and Chinese. Figures come from the story; nothing here is a number of its own."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from deskweave import __version__
from deskweave.demo.stage import Stage
from deskweave.demo.story import Told
from deskweave.demo.week import FRIDAY_EVENING, MONDAY, ZONE
from deskweave.measure.figures import figure, goal, left, moment, right
from deskweave.model import FieldId
from deskweave.store.lookup import InquiryRow, Nearest, find_inquiry

SHOWN: Final = ("inquiries_registered", "average_response_time", "first_response_on_time", "resolution_rate", "satisfied_share")
_STEPS: Final = ("start", "apply", "work", "sync", "compare", "kpi")
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "title": "Deskweave {version} demo: one practice, {platforms} platforms, one simulated week",
        "here": "Everything runs on this machine. No account, no internet, no proxy.",
        "start": "start", "apply": "apply", "work": "work", "sync": "sync", "compare": "compare", "kpi": "kpi",
        "applied": "deskweave:service-desk to all {count}",
        "created": "{name}{created} created {hands} by hand",
        "again-0": "planned again: nothing to change anywhere",
        "again": "planned again: {count} steps LEFT",
        "span": "{begin} to {end}, {zone}",
        "came": "{count} inquiries: {parts}",
        "from": "{count} from {name}",
        "did": "{edits} edits, {replies} replies to users, {notes} internal notes",
        "trouble": "trouble on purpose: {limits} x \"too many requests\", {lost} lost answers,",
        "quarrel": "1 field edited on two sides at once",
        "no-quarrel": "no field edited on two sides at once",
        "every": "every simulated 2 minutes until quiet",
        "restless": "it did NOT come to rest",
        "carried": "{counterparts} counterparts created, {values} values and {messages} messages carried",
        "compared": "all {platforms} platforms, value by value ({values} values, {records} records)",
        "verdict": "{missing} missing, {doubled} doubled, {different} different, {leaked} internal notes made public",
        "kpis": "{count} KPIs, report in English and Chinese",
        "that-week": "The desk that week ({shown} of {count})",
        "result": "result", "target": "target", "verdict-head": "verdict",
        "met": "met", "missed": "MISSED", "of": "{numerator} of {denominator}",
        "look": "Worth a look",
        "conflict": "One conflict",
        "conflict-text": "{inquiry}: {field} is {winner}, {connection} said {theirs}.",
        "conflict-kept": "Both values are kept.",
        "lost-answers": "Lost answers",
        "lost-text": "{lost} calls were carried out but never answered. Each was looked up before anything was sent again: "
        "{doubled} duplicates.",
        "by-hand": "By hand",
        "by-hand-text": "{count} settings that this release or the platform's API cannot make, each with its menu path:",
        "report": "Report", "handbook": "Handbook", "files": "Files",
        "offline": "(open offline)",
        "done": "Done in {seconds:.1f}s. Go on with",
        "not-well": "NOT as promised: see the lines above.",
        "keep": "the platforms stay up, poke them with curl",
        "init": "your own desk; read-only until you say otherwise",
        "secrets": "Accounts and passwords: {file}",
        "lives": "Their time goes on with this machine's. From another terminal: cd {folder}, then deskweave sync. Delete "
        ".deskweave/dev/state.db, and deskweave sync stops; deskweave store rebuild makes it whole from the platforms.",
        "stays": "The platforms run until Ctrl-C.",
    },
    "zh": {
        "title": "Deskweave {version} 演示：一份实践，{platforms} 个平台，一个模拟周",
        "here": "一切都在本机运行。不需要账号、网络和代理。",
        "start": "启动", "apply": "应用", "work": "工作", "sync": "同步", "compare": "比对", "kpi": "度量",
        "applied": "deskweave:service-desk 应用到全部 {count} 个平台",
        "created": "{name}新建 {created} 项，需手工 {hands} 项",
        "again-0": "再次计划：各处均无需改动",
        "again": "再次计划：还剩 {count} 步未完成",
        "span": "{begin} 至 {end}，{zone}",
        "came": "{count} 条问询：{parts}",
        "from": "{name} {count} 条",
        "did": "{edits} 次修改，{replies} 次答复用户，{notes} 条内部备注",
        "trouble": "有意制造的麻烦：“请求过多” {limits} 次，丢失应答 {lost} 次，",
        "quarrel": "一个字段在两边同时被改",
        "no-quarrel": "没有字段在两边同时被改",
        "every": "每 2 个模拟分钟一次，直到无事可做",
        "restless": "没有平静下来",
        "carried": "建立对应单 {counterparts} 张，传递 {values} 个值、{messages} 条消息",
        "compared": "{platforms} 个平台逐值比对（{values} 个值，{records} 张单）",
        "verdict": "缺少 {missing}，重复 {doubled}，不同 {different}，内部备注被公开 {leaked}",
        "kpis": "{count} 项 KPI，中英文报告",
        "that-week": "这一周的服务台（{shown}/{count} 项）",
        "result": "结果", "target": "目标", "verdict-head": "结论",
        "met": "达标", "missed": "未达标", "of": "{numerator}/{denominator}",
        "look": "值得一看",
        "conflict": "一次冲突",
        "conflict-text": "{inquiry}：{field} 为 {winner}，{connection} 写的是 {theirs}。",
        "conflict-kept": "两个值都已保留。",
        "lost-answers": "丢失的应答",
        "lost-text": "{lost} 次调用已执行但没有应答。再次发送之前都先查找过：重复 {doubled} 张。",
        "by-hand": "需手工",
        "by-hand-text": "{count} 项设置是本版本或平台接口做不到的，各附菜单路径：",
        "report": "报告", "handbook": "手册", "files": "文件",
        "offline": "（可离线打开）",
        "done": "用时 {seconds:.1f} 秒。接下来",
        "not-well": "与承诺不符：见上文。",
        "keep": "三个平台保持运行，可用 curl 试",
        "init": "自己的服务台；在您改动之前只读",
        "secrets": "账号和密码：{file}",
        "lives": "平台的时间此后与本机同步。在另一个终端里：cd {folder}，再执行 deskweave sync。删掉 .deskweave/dev/state.db，"
        "deskweave sync 就会停止；deskweave store rebuild 从平台把它重建完整。",
        "stays": "平台一直运行，按 Ctrl-C 结束。",
    },
}  # fmt: skip


class Telling:
    """Prints the story as it goes. `out` gets one line at a time."""

    def __init__(self, language: str, out: Callable[[str], None], *, folder: Path | None = None) -> None:
        """Args:
        language: en or zh.
        out: gets one line.
        folder: the demo's folder as the person named it; None: as the story knows it.
        """
        self._words = _WORDS.get(language, _WORDS["en"])
        self._language, self._out, self._folder = language, out, folder

    def path(self, told: Told, name: str = "") -> str:
        """A file of the demo's folder, or the folder, as it is reached from where the person stands."""
        folder = self._folder or told.folder
        return (folder / name).as_posix() if name else folder.as_posix()

    def say(self, key: str, **values: object) -> str:
        return self._words[key].format(**values)

    def begin(self, platforms: int) -> None:
        self._out(self.say("title", version=__version__, platforms=platforms))
        self._out(self.say("here"))
        self._out("")

    def step(self, name: str, told: Told, stage: Stage) -> None:
        """The lines of one step, its time at the end of the first."""
        first, *rest = {
            "start": self._start,
            "apply": self._apply,
            "work": self._work,
            "sync": self._sync,
            "compare": self._compare,
            "kpi": self._kpi,
        }[name](told)
        head = left(f"{_STEPS.index(name) + 1}/{len(_STEPS)} {self.say(name)}", 12)
        self._out(f"{left(head + first, 74)}{right(f'{told.seconds[name]:.1f}s', 6)}")
        for line in rest:
            self._out(" " * 12 + line)
        if name == "kpi":
            self._end(told, stage)

    def _start(self, told: Told) -> Iterator[str]:
        short: list[str] = []
        for name, address in told.addresses.items():
            host = address.split("://", 1)[-1]
            short.append(f"{name} {host if not short else ':' + host.rpartition(':')[2]}")
        yield ", ".join(short)

    def _apply(self, told: Told) -> Iterator[str]:
        yield self.say("applied", count=len(told.addresses))
        for name, one in told.applied.items():
            yield self.say("created", name=left(name, 13), created=right(str(one.created), 3), hands=right(str(one.by_hand), 5))
        yield self.say("again", count=told.planned_again) if told.planned_again else self.say("again-0")

    def _work(self, told: Told) -> Iterator[str]:
        tally = told.tally
        zone = str(ZONE)
        year = f"{MONDAY.year}年" if self._language == "zh" else f" {MONDAY.year}"  # one week: nobody asks of which year
        begin, end = (moment(at, zone, self._language).replace(year, "") for at in (MONDAY, FRIDAY_EVENING))
        yield self.say("span", begin=begin, end=end, zone=zone)
        joint = "，" if self._language == "zh" else ", "
        parts = joint.join(
            self.say("from", count=count, name=name) for name, count in sorted(tally.created.items(), key=lambda pair: -pair[1])
        )
        yield self.say("came", count=sum(tally.created.values()), parts=parts)
        yield self.say("did", edits=tally.edits, replies=tally.replies, notes=tally.notes)
        yield self.say("trouble", limits=tally.limits, lost=tally.lost)
        yield self.say("quarrel" if tally.contested else "no-quarrel")

    def _sync(self, told: Told) -> Iterator[str]:
        tally = told.tally
        yield self.say("every") if told.quiet else self.say("restless")
        yield self.say("carried", counterparts=tally.counterparts, values=f"{tally.values:,}", messages=tally.messages)

    def _compare(self, told: Told) -> Iterator[str]:
        found = told.comparison
        yield self.say("compared", platforms=len(told.addresses), values=f"{found.values:,}", records=found.records)
        yield self.say(
            "verdict",
            missing=len(found.missing),
            doubled=len(found.doubled),
            different=len(found.different),
            leaked=len(found.leaked),
        )
        for line in [*found.missing, *found.doubled, *found.different, *found.leaked][:10]:
            yield f"x {line}"

    def _kpi(self, told: Told) -> Iterator[str]:
        yield self.say("kpis", count=len(told.results))

    # ---------------------------------------------------------------------------------------------------------- the end
    def _end(self, told: Told, stage: Stage) -> None:
        out = self._out
        metrics = stage.space.practice.metrics
        by_name = {result.metric: result for result in told.results}
        out("")
        title = self.say("that-week", shown=len(SHOWN), count=len(told.results))
        out(left(title, 30) + right(self.say("result"), 11) + right(self.say("target"), 9) + right(self.say("verdict-head"), 9))
        for name in SHOWN:
            if name not in by_name:
                continue
            result, metric = by_name[name], metrics[name]
            verdict = "-" if result.met is None else self.say("met" if result.met else "missed")
            line = (
                "  "
                + left(metric.label.get(self._language) or metric.label.get("en", name), 28)
                + right(figure(metric, result.value, self._language), 11)
                + right(goal(metric, self._language) or "-", 9)
                + right(verdict, 9)
            )
            if result.numerator is not None and metric.unit == "ratio" and result.denominator:
                line += "   " + self.say("of", numerator=f"{result.numerator:,.0f}", denominator=f"{result.denominator:,.0f}")
            out(line)
        out("")
        out(self.say("look"))
        self._conflict(told, stage)
        out(
            "  "
            + left(self.say("lost-answers"), 15)
            + self.say("lost-text", lost=told.tally.lost, doubled=len(told.comparison.doubled))
        )
        hands = sum(one.by_hand for one in told.applied.values())
        out("  " + left(self.say("by-hand"), 15) + self.say("by-hand-text", count=hands))
        out(" " * 17 + self.path(told, f"by-hand.{self._language}.md"))
        out("")
        out(left(self.say("report"), 10) + f"{self.path(told, 'report.en.html')}  report.zh.html   {self.say('offline')}")
        out(left(self.say("handbook"), 10) + f"{self.path(told, 'practice.en.html')}  practice.zh.html")
        out(left(self.say("files"), 10) + f"{self.path(told, 'deskweave.yaml')}  practice/  bindings/")
        out("")
        if not told.well:
            out(self.say("not-well"))
        out(self.say("done", seconds=sum(told.seconds.values())))
        key = self._key(told, stage)
        out(f"  cd {shlex.quote(self.path(told))} && deskweave explain {key}")
        out(f"  {left('deskweave demo --keep', 26)}{self.say('keep')}")
        out(f"  {left('deskweave init', 26)}{self.say('init')}")

    def _conflict(self, told: Told, stage: Stage) -> None:
        note = next((one for one in told.tally.conflicts if one.field == told.tally.contested), None)
        if note is None:
            return
        field = stage.space.practice.fields[note.field]

        def spoken(value: object) -> str:
            choice = field.choices.get(str(value))
            return choice.label.get(self._language, str(value)) if choice else str(value)

        winner, loser = (note.ours, note.theirs) if note.winner == "ours" else (note.theirs, note.ours)
        text = self.say(
            "conflict-text",
            inquiry=f"INQ-{note.number}",
            field=field.label.get(self._language, str(note.field)),
            winner=spoken(winner),
            connection=note.connection if note.winner == "ours" else "deskweave",
            theirs=spoken(loser),
        )
        self._out("  " + left(self.say("conflict"), 15) + text)
        self._out(" " * 17 + self.say("conflict-kept"))
        self._out(" " * 17 + f"deskweave explain INQ-{note.number} {note.field}")

    @staticmethod
    def _key(told: Told, stage: Stage) -> str:
        if told.tally.conflicts:
            note = told.tally.conflicts[0]
            return f"INQ-{note.number} {note.field}"
        found: InquiryRow | Nearest = find_inquiry(stage.space.store, "INQ-1")
        number = found.number if isinstance(found, InquiryRow) else 1
        return f"INQ-{number} {FieldId('status')}"


__all__ = ["SHOWN", "Telling"]
