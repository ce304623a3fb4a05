"""`deskweave practice upgrade`: accept the packs and folders that are there, after showing what they change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import Session, session_of

if TYPE_CHECKING:
    from deskweave.practice.lock import LayerChange
    from deskweave.workspace.loading import Upgrade

SHOWN = 40
_MARKS = {"added": "+", "changed": "~", "removed": "-"}


def upgrade(
    ctx: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="opt-yes")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace()
    from deskweave.practice.lock import write_lock
    from deskweave.workspace.loading import read_upgrade

    say = session.say
    found = read_upgrade(space.folder, space.plugins)
    done = same = not found.changes and found.locked

    def text() -> None:
        session.heading()
        if same:
            session.screen.say(say("upgrade-same"))
            return
        if not found.locked:
            session.screen.say(say("upgrade-first"))
        for change in found.changes:
            _layer(session, change, names=found.old is None or change.old is None or change.new is None)
        if found.locked and found.old is not None:
            _difference(session, found)
        elif found.locked:
            session.screen.say(say("upgrade-names"))

    if session.options.format == "text":
        text()
    if not same:
        agreed = yes or not found.locked or session.agrees(say("upgrade-ask"))
        if agreed:
            write_lock(space.folder.root, found.below)
            done = True
    if session.options.format != "text":
        return session.finish(
            Report(
                command="practice upgrade",
                text=text,
                summary={"upgraded": done and not same, "digest": found.new.digest, "layers": len(found.below)},
                items=[_item(change) for change in found.changes],
                exit=Exit.DONE if done else Exit.STOPPED,
            )
        )
    if not done:
        session.screen.say(say("upgrade-not"))
        session.next("deskweave practice upgrade --yes")
        return Exit.STOPPED
    if not same:
        session.screen.say(say("upgrade-done"))
    session.next("deskweave practice lint")
    return Exit.DONE


def _item(change: LayerChange) -> dict[str, object]:
    return {
        "layer": change.address,
        "old": change.old.digest if change.old else None,
        "new": change.new.digest if change.new else None,
        "old_version": change.old.version if change.old else None,
        "new_version": change.new.version if change.new else None,
        **change.documents(),
    }


def _layer(session: Session, change: LayerChange, *, names: bool) -> None:
    """One pack or folder: what was accepted, what is there; with `names` its documents that came, changed or went."""
    say, screen = session.say, session.screen
    old, new = (change.old.words if change.old else ""), (change.new.words if change.new else "")
    if change.old is None:
        screen.say(say("upgrade-new", layer=change.address, new=new), hang=2)
    elif change.new is None:
        screen.say(say("upgrade-gone", layer=change.address, old=old), hang=2)
    else:
        screen.say(say("upgrade-layer", layer=change.address, old=old, new=new), hang=2)
    if not names or change.old is None or change.new is None:
        return
    lines = [f"  {_MARKS[sort]} {name}" for sort, listed in change.documents().items() for name in listed]
    for line in lines[:SHOWN]:
        screen.say(line, hang=6)
    if len(lines) > SHOWN:
        screen.say("    " + say("and-more", count=len(lines) - SHOWN))


def _difference(session: Session, found: Upgrade) -> None:
    """What the practice does otherwise, in words."""
    from deskweave.cli.difference import Teller
    from deskweave.practice.difference import compare

    assert found.old is not None
    say, screen = session.say, session.screen
    told = Teller(found.old, found.new, say.language).lines(compare(found.old, found.new))
    lines = [line for part in told.values() for line in part]
    if not lines:
        screen.say(say("upgrade-unchanged"))
    for line in lines[:SHOWN]:
        screen.say(f"  {line.mark} {line.text}", hang=4)
    if len(lines) > SHOWN:
        screen.say("    " + say("and-more", count=len(lines) - SHOWN))
