"""`deskweave people [CONNECTION]`: accounts that were met, whose they are and by which rule; as CSV, rows for people.csv."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import Session, session_of

if TYPE_CHECKING:
    from deskweave.people import Account, Matched

State: TypeAlias = Literal["found", "missing", "several", "bot"]
STATES: Final[tuple[State, ...]] = ("found", "missing", "several", "bot")
SHOWN: Final = 200  #: lines on a screen; a table takes them all


def people(
    ctx: typer.Context,
    connection: Annotated[str | None, typer.Argument(help="people-arg-connection", metavar="CONNECTION")] = None,
    missing: Annotated[bool, typer.Option("--missing", help="people-opt-missing")] = False,
    found: Annotated[bool, typer.Option("--found", help="people-opt-found")] = False,
    several: Annotated[bool, typer.Option("--several", help="people-opt-several")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace()
    say, screen = session.say, session.screen
    if connection is not None:
        space.entry(connection)
    from deskweave.people.listing import accounts_of, called
    from deskweave.people.matching import Matched
    from deskweave.workspace.people import match_policies, matched_people

    matched = matched_people(space) if space.has_store else Matched(accounts={}, persons={}, keys={})
    asked = [state for state, wanted in zip(STATES, (found, missing, several), strict=False) if wanted]
    accounts = accounts_of(matched, connection, asked)
    counts = Counter(one.state for one in accounts)
    policy, own = match_policies(space.folder)
    errors = sum(one.state == "missing" and own.get(one.connection, policy).on_none == "error" for one in accounts)
    columns, rows = _table(session, matched, accounts)

    def text() -> None:
        session.heading(say("people-head", n=len(accounts)))
        for state in STATES:
            if counts[state]:
                screen.say(f"  {say('people-' + state)}  {counts[state]:,}")
        if accounts:
            screen.say()
        screen.table(
            [
                [
                    one.connection,
                    one.account,
                    called(matched, one) or "-",
                    say("people-" + one.state),
                    how_in_words(session, one.how),
                ]
                for one in accounts[:SHOWN]
            ],
            indent=2,
        )
        if len(accounts) > SHOWN:
            screen.say(say("people-more", n=len(accounts) - SHOWN), hang=2)
        if not space.has_store:
            screen.say(say("home-no-store"))
            session.next("deskweave sync")
        elif counts["missing"] or counts["several"]:
            screen.say()
            screen.say(say("people-fill"), hang=2)
            words = [f"--{state}" for state in ("missing", "several") if counts[state]]
            session.next(
                " ".join(part for part in ("deskweave people", connection, *words, "--csv -o missing.csv") if part),
                "deskweave practice import missing.csv --kind people",
            )
        else:
            session.next("deskweave status")

    as_table = session.options.format in ("csv", "csv-raw")
    return session.finish(
        Report(
            command="people",
            text=text,
            summary={state: counts[state] for state in STATES},
            items=rows if as_table else [_data(matched, one) for one in accounts],
            columns=columns if as_table else [(name, say(f"column-{name}")) for name in COLUMNS],
            exit=Exit.PERSON if counts["several"] or errors else Exit.DONE,
        )
    )


COLUMNS = ("connection", "account", "name", "state", "how")


def _data(matched: Matched, one: Account) -> dict[str, Any]:
    from deskweave.people.listing import called

    return {
        "connection": one.connection,
        "account": one.account,
        "name": called(matched, one) or None,
        "state": one.state,
        "how": one.how or None,
        "person": one.person,
    }


def _table(session: Session, matched: Matched, accounts: list[Account]) -> tuple[list[tuple[str, str]], list[dict[str, str]]]:
    """The rows of people.csv: with its own headings for programs, with words and names for whoever reads them."""
    from deskweave.people.listing import rows_of
    from deskweave.people.register import file_rows, people_rows
    from deskweave.workspace.spreadsheets import listed_people

    space = session.workspace()
    listed = listed_people(space.folder, space.practice, session.say.language)
    people = rows_of(matched, [one for one in accounts if one.state != "bot"], listed)
    names = [*dict.fromkeys([*space.folder.connections, *sorted({name for one in people for name in one.accounts})])]
    keys, cells = file_rows(people, names)
    headings, read = people_rows(people, space.practice, names, session.say.language)
    if session.options.format != "csv-raw":
        cells = read
    return list(zip(keys, headings, strict=True)), [dict(zip(keys, row, strict=True)) for row in cells]


def how_in_words(session: Session, how: str) -> str:
    """By which rule an account is whose it is, or why it is nobody's."""
    from deskweave.people.matching import ABSENT, BOT, MADE, MANY, NONE, UNASKED, UNREAD
    from deskweave.people.register import FILE

    say = session.say
    if how in (MADE, NONE, BOT, ABSENT, UNREAD):
        return say(f"people-how-{how}")
    if how == UNASKED:
        return say("people-how-unasked")
    if how == FILE or how.startswith("person:"):
        return how.removeprefix("person:")
    kind = say("people-key-" + how.removeprefix(MANY))
    return say("people-how-many", key=kind) if how.startswith(MANY) else say("people-how-key", key=kind)
