"""`deskweave parked`: records that wait for a person, and letting them go on."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import session_of

if TYPE_CHECKING:
    from deskweave.store import LinkRow


def parked(
    ctx: typer.Context,
    key: Annotated[str | None, typer.Argument(help="parked-arg-key", metavar="KEY")] = None,
    release: Annotated[bool, typer.Option("--release", help="parked-opt-release")] = False,
    is_: Annotated[str | None, typer.Option("--is", help="parked-opt-is", metavar="LABEL")] = None,
    again: Annotated[bool, typer.Option("--again", help="parked-opt-again")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="parked-opt-drop")] = False,
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
    every = found

    def called(word: str) -> list[LinkRow]:
        words = word.lower()
        return [
            one
            for one in every
            if words in {str(part).lower() for part in (one.label, one.rid, one.id, f"inq-{numbers.get(one.inquiry)}") if part}
        ]

    if key is not None:
        found = called(key)
        if not found:
            screen.warn(say("no-such-parked", key=key))
            return Exit.INPUT
    deciding = is_ is not None or again or drop
    if deciding and (key is None or (is_ is not None) + again + drop + release != 1):
        screen.warn(say("parked-one-word"))
        return Exit.INPUT
    freed: list[LinkRow] = []
    if release:
        from deskweave.store import release as let_go

        freed = [one for one in found if let_go(space.store, one.id)]
    if deciding:
        from deskweave.store import InquiryRow, find_inquiry
        from deskweave.store.parked import give_up, join_record, leave_alone, repeat_create, say_what_it_is

        candidates = called(is_) if is_ is not None else []
        home = find_inquiry(space.store, is_) if is_ is not None else None
        meant = home.id if isinstance(home, InquiryRow) else None
        if is_ is not None and not candidates and meant is None:
            screen.warn(say("no-such-parked", key=is_))
            return Exit.INPUT
        for one in found:
            if one.state == "unknown":
                if is_ is not None:
                    done = any(join_record(space.store, one.id, candidate) for candidate in candidates)
                else:
                    done = repeat_create(space.store, one.id) if again else give_up(space.store, one.id)
            elif drop:
                done = leave_alone(space.store, one.id)
            else:
                done = (again or meant is not None) and say_what_it_is(space.store, one.id, meant)
            freed += [one] if done else []
        if not freed:
            screen.warn(say("parked-not-unknown", key=key))
            return Exit.INPUT

    def text() -> None:
        session.heading(say("sync-parked", n=len(found)))
        for one in found:
            number = f"INQ-{numbers[one.inquiry]}" if one.inquiry in numbers else ""
            screen.say(
                f"{one.connection}/{one.collection}  {one.label or one.rid or say('not-there-yet')}  {number}".rstrip(), hang=4
            )
            what = "" if one.kind == "inquiry" else f"{say('parked-message')}  "
            screen.say(f"    {what}{say('link-' + one.state)}  {one.parked_reason or ''}".rstrip(), hang=4)
        if release or deciding:
            screen.say(say("parked-given-up" if drop else "parked-released", n=len(freed)))
            session.next("deskweave sync")
        elif found and found[0].state == "unknown":
            name = f"INQ-{numbers[found[0].inquiry]}" if found[0].inquiry in numbers else found[0].id
            twins = [one.label for one in every if one.inquiry is None and one.label and one.connection == found[0].connection]
            words = [f"--is {shlex.quote(twins[0])}"] if twins else []
            session.next(*(f"deskweave parked {name} {word}" for word in (*words, "--again", "--drop")))
        elif found:
            number = f"INQ-{numbers[found[0].inquiry]}" if found[0].inquiry in numbers else found[0].id
            session.next(f"deskweave parked {shlex.quote(found[0].label or number)} --release")
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
