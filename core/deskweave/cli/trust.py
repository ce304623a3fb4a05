"""`deskweave trust NAME`: the instance that answers is the right one, whatever the lock file or a mark says."""

from __future__ import annotations

from typing import Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import session_of


def trust(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="trust-arg-name", metavar="NAME")],
    yes: Annotated[bool, typer.Option("--yes", help="opt-yes")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace(must_choose=True)
    from deskweave.workspace.identity import shown

    say = session.say
    if name in space.folder.connections and not yes and session.terminal:
        before = space.lock(name).identity
        session.screen.say(say("trust-before", name=name, instance=shown(before) if before else say("never")))
        if session.ask(say("trust-ask", name=name), "n") not in (name, "y", "yes"):
            session.screen.say(say("trust-not"))
            return Exit.STOPPED
    elif name in space.folder.connections and not yes:
        session.screen.warn(say("needs-yes", command=session.onward(f"deskweave trust {name} --yes")))
        return Exit.INPUT
    opened, lock = space.trust(name)

    def text() -> None:
        session.heading()
        if lock.identity is not None:
            session.screen.say(say("trust-before", name=name, instance=shown(lock.identity)))
        session.screen.say(say("trust-now", name=name, instance=shown(opened.identity)))
        session.next(f"deskweave check {name}")

    return session.finish(
        Report(
            command="trust",
            text=text,
            summary={
                "connection": name,
                "before": lock.identity.instance if lock.identity else None,
                "now": opened.identity.instance,
            },
        )
    )
