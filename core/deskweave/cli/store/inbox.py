"""`deskweave store inbox`: what platforms have sent by themselves, and having it worked on again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.kpi import moment_of
from deskweave.cli.session import session_of
from deskweave.cli.sync import LISTED

if TYPE_CHECKING:
    from deskweave.store.inbox import Kept


def inbox(
    ctx: typer.Context,
    key: Annotated[str | None, typer.Argument(help="inbox-arg-id", metavar="ID")] = None,
    connection: Annotated[str | None, typer.Option("--connection", help="inbox-opt-connection", metavar="NAME")] = None,
    since: Annotated[str | None, typer.Option("--since", help="inbox-opt-since", metavar="MOMENT")] = None,
    replay: Annotated[bool, typer.Option("--replay", help="inbox-opt-replay")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="inbox-opt-drop")] = False,
) -> int:
    session = session_of(ctx)
    say, screen = session.say, session.screen
    space = session.workspace(must_choose=replay or drop)
    then = moment_of(session, since) if since is not None else None
    if since is not None and then is None:
        return Exit.INPUT
    if connection is not None:
        space.entry(connection)
    found: list[Kept] = []
    if space.has_store:
        from deskweave.store.inbox import list_deliveries

        chosen = key is not None or then is not None
        found = list_deliveries(
            space.store,
            connection=connection,
            identifier=key,
            since=then,
            states=None if chosen else frozenset({"waiting", "unread", "parked"}),
        )
    if key is not None and not found:
        screen.warn(say("no-such-delivery", key=key))
        return Exit.INPUT
    if (replay or drop) and (replay == drop or (key is None and then is None) or (drop and key is None)):
        screen.warn(say("inbox-say-which"))
        return Exit.INPUT
    done: dict[str, int] = {}
    if replay and found:
        from deskweave.workspace.receiving import Receiving

        receiving = Receiving(space, {one.connection for one in found})
        try:
            done = {word: len(every) for word, every in receiving.replay(found).items()}
        finally:
            receiving.close()
    if drop:
        from deskweave.workspace.receiving import drop as let_be

        let_be(space.store, found)
        done = {"dropped": len(found)}

    def text() -> None:
        session.heading(say("inbox-head", n=len(found)))
        for one in found[:LISTED]:
            screen.say(f"  {one.connection}  {one.id}  {session.moment(one.received_at)}  {say(f'inbox-{one.state}')}", hang=4)
            told = [say(f"inbox-{word}", n=n) for word, n in _counts(one).items() if n]
            screen.say("    " + (one.parked or ", ".join(told) or say("inbox-bytes", n=one.size)), hang=4)
        if len(found) > LISTED:
            screen.say("  " + say("and-more", count=len(found) - LISTED))
        for word, n in done.items():
            if n:
                screen.say(say(f"inbox-done-{word}", n=n), hang=2)
        if done:
            session.next("deskweave sync")
        elif not found:
            screen.say(say("inbox-none"))
            session.next("deskweave status")
        elif any(one.state in ("waiting", "unread") for one in found):
            session.next("deskweave sync")
        else:
            session.next(f"deskweave store inbox {shlex.quote(found[0].id)} --replay")

    return session.finish(
        Report(
            command="store inbox",
            text=text,
            summary={"deliveries": len(found), **done},
            items=[_item(one) for one in found],
            columns=[(name, say(f"column-{name}")) for name in ("connection", "id", "received_at", "state", "parked_reason")],
        )
    )


def _item(one: Kept) -> dict[str, Any]:
    """A delivery without what was sent: that is people's words."""
    return {
        "connection": one.connection,
        "id": one.id,
        "received_at": one.received_at,
        "state": one.state,
        "parked_reason": one.parked,
        "bytes": one.size,
        **_counts(one),
    }


def _counts(one: Kept) -> dict[str, int]:
    content = one.content
    names = ("records", "messages", "answers", "hints")
    return {name: 0 if content is None else len(getattr(content, name)) for name in names}
