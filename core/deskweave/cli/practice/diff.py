"""`deskweave practice diff A B`: what changes for people, clocks and key figures, in words."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import Session, session_of

if TYPE_CHECKING:
    from deskweave.cli.difference import Line, Teller
    from deskweave.practice.difference import Change, Difference
    from deskweave.workspace.adoption import Preview


def diff(
    ctx: typer.Context,
    old: Annotated[str | None, typer.Argument(help="diff-arg-old", metavar="A")] = None,
    new: Annotated[str, typer.Argument(help="diff-arg-new", metavar="B")] = ".",
    exit_code: Annotated[bool, typer.Option("--exit-code", help="diff-opt-exit-code")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace()
    from deskweave.cli.difference import Teller
    from deskweave.practice.difference import compare
    from deskweave.workspace.comparison import practice_at

    with ExitStack() as files:
        one, other = practice_at(space, old, files), practice_at(space, new, files)
        difference = compare(one.practice, other.practice)
        teller = Teller(one.practice, other.practice, session.say.language)

        def text() -> None:
            say = session.say
            session.heading()
            for address, kind, practice in ((one.address, one.kind, one.practice), (other.address, other.kind, other.practice)):
                name = say(f"diff-side-{kind}", address=address)
                session.screen.say(say("diff-side", name=name, version=practice.version, digest=practice.digest[:8]), hang=4)
            tell(session, teller, difference)
            if difference:
                session.next("deskweave practice adopt" if other.address == "." else "deskweave practice diff")

        return session.finish(
            Report(
                command="practice diff",
                text=text,
                summary={
                    "old": {"address": one.address, "version": one.practice.version, "digest": one.practice.digest},
                    "new": {"address": other.address, "version": other.practice.version, "digest": other.practice.digest},
                    "changes": len(difference.changes),
                    **difference.counts,
                }
                if session.options.format == "json"
                else {
                    session.say("diff-from"): f"{one.address} {one.practice.version} ({one.practice.digest[:8]})",
                    session.say("diff-to"): f"{other.address} {other.practice.version} ({other.practice.digest[:8]})",
                    session.say("diff-changes"): len(difference.changes),
                },
                items=items(session, teller, difference),
                columns=columns(session),
                exit=Exit.DIFFERENT if exit_code and difference else Exit.DONE,
            )
        )


def tell(session: Session, teller: Teller, difference: Difference, preview: Preview | None = None) -> None:
    """Every change in words, by whom it touches; with a preview also for how many open inquiries it matters."""
    from deskweave.cli.difference_words import WORDS

    say, screen = session.say, session.screen
    if not difference:
        screen.say()
        screen.say(say("diff-none"))
        return
    for touches, lines in teller.lines(difference, every=bool(session.options.verbose)).items():
        screen.say()
        screen.say(WORDS[teller.language][f"section_{touches.value}"])
        for line in lines:
            screen.say(f"  {line.mark} {line.text}" + _where(line), hang=6)
            count = _matters(line, preview)
            if count:
                screen.say("      " + say("diff-matters", n=count), hang=8)
    counts = difference.counts
    screen.say()
    screen.say(say("diff-sum", changes=len(difference.changes), rejudge=counts["re_judges"], strand=counts["strands"]), hang=2)


def _where(line: Line) -> str:
    place = line.place
    if place is None or place.line is None:
        return ""
    return f"   {place.source}:{place.line}"


def _matters(line: Line, preview: Preview | None) -> int:
    if preview is None:
        return 0
    return sum(preview.count(change) or 0 for change in line.changes)


def items(session: Session, teller: Teller, difference: Difference, preview: Preview | None = None) -> list[dict[str, Any]]:
    """The changes as data, one sentence each."""
    from deskweave.cli.difference_words import WORDS

    words = WORDS[teller.language]
    readable = session.options.format not in ("json", "csv-raw")
    found = []
    for change in difference.changes:
        touches, effect = change.touches.value, change.effect.value
        item: dict[str, Any] = {
            "touches": words[f"section_{touches}"] if readable else touches,
            "text": teller.sentence(change),
            "place": _place(change),
            "effect": words[f"effect_{effect}"] if readable else effect,
            "sort": change.sort,
            "subject": change.subject,
            "aspect": change.aspect or None,
            "slug": change.slug,
            "within": list(change.within),
            "path": "/".join(change.path),
            "old": _plain(change.old) if change.aspect or change.sort == "renamed" else None,
            "new": _plain(change.new) if change.aspect or isinstance(change.new, str) else None,
        }
        if preview is not None:
            item["open_inquiries"] = preview.count(change)
        found.append(item)
    return found


def columns(session: Session, *, counted: bool = False) -> list[tuple[str, str]]:
    """What CSV and Markdown show of a change."""
    keys = ["touches", "text", "place", "effect", *(["open_inquiries"] if counted else [])]
    return [(key, session.say(f"diff-column-{key}")) for key in keys]


def _place(change: Change) -> str | None:
    place = change.place
    if place is None:
        return None
    return f"{place.source}:{place.line}" if place.line is not None else place.source


def _plain(value: object) -> Any:
    """A typed value as JSON can say it."""
    from collections.abc import Mapping
    from dataclasses import asdict, is_dataclass

    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(_plain(one) for one in value)
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
