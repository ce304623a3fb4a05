"""`deskweave explain KEY [FIELD]`: how a value came to be, from the events: when, who, on which platform, by which rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import Session, session_of
from deskweave.cli.show import counterparts, find, names, words
from deskweave.cli.sync import shown

if TYPE_CHECKING:
    from deskweave.model import Event
    from deskweave.store import ConflictRow, InquiryRow


def explain(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="show-arg-key", metavar="KEY")],
    field: Annotated[str | None, typer.Argument(help="explain-arg-field", metavar="FIELD")] = None,
) -> int:
    session = session_of(ctx)
    space = session.workspace()
    practice = space.practice
    if field is not None and field not in practice.fields and field != "message_log":
        from deskweave.documents import nearest

        by_label = next((name for name, term in practice.fields.items() if field in term.label.values()), None)
        if by_label is None:
            session.screen.warn(session.say("no-such-field", field=field))
            close = nearest(field, practice.fields)
            if close:
                session.screen.warn("  " + session.say("did-you-mean", word=close))
            return Exit.INPUT
        field = by_label
    row = find(session, key)
    if row is None:
        return Exit.INPUT
    from deskweave.model import FieldId
    from deskweave.store import explain as events_of
    from deskweave.store import list_conflicts

    name = FieldId(field) if field else None
    events = events_of(space.store, row.id, name)
    conflicts = [one for one in list_conflicts(space.store, inquiry=row.id, unresolved=False) if name in (None, one.field)]

    called = names(session, [event.actor for event in events])

    return session.finish(
        Report(
            command="explain",
            text=lambda: _text(session, row, field, events, conflicts, called),
            summary={
                "inquiry": row.id,
                "number": row.number,
                "field": field,
                "value": row.inquiry.values.get(name) if name else None,
                "conflicts": [asdict(one) for one in conflicts],
            },
            items=[{**asdict(event), "name": called.get(event.actor or "")} for event in events],
            columns=[(one, session.say(f"column-{one}")) for one in ("at", "field", "old", "new", "actor", "source", "precise")],
        )
    )


def _text(
    session: Session,
    row: InquiryRow,
    field: str | None,
    events: tuple[Event, ...],
    conflicts: list[ConflictRow],
    called: Mapping[str, str],
) -> None:
    from deskweave.model import FieldId

    practice, say, screen = session.workspace().practice, session.say, session.screen
    session.heading()
    screen.say(f"INQ-{row.number}   {row.inquiry.values.get(FieldId('title')) or ''}", hang=12)
    screen.say(f"            {counterparts(row)}", hang=12)
    screen.say()
    if field:
        term = practice.fields.get(FieldId(field))
        label = say.label(term.label, field) if term else field
        value = words(session, practice, FieldId(field), row.inquiry.values.get(FieldId(field)))
        screen.say(say("explain-is", field=label, value=value, zone=session.workspace().folder.zone), hang=4)
        screen.say()
    told: list[tuple[object, list[str]]] = []
    for event in sorted(events, key=lambda one: (one.at, one.order, one.seq)):
        if event.refines is None and any(other.refines == event.seq for other in events):
            continue  # told more exactly by the platform's own history
        source = event.source.removeprefix("connection:")
        actor = called.get(event.actor or "") or (event.actor or "").removeprefix(f"{source}:")
        if source.startswith("deletion:"):
            source = say("explain-deletion", connection=source.removeprefix("deletion:"))
        if source.startswith("match:"):
            source = say("explain-matched", fields=source.removeprefix("match:").replace(",", ", "))
        if event.field == "message_log":
            change = say("explain-message" if event.old is None else "explain-message-edited")
        elif event.field == "record_log":
            change = say("explain-record", record=event.new)
        else:
            old, new = (shown(words(session, practice, event.field, value)) for value in (event.old, event.new))
            change = f"{old} > {new}"
        what = change if field else f"{event.field}: {change}"
        about = "  ".join(part for part in (actor, "" if event.precise else say("explain-about")) if part)
        told.append((event.at, [session.moment(event.at), source, f"{what}   {about}".rstrip()]))
    for one in conflicts:
        text = say(
            "explain-conflict",
            id=one.id,
            ours=shown(words(session, practice, one.field, one.ours)),
            theirs=shown(words(session, practice, one.field, one.theirs)),
            winner=say(f"winner-{one.winner}"),
        )
        told.append((one.at, [session.moment(one.at), one.connection, f"{one.field}: {text}" if not field else text]))
    if not told:
        screen.say(say("explain-nothing"))
    screen.table([cells for _, cells in told])
    session.next(f"deskweave explain INQ-{row.number}{' ' + field if field else ''} --json")
