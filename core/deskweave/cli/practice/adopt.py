"""`deskweave practice adopt`: put a changed practice into force, after showing what it changes and for how many open inquiries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.practice.diff import columns, items, tell
from deskweave.cli.session import Session, session_of
from deskweave.cli.trouble import show_findings

if TYPE_CHECKING:
    from deskweave.practice import Practice
    from deskweave.workspace.adoption import Carried


def adopt(
    ctx: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="opt-yes")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace(must_choose=True)
    from deskweave.cli.difference import Teller
    from deskweave.practice.difference import Difference
    from deskweave.workspace.adoption import adopt as put_into_force
    from deskweave.workspace.adoption import in_force, preview

    say, practice = session.say, space.practice
    space.require_sound()
    known = in_force(space.store)
    same = known is not None and known.digest == practice.digest
    before = known.practice() if known is not None else None
    found = preview(space.store, practice)
    difference = found.difference or Difference()
    teller = Teller(before or practice, practice, say.language)
    stranded = [] if same else [one.finding() for one in found.stranded]
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
            if before is None:
                session.screen.say(say("adopt-unreadable"), hang=2)
            else:
                tell(session, teller, difference, found)
        _carried(session, found.carried, before or practice, practice)
        if stranded:
            session.screen.say()
            show_findings(session, stranded)

    if session.options.format == "text":
        text()
    if not same and not stranded:
        agreed = yes or (known is None and not space.folder.protected) or session.agrees(say("adopt-ask"))
        if agreed:
            put_into_force(space.store, practice)
            done = True
    if session.options.format != "text":
        return session.finish(
            Report(
                command="practice adopt",
                text=text,
                summary={
                    "old": known.digest if known else None,
                    "new": practice.digest,
                    "adopted": done,
                    "open_inquiries": found.open,
                    "carried": [
                        {"field": one.field, "value": one.value, "into_field": one.into_field, "into": one.into, "count": one.count}
                        for one in found.carried
                    ],
                },
                items=items(session, teller, difference, found),
                columns=columns(session, counted=True),
                findings=stranded,
                exit=Exit.DONE if done else Exit.STOPPED,
            )
        )
    if not done:
        session.screen.say(say("adopt-stranded" if stranded else "adopt-not"), hang=2)
        session.next("deskweave practice lint" if stranded else "deskweave practice adopt --yes")
        return Exit.STOPPED
    if not same:
        session.screen.say(say("adopt-done", version=practice.version))
    session.next("deskweave sync --plan" if space.folder.connections else "deskweave practice render")
    return Exit.DONE


def _carried(session: Session, carried: tuple[Carried, ...], old: Practice, new: Practice) -> None:
    """Which values of open inquiries move to another word."""
    from deskweave.practice import wording

    language = session.say.language
    if carried:
        session.screen.say()
        session.screen.say(session.say("adopt-carries"))
    for one in carried:
        field = wording.say_field(one.into_field, new, language)
        if not one.value:
            was = wording.say_field(one.field, old, language)
            line = session.say("adopt-carries-field", old=was, old_id=one.field, new=field, n=one.count)
        else:
            was, now = (
                wording.say_value(one.field, one.value, old, language),
                wording.say_value(one.into_field, one.into, new, language),
            )
            line = session.say("adopt-carries-value", field=field, old=was, new=now, n=one.count)
        session.screen.say(f"  > {line}", hang=6)
