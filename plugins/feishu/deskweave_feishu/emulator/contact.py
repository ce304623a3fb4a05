"""The directory of the emulated tenant: members within an app's contact range, with the fields it has scopes for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from deskweave.emulation import Call, Reply
from deskweave_feishu.emulator.state import App, Person

if TYPE_CHECKING:
    from deskweave_feishu.emulator.platform import FeishuPlatform

ROOT: Final = "/open-apis/contact/v3"
READ: Final = {"contact:contact.base:readonly", "contact:contact:readonly_as_app", "contact:contact:access_as_app"}
#: What each field takes; without it the field is left out.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "contact:user.base:readonly": ("name", "en_name", "avatar"),
    "contact:user.email:readonly": ("email",),
    "contact:user.phone:readonly": ("mobile", "mobile_visible"),
    "contact:user.employee:readonly": ("status", "employee_no", "city", "country", "job_title"),
    "contact:user.department:readonly": ("department_ids",),
}
MOST: Final = 50


class ContactApi:
    """Handlers over the tenant's people."""

    def __init__(self, platform: FeishuPlatform) -> None:
        self._of = platform
        serve = platform.serve
        serve("GET", f"{ROOT}/users/batch", self._batch, READ)
        serve("GET", f"{ROOT}/users/find_by_department", self._find_by_department, READ)
        serve("GET", f"{ROOT}/scopes", self._range, READ)
        serve("POST", f"{ROOT}/users/batch_get_id", self._get_ids, {"contact:user.id:readonly"})

    def _bad(self) -> Reply:
        return self._of.fail(400, 40001, "param error")

    def _members(self, app: App) -> list[Person]:
        """Whom the app is shown; apps are no members."""
        apps = {one.person.open_id for one in self._of.apps.values()}
        people = [person for person in self._of.people.values() if person.open_id not in apps]
        return [person for person in people if app.contact_range is None or person.open_id in app.contact_range]

    def _batch(self, call: Call, app: App) -> Reply:
        """Out of range is left out; an id that is none of this app's has the whole call refused."""
        asked = call.query.get("user_ids", [])
        if not 0 < len(asked) <= MOST:
            return self._bad()
        for open_id in asked:
            if not re.fullmatch(r"ou_[0-9a-f]{32}", open_id):
                return self._of.fail(400, 99992351, "not a valid {open_id}")
            if open_id in self._of.foreign_ids:
                return self._of.fail(400, 99992361, "open_id cross app")
            if open_id not in self._of.people and self._of.strangers_refused:
                return self._of.fail(400, 41012, "user id invalid error")
        # in no order that was asked for
        shown = [self._told(person, app) for person in self._members(app) if person.open_id in asked]
        return self._of.ok({"items": shown or None})

    def _find_by_department(self, call: Call, app: App) -> Reply:
        wanted = call.one("department_id")
        if app.contact_range is not None:
            return self._of.fail(403, 40004, "no dept authority error")
        members = [person for person in self._members(app) if department_id(person.department) == wanted]
        return self._of.ok({"has_more": len(members) > MOST, "items": [self._told(one, app) for one in members[:MOST]] or None})

    def _range(self, call: Call, app: App) -> Reply:
        """Everybody is told as the departments; some as themselves."""
        members = self._members(app)
        if app.contact_range is None:
            departments = list(dict.fromkeys(department_id(person.department) for person in members if person.department))
            return self._of.ok({"department_ids": departments[:MOST] or None, "has_more": len(departments) > MOST})
        return self._of.ok({"user_ids": [one.open_id for one in members[:MOST]] or None, "has_more": len(members) > MOST})

    def _get_ids(self, call: Call, app: App) -> Reply:
        """One entry an address, without user_id for whom the app is not shown."""
        try:
            body = call.json()
        except ValueError:
            body = None
        told = body if isinstance(body, Mapping) else {}
        emails, mobiles = (list(objects) if isinstance(objects := told.get(name), list) else [] for name in ("emails", "mobiles"))
        wrong = [one for one in emails if not re.fullmatch(r"[^@\s]+@[^@\s]+", str(one))]
        wrong += [one for one in mobiles if not re.fullmatch(r"\+?[0-9]+", str(one))]
        if wrong or not (emails or mobiles) or max(len(emails), len(mobiles)) > MOST:
            return self._bad()
        members = [person for person in self._members(app) if not person.resigned]
        by_email = {person.email.casefold(): person.open_id for person in members if person.email}
        by_mobile = {_number(person.mobile): person.open_id for person in members if person.mobile}
        found: list[dict[str, Any]] = []
        for kind, values in (("email", emails), ("mobile", mobiles)):
            for value in values:
                open_id = by_email.get(str(value).casefold()) if kind == "email" else by_mobile.get(_number(str(value)))
                found.append({kind: value, **({"user_id": open_id} if open_id else {})})
        return self._of.ok({"user_list": found})

    @staticmethod
    def _told(person: Person, app: App) -> dict[str, Any]:
        """What is empty is told as empty, what takes a scope the app lacks is left out."""
        known: dict[str, Any] = {
            "name": person.name,
            "en_name": "",
            "avatar": {"avatar_72": "https://s1-imfile.feishucdn.example/avatar.png"},
            "email": person.email,
            "mobile": person.mobile,
            "mobile_visible": True,
            "status": {
                "is_frozen": False,
                "is_resigned": person.resigned,
                "is_activated": not person.resigned,
                "is_exited": False,
                "is_unjoin": False,
            },
            "employee_no": person.employee_no,
            "city": person.city,
            "country": person.country,
            "job_title": "",
            "department_ids": [department_id(person.department)],
        }
        shown = {name for scope, names in FIELDS.items() if scope in app.scopes for name in names}
        union = hashlib.sha256(person.open_id.encode()).hexdigest()[:32]
        return {"open_id": person.open_id, "union_id": f"on_{union}"} | {k: v for k, v in known.items() if k in shown}


def department_id(name: str) -> str:
    """The open_department_id of a department; "0" is the root, where whoever has none is."""
    return f"od-{hashlib.sha256(name.encode()).hexdigest()[:32]}" if name else "0"


def _number(mobile: str) -> str:
    """With or without the country code of the mainland."""
    return mobile.removeprefix("+86")
