"""The emulated Feishu tenant: tokens, envelope, gates and faults; what it serves stands in `bitable`, `helpdesk` and `contact`.

Where the sources of this emulator do not settle what Feishu does, a switch (an attribute here) chooses, and its default is the
reading that is harder on a client.
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from deskweave.emulation import Call, Platform, Reply
from deskweave.model import Json
from deskweave_feishu.emulator.bitable import Bitable
from deskweave_feishu.emulator.contact import ContactApi
from deskweave_feishu.emulator.helpdesk import HelpdeskApi
from deskweave_feishu.emulator.state import App, Base, Helpdesk, Ids, Person, Role, Row

FAULTS: Final = frozenset(
    {
        "rate_limited",  #: 99991400 with the gateway's headers; status=429|400, reset=seconds
        "too_many_requests",  #: 1254290, HTTP 200
        "write_conflict",  #: 1254291, HTTP 200
        "replica_lag",  #: 1254041 or another code, as right after a create; code=
        "copying",  #: 1254036
        "not_ready",  #: 1254607
        "internal_error",  #: 1255001 on a base, 155000 on the helpdesk; may have been carried out, after=True
        "timed_out",  #: HTTP 504 with 1255040 after the work was done
        "unavailable",  #: an HTML page of the gateway; status=502|503, after=True
        "token_refused",  #: 99991663 on a token that is still good
        "scope_missing",  #: 99991672 with permission_violations; scope=
        "quota_spent",  #: 99991403, the tenant's calls of the month
        "base_forbidden",  #: 91403
        "small_pages",  #: no fault: a search of a table gives at most `size` rows
    }
)
#: The shared words of `connector.FAULT_WORDS` that are called otherwise here.
WORDS: Final[Mapping[str, str]] = {"down": "unavailable", "unauthorised": "token_refused"}
TOKEN_LIFE: Final = timedelta(hours=2)
TOKEN_RENEWAL: Final = timedelta(minutes=30)
CONTACT_SCOPES: Final = frozenset(
    {"contact:contact.base:readonly", "contact:user.base:readonly", "contact:user.email:readonly", "contact:user.id:readonly"}
)
AGENT_SCOPES: Final = CONTACT_SCOPES | {"bitable:app", "helpdesk:all:readonly", "docs:permission.member:auth"}
ADMIN_SCOPES: Final = AGENT_SCOPES | {"helpdesk:all", "helpdesk:helpdesk:access"}
READER_SCOPES: Final = frozenset({"bitable:app:readonly", "helpdesk:all:readonly", "docs:permission.member:auth"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_IN_BASE: Final = re.compile(r"/bitable/v1/apps/([^/]+)")


class FeishuPlatform(Platform):
    """One tenant.

    Attributes:
        unchecked_is_absent: a checkbox that is not ticked is left out of an answer, as if it had never been touched.
        token_repeats: what a repeated client_token gets: an error that says so, or the first answer again.
        object_comments: `comments` and `dissatisfaction_reason` as the documents show them (objects) instead of as lists.
        replica_lag: rows younger than this are not to be seen yet.
        list_cap: a ticket listing never counts past it.
        strangers_refused: one open_id that nobody has lets a whole call for members fail, instead of being left out.
        foreign_ids: open_ids that were given to another app.
    """

    def __init__(self, *, seed: int, now: Callable[[], datetime]) -> None:
        super().__init__(now=now, faults=FAULTS, words=WORDS)
        self.ids = Ids(seed)
        self.unchecked_is_absent = True
        self.token_repeats: Literal["resubmitted", "same"] = "resubmitted"
        self.object_comments = False
        self.replica_lag = timedelta(0)
        self.list_cap = 10_000
        self.strangers_refused = True
        self.foreign_ids: set[str] = set()
        self.people: dict[str, Person] = {}
        self.apps: dict[str, App] = {}
        self.base = Base(self.ids.made("bascn", 22), "IT 服务台")
        self.helpdesk = Helpdesk(self.ids.long(), f"ht-{self.ids.hexadecimal('', 8)}-{self.ids.hexadecimal('', 4)}")
        self._writing: set[str] = set()
        self._gate = threading.Lock()
        self.router.add("POST", "/open-apis/auth/v3/tenant_access_token/internal", self._issue_token)
        self.bitable = Bitable(self)
        self.service = HelpdeskApi(self)
        self.contact = ContactApi(self)

    # ---------------------------------------------------------------------------------------------------------------- people
    def add_person(self, name: str, email: str = "", **more: Any) -> Person:
        """A member of the tenant."""
        open_id = self.ids.hexadecimal("ou_", 32)
        self.people[open_id] = Person(open_id, name, email, number=int(self.ids.long()), **more)
        return self.people[open_id]

    def person(self, who: str) -> Person:
        """A member by open_id, e-mail or name; somebody new joins the tenant."""
        for person in self.people.values():
            if who in (person.open_id, person.email, person.name):
                return person
        return self.add_person(who.partition("@")[0], who if "@" in who else "")

    def add_app(self, role: Role, scopes: frozenset[str], name: str = "deskweave") -> App:
        """A custom app of the tenant, and what the base lets it do."""
        person = self.add_person(name)
        app = App(self.ids.hexadecimal("cli_", 16), self.ids.made("", 32), role, set(scopes), person)
        self.apps[app.app_id] = app
        return app

    def milliseconds(self) -> int:
        return (self.now() - _EPOCH) // timedelta(milliseconds=1)

    def lagging(self, row: Row) -> bool:
        """Whether a row is so young that this replica does not know it."""
        return self.milliseconds() - row.created_time < self.replica_lag // timedelta(milliseconds=1)

    # --------------------------------------------------------------------------------------------------------------- envelope
    def ok(self, data: Any, *, msg: str = "success") -> Reply:
        return Reply(body={"code": 0, "msg": msg, "data": data}, headers=self._headers())

    def fail(self, status: int, code: int, msg: str, *, headers: Mapping[str, str] | None = None, **error: Any) -> Reply:
        log = self.ids.hexadecimal("", 32)
        body: Json = {
            "code": code,
            "msg": msg,
            "error": {"log_id": log, "troubleshooter": "https://open.feishu.cn/search", **error},
        }
        return Reply(status=status, body=body, headers={"X-Tt-Logid": log, **(headers or {})})

    def _headers(self) -> dict[str, str]:
        return {"X-Tt-Logid": self.ids.hexadecimal("", 32)}

    def not_found(self, call: Call) -> Reply:
        return Reply(status=404, body=b"404 page not found", headers={"Content-Type": "text/plain", **self._headers()})

    def not_allowed(self, call: Call, allowed: frozenset[str]) -> Reply:
        return self.not_found(call)

    # ------------------------------------------------------------------------------------------------------------------ gates
    def answer(self, call: Call) -> Reply | None:
        """A base takes one write at a time: one that meets another on its way is refused before anything else."""
        found = _IN_BASE.search(call.path)
        matched = self.router.match(call)
        if found is None or not isinstance(matched, tuple) or not matched[1].writes:
            return super().answer(call)
        with self._gate:
            meets = found.group(1) in self._writing
            self._writing.add(found.group(1))
        if meets:
            reply = Reply(body={"code": 1254291, "msg": "Write conflict", "error": {"log_id": "conflict"}})
            self._record(matched[1], reply)
            return reply
        try:
            return super().answer(call)
        finally:
            with self._gate:
                self._writing.discard(found.group(1))

    def before(self, call: Call) -> Reply | None:
        """The gateway, which knows neither apps nor bases."""
        how = self.faults.take("rate_limited", call)
        if how is not None:
            headers = {"x-ogw-ratelimit-limit": "100", "x-ogw-ratelimit-reset": str(how.get("retry_after", how.get("reset", 52)))}
            return self.fail(int(str(how.get("status", 429))), 99991400, "request trigger frequency limit", headers=headers)
        if self.faults.take("quota_spent", call) is not None:
            return self.fail(400, 99991403, "this month's api call quota has been exceeded")
        return None

    def _page(self, how: Mapping[str, Any]) -> Reply:
        status = int(str(how.get("status", 502)))
        page = f"<html><head><title>{status} Bad Gateway</title></head><body>tengine</body></html>".encode()
        return Reply(status=status, body=page, headers={"Content-Type": "text/html"})

    def serve(
        self,
        method: str,
        path: str,
        handler: Callable[[Call, App], Reply],
        scopes: set[str],
        *,
        writes: bool = False,
        helpdesk: bool = False,
        tenant: bool = True,
    ) -> None:
        """Serve an operation behind token and scope. `tenant` False: it takes a person's token only."""

        def handle(call: Call) -> Reply:
            how = self.faults.take("unavailable", call)
            if how is not None and not how.get("after"):
                return self._page(how)
            app = self._caller(call)
            if isinstance(app, Reply):
                return app
            if not tenant:
                return self.fail(400, 99991663, "Invalid access token for authorization. Please make a test attempt.")
            refused = self._scope(call, app, scopes) or (self._helpdesk(call) if helpdesk else None)
            if refused is not None:
                return refused
            reply = handler(call, app)
            if how is not None:
                return self._page(how)
            if self.faults.take("timed_out", call) is not None:
                return self.fail(504, 1255040, "Request timed out, please try again later")
            return Reply(status=reply.status, body=reply.body, headers=reply.headers, account=app.app_id)

        self.router.add(method, path, handle, writes=writes)

    def _scope(self, call: Call, app: App, scopes: set[str]) -> Reply | None:
        how = self.faults.take("scope_missing", call)
        missing = {str(how["scope"])} if how and "scope" in how else scopes
        if how is None and scopes & app.scopes:
            return None
        listed = sorted(missing)
        return self.fail(
            400,
            99991672,
            f"Access denied. One of the following scopes is required: [{', '.join(listed)}]",
            permission_violations=[{"type": "action_scope_required", "subject": scope} for scope in listed],
        )

    def _helpdesk(self, call: Call) -> Reply | None:
        expected = base64.b64encode(f"{self.helpdesk.helpdesk_id}:{self.helpdesk.token}".encode()).decode()
        if call.headers.get("x-lark-helpdesk-authorization") != expected:
            return self.fail(401, 154001, "Unauthorized, please check you have the correct access")
        if self.faults.take("internal_error", call) is not None:
            return self.fail(500, 155000, "Internal error")
        return None

    def base_trouble(self, call: Call) -> Reply | None:
        """Armed faults of the base, before the work: HTTP 200 with a code inside, for the most part."""
        plain = {
            "too_many_requests": (200, 1254290, "TooManyRequest"),
            "write_conflict": (200, 1254291, "Write conflict"),
            "copying": (400, 1254036, "Base is copying, please try again later."),
            "not_ready": (400, 1254607, "Data not ready, please try again later"),
            "base_forbidden": (403, 91403, "Forbidden"),
            "internal_error": (200, 1255001, "InternalError"),
        }
        for name, (status, code, msg) in plain.items():
            if self.faults.take(name, call) is not None:
                return self.fail(status, code, msg)
        how = self.faults.take("replica_lag", call)
        return None if how is None else self.fail(200, int(str(how.get("code", 1254041))), "NotFound")

    # ----------------------------------------------------------------------------------------------------------------- tokens
    def _issue_token(self, call: Call) -> Reply:
        """The same token while it has half an hour to live, with what is left of its life; the token stands outside `data`."""
        how = self.faults.take("unavailable", call)
        if how is not None:
            return self._page(how)
        try:
            body = call.json()
        except ValueError:
            body = None
        told = body if isinstance(body, Mapping) else {}
        app = self.apps.get(str(told.get("app_id")))
        if app is None or app.secret != told.get("app_secret"):
            return Reply(body={"code": 10003 if app is None else 10014, "msg": "invalid param"}, headers=self._headers())
        now = self.now()
        app.tokens = {token: dies for token, dies in app.tokens.items() if dies > now}
        token = next((one for one, dies in app.tokens.items() if dies - now >= TOKEN_RENEWAL), None)
        if token is None:
            token = self.ids.hexadecimal("t-", 40)
            app.tokens[token] = now + TOKEN_LIFE
        expire = int((app.tokens[token] - now).total_seconds())
        return Reply(body={"code": 0, "msg": "ok", "tenant_access_token": token, "expire": expire}, headers=self._headers())

    def _caller(self, call: Call) -> App | Reply:
        stated = call.headers.get("authorization", "")
        if not stated.startswith("Bearer "):
            return self.fail(400, 99991661, "Missing access token for authorization. Please make a test attempt.")
        token = stated.removeprefix("Bearer ")
        if not token.startswith(("t-", "u-")):
            return self.fail(400, 99991671, "Invalid access token for authorization. It should start with t- or u-.")
        if self.faults.take("token_refused", call) is None:
            for app in self.apps.values():
                if app.tokens.get(token, _EPOCH) > self.now():
                    return app
        return self.fail(400, 99991663, "Invalid access token for authorization. Please make a test attempt.")
