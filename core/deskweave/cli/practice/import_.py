"""`deskweave practice import FILE`: a spreadsheet into the practice's files, after showing what it changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import Session, session_of
from deskweave.cli.trouble import where

if TYPE_CHECKING:
    from deskweave.practice import Practice
    from deskweave.practice.tables import Difference, RowChange, Table

SHOWN = 40
_MARKS = {"added": "+", "changed": "~", "moved": ">", "gone": "-"}


def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="import-arg-file", metavar="FILE")],
    kind: Annotated[str | None, typer.Option("--kind", help="import-opt-kind", metavar="KIND")] = None,
    plan: Annotated[bool, typer.Option("--plan", "--dry-run", help="import-opt-plan")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="import-opt-remove")] = False,
    add_classifications: Annotated[bool, typer.Option("--add-classifications", help="import-opt-add")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="opt-yes")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace()
    from deskweave.workspace import spreadsheets

    say, practice = session.say, space.practice
    if kind is not None and not known(session, kind):
        return Exit.INPUT
    sort = kind or spreadsheets.sort_of_file(file, practice)
    if sort == "people":
        people = spreadsheets.plan_people(space.folder, practice, file, reader=say.language, remove=remove)
        table, changes, dirty = people.register.table, people.changes, people.changed
        after = practice

        def write() -> list[str]:
            return [people.path.name] if spreadsheets.carry_out_people(people) else []

    else:
        planned = spreadsheets.plan_import(
            practice, file, sort=sort, reader=say.language, remove=remove, add_classifications=add_classifications
        )
        table, changes, dirty = planned.share.table, tuple(planned.share.changes), bool(planned.edits)
        after = planned.after

        def write() -> list[str]:
            return spreadsheets.carry_out(planned, space.folder, space.plugins)

    gone = sum(change.mark == "gone" for change in changes)
    counts = Counter[str](change.mark for change in changes)
    files: list[str] = []

    def text() -> None:
        session.heading(say("import-of", file=file.name, kind=say(f"import-kind-{sort}")))
        _left_out(session, table)
        _changes(session, changes, practice, after)
        if gone:
            session.screen.say(say("import-gone-removed" if remove else "import-gone-kept", n=gone), hang=2)

    if session.options.format == "text":
        text()
    agreed = dirty and not plan and (yes or session.agrees(say("import-ask")))
    if agreed:
        files = write()
    code = Exit.DONE if agreed or plan or not dirty else Exit.STOPPED
    if session.options.format != "text":
        return session.finish(
            Report(
                command="practice import",
                text=text,
                summary={
                    "kind": sort,
                    "file": file.name,
                    **{mark: counts[mark] for mark in _MARKS},
                    "columns_left_out": [one.text for one in table.columns_left_out],
                    "rows_left_out": [one.place.line for one in table.rows_left_out],
                    "written": files,
                },
                items=[_item(change) for change in changes],
                exit=code,
            )
        )
    if not dirty:
        session.screen.say(say("import-same", rows=len(table.entries)))
        session.next("deskweave practice show")
    elif agreed:
        session.screen.say(say("import-done", files=", ".join(files)), hang=2)
        session.next("deskweave practice lint", "deskweave practice diff")
    else:
        session.screen.say(say("nothing-changed"))
        options = {"--remove": remove, "--add-classifications": add_classifications, "--yes": not plan}
        stated = [option for option, given in options.items() if given]
        session.next(" ".join(["deskweave practice import", _quoted(file), *stated]))
    return code


def known(session: Session, kind: str) -> bool:
    """Whether there is such a table; else the nearest is named."""
    from deskweave.documents import nearest
    from deskweave.practice.tables import SORTS

    sorts = (*SORTS, "people")
    if kind in sorts:
        return True
    session.screen.warn(session.say("import-unknown-kind", kind=kind))
    close = nearest(kind, sorts)
    if close:
        session.screen.warn("  " + session.say("did-you-mean", word=close))
    session.screen.warn("  " + session.say("allowed", words=", ".join(sorts)), hang=4)
    return False


def _quoted(file: Path) -> str:
    import shlex

    return shlex.quote(str(file))


def _item(change: RowChange) -> dict[str, Any]:
    return {
        "change": change.mark,
        "term": change.term,
        "path": "/".join(change.path),
        "label": dict(change.label),
        "row": change.place.line if change.place else None,
        "column": change.place.column if change.place else None,
        "values": [{"key": one.key, "language": one.language, "old": one.old, "new": one.new} for one in change.differences],
    }


def _left_out(session: Session, table: Table) -> None:
    """What was not understood: columns by name, rows by number. Nothing is dropped without a word."""
    say, screen = session.say, session.screen
    columns, rows = table.columns_left_out, table.rows_left_out
    if columns:
        screen.say(say("import-columns-left", names=", ".join(one.text for one in columns)), hang=2)
    for one in rows[:SHOWN]:
        screen.say(say("import-row-left", place=where(one.place).split("   ")[0], text=_short(one.text)), hang=4)
    if len(rows) > SHOWN:
        screen.say("  " + say("and-more", count=len(rows) - SHOWN))


def _short(text: str) -> str:
    from deskweave.cli.width import cut

    return cut(" ".join(text.split()), 40)


def _changes(session: Session, changes: Iterable[RowChange], before: Practice, after: Practice) -> None:
    say, screen = session.say, session.screen
    listed = list(changes)
    for change in listed[:SHOWN]:
        name = say.label(change.label, change.path[-1])
        at = f"{where(change.place).split('   ')[0]}  " if change.place else ""
        screen.say(f"  {_MARKS[change.mark]} {at}{say(f'import-term-{change.term}')} {_short(name)} ({change.path[-1]})", hang=6)
        if change.mark in ("changed", "moved"):
            for one in change.differences:
                old, new = (_said(session, one, value, practice) for value, practice in ((one.old, before), (one.new, after)))
                screen.say("      " + say("import-value", key=_key(session, one, change.term), old=old, new=new), hang=8)
    if len(listed) > SHOWN:
        screen.say("    " + say("and-more", count=len(listed) - SHOWN))


def _key(session: Session, one: Difference, term: str) -> str:
    from deskweave.practice.tables import COLUMNS

    columns = [column for listed in COLUMNS.values() for column in listed]
    found = next((column for column in columns if (column.term, column.key) == (term, one.key)), None)
    return one.key if found is None else found.heading(session.say.language, one.language)


def _said(session: Session, one: Difference, value: Any, practice: Practice) -> str:
    """A value in the words of the reader."""
    import json

    from deskweave.practice.tables import COLUMNS, Words

    if value is None or value == []:
        return session.say("import-nothing")
    what = next((column.what for listed in COLUMNS.values() for column in listed if column.key == one.key), "")
    if what:
        words = Words(practice, session.say.language)
        return _short(words.joined(what, value if isinstance(value, list) else [value]))
    return _short(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
