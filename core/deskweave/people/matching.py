"""Which accounts are whose: the rules, and what follows from all accounts together. Pure: no store, no clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from deskweave.connector import PersonKey, RemotePerson
from deskweave.model import Json, PersonId
from deskweave.people.register import FILE, ListedPerson

KeyKind = Literal["account", "email", "mobile", "employee_number", "user_name"]
Key: TypeAlias = tuple[str, str]  #: kind and value, as they are compared
LISTED: Final = "listed"  #: kind of the key that people.csv gives somebody
MADE, NONE, BOT, MANY = "made", "none", "bot", "many: "
UNASKED, ABSENT, UNREAD = "", "absent", "unread"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchPolicy:
    """How accounts are matched: keys in the order they are tried, and what happens when none or many fit.

    `on_none` "create": whoever fits nobody and has one of these keys is somebody new. "leave": he stays an account. "error": he
    does, and the run says so. Many are never one of them (`on_many`).
    """

    find_by: tuple[KeyKind, ...] = ("email", "employee_number", "mobile", "user_name")
    on_none: Literal["error", "create", "leave"] = "create"
    on_many: Literal["error"] = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a platform told about an account, as far as it is kept."""

    name: str
    keys: tuple[Key, ...] = ()
    side: str = "unknown"
    active: bool = True
    locale: str | None = None
    zone: str | None = None
    profile: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account of one connection, and whose it is. `how`: the rule that matched, or who said so; what it is where none did."""

    connection: str
    account: str
    told: Told | None = None
    person: PersonId | None = None
    how: str = UNASKED

    @property
    def said(self) -> bool:
        """Whether somebody said whose it is: people.csv, or a person."""
        return self.how == FILE or self.how.startswith("person:")

    @property
    def state(self) -> Literal["found", "missing", "several", "bot"]:
        if self.person is not None:
            return "found"
        return "several" if self.how.startswith(MANY) else "bot" if self.how == BOT else "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody, by the name he is called."""

    id: PersonId
    name: str
    profile: Mapping[str, Json] = field(default_factory=dict)
    locale: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What follows from the accounts, the rules and people.csv together."""

    accounts: Mapping[tuple[str, str], Account]
    persons: Mapping[PersonId, Person]
    keys: Mapping[Key, PersonId]


def told_by(one: RemotePerson) -> Told:
    """What is kept of what a platform tells."""
    keys = sorted({(key.kind, normal(key)) for key in one.keys if key.kind != "account" and normal(key)})
    return Told(
        name=one.name.strip(),
        keys=tuple(keys),
        side=one.side,
        active=one.active,
        locale=one.locale,
        zone=one.zone,
        profile=dict(one.profile),
    )


def normal(key: PersonKey) -> str:
    """A key as it is compared: e-mail and user name in small letters, a number by its digits."""
    value = key.value.strip()
    if key.kind in ("email", "user_name"):
        return value.casefold()
    if key.kind == "mobile":
        digits = "".join(letter for letter in value if letter.isdigit())
        return digits[2:] if digits.startswith("00") else digits
    return value


def match(
    accounts: Iterable[Account],
    keys: Mapping[Key, PersonId],
    listed: Sequence[ListedPerson],
    policy: Callable[[str], MatchPolicy],
    new_id: Callable[[], str],
) -> Matched:
    """Say of every account whose it is, all of them anew: what follows from a rule that was changed goes with it.

    Args:
        accounts: all there are, as they were matched before: somebody who is still somebody keeps his id.
        keys: whose each key was before.
        listed: people.csv: it outweighs every rule.
        policy: the rules of a connection.
        new_id: makes an id.
    """
    return _Matching({(one.connection, one.account): one for one in accounts}, keys, policy, new_id).of(listed)


class _Matching:
    def __init__(
        self,
        accounts: dict[tuple[str, str], Account],
        before: Mapping[Key, PersonId],
        policy: Callable[[str], MatchPolicy],
        new_id: Callable[[], str],
    ) -> None:
        self.accounts, self._before, self._policy, self._new_id = accounts, before, policy, new_id
        self.keys: dict[Key, PersonId] = {}
        self._taken: set[PersonId] = set()
        self._names: dict[PersonId, str] = {}

    def of(self, listed: Sequence[ListedPerson]) -> Matched:
        self._listed(listed)
        for place, one in sorted(self.accounts.items()):
            if one.said and one.person is not None:
                self._taken.add(one.person)
                self._claim(one, one.person)
            elif one.said:
                self.accounts[place] = replace(one, how=UNASKED)
        others = [one for _, one in sorted(self.accounts.items()) if not one.said]
        for one in sorted(others, key=lambda one: one.how != MADE):  # by whom somebody was first known stays so
            self._rule(one)
        self._doubles()
        return Matched(accounts=self.accounts, persons=self._persons(), keys=self.keys)

    def _listed(self, listed: Sequence[ListedPerson]) -> None:
        """Whoever stands in people.csv is somebody, with the accounts it names."""
        named = {(connection, account) for row in listed for connection, account in row.accounts.items()}
        was = {place: one.person for place, one in self.accounts.items()}
        for place, one in list(self.accounts.items()):
            if one.how == FILE and place not in named:
                self.accounts[place] = replace(one, person=None, how=UNASKED)
        for row in listed:
            mail: Key = ("email", normal(PersonKey("email", row.email)))
            candidates = [self._before.get((LISTED, row.key)), *(was.get(place) for place in row.accounts.items())]
            candidates.append(self._before.get(mail) if row.email else None)
            free = [one for one in candidates if one is not None and one not in self._taken]
            who = free[0] if free else PersonId(self._new_id())
            self._taken.add(who)
            self.keys[LISTED, row.key] = who
            if row.email:
                self.keys.setdefault(mail, who)
            self._names[who] = row.name
            for place in row.accounts.items():
                there = self.accounts.get(place) or Account(connection=place[0], account=place[1])
                self.accounts[place] = replace(there, person=who, how=FILE)

    def _claim(self, one: Account, who: PersonId) -> None:
        """Take over keys nobody has: a key that is another's stays his."""
        for key in one.told.keys if one.told is not None else ():
            self.keys.setdefault(key, who)

    def _rule(self, one: Account) -> None:
        who, how = None, one.how
        if one.told is None:
            how = how if how in (UNASKED, ABSENT, UNREAD) else UNASKED
        elif one.told.side == "bot":
            how = BOT
        else:
            who, how = self._fitting(one, one.told)
        if who is not None:
            self._claim(one, who)
        self.accounts[one.connection, one.account] = replace(one, person=who, how=how)

    def _fitting(self, one: Account, told: Told) -> tuple[PersonId | None, str]:
        policy = self._policy(one.connection)
        for kind in policy.find_by:
            found = {self.keys[key] for key in told.keys if key[0] == kind and key in self.keys}
            if len(found) > 1:
                return None, f"{MANY}{kind}"
            if found:
                return found.pop(), kind
        if policy.on_none != "create" or not any(key[0] in policy.find_by for key in told.keys):
            return None, NONE
        was = [one.person, *(self._before.get(key) for key in told.keys)]  # who was somebody already stays it
        who = next((one for one in was if one is not None and one not in self._taken), None) or PersonId(self._new_id())
        self._taken.add(who)
        return who, MADE

    def _doubles(self) -> None:
        """Several accounts of one connection that a rule calls one person are none: a shared address is nobody's own.

        One that is in use outweighs those that are not: people come back, and addresses are given to others.
        """
        same: dict[tuple[PersonId, str], list[Account]] = defaultdict(list)
        for one in self.accounts.values():
            if one.person is not None:
                same[one.person, one.connection].append(one)
        for every in same.values():
            ruled = [one for one in every if not one.said]
            if len(every) < 2 or not ruled:
                continue
            active = [one for one in ruled if one.told is not None and one.told.active]
            stays = active if len(active) == 1 and len(ruled) == len(every) else []
            for one in ruled:
                if one not in stays:
                    kind = one.how if one.how != MADE else self._shared(one, every)
                    self.accounts[one.connection, one.account] = replace(one, person=None, how=f"{MANY}{kind}")

    @staticmethod
    def _shared(one: Account, every: Sequence[Account]) -> str:
        mine = one.told.keys if one.told is not None else ()
        others = {key for other in every if other is not one and other.told is not None for key in other.told.keys}
        return next((kind for kind, _ in (key for key in mine if key in others)), "email")

    def _persons(self) -> dict[PersonId, Person]:
        """Everybody who has an account or stands in people.csv. Keys of others go: they say nothing any more."""
        of: dict[PersonId, list[Account]] = defaultdict(list)
        for _, one in sorted(self.accounts.items()):
            if one.person is not None:
                of[one.person].append(one)
        found: dict[PersonId, Person] = {}
        for who in dict.fromkeys([*self._names, *of, *self.keys.values()]):
            every = sorted((one for one in of[who] if one.told is not None), key=lambda one: one.how != MADE)
            told = [one.told for one in every if one.told is not None]
            name = self._names.get(who) or next((one.name for one in told if one.name), "")
            first = told[0] if told else None
            found[who] = Person(
                id=who,
                name=name,
                profile=first.profile if first else {},
                locale=first.locale if first else None,
                zone=first.zone if first else None,
            )
        return found
