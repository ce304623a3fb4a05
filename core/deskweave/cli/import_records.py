"""What `deskweave import-log` says of a log of contacts or of answers to surveys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.import_log import FEW, gap_item, span_of, tell_gaps
from deskweave.cli.session import Session
from deskweave.cli.trouble import sentence
from deskweave.model import FieldId

if TYPE_CHECKING:
    from deskweave.measure.logs.records import Filling
    from deskweave.workspace import Workspace
    from deskweave.workspace.collecting import ImportedRecords


def records_answer(session: Session, space: Workspace, done: ImportedRecords) -> Report:
    """What was found and done, what is doubtful, and which figures the log cannot give."""
    say, screen = session.say, session.screen
    findings = [one.finding(done.source) for one in done.troubles]

    def text() -> None:
        session.heading(done.source)
        span = span_of(session, done.since, done.until)
        counts = say(f"import-log-read-{done.grain}", rows=f"{done.rows:,}", n=done.records, span=span)
        file = say("import-log-guessed" if done.guessed else "import-log-by", file=done.mapping_file)
        rows = [[say("import-log-row-read"), counts], [say("import-log-row-mapping"), file]]
        rows += [["", f"  {line}"] for line in _how(session, space, done)]
        rows.append([say("import-log-row-store"), _stored(session, done)])
        screen.table(rows)
        if findings:
            screen.say()
            screen.say(say("import-log-troubles"))
            for finding in findings[:FEW]:
                screen.say("  " + sentence(session, finding), hang=4)
            if len(findings) > FEW:
                screen.say("  " + say("and-more", count=len(findings) - FEW))
        tell_gaps(session, space, done.gaps)
        session.next(f"deskweave kpi --period {done.busiest}" if done.busiest else "deskweave kpi", "deskweave import-log")

    return Report(
        command="import-log",
        text=text,
        summary={
            "log": done.name,
            "grain": done.grain,
            "mapping": done.mapping_file,
            "guessed": done.guessed is not None,
            "rows": done.rows,
            "records": done.records,
            "held": done.held,
            "added": done.written.added,
            "restated": done.written.restated,
            "taken_out": done.written.gone,
            "ids_made": done.made,
            "linked": done.linked,
            "unlinked": done.unlinked,
            "since": done.since,
            "until": done.until,
        },
        items=[gap_item(one) for one in done.gaps],
        findings=findings,
        exit=Exit.PERSON if done.open_words else Exit.DONE,
    )


def _how(session: Session, space: Workspace, done: ImportedRecords) -> list[str]:
    """How the log is read, a line each: what a person has to look at."""
    say, mapping = session.say, done.mapping
    comma = "、" if say.language == "zh" else ", "
    lines = [say(f"import-log-how-{done.grain}")]
    if mapping.case is not None:
        lines.append(say("import-log-how-id", column=mapping.case))
    if done.made:
        lines.append(say("import-log-how-made", n=done.made))
    why = ""
    if done.guessed is not None and done.guessed.reading.evidence:
        why = say("import-log-evidence", line=done.guessed.reading.line, text=done.guessed.reading.evidence)
    order = say(f"import-log-order-{mapping.order}")
    lines.append(say("import-log-how-time", column=" + ".join(mapping.at), order=order, why=why))
    fields = space.practice.records[mapping.grain]
    named = [
        f"{say.label(fields[name].label, name)} ({' + '.join(_from(session, part, fields[name].type) for part in parts)})"
        for name, parts in mapping.fields.items()
    ]
    if named:
        lines.append(say("import-log-how-fields", fields=comma.join(named)))
    if mapping.questions:
        asked = [f"{ask} ({one.column})" for ask, one in mapping.questions.items()]
        lines.append(say("import-log-how-questions", questions=comma.join(asked)))
    if FieldId("inquiry") in mapping.fields and (done.linked or done.unlinked):
        lines.append(say("import-log-how-linked", n=done.linked, every=f"{done.linked + done.unlinked:,}"))
    if done.guessed is not None and done.guessed.unused:
        lines.append(say("import-log-how-unused", n=len(done.guessed.unused)))
    return lines


def _from(session: Session, part: Filling, type_: str) -> str:
    """The column, with its unit where it holds durations; or the value of every row."""
    if part.column is None:
        return f"= {part.value}"
    return f"{part.column}, {session.say(f'import-log-unit-{part.unit}')}" if type_ == "duration" else part.column


def _stored(session: Session, done: ImportedRecords) -> str:
    say, written = session.say, done.written
    parts = [say(f"import-log-added-{done.grain}", n=written.added)] if written.added else []
    if written.restated:
        parts.append(say(f"import-log-restated-{done.grain}", n=written.restated))
    if written.gone:
        parts.append(say(f"import-log-gone-{done.grain}", n=written.gone))
    if not parts:
        parts.append(say("import-log-nothing-new"))
    parts.append(say("import-log-never-written"))
    return " ".join(parts)
