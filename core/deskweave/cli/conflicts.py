"""`deskweave conflicts`: what two platforms said differently at once; both values are kept."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import Session, session_of, somebody
from deskweave.cli.show import find, words
from deskweave.cli.sync import shown


def conflicts(
    ctx: typer.Context,
    words_: Annotated[list[str] | None, typer.Argument(help="conflicts-arg-key", metavar="[KEY | resolve C-N]")] = None,
    all: Annotated[bool, typer.Option("--all", help="conflicts-opt-all")] = False,
    take: Annotated[str | None, typer.Option("--take", help="conflicts-opt-take", metavar="NAME")] = None,
    by: Annotated[str, typer.Option("--by", help="opt-by", metavar="NAME")] = "",
) -> int:
    session = session_of(ctx)
    space = session.workspace()
    say, screen = session.say, session.screen
    if words_ and words_[0] == "resolve":
        return _resolve(session, words_[1] if len(words_) > 1 else "", take, by)
    key = words_[0] if words_ else None
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
                f"deskweave explain INQ-{found[0].number} {found[0].field}",
                f"deskweave conflicts resolve C-{found[0].id} --take {found[0].connection}",
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


def _resolve(session: Session, name: str, take: str | None, by: str) -> int:
    """One value shall stand: the one that does, or the other."""
    from deskweave.workspace.deciding import resolve

    space = session.workspace()
    say, screen = session.say, session.screen
    number = name.upper().removeprefix("C-")
    found = None
    if space.has_store:
        from deskweave.store import list_conflicts

        found = next((one for one in list_conflicts(space.store) if str(one.id) == number), None)
    if found is None:
        screen.warn(say("no-such-conflict", name=name or "C-?"))
        screen.warn("  " + session.onward("deskweave conflicts"))
        return Exit.INPUT
    if take is not None and take not in space.folder.connections:
        screen.warn(say("option-value", option="--take", value=take, allowed=", ".join(space.folder.connections)))
        return Exit.INPUT
    changed = resolve(space, found, take=take, by=by or somebody())
    screen.say(say("conflict-taken" if changed else "conflict-noted", name=f"C-{number}"))
    session.next("deskweave sync" if changed else "deskweave conflicts")
    return Exit.DONE
