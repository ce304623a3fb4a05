"""Who is who on the instance: users by e-mail, user name or name; groups; a requester made where the account may."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from deskweave.connector import Kit, Outcome, Page, PersonKey, PersonMatch, Ref, RemoteGroup, RemotePerson
from deskweave.errors import Executed, Rejected
from deskweave.model import Json
from deskweave_servicenow.client import Client, Row, after, is_safe, term, within
from deskweave_servicenow.mapping import ACCOUNT

FIELDS: Final = (
    "sys_id",
    "user_name",
    "name",
    "email",
    "mobile_phone",
    "employee_number",
    "active",
    "preferred_language",
    "time_zone",
    "department.name",
    "location.city",
    "location.country",
    "manager.user_name",
    "web_service_access_only",
)
COLUMNS: Final[Mapping[str, str]] = {
    "account": "user_name",
    "user_name": "user_name",
    "email": "email",
    "mobile": "mobile_phone",
    "employee_number": "employee_number",
}
REMEMBERED: Final = timedelta(minutes=10)


class Directory:
    """From the words people are known by to the ids references want. One clear match counts; two are none."""

    def __init__(self, client: Client, kit: Kit) -> None:
        self._client, self._now = client, kit.now
        self._known: dict[tuple[str, tuple[str, ...], str], tuple[datetime, str | None]] = {}
        self._lock = threading.Lock()

    def resolve(self, table: str, value: Json) -> str | None:
        """The sys_id meant by a value: an id already looked up, an account, an e-mail, a user name, a display name."""
        bare = value.get("value") if isinstance(value, Mapping) else None
        account = value.get(ACCOUNT) if isinstance(value, Mapping) else None
        if bare or (isinstance(value, Mapping) and not account):
            return str(bare) if bare else None
        text = str(account or value).strip()
        if not text:
            return None
        columns = ("name",) if table == "sys_user_group" else ("email",) if "@" in text else ("user_name", "name")
        columns = (ACCOUNT,) if account else columns
        with self._lock:
            known = self._known.get((table, columns, text))
        if known is not None and self._now() - known[0] < REMEMBERED:
            return known[1]
        found = self._look_up(table, columns, text)
        with self._lock:
            self._known[table, columns, text] = (self._now(), found)
        return found

    def _look_up(self, table: str, columns: Sequence[str], text: str) -> str | None:
        for column in columns:
            if is_safe(text):
                query = f"active=true^{term(column, '=', text)}^ORDERBYsys_id"
                rows = self._client.page(table, query, ("sys_id", column, "active"), limit=3).rows
            else:
                rows = self._client.page(table, "", ("sys_id", column, "active"), limit=3, pair=(column, text)).rows
            # the database compares without case, and drops terms it does not know: look again
            fitting = [
                row
                for row in rows
                if str(row.get(column, "")).casefold() == text.casefold() and row.get("active", "true") == "true"
            ]
            if len(fitting) == 1:
                return str(fitting[0]["sys_id"])
            if len(fitting) > 1:
                return None
        return None


class People:
    """`connector.People`. An account is its user_name: records and comments name their authors by it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def look_up(self, keys: Sequence[PersonKey]) -> Sequence[PersonMatch]:
        """Exact matches. `complete` is True: what sys_user does not list is not there for this account."""
        return [PersonMatch(key, self._matching(key), complete=is_safe(key.value)) for key in keys]

    def _matching(self, key: PersonKey) -> Sequence[RemotePerson]:
        column = COLUMNS[key.kind]
        if not key.value or not is_safe(key.value):
            return ()
        rows = self._client.page("sys_user", f"{term(column, '=', key.value)}^ORDERBYsys_id", FIELDS, limit=10).rows
        return [_person(row) for row in rows if str(row.get(column, "")).casefold() == key.value.casefold()]

    def fetch(self, accounts: Sequence[str]) -> Sequence[RemotePerson | None]:
        safe = [account for account in accounts if is_safe(account) and "," not in account]
        found: dict[str, RemotePerson] = {}
        for start in range(0, len(safe), 50):
            query = f"{within('user_name', safe[start : start + 50])}^ORDERBYsys_id"
            for row in self._client.page("sys_user", query, FIELDS, limit=100).rows:
                person = _person(row)
                found[person.account.casefold()] = person
        return [found.get(account.casefold()) for account in accounts]

    def groups(self, resume: str | None) -> Page[RemoteGroup]:
        last = ("", resume) if resume else None
        rows = self._client.page("sys_user_group", after("active=true", "sys_id", "", last), ("sys_id", "name")).rows
        if not rows:
            return Page(items=(), resume=None)
        members: dict[str, list[str]] = {}
        ids = [str(row["sys_id"]) for row in rows]
        for part in self._client.portions(ids, 60):
            query = within("group", part)
            for row in self._client.every("sys_user_grmember", query, ("sys_id", "group", "user.user_name")):
                members.setdefault(str(row.get("group", "")), []).append(str(row.get("user.user_name", "")))
        groups = [
            RemoteGroup(str(row["sys_id"]), str(row.get("name", "")), sorted(filter(None, members.get(str(row["sys_id"]), ()))))
            for row in rows
        ]
        return Page(items=groups, resume=ids[-1])

    def enrol(self, name: str, keys: Sequence[PersonKey], *, key: str) -> Outcome:
        """A requester who cannot sign in; looked for first, because a repeated create would make a second one."""
        by_kind = {one.kind: one.value for one in keys}
        email = by_kind.get("email", "")
        user_name = by_kind.get("user_name") or by_kind.get("account") or email
        if not user_name:
            message = "a new user needs an e-mail or a user name"
            return Outcome(executed=Executed.NO, error=Rejected(message, code="enrol"))
        found = self._matching(PersonKey("user_name", user_name)) or (self._matching(PersonKey("email", email)) if email else ())
        if found:
            return Outcome(executed=Executed.YES, ref=Ref("sys_user", found[0].account))
        first, _, last = name.rpartition(" ")
        body: dict[str, Json] = {"user_name": user_name, "email": email, "name": name, "first_name": first, "last_name": last}
        for kind in ("mobile", "employee_number"):
            if kind in by_kind:
                body[COLUMNS[kind]] = by_kind[kind]
        row = self._client.create("sys_user", body, ("sys_id", "user_name"))
        return Outcome(executed=Executed.YES, ref=Ref("sys_user", str(row.get("user_name") or user_name)))


def _person(row: Row) -> RemotePerson:
    keys = [
        PersonKey(kind, str(row[column]))  # type: ignore[arg-type]  # the kinds of the table above
        for kind, column in COLUMNS.items()
        if kind != "account" and row.get(column)
    ]
    profile: dict[str, Json] = {}
    for name, column in (
        ("department", "department.name"),
        ("city", "location.city"),
        ("country", "location.country"),
        ("manager", "manager.user_name"),
    ):
        if row.get(column):
            profile[name] = str(row[column])
    return RemotePerson(
        account=str(row.get("user_name") or row.get("sys_id")),
        name=str(row.get("name") or ""),
        keys=keys,
        active=row.get("active") == "true",
        side="bot" if row.get("web_service_access_only") == "true" else "unknown",
        locale=str(row["preferred_language"]) if row.get("preferred_language") else None,
        zone=str(row["time_zone"]) if row.get("time_zone") else None,
        profile=profile,
    )
