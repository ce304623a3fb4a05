"""Who is known on a platform in memory: whoever has done something there, and whoever was introduced."""

from __future__ import annotations

from collections.abc import Sequence

from deskweave.connector import Outcome, Page, PersonKey, PersonMatch, Ref, RemoteGroup, RemotePerson
from deskweave.errors import Executed, Rejected
from deskweave.testing.memory.connection import strike
from deskweave.testing.memory.platform import MemoryPlatform


class MemoryPeople:
    """`connector.People`. An account is the e-mail address somebody signs in with, unless it was introduced otherwise.

    `platform.people_faults` are taken by the next calls, in order, as `read_faults` are by those of the other facets.
    """

    def __init__(self, platform: MemoryPlatform) -> None:
        self._platform = platform

    def look_up(self, keys: Sequence[PersonKey]) -> Sequence[PersonMatch]:
        self._call("people.look_up")
        every = [(account, self._person(account)) for account in self._platform.people]
        return [PersonMatch(key, [one for account, one in every if self.fits(key, account)], True) for key in keys]

    def fits(self, key: PersonKey, account: str) -> bool:
        one = self._person(account)
        return bool(key.value) and (key in one.keys or (key.kind == "account" and key.value == account))

    def fetch(self, accounts: Sequence[str]) -> Sequence[RemotePerson | None]:
        self._call("people.fetch")
        return [self._person(one) if one in self._platform.people else None for one in accounts]

    def groups(self, resume: str | None) -> Page[RemoteGroup]:
        return Page(items=(), resume=None)

    def enrol(self, name: str, keys: Sequence[PersonKey], *, key: str) -> Outcome:
        """Somebody who is there already is not made again."""
        found = next((one.value for one in keys if one.kind == "email"), None)
        if found is None:
            return Outcome(executed=Executed.NO, error=Rejected(f"{name}: an e-mail address is wanted"))
        self._platform.people.setdefault(found)
        return Outcome(executed=Executed.YES, ref=Ref("person", found))

    def _call(self, what: str) -> None:
        platform = self._platform
        platform.calls += 1
        platform.hook(f"before {what}")
        if platform.people_faults:
            strike(platform.people_faults.pop(0), platform.now())

    def _person(self, account: str) -> RemotePerson:
        introduced = self._platform.people[account]
        if introduced is not None:
            return introduced
        name = account.partition("@")[0].replace(".", " ").title()
        return RemotePerson(account=account, name=name, keys=(PersonKey("email", account),), active=True, side="unknown")
