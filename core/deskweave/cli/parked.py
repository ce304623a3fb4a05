"""`deskweave parked`: records that wait for a person, and letting them go on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import session_of


def parked(
    ctx: typer.Context,
    key: Annotated[str | None, typer.Argument(help="parked-arg-key", metavar="KEY")] = None,
    release: Annotated[bool, typer.Option("--release", help="parked-opt-release")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace()
    say, screen = session.say, session.screen
    found = []
    if space.has_store:
        from deskweave.store import list_parked

        found = list(list_parked(space.store))
    numbers = {}
    if found:
        import sqlalchemy as sa

        from deskweave.store.tables import inquiry

        with space.store.read() as tx:
            wanted = [one.inquiry for one in found if one.inquiry is not None]
            numbers = {
                row.id: row.number for row in tx.execute(sa.select(inquiry.c.id, inquiry.c.number).where(inquiry.c.id.in_(wanted)))
            }
    if key is not None:
        words = key.lower()
        found = [
            one
            for one in found
            if words in {str(part).lower() for part in (one.label, one.rid, one.id, f"inq-{numbers.get(one.inquiry)}") if part}
        ]
        if not found:
            screen.warn(say("no-such-parked", key=key))
            return Exit.INPUT
    freed = []
    if release:
        from deskweave.store.lookup import release as let_go

        freed = [one for one in found if let_go(space.store, one.id)]

    def text() -> None:
        session.heading(say("sync-parked", n=len(found)))
        for one in found:
            number = f"INQ-{numbers[one.inquiry]}" if one.inquiry in numbers else ""
            screen.say(
                f"{one.connection}/{one.collection}  {one.label or one.rid or say('not-there-yet')}  {number}".rstrip(), hang=4
            )
            screen.say(f"    {say('link-' + one.state)}  {one.parked_reason or ''}".rstrip(), hang=4)
        if release:
            screen.say(say("parked-released", n=len(freed)))
            session.next("deskweave sync")
        elif found:
            session.next(f"deskweave parked {found[0].label or found[0].id} --release")
        else:
            screen.say(say("parked-none"))
            session.next("deskweave status")

    return session.finish(
        Report(
            command="parked",
            text=text,
            summary={"parked": len(found), "released": len(freed)},
            items=[{**asdict(one), "number": numbers.get(one.inquiry)} for one in found],
            columns=[
                (name, say(f"column-{name}")) for name in ("connection", "collection", "label", "number", "state", "parked_reason")
            ],
        )
    )
