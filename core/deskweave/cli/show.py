"""`deskweave show KEY`: an inquiry by any name people use, with its fields, its counterparts and its exchange."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import Session, session_of
from deskweave.cli.width import cut

if TYPE_CHECKING:
    from deskweave.measure.dues import DueMoment
    from deskweave.model import FieldId, Value
    from deskweave.practice import Practice
    from deskweave.store import InquiryRow


def find(session: Session, key: str) -> InquiryRow | None:
    """The inquiry of that name; None after the nearest names have been shown."""
    from deskweave.store import Nearest, find_inquiry

    space = session.workspace()
    if not space.has_store:
        session.screen.warn(session.say("home-no-store"))
        session.screen.warn("  " + session.onward("deskweave sync"))
        return None
    found = find_inquiry(space.store, key)
    if isinstance(found, Nearest):
        session.screen.warn(session.say("no-such-inquiry", key=key))
        if found.nearest:
            session.screen.warn("  " + session.say("did-you-mean", word=", ".join(found.nearest)))
        return None
    return found


def words(session: Session, practice: Practice, field: FieldId, value: Value) -> str:
    """A value as people read it: labels for slugs, the folder's zone for instants."""
    if value is None or value == ():
        return "-"
    if isinstance(value, datetime):
        return session.moment(value)
    if isinstance(value, tuple):
        return ", ".join(words(session, practice, field, part) for part in value)
    if isinstance(value, bool):
        return session.say("yes" if value else "no")
    term = practice.fields.get(field)
    text = str(value)
    if term is not None and term.type == "status" and text in practice.statuses.statuses:
        return session.say.label(practice.statuses.statuses[text].label, text)
    if term is not None and term.type == "catalog_item" and text in practice.catalog:
        return session.say.label(practice.catalog[text].label, text)
    if term is not None and text in term.choices:
        return session.say.label(term.choices[text].label, text)
    return text


def names(session: Session, whos: Iterable[str | None]) -> dict[str, str]:
    """What people call those of these authors and actors who are known, by what stands in the store."""
    from deskweave.people import name_in, names_of, places

    every = [one for one in dict.fromkeys(whos) if one]
    with session.workspace().store.read() as tx:
        known = names_of(tx, places(every))
    return {one: name for one in every if (name := name_in(known, one)) is not None and name != one}


def counterparts(row: InquiryRow) -> str:
    """`INC0010388 (servicenow)  ITH-512 (jira_sm)`."""
    return "  ".join(f"{link.label or link.rid or '-'} ({link.connection})" for link in row.links)


def _due(session: Session, due: Sequence[DueMoment]) -> None:
    """When the running clocks are due; what lies past the last known holidays says so."""
    from deskweave.cli.restating import due_in_words
    from deskweave.workspace.restating import known_days

    if not due:
        return
    say, practice = session.say, session.workspace().practice
    rows = []
    for one in due:
        shown = due_in_words(session, one)
        if one.at is not None:
            shown = say("show-overdue" if one.at < session.now() else "show-due", moment=shown)
        rows.append([say.label(practice.clocks[one.clock].label, one.clock), shown])
    session.screen.say()
    session.screen.table(rows, indent=2)
    known = known_days(practice)
    if known is not None and any(one.provisional for one in due):
        session.screen.say("  " + say("show-due-provisional", day=known[1].isoformat()), hang=4)


def show(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="show-arg-key", metavar="KEY")],
    messages: Annotated[bool, typer.Option("--messages", help="show-opt-messages")] = False,
) -> int:
    session = session_of(ctx)
    row = find(session, key)
    if row is None:
        return Exit.INPUT
    from deskweave.model import FieldId
    from deskweave.store import inquiry_messages
    from deskweave.workspace.restating import due_moments_of

    space = session.workspace()
    practice, say, screen = space.practice, session.say, session.screen
    values = row.inquiry.values
    said = inquiry_messages(space.store, row.id)
    called = names(session, [one.author for one in said])
    due = due_moments_of(space, row.id) if row.closed_at is None and row.erased_at is None else ()

    def text() -> None:
        session.heading()
        screen.say(f"INQ-{row.number}   {values.get(FieldId('title')) or ''}", hang=12)
        for link in row.links:
            state = "" if link.state == "live" else say(f"link-{link.state}")
            screen.say(f"  {link.label or link.rid or '-'}  {link.connection}/{link.collection}  {state}".rstrip(), hang=4)
            if link.url:
                screen.say(f"      {link.url}", hang=6)
        screen.say()
        rows = []
        for name, term in practice.fields.items():
            if values.get(name) not in (None, (), "") and name != "title" and term.type != "messages":
                rows.append([say.label(term.label, name), cut(" ".join(words(session, practice, name, values[name]).split()), 200)])
        screen.table(rows, indent=2)
        _due(session, due)
        for key_, raw in row.inquiry.unknown.items():
            screen.say(f"  {key_}  {say('unknown-word', raw=cut(str(raw), 40))}", hang=4)
        if said:
            screen.say()
            screen.say(say("show-messages", n=len(said)))
        for one in said if messages else ():
            author = called.get(one.author or "") or one.author or "-"
            edited = f"  {say('message-edited')}" if one.edits is not None else ""
            screen.say(f"  {session.moment(one.at)}  {author}  {say('visibility-' + one.visibility)}{edited}", hang=4)
            for line in (one.body if one.body is not None else say("erased")).splitlines():
                screen.say(f"    {line}", hang=4)
        session.next(f"deskweave explain INQ-{row.number}")

    return session.finish(
        Report(
            command="show",
            text=text,
            summary={
                "inquiry": row.id,
                "number": row.number,
                "closed_at": row.closed_at,
                "values": dict(values),
                "due": [{"clock": one.clock, "at": one.at, "provisional": one.provisional, "why": one.why or None} for one in due],
                "unknown": dict(row.inquiry.unknown),
                "messages": [
                    {
                        "at": one.at,
                        "author": one.author,
                        "name": called.get(one.author or ""),
                        "visibility": one.visibility,
                        "connections": one.connections,
                        "edited": one.edits is not None,
                    }
                    | ({"body": one.body} if messages else {})
                    for one in said
                ],
            },
            items=[
                {
                    "connection": link.connection,
                    "collection": link.collection,
                    "label": link.label,
                    "rid": link.rid,
                    "state": link.state,
                    "url": link.url,
                    "role": link.role,
                }
                for link in row.links
            ],
        )
    )
