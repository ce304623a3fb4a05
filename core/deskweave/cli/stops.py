"""What stopped a run, in the reader's language: how much it would have been, what most of it has in common, what to type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deskweave.cli.session import Session
    from deskweave.sync import Likely, Stop


def stop_lines(session: Session, stops: Sequence[Stop]) -> list[str]:
    """Lines below `STOPPED before writing`; the last ones are commands."""
    from deskweave.sync import go_ahead

    say = session.say
    lines = []
    for one in stops:
        lines.append(
            say(
                f"guard-{one.kind}",
                connection=one.connection or "",
                collection=one.collection or "",
                n=one.count,
                limit=one.limit,
                of=one.of,
                mails=one.mails,
                updated=one.updated,
                created=one.created,
                labels=", ".join(one.labels),
            )
        )
        if one.likely is not None:
            lines += ["  " + line for line in _cause(session, one.likely)]
    causes = [one.likely.field for one in stops if one.likely is not None]
    kinds = {one.kind for one in stops}
    if kinds & {"changes", "creates", "deletes", "notices", "mapping"}:
        lines.append(_command(session, "look", f"deskweave sync --plan{f' --field {causes[0]}' if causes else ''}"))
    if "marks" in kinds:
        return [*lines, f"  {session.onward('deskweave store rebuild')}"]
    options = go_ahead(stops)
    if options:
        lines.append(_command(session, "go-ahead", f"deskweave sync {options}"))
    return lines


def _command(session: Session, word: str, command: str) -> str:
    return f"  {session.say(word)}  {session.onward(command)}"


def _cause(session: Session, cause: Likely) -> list[str]:
    from deskweave.cli.sync import shown

    say, practice = session.say, session.workspace().practice
    field = practice.fields.get(cause.field)
    label = say.label(field.label, cause.field) if field is not None else str(cause.field)
    kind, _, name = (cause.source or "").partition(":")
    empty = say("guard-empty")
    there = shown(cause.there) if cause.one_there else ""
    wanted = "" if not cause.one_wanted else empty if cause.emptied else shown(cause.wanted)
    word = "guard-likely-both" if there and wanted else "guard-likely-to" if wanted else "guard-likely"
    if there == "-":
        there = empty
    lines = [
        say(
            word,
            where=f"{name} " if kind == "connection" else "",
            field=label if label == cause.field else f"{label} ({cause.field})",
            there=there,
            wanted=wanted,
            inquiries=cause.inquiries,
        )
    ]
    if kind == "practice":
        lines.append(say("guard-by-practice"))
    elif cause.emptied:
        lines.append(say("guard-by-right", connection=name if kind == "connection" else "-"))
    return lines
