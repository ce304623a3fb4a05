"""`deskweave` alone: where this folder stands, and the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskweave.cli.exits import Exit

if TYPE_CHECKING:
    from deskweave.cli.session import Session


def home(session: Session) -> int:
    """Say where the folder stands; nothing is sent and nothing made."""
    from deskweave.workspace.folder import find_root

    if find_root(session.options.folder) is None:
        session.screen.say(session.say("home-none"))
        session.next("deskweave demo", "deskweave init", "deskweave --help")
        return Exit.DONE
    space = session.workspace()
    say, folder = session.say, space.folder
    practice = space.practice
    session.heading(say("home-practice", name=session.say.label(practice.label, practice.id), version=practice.version))
    if not folder.connections:
        session.screen.say(say("home-no-connections"))
        session.next("deskweave plugins", "deskweave practice show")
        return Exit.DONE
    rows = []
    for name, entry in folder.connections.items():
        known = space.lock(name).identity
        rows.append([name, entry.plugin, say(f"access-{entry.access}"), say("home-contact") if known else say("home-no-contact")])
    session.screen.table(rows)
    if not space.has_store:
        session.screen.say(say("home-no-store"))
        session.next("deskweave practice lint", "deskweave check")
        return Exit.DONE
    from deskweave.store import store_status

    status = store_status(space.store)
    parked = sum(one.parked + one.unknown for one in status.connections)
    session.screen.say(say("home-status", inquiries=status.inquiries, conflicts=status.open_conflicts, parked=parked))
    session.next("deskweave status", "deskweave sync --plan")
    return Exit.DONE
