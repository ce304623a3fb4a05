"""Accounts that were met: asked for in batches, matched to persons, and called by the name people call them (practice G7).

A platform that does not tell who an account is takes nothing from sync: its people stay text, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Final

import sqlalchemy as sa

from deskweave.connector import People, RemotePerson
from deskweave.errors import ConfigurationError, CredentialError, PluginError, RateLimited, RemoteError, Scope, TransientError
from deskweave.ledger import mark_dirty
from deskweave.people import Account, name_in, names_of, places
from deskweave.people.matching import MANY, NONE, told_by
from deskweave.store.inquiries import load_documents
from deskweave.store.links import inquiries_without
from deskweave.store.messages import StoredMessage
from deskweave.store.values import dumps
from deskweave.sync.run import Run, Side

TOGETHER: Final = 100  #: accounts in one call
AT_ONCE: Final = 5_000  #: answers that are matched at once: all accounts are looked at each time


def meet(run: Run, tx: sa.Connection, side: Side, accounts: Iterable[str | None]) -> None:
    """Note accounts in the transaction of what they did: after a crash they are asked for all the same."""
    if run.people is not None:
        run.people.meet(tx, side.name, [one for one in accounts if one])


def follow_files(run: Run) -> None:
    """Match anew where people.csv or the rules have changed since the last run."""
    if run.people is None:
        return
    with run.store.read() as tx:
        if run.people.follows_files(tx):
            return
    with run.store.write() as tx:
        changed = run.people.follow_files(tx)
        _look_again(run, tx, changed)
    _tell(run, changed)


def ask(run: Run, side: Side) -> None:
    """Ask for accounts that were met and are not known yet; what goes wrong is said, and sync goes on."""
    facet = side.connection.people
    if run.people is None or facet is None or not run.works(side):
        return
    with run.store.read() as tx:
        due = run.people.due(tx, side.name, run.now())
    if due:
        with run.containing(side):
            run.verify(side)
        if not run.works(side):
            return
    answers: dict[str, RemotePerson | None] = {}
    for start in range(0, len(due), TOGETHER):
        part = due[start : start + TOGETHER]
        try:
            got = run.call(side, partial(_asked, facet, part), "people.fetch")
            if len(got) != len(part):
                raise PluginError(side.name, "people.fetch", f"{len(got)} answers for {len(part)} accounts")
        except (RemoteError, PluginError) as error:
            _learn(run, side, answers)
            _unanswered(run, side, due[start:] if isinstance(error, ConfigurationError) else part, error)
            return
        answers.update(zip(part, got, strict=True))
        if len(answers) >= AT_ONCE:
            _learn(run, side, answers)
            answers = {}
    _learn(run, side, answers)


def _asked(facet: People, part: Sequence[str]) -> Sequence[RemotePerson | None]:
    """The answers, once it is sure that they can be kept: a stranger's. Whatever this raises is the connector's mistake."""
    got = list(facet.fetch(part))
    for one in got:
        if one is not None:
            dumps(asdict(told_by(one)))
    return got


def _unanswered(run: Run, side: Side, part: Sequence[str], error: RemoteError | PluginError) -> None:
    """What passes, the next run asks again; what a person has to mend, be it a right or a connector, is tried once a day."""
    if isinstance(error, CredentialError) or (isinstance(error, RateLimited) and error.scope is Scope.CONNECTION):
        with run.containing(side):
            raise error
        return
    if not isinstance(error, TransientError):
        assert run.people is not None
        with run.store.write() as tx:
            run.people.unread(tx, side.name, part)
    message = f"who {len(part)} accounts are could not be read; they stay as they are: {error}"
    run.note("people-unread", side, "people", "", message, "grant the account the right to read people")


def _learn(run: Run, side: Side, answers: Mapping[str, RemotePerson | None]) -> None:
    assert run.people is not None
    if not answers:
        return
    with run.store.write() as tx:
        changed = run.people.learn(tx, side.name, answers)
        _look_again(run, tx, changed)
    _tell(run, changed)


def _look_again(run: Run, tx: sa.Connection, changed: Sequence[Account]) -> None:
    """Have records looked at again on which somebody could not be set: he may be known by now."""
    fields = [name for name, field in run.fields.items() if field.type == "person"]
    if fields and any(one.person is not None for one in changed):
        mark_dirty(tx, inquiries_without(tx, fields))


def _tell(run: Run, changed: Sequence[Account]) -> None:
    """What a person has to look at, once: how many, never who, for names of persons stand in no report."""
    assert run.people is not None
    for name, side in run.sides.items():
        several = sum(one.how.startswith(MANY) for one in changed if one.connection == name)
        missing = sum(one.how == NONE for one in changed if one.connection == name)
        _say(run, side, "person-several", several, "fit several persons", "several")
        if run.people.policy(name).on_none == "error":
            _say(run, side, "person-unknown", missing, "fit nobody", "missing")


def _say(run: Run, side: Side, rule: str, count: int, what: str, word: str) -> None:
    if count:
        remedy = f"deskweave people {side.name} --{word} --csv, then fill in people.csv"
        run.note(rule, side, "people", str(count), f"{count} accounts {what}; nobody is guessed", remedy)
        run.report.strangers += count


def author_of(run: Run, tx: sa.Connection, message: StoredMessage, side: Side) -> str | None:
    """Who said a message, as people call him: never a name that is withheld from the platform it goes to."""
    who = message.author
    if who is None or run.people is None:
        return who
    called = name_in(names_of(tx, places([who])), who)
    values = load_documents(tx, [message.inquiry])[message.inquiry].values
    return None if called is not None and run.reveals(called, side.name, values) else called
