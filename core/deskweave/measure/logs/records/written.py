"""A guessed mapping of contacts or answers as the file a person corrects: every guess beside what speaks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from deskweave.measure.logs.records.guess import RecordGuess
from deskweave.measure.logs.records.mapping import Filling, identity
from deskweave.measure.logs.table import LogTable
from deskweave.measure.logs.written import SAID, comment, value_lines, why_order, yaml_text
from deskweave.measure.sources import Rulebook

_SAID: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "contact": "a row is a contact, for example a call; else inquiry or response (an answer to a survey)",
        "response": "a row is an answer to a survey, or a form with several; else inquiry or contact",
        "case": "the column with the row's own id",
        "no-case": "rows have no id of their own: one is made of {columns}",
        "at": "when it happened; day and time in two columns: [Date, Time]",
        "fields": "our fields and what fills them; ~ is no value of ours, nothing: the word says nothing of this field",
        "constant": "of every row",
        "parts": "the first that says anything counts",
        "unit": "of a plain number: seconds, minutes or milliseconds",
        "questions": "our questions and the columns with the answers",
    },
    "zh": {
        "contact": "每行是一次联络，例如一个电话；否则写 inquiry（工单）或 response（调查答复）",
        "response": "每行是一份调查答复，或含多个问题的答卷；否则写 inquiry（工单）或 contact（联络）",
        "case": "该行自己的编号所在列",
        "no-case": "各行没有自己的编号：由以下列的内容生成：{columns}",
        "at": "发生时间；日期和时刻分两列时写 [日期, 时间]",
        "fields": "我们的字段及其来源；~ 表示没有对应的值，nothing 表示该词与此字段无关",
        "constant": "每行都是",
        "parts": "按顺序，第一个有内容的为准",
        "unit": "纯数字的单位：seconds 秒、minutes 分钟、milliseconds 毫秒",
        "questions": "我们的问题及其答复所在列",
    },
}


def write_record_mapping(guess: RecordGuess, table: LogTable, practice: Rulebook, language: str) -> str:
    """The text of `logs/<name>.yaml`: the same guess, the same bytes.

    Args:
        guess: the mapping and what speaks for it.
        table: the file it was guessed from.
        practice: whose values are offered.
        language: of the comments, en or zh.
    """
    say, own, mapping = SAID.get(language, SAID["en"]), _SAID.get(language, _SAID["en"]), guess.mapping
    comma = "、" if language == "zh" else ", "
    without = own["no-case"].format(columns=comma.join(identity(mapping, practice)))
    lines = [
        f"# {comment(say['head'].format(source=table.source, rows=len(table.rows)))}",
        "apiVersion: deskweave/v1",
        "kind: Log",
        f"id: {mapping.id}",
        f"grain: {mapping.grain}  # {own[mapping.grain]}",
        f"case: {yaml_text(mapping.case)}  # {own['case'] if mapping.case else comment(without)}",
        "times:",
        f"  at: {_columns(mapping.at)}  # {own['at'] if mapping.at else say['open']}",
        f"  order: {mapping.order or '~'}  # {why_order(guess.reading, say)}",
        f"  zone: {mapping.zone}  # {say['zone-own' if guess.reading.with_zone else 'zone']}",
    ]
    if mapping.fields:
        lines.append(f"fields:  # {own['fields']}")
    durations = {name for name, one in practice.records.get(mapping.grain, {}).items() if one.type == "duration"}
    for name, parts in mapping.fields.items():
        timed = name in durations
        if len(parts) == 1:
            lines += _filling(f"  {name}:", "    ", parts[0], guess, say, own, timed=timed)
            continue
        lines.append(f"  {name}:  # {own['parts']}")
        for part in parts:
            lines += _item(part, guess, say, own, timed=timed)
    if mapping.questions:
        lines.append(f"questions:  # {own['questions']}")
    for ask, one in mapping.questions.items():
        lines += _filling(f"  {ask}:", "    ", one, guess, say, own)
    if guess.unused:
        lines.append(f"# {comment(say['unused'].format(names=', '.join(guess.unused)))}")
    return "\n".join(lines) + "\n"


def _columns(names: tuple[str, ...]) -> str:
    if len(names) < 2:
        return yaml_text(names[0] if names else None)
    return f"[{', '.join(yaml_text(name) for name in names)}]"


def _filling(
    head: str, indent: str, one: Filling, guess: RecordGuess, say: Mapping[str, str], own: Mapping[str, str], *, timed: bool = False
) -> Iterable[str]:  # fmt: skip
    if one.column is None:
        yield f"{head} {{value: {_value(one)}}}  # {own['constant']}"
    elif timed:
        yield f"{head} {{column: {yaml_text(one.column)}, unit: {one.unit}}}  # {own['unit']}"
    elif not one.values:
        yield f"{head} {{column: {yaml_text(one.column)}}}"
    else:
        yield from (head, f"{indent}column: {yaml_text(one.column)}", f"{indent}values:")
        yield from value_lines(one.values, guess.counts.get(one.column, {}), say, f"{indent}  ")


def _item(one: Filling, guess: RecordGuess, say: Mapping[str, str], own: Mapping[str, str], *, timed: bool) -> Iterable[str]:
    """One of several, as an item of a list."""
    lines = list(_filling("", "      ", one, guess, say, own, timed=timed))
    if len(lines) == 1:
        return [f"    -{lines[0]}"]
    return [f"    - {lines[1].strip()}", *lines[2:]]


def _value(one: Filling) -> str:
    return str(one.value).lower() if isinstance(one.value, bool) else yaml_text(None if one.value is None else str(one.value))
