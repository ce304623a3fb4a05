"""Accounts of the site: found by e-mail where their profile shows it, never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from deskweave.connector import Outcome, Page, PersonKey, PersonMatch, RemoteGroup, RemotePerson
from deskweave.errors import Executed, Rejected
from deskweave.model import Json
from deskweave_jira_sm.client import Client
from deskweave_jira_sm.records import Desk


class Accounts:
    """`connector.People`. A search matches prefixes of names and e-mails and hides what profiles hide: `complete` is never True."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def look_up(self, keys: Sequence[PersonKey]) -> Sequence[PersonMatch]:
        """Accounts whose e-mail equals the key, or whose account id it is. Other keys Jira does not know."""
        found = []
        for key in keys:
            people: list[RemotePerson] = []
            if key.kind == "email":
                listed = self._desk.client.find_users(key.value)
                candidates = [person for person in map(_person, listed) if person is not None]
                wanted = key.value.strip().casefold()
                people = [
                    person for person in candidates if any(k.kind == "email" and k.value.casefold() == wanted for k in person.keys)
                ]
            elif key.kind == "account":
                people = [person for person in self.fetch([key.value]) if person is not None]
            found.append(PersonMatch(key, people, complete=key.kind == "account"))
        return found

    def fetch(self, accounts: Sequence[str]) -> Sequence[RemotePerson | None]:
        """These accounts, in the order asked; None for one the site does not show."""
        by_id: dict[str, RemotePerson] = {}
        for start in range(0, len(accounts), 100):
            values = self._desk.client.users(accounts[start : start + 100]).get("values")
            for value in values if isinstance(values, list) else ():
                person = _person(value)
                if person is not None:
                    by_id[person.account] = person
        return [by_id.get(account) for account in accounts]

    def groups(self, resume: str | None) -> Page[RemoteGroup]:
        """No groups are read in this release."""
        return Page(items=[], resume=None)

    def enrol(self, name: str, keys: Sequence[PersonKey], *, key: str) -> Outcome:
        """Customers are not made in this release: it takes a Jira administrator and invites the person by mail."""
        message = "customers are invited by a person: Space settings > Customers > Add customers"
        return Outcome(executed=Executed.NO, error=Rejected(message))


def find_assignee(client: Client, project: str, words: str) -> str | None:
    """The account that `words` surely name among those the project's requests can be assigned to.

    Their whole e-mail, or else their whole name where only one bears it; None is better than a guess.
    """
    people = [person for person in map(_person, client.find_assignable(project, words)) if person is not None and person.active]
    wanted = words.strip().casefold()
    by_email = [person for person in people if any(key.kind == "email" and key.value.casefold() == wanted for key in person.keys)]
    found = by_email or [person for person in people if person.name.strip().casefold() == wanted]
    return found[0].account if len(found) == 1 else None


def _person(raw: Json) -> RemotePerson | None:
    if not isinstance(raw, Mapping) or not raw.get("accountId"):
        return None
    kind = raw.get("accountType")
    sides: Mapping[object, Literal["user", "agent", "bot", "unknown"]] = {"customer": "user", "app": "bot"}
    email = raw.get("emailAddress")
    keys = [PersonKey("account", str(raw["accountId"]))]
    if email:
        keys.append(PersonKey("email", str(email)))
    locale, zone = raw.get("locale"), raw.get("timeZone")
    return RemotePerson(
        account=str(raw["accountId"]),
        name=str(raw.get("displayName") or raw["accountId"]),
        keys=keys,
        active=raw.get("active") is not False,
        side=sides.get(kind, "unknown"),  # an employee may be agent or user: the account does not tell
        locale=str(locale) if locale else None,
        zone=str(zone) if zone else None,
    )
