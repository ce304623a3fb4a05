"""`deskweave practice adopt`: put a changed practice into force."""

from __future__ import annotations

from typing import Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import session_of


def adopt(
    ctx: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="opt-yes")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace(must_choose=True)
    from deskweave.workspace.adoption import adopt as put_into_force
    from deskweave.workspace.adoption import changes, in_force

    say, practice = session.say, space.practice
    space.require_sound()
    known = in_force(space.store)
    same = known is not None and known.digest == practice.digest
    found = [] if known is None or same else changes(known.documents, practice)
    done = same

    def text() -> None:
        session.heading()
        if known is None:
            session.screen.say(say("adopt-first", version=practice.version))
        elif same:
            session.screen.say(say("adopt-same", version=practice.version, since=session.moment(known.adopted_at)))
        else:
            session.screen.say(
                say("adopt-old", version=known.version, digest=known.digest[:8], since=session.moment(known.adopted_at))
            )
            session.screen.say(say("adopt-new", version=practice.version, digest=practice.digest[:8]))
            for change in found:
                session.screen.say(
                    say(
                        "adopt-kind",
                        kind=change.kind,
                        added=len(change.added),
                        changed=len(change.changed),
                        removed=len(change.removed),
                    )
                )
                for mark, names in (("+", change.added), ("~", change.changed), ("-", change.removed)):
                    for name in names[:10]:
                        session.screen.say(f"  {mark} {name}", hang=6)
                    if len(names) > 10:
                        session.screen.say("    " + say("and-more", count=len(names) - 10))

    if session.options.format == "text":
        text()
    if not same:
        agreed = yes or known is None or session.ask(say("adopt-ask"), "n").lower() in ("y", "yes", "是")
        if agreed:
            put_into_force(space.store, practice)
            done = True
    if session.options.format != "text":
        return session.finish(
            Report(
                command="practice adopt",
                text=text,
                summary={"old": known.digest if known else None, "new": practice.digest, "adopted": done},
                items=[{"kind": one.kind, "added": one.added, "changed": one.changed, "removed": one.removed} for one in found],
                exit=Exit.DONE if done else Exit.STOPPED,
            )
        )
    if not done:
        session.screen.say(say("adopt-not"))
        session.next("deskweave practice adopt --yes")
        return Exit.STOPPED
    if not same:
        session.screen.say(say("adopt-done", version=practice.version))
    session.next("deskweave sync --plan")
    return Exit.DONE
