"""A guessed mapping as the file a person corrects: every guess beside what speaks for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

from deskweave.measure.logs.guess import Guess
from deskweave.measure.logs.headings import fold
from deskweave.measure.logs.instants import Reading
from deskweave.measure.logs.table import LogTable
from deskweave.measure.sources import Rulebook

_PLAIN: Final = re.compile(r"[A-Za-z一-鿿][\w一-鿿 ./+()-]*\Z")
_RESERVED: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})

SAID: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "head": "How {source} is read: {rows:,} rows. Guessed; correct what is wrong, then give the same command again.",
        "rows": "events: a row says what an inquiry had become at a moment; records: a row is an inquiry as it stood",
        "case": "the column that names the inquiry",
        "open": "OPEN: name the column",
        "at": "the moment of the row",
        "order-told": "row {line} says {evidence}",
        "order-named": "the year stands first, or months have names",
        "order-open": "OPEN: day_first or month_first? Nothing in the file tells",
        "order-both": "OPEN: row {line} says {evidence}, and elsewhere {counter}",
        "zone": "for moments that do not say their own",
        "zone-own": "every moment says its own offset, so this is not used",
        "status": "words of the log, how many rows say them, and our status; ~ is none, unchanged keeps the one before",
        "statuses": "ours: {known}",
        "none": "no word of ours is near",
        "entered": "the moment at which a record entered a status",
        "fields": "our fields and the columns that fill them; ~ is no value of ours",
        "unused": "columns that nothing reads: {names}",
        "rows-say": "{count:,}",
    },
    "zh": {
        "head": "{source} 的读法：共 {rows:,} 行。以下为推测，请更正不对之处，再次执行同一命令。",
        "rows": "events：每行是工单在某一时刻的变化；records：每行是一张工单的现状",
        "case": "标识工单的列",
        "open": "待定：请写明列名",
        "at": "该行的时间",
        "order-told": "第 {line} 行为 {evidence}",
        "order-named": "年份在前，或月份用名称",
        "order-open": "待定：day_first（日在前）还是 month_first（月在前）？文件中看不出来",
        "order-both": "待定：第 {line} 行为 {evidence}，别处又有 {counter}",
        "zone": "用于没有注明时区的时间",
        "zone-own": "每个时间都注明了时区，此项不起作用",
        "status": "日志中的状态、行数和我们的状态；~ 表示没有对应，unchanged 表示状态不变",
        "statuses": "可用状态：{known}",
        "none": "没有相近的词",
        "entered": "记录进入某状态的时间",
        "fields": "我们的字段及其来源列；~ 表示没有对应的值",
        "unused": "没有使用的列：{names}",
        "rows-say": "{count:,} 行",
    },
}


def write_mapping(guess: Guess, table: LogTable, practice: Rulebook, language: str) -> str:
    """The text of `logs/<name>.yaml`: the same guess, the same bytes.

    Args:
        guess: the mapping and what speaks for it.
        table: the log it was guessed from.
        practice: whose statuses are offered.
        language: of the comments, en or zh.
    """
    say, mapping = SAID.get(language, SAID["en"]), guess.mapping
    lines = [
        f"# {comment(say['head'].format(source=table.source, rows=len(table.rows)))}",
        "apiVersion: deskweave/v1",
        "kind: Log",
        f"id: {mapping.id}",
        f"rows: {mapping.rows}  # {say['rows']}",
        f"case: {yaml_text(mapping.case)}  # {say['case'] if mapping.case else say['open']}",
        "times:",
    ]
    if mapping.at is not None or mapping.rows == "events":
        lines.append(f"  at: {yaml_text(mapping.at)}  # {say['at'] if mapping.at else say['open']}")
    lines.append(f"  order: {mapping.order or '~'}  # {why_order(guess.reading, say)}")
    lines.append(f"  zone: {mapping.zone}  # {say['zone-own' if guess.reading.with_zone else 'zone']}")
    if mapping.status:
        known = ", ".join(practice.statuses.statuses)
        lines += [f"status:  # {say['status']}", f"  # {say['statuses'].format(known=known)}"]
        lines += [f"  columns: [{', '.join(yaml_text(name) for name in mapping.status)}]", "  words:"]
        lines += value_lines(mapping.words, guess.counts, say, "    ")
    if mapping.entered:
        lines.append(f"entered:  # {say['entered']}")
        lines += [f"  {slug}: {yaml_text(name)}" for slug, name in mapping.entered.items()]
    if mapping.fields:
        lines.append(f"fields:  # {say['fields']}")
    for name, one in mapping.fields.items():
        if not one.values:
            lines.append(f"  {name}: {{column: {yaml_text(one.column)}}}")
            continue
        lines += [f"  {name}:", f"    column: {yaml_text(one.column)}", "    values:"]
        lines += value_lines(one.values, guess.values.get(name, {}), say, "      ")
    if guess.unused:
        lines.append(f"# {comment(say['unused'].format(names=', '.join(guess.unused)))}")
    return "\n".join(lines) + "\n"


def value_lines(
    words: Mapping[str, str | bool | None], counts: Mapping[str, int], say: Mapping[str, str], indent: str
) -> Iterable[str]:
    for word, ours in words.items():
        value = "~" if ours is None else str(ours).lower() if isinstance(ours, bool) else ours
        told = say["rows-say"].format(count=counts.get(word, 0))
        if isinstance(ours, str) and fold(word) in (fold(ours), ours):
            yield f"{indent}{yaml_text(word)}: {value}  # {told}"
        else:
            yield f"{indent}{yaml_text(word)}: {value}  # {told}" + (f"; {say['none']}" if ours is None else "")


def why_order(found: Reading, say: Mapping[str, str]) -> str:
    """What speaks for the order of day and month."""
    if found.order is None:
        both = say["order-both"].format(line=found.line, evidence=found.evidence, counter=found.counter)
        return comment(both) if found.counter else say["order-open"]
    return comment(say["order-told"].format(line=found.line, evidence=found.evidence)) if found.evidence else say["order-named"]


def yaml_text(value: str | None) -> str:
    """A word of the file as YAML: plain where nothing in it could be read otherwise."""
    if value is None:
        return "~"
    plain = _PLAIN.match(value) and value.lower() not in _RESERVED and not value.endswith(" ") and " #" not in value
    return value if plain else json.dumps(value, ensure_ascii=False)


def comment(text: str) -> str:
    """A text as a comment can hold it."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]", " ", text)
