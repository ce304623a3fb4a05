"""`deskweave conflicts`: what two platforms said differently at once; both values are kept."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import session_of
from deskweave.cli.show import find, words
from deskweave.cli.sync import shown


def conflicts(
    ctx: typer.Context,
    key: Annotated[str | None, typer.Argument(help="conflicts-arg-key", metavar="KEY")] = None,
    all: Annotated[bool, typer.Option("--all", help="conflicts-opt-all")] = False,
    accept: Annotated[str | None, typer.Option("--accept", help="conflicts-opt-accept", metavar="C-N")] = None,
    by: Annotated[str, typer.Option("--by", help="opt-by", metavar="NAME")] = "",
) -> int:
    session = session_of(ctx)
    space = session.workspace()
    say, screen = session.say, session.screen
    if accept is not None:
        return _accept(ctx, accept, by)
    row = None
    if key is not None:
        row = find(session, key)
        if row is None:
            return Exit.INPUT
    found = []
    if space.has_store:
        from deskweave.store import list_conflicts

        found = list(list_conflicts(space.store, inquiry=row.id if row else None, unresolved=not all))
    practice = space.practice

    def text() -> None:
        session.heading(say("sync-conflicts", n=len(found)))
        for one in found:
            screen.say(f"C-{one.id}   INQ-{one.number}   {one.field}   {one.connection}   {session.moment(one.at)}", hang=6)
            stands, other = (one.theirs, one.ours) if one.winner == "theirs" else (one.ours, one.theirs)
            screen.say(
                "      "
                + say(
                    "conflict-stands",
                    stands=shown(words(session, practice, one.field, stands)),
                    other=shown(words(session, practice, one.field, other)),
                ),
                hang=6,
            )
            if one.resolved_by:
                screen.say("      " + say("conflict-accepted", by=one.resolved_by), hang=6)
        if found:
            session.next(
                f"deskweave explain INQ-{found[0].number} {found[0].field}", f"deskweave conflicts --accept C-{found[0].id}"
            )
        else:
            screen.say(say("conflicts-none"))
            session.next("deskweave status")

    return session.finish(
        Report(
            command="conflicts",
            text=text,
            summary={"open": sum(one.resolved_by is None for one in found), "listed": len(found)},
            items=[{"conflict": f"C-{one.id}", **asdict(one)} for one in found],
            columns=[
                (name, say(f"column-{name}"))
                for name in ("conflict", "number", "field", "connection", "base", "ours", "theirs", "winner", "at")
            ],
        )
    )


def _accept(ctx: typer.Context, name: str, by: str) -> int:
    """Take note of a conflict: what stands, stands, and it is no longer listed."""
    import getpass

    session = session_of(ctx)
    space = session.workspace()
    say, screen = session.say, session.screen
    number = name.upper().removeprefix("C-")
    from deskweave.store.conflicts import resolve_conflict

    done = False
    if number.isascii() and number.isdigit() and space.has_store:
        with space.store.write() as tx:
            done = resolve_conflict(tx, int(number), by or getpass.getuser())
    if not done:
        screen.warn(say("no-such-conflict", name=name))
        return Exit.INPUT
    screen.say(say("conflict-noted", name=f"C-{number}"))
    session.next("deskweave conflicts")
    return Exit.DONE
