"""`deskweave import-log FILE`: last year's figures from a log or an export, before anything is connected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import Session, session_of
from deskweave.cli.trouble import sentence
from deskweave.model import FieldId

if TYPE_CHECKING:
    from datetime import datetime

    from deskweave.measure.logs import Gap, Guess
    from deskweave.model import Grain
    from deskweave.workspace import Workspace
    from deskweave.workspace.importing import Imported, Progress
    from deskweave.workspace.known_logs import Known

GRAINS: tuple[Grain, ...] = ("inquiry", "contact", "response")
FEW = 12  #: gaps and troubles that are listed; the rest is counted


def import_log(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="import-log-arg-file", metavar="[FILE]")] = None,
    name: Annotated[str | None, typer.Option("--name", help="import-log-opt-name", metavar="SLUG")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="import-log-opt-zone", metavar="ZONE")] = None,
    grain: Annotated[str | None, typer.Option("--grain", help="import-log-opt-grain", metavar="GRAIN")] = None,
    remove: Annotated[str | None, typer.Option("--remove", help="import-log-opt-remove", metavar="NAME")] = None,
) -> int:
    session = session_of(ctx)
    if zone is not None and not _is_zone(zone):
        session.screen.warn(session.say("option-value", option="--zone", value=zone, allowed="Asia/Shanghai, Europe/Berlin, UTC"))
        return Exit.INPUT
    if name is not None and not _is_slug(name):
        session.screen.warn(session.say("option-value", option="--name", value=name, allowed="[a-z][a-z0-9_]*"))
        return Exit.INPUT
    wanted = next((one for one in GRAINS if one == grain), None)
    if grain is not None and wanted is None:
        session.screen.warn(session.say("option-value", option="--grain", value=grain, allowed=", ".join(GRAINS)))
        return Exit.INPUT
    if file is not None and not file.is_file():
        session.screen.warn(session.say("import-log-no-file", file=str(file)))
        return Exit.INPUT
    if file is not None:
        _folder(session, zone)
    space = session.workspace(must_choose=file is not None or remove is not None)
    if remove is not None:
        return _remove(session, space, remove)
    if file is None:
        return _list(session, space)
    from deskweave.cli.import_records import records_answer
    from deskweave.workspace.collecting import ImportedRecords
    from deskweave.workspace.importing import import_log as read_in

    session.life(session.say("import-log-reading", file=file.name))
    done = read_in(space, file, name=name, zone=zone, grain=wanted, progress=_progress(session))
    if isinstance(done, ImportedRecords):
        return session.finish(records_answer(session, space, done))
    return session.finish(_answer(session, space, done))


def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return False
    return True


def _is_slug(name: str) -> bool:
    import re

    return re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name) is not None


def _folder(session: Session, zone: str | None) -> None:
    """An empty directory becomes a folder as `init` writes one, without a connection: figures come before questions."""
    from deskweave.workspace.folder import find_root

    if find_root(session.options.folder) is not None:
        return
    from deskweave.cli.init import local_zone, slug_of
    from deskweave.plugins import load_plugins
    from deskweave.workspace.scaffold import write_folder

    plugins = session.plugins = session.plugins if session.plugins is not None else load_plugins()
    root, language = session.options.folder.resolve(), session.say.language
    chosen = zone or ("Asia/Shanghai" if language == "zh" else local_zone())
    written = write_folder(root, id=slug_of(root.name), now=session.now(), plugins=plugins, language=language, zone=chosen)
    session.screen.note(session.say("import-log-folder", n=len(written.files), zone=chosen), hang=4)


def _progress(session: Session) -> Progress:
    shown = -1

    def tell(done: int, every: int) -> None:
        nonlocal shown
        share = done * 10 // max(1, every)
        if share != shown:
            shown = share
            session.life(session.say("import-log-writing", done=f"{done:,}", every=f"{every:,}"))

    return tell


# --------------------------------------------------------------------------------------------------------------------- answer
def _answer(session: Session, space: Workspace, done: Imported) -> Report:
    say = session.say
    wrong = done.problems
    findings = [one.finding(done.source) for one in done.troubles]

    def text() -> None:
        session.heading(done.source)
        span = span_of(session, done.since, done.until)
        counts = say("import-log-read", rows=f"{done.rows:,}", inquiries=f"{done.cases:,}", span=span)
        file = say("import-log-guessed" if done.guessed else "import-log-by", file=done.mapping_file)
        rows = [[say("import-log-row-read"), counts], [say("import-log-row-mapping"), file]]
        rows += [["", f"  {line}"] for line in _how(session, done)]
        rows.append([say("import-log-row-store"), _stored(session, done)])
        session.screen.table(rows)
        if findings:
            session.screen.say()
            session.screen.say(say("import-log-troubles"))
            for finding in findings[:FEW]:
                session.screen.say("  " + sentence(session, finding), hang=4)
            if len(findings) > FEW:
                session.screen.say("  " + say("and-more", count=len(findings) - FEW))
        from deskweave.measure.text import left_out

        said = left_out(wrong, say.language)
        if said:
            session.screen.say()
            session.screen.say(said, hang=11)
        tell_gaps(session, space, done.gaps)
        session.next(f"deskweave kpi --period {done.busiest}" if done.busiest else "deskweave kpi", "deskweave import-log")

    return Report(
        command="import-log",
        text=text,
        summary={
            "log": done.name,
            "mapping": done.mapping_file,
            "guessed": done.guessed is not None,
            "rows": done.rows,
            "inquiries": done.cases,
            "events": done.events,
            "added": done.added,
            "added_events": done.added_events,
            "restated": done.restated,
            "taken_out": done.gone,
            "kept": done.kept,
            "since": done.since,
            "until": done.until,
            "doubtful": len({inquiry for inquiry, _ in wrong}),
        },
        items=[gap_item(one) for one in done.gaps],
        findings=findings,
        exit=Exit.PERSON if done.unknown_words else Exit.DONE,
    )


def gap_item(one: Gap) -> dict[str, object]:
    return {"metric": one.metric, "whole": one.whole, "why": one.why, "names": list(one.names), "count": one.count}


def span_of(session: Session, since: datetime | None, until: datetime | None) -> str:
    if since is None or until is None:
        return session.say("never")
    days = [at.astimezone(session.zone) for at in (since, until)]
    return session.say("import-log-span", since=f"{days[0]:%Y-%m-%d}", until=f"{days[1]:%Y-%m-%d}", zone=session.zone.key)


def _how(session: Session, done: Imported) -> list[str]:
    """How the log is read, a line each: what a person has to look at."""
    say, mapping = session.say, done.mapping
    order = say(f"import-log-order-{mapping.order}")
    lines = [
        say("import-log-how-events" if mapping.rows == "events" else "import-log-how-records", column=str(mapping.case)),
        say(
            "import-log-how-time",
            column=mapping.at or "-",
            order=order,
            why=_why(session, done.guessed),
        ),
    ]
    if mapping.status:
        known = sum(slug is not None for slug in mapping.words.values())
        lines.append(say("import-log-how-status", column=" + ".join(mapping.status), known=known, every=len(mapping.words)))
        lines += [f"  {word}: {count:,}" for word, count in list(done.unknown_words.items())[:FEW]]
    if mapping.fields:
        lines.append(say("import-log-how-fields", fields=", ".join(mapping.fields)))
    if done.guessed is not None and done.guessed.unused:
        lines.append(say("import-log-how-unused", n=len(done.guessed.unused)))
    return lines


def _why(session: Session, guess: Guess | None) -> str:
    if guess is None or not guess.reading.evidence:
        return ""
    return session.say("import-log-evidence", line=guess.reading.line, text=guess.reading.evidence)


def _stored(session: Session, done: Imported) -> str:
    say = session.say
    parts = [say("import-log-added", inquiries=f"{done.added:,}", events=f"{done.added_events:,}")]
    if not done.added_events:
        parts = [say("import-log-nothing-new")]
    if done.restated:
        parts.append(say("import-log-restated", n=done.restated))
    if done.gone:
        parts.append(say("import-log-gone", n=done.gone))
    if done.kept:
        parts.append(say("import-log-kept", n=done.kept))
    parts.append(say("import-log-never-written"))
    return " ".join(parts)


def tell_gaps(session: Session, space: Workspace, gaps: tuple[Gap, ...]) -> None:
    from deskweave.measure.columns import fields_of

    say, practice = session.say, space.practice
    shown = [one for one in gaps if one.why != "grain"]
    others = [one for one in gaps if one.why == "grain"]

    def named(one: Gap) -> str:
        fields = fields_of(practice, practice.metrics[one.metric].grain)
        labels = [
            say.label(practice.statuses.statuses[name].label, name)
            if name in practice.statuses.statuses
            else say.label(fields[FieldId(name)].label, name) if FieldId(name) in fields else name
            for name in one.names
        ]  # fmt: skip
        return ", ".join(labels[:4]) + (f" (+{len(labels) - 4})" if len(labels) > 4 else "")

    if not gaps:
        return
    for whole in (True, False):
        some = [one for one in shown if one.whole is whole]
        if not some and not (whole and others):
            continue
        session.screen.say()
        session.screen.say(say("import-log-gaps" if whole else "import-log-partly"))
        grouped: dict[tuple[str, str, int], list[str]] = {}
        for one in some:
            label = say.label(practice.metrics[one.metric].label, one.metric)
            grouped.setdefault((one.why, named(one), one.count), []).append(label)
        for (why, names, count), labels in grouped.items():
            session.screen.say("  " + ", ".join(labels), hang=2)
            session.screen.say("    " + say(f"import-log-why-{why}", names=names, count=f"{count:,}"), hang=4)
        if whole and others:
            session.screen.say(
                "  " + ", ".join(say.label(practice.metrics[one.metric].label, one.metric) for one in others), hang=2
            )
            session.screen.say("    " + say("import-log-why-grain"), hang=4)


def _list(session: Session, space: Workspace) -> int:
    from deskweave.workspace.known_logs import imported_logs

    say, known = session.say, imported_logs(space)

    def text() -> None:
        session.heading()
        if not known:
            session.screen.say(say("import-log-none"))
            session.next("deskweave import-log incidents.csv")
            return
        for one in known:
            span = span_of(session, one.since, one.until)
            counts = say("import-log-line", inquiries=f"{one.inquiries:,}", events=f"{one.events:,}", span=span)
            if one.grain != "inquiry":
                counts = say(f"import-log-line-{one.grain}", n=one.inquiries, span=span)
            session.screen.say(f"{one.name}   {counts}", hang=4)
            session.screen.say(f"    {one.file}", hang=4)
        session.next("deskweave kpi", f"deskweave import-log --remove {known[0].name}")

    return session.finish(
        Report(command="import-log", text=text, summary={"logs": len(known)}, items=[_item(one) for one in known])
    )


def _item(one: Known) -> dict[str, object]:
    return {
        "log": one.name,
        "file": one.file,
        "grain": one.grain,
        "records": one.inquiries,
        "inquiries": one.inquiries if one.grain == "inquiry" else 0,
        "events": one.events,
        "since": one.since,
        "until": one.until,
        "imported_at": one.imported_at,
    }


def _remove(session: Session, space: Workspace, name: str) -> int:
    from deskweave.workspace.importing import remove_log
    from deskweave.workspace.known_logs import imported_logs

    grain = next((one.grain for one in imported_logs(space) if one.name == name), "inquiry")
    gone, stays = remove_log(space, name)
    say = session.say

    def text() -> None:
        session.heading()
        inquiries = grain == "inquiry"
        told = say("import-log-removed", name=name, n=gone) if inquiries else say(f"import-log-removed-{grain}", name=name, n=gone)
        session.screen.say(told)
        if stays:
            session.screen.say(say("import-log-kept", n=stays))
        session.next("deskweave import-log")

    return session.finish(
        Report(command="import-log", text=text, summary={"log": name, "taken_out": gone, "kept": stays},
               exit=Exit.PERSON if stays else Exit.DONE)
    )  # fmt: skip
