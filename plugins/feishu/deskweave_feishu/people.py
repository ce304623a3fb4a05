"""Members of the tenant, by the open_ids that authors of messages and changes of rows are told by.

Feishu shows an app the members in its contact range (通讯录权限范围), and of each the fields it has a scope for; the rest is left
out without a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from deskweave.connector import Outcome, Page, PersonKey, PersonMatch, RemoteGroup, RemotePerson
from deskweave.errors import Executed, Rejected
from deskweave.model import Json
from deskweave_feishu.client import USER_BATCH, Client, mapping
from deskweave_feishu.errors import STRANGER, Denied

NAME_SCOPE: Final = "contact:user.base:readonly"
NAMELESS: Final = f"Feishu tells members without their names: the app lacks scope {NAME_SCOPE}"
_OPEN_ID: Final = re.compile(r"ou_[0-9A-Za-z]{1,64}")  #: notes name their authors by a number, which the directory does not know
_EMAIL: Final = re.compile(r"[^@\s\"'\\,;<>]+@[^@\s\"'\\,;<>]+")
_MOBILE: Final = re.compile(r"\+?[0-9]{5,20}")
_KEYS: Final = (("email", "email"), ("mobile", "mobile"), ("employee_number", "employee_no"))
_PROFILE: Final = (("city", "city"), ("country", "country"), ("job_title", "job_title"))
_GONE: Final = ("is_frozen", "is_resigned", "is_exited")


class Members:
    """`connector.People`. Who is outside the contact range looks as if he were not there, so finding nobody proves nothing."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def fetch(self, accounts: Sequence[str]) -> Sequence[RemotePerson | None]:
        """These members, in the order asked; None for one who is not shown to the app, and for what is no open_id.

        Raises:
            PermissionMissing: the app lacks the scope for members, or for their names.
        """
        asked = [account for account in dict.fromkeys(accounts) if _OPEN_ID.fullmatch(account)]
        found: dict[str, RemotePerson] = {}
        for start in range(0, len(asked), USER_BATCH):
            part = asked[start : start + USER_BATCH]
            shown = [item for item in self._shown(part) if item.get("open_id") in part]
            if shown and not any(_name(item) for item in shown):
                raise Denied(
                    f"{NAMELESS}; grant it under 开发者后台 > 权限管理, publish the version, have it approved", code="names"
                )
            found |= {str(item["open_id"]): _person(item) for item in shown}
        return [found.get(account) for account in accounts]

    def _shown(self, open_ids: Sequence[str]) -> list[Mapping[str, Json]]:
        """The members among these. One stranger may have all refused: then each half is asked for, until he is alone."""
        try:
            return self._client.users(open_ids)
        except Rejected as error:
            if error.code not in STRANGER:
                raise
        if len(open_ids) == 1:
            return []
        middle = len(open_ids) // 2
        return [*self._shown(open_ids[:middle]), *self._shown(open_ids[middle:])]

    def look_up(self, keys: Sequence[PersonKey]) -> Sequence[PersonMatch]:
        """Members by e-mail, mobile number or open_id; other keys Feishu does not look up.

        Never complete by e-mail or mobile: addresses of Feishu's own mail are not compared, nor members outside the range.

        Raises:
            PermissionMissing: the app lacks the scope for members, for their names, or for looking up ids.
        """
        ids = {("account", key.value): [key.value] for key in keys if key.kind == "account"}
        emails = list(dict.fromkeys(spelled for key in keys if (spelled := _spelled("email", key)) is not None))
        mobiles = list(dict.fromkeys(spelled for key in keys if (spelled := _spelled("mobile", key)) is not None))
        for start in range(0, max(len(emails), len(mobiles)), USER_BATCH):
            part = slice(start, start + USER_BATCH)
            for item in self._client.user_ids(emails[part], mobiles[part]):
                for kind in ("email", "mobile"):
                    if item.get(kind) and item.get("user_id"):
                        ids.setdefault((kind, str(item[kind]).casefold()), []).append(str(item["user_id"]))
        accounts = list(dict.fromkeys(one for several in ids.values() for one in several))
        members = {person.account: person for person in self.fetch(accounts) if person is not None}
        found = []
        for key in keys:
            wanted = key.value if key.kind == "account" else _spelled(key.kind, key)
            people = [members[one] for one in dict.fromkeys(ids.get((key.kind, wanted or ""), ())) if one in members]
            found.append(PersonMatch(key, people, complete=key.kind == "account" and bool(people)))
        return found

    def groups(self, resume: str | None) -> Page[RemoteGroup]:
        """No groups are read in this release."""
        return Page(items=[], resume=None)

    def enrol(self, name: str, keys: Sequence[PersonKey], *, key: str) -> Outcome:
        """Members are not made: that is for whoever runs the tenant."""
        message = "members are added by a person: 飞书管理后台 > 组织架构 > 成员与部门"
        return Outcome(executed=Executed.NO, error=Rejected(message, code="enrol"))

    def sample(self) -> Sequence[Mapping[str, Json]] | None:
        """A few members as Feishu shows them to the app; None: nobody is in its contact range.

        Raises:
            PermissionMissing: the app lacks the scope for members.
        """
        told = self._client.contact_range()
        users, departments, groups = (_texts(told.get(f"{what}_ids")) for what in ("user", "department", "group"))
        known = [one for one in users[:USER_BATCH] if _OPEN_ID.fullmatch(one)]
        if known:
            return self._shown(known)
        if departments:
            return self._client.members(departments[0])
        return [] if users or groups else None


def is_named(members: Sequence[Mapping[str, Json]]) -> bool:
    """Whether any of these members shows a name."""
    return any(_name(item) for item in members)


def is_known(members: Sequence[Mapping[str, Json]]) -> bool:
    """Whether any of these members shows what he can be matched by."""
    return any(item.get(told) for item in members for _, told in _KEYS)


def _spelled(kind: str, key: PersonKey) -> str | None:
    """A key as it is sent and compared; None for what is none of that kind: Feishu refuses the whole call for one such."""
    if key.kind != kind:
        return None
    if kind == "email":
        value = key.value.strip().casefold()
        return value if len(value) <= 254 and _EMAIL.fullmatch(value) else None
    if kind == "mobile":
        value = re.sub(r"[ ()-]", "", key.value)
        return value if _MOBILE.fullmatch(value) else None
    return None


def _texts(value: Json) -> list[str]:
    return [str(one) for one in value if one] if isinstance(value, Sequence) and not isinstance(value, str) else []


def _name(item: Mapping[str, Json]) -> str:
    return str(item.get("name") or item.get("nickname") or item.get("en_name") or "").strip()


def _person(item: Mapping[str, Json]) -> RemotePerson:
    open_id, status = str(item["open_id"]), mapping(item.get("status"))
    keys = [PersonKey("account", open_id)]
    keys += [PersonKey(kind, str(item[told])) for kind, told in _KEYS if item.get(told)]  # type: ignore[arg-type]  # of that table
    return RemotePerson(
        account=open_id,
        name=_name(item),
        keys=keys,
        active=not any(status.get(word) is True for word in _GONE),
        side="unknown",  # a member may be guest of one ticket and agent of another
        profile={name: str(item[told]) for name, told in _PROFILE if item.get(told)},
    )
