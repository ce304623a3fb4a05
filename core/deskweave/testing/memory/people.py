"""Who is known on a platform in memory: whoever has done something there."""

from __future__ import annotations

from collections.abc import Sequence

from deskweave.connector import Outcome, Page, PersonKey, PersonMatch, Ref, RemoteGroup, RemotePerson
from deskweave.errors import Executed, Rejected
from deskweave.testing.memory.platform import MemoryPlatform


class MemoryPeople:
    """`connector.People`. An account is the e-mail address somebody signs in with."""

    def __init__(self, platform: MemoryPlatform) -> None:
        self._platform = platform

    def look_up(self, keys: Sequence[PersonKey]) -> Sequence[PersonMatch]:
        return [PersonMatch(key, [_person(one) for one in self._platform.people if self.fits(key, one)], True) for key in keys]

    def fits(self, key: PersonKey, account: str) -> bool:
        return key.kind in ("account", "email") and key.value == account

    def fetch(self, accounts: Sequence[str]) -> Sequence[RemotePerson | None]:
        return [_person(one) if one in self._platform.people else None for one in accounts]

    def groups(self, resume: str | None) -> Page[RemoteGroup]:
        return Page(items=(), resume=None)

    def enrol(self, name: str, keys: Sequence[PersonKey], *, key: str) -> Outcome:
        """Somebody who is there already is not made again."""
        found = next((one.value for one in keys if one.kind == "email"), None)
        if found is None:
            return Outcome(executed=Executed.NO, error=Rejected(f"{name}: an e-mail address is wanted"))
        self._platform.people.setdefault(found)
        return Outcome(executed=Executed.YES, ref=Ref("person", found))


def _person(account: str) -> RemotePerson:
    name = account.partition("@")[0].replace(".", " ").title()
    return RemotePerson(account=account, name=name, keys=(PersonKey("email", account),), active=True, side="unknown")
