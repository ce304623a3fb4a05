"""The emulated site as a server: who asks, what is allowed, which limits and faults speak before anything else."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from deskweave.emulation import Call, Platform, Reply
from deskweave.model import Json
from deskweave_jira_sm.emulator import desk, fields, issues, search, site
from deskweave_jira_sm.emulator.present import Presenter
from deskweave_jira_sm.emulator.seed import fill
from deskweave_jira_sm.emulator.state import Account, Issue, State

#: rate_limited(reason, retry_after, per_hour) · unavailable(status) · conflict · stale_index(minutes) · expired_token ·
#: no_licence · dropped_field(field) · lost_page_token · not_json · small_pages(size), which is no fault
FAULTS: Final = frozenset(
    {
        "rate_limited",
        "unavailable",
        "conflict",
        "stale_index",
        "expired_token",
        "no_licence",
        "dropped_field",
        "lost_page_token",
        "not_json",
        "small_pages",
    }
)
#: The shared words of `connector.FAULT_WORDS` that are called otherwise here.
WORDS: Final[Mapping[str, str]] = {"down": "unavailable", "unauthorised": "expired_token"}
_ISSUE = re.compile(r"^/rest/(?:api/[^/]+/issue|servicedeskapi/request)/([^/]+)")
_PER_ISSUE: Final = ((20, timedelta(seconds=2)), (100, timedelta(seconds=30)))
_LIMITS: Final = {"GET": 100, "POST": 100, "PUT": 50, "DELETE": 50}

Endpoint: TypeAlias = Callable[[Call, Account, "JiraPlatform"], Reply]
_HTML: Final = b"<html><head><title>503</title></head><body>The site is temporarily unavailable.</body></html>"


class Stop(Exception):
    """An endpoint has its answer before it reached its end."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class JiraPlatform(Platform):
    """The site. Attributes that follow are switches; each default is the harder reading of what is not certain of the real one.

    `epochs_in_jql`: epoch milliseconds are taken in JQL. `english_on_request`: X-Force-Accept-Language is honoured.
    `anonymous_fallback`: a refused credential is answered as an anonymous visitor where those may look. `comment_properties`: the
    listing of an issue's comments shows properties. `context_with_field`: a new custom field comes with a global context.
    `has_tenant_info`: /_edge/tenant_info answers. `changelog_created`: "iso", "ms" or "s" in changelog/bulkfetch. `page_cap`: most
    issues with fields a search page carries. `issue_limits`: the per-issue write limits. `burst_limits`: the per-endpoint
    limits of a second; on a clock that stands still a second lasts until it is turned.
    """

    def __init__(self, *, now: Callable[[], datetime], seed: int) -> None:
        super().__init__(now=now, faults=FAULTS, words=WORDS)
        self.state = State(now)
        fill(self.state, seed)
        digest = hashlib.sha256(f"jira-cloud-{seed}".encode()).hexdigest()
        self.cloud_id = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
        self.base = f"https://emulated-{digest[:6]}.atlassian.net"
        self.epochs_in_jql = False
        self.english_on_request = False
        self.anonymous_fallback = True
        self.comment_properties = False
        self.context_with_field = False
        self.has_tenant_info = True
        self.changelog_created = "iso"
        self.page_cap = 80
        self.issue_limits = True
        self.burst_limits = True
        self.ordered: tuple[object, list[Any], list[Issue]] | None = None  #: the last search's hits in order, for its next page
        self._writes: dict[str, list[datetime]] = {}
        self._bursts: dict[tuple[str, str], list[datetime]] = {}
        for part in (site, issues, search, desk, fields):
            part.register(self)

    # -------------------------------------------------------------------------------------------------------------- routing
    def serve(
        self,
        method: str,
        path: str,
        endpoint: Endpoint,
        *,
        writes: bool = False,
        anonymous: bool = False,
        licensed: bool = False,
        admin: bool = False,
    ) -> None:
        """Add an endpoint: who may call it is settled here, so that none forgets to ask.

        Args:
            method: HTTP method.
            path: template below the site.
            endpoint: gets the call, the account and this platform.
            writes: it changes the site.
            anonymous: it can be accessed anonymously.
            licensed: it is the service desk's own and needs an agent licence.
            admin: it needs Administer Jira.
        """

        def handle(call: Call) -> Reply:
            account = self.account(call)
            if account is None:
                if not anonymous or (not self.anonymous_fallback and "authorization" in call.headers):
                    return self.unauthorised()
                account = Account(id="", email="", name="Anonymous", kind="unknown")
            if licensed and (not account.agent or self.faults.take("no_licence", call) is not None):
                return Reply(status=403, account=account.id)  # no body at all
            if admin and not account.admin:
                return self.error(403, "You do not have permission to perform this operation.", account=account)
            try:
                reply = endpoint(call, account, self)
            except Stop as stop:
                reply = stop.reply
            except ValueError as wrong:
                reply = self.error(
                    400, f"Invalid request payload. Refer to the REST API documentation and try again. {type(wrong).__name__}"
                )
            return replace(reply, account=account.id)

        self.router.add(method, path, handle, writes=writes)

    def account(self, call: Call) -> Account | None:
        """Who asks: e-mail and API token, or nobody."""
        header = call.headers.get("authorization", "")
        if not header.startswith("Basic ") or self.faults.take("expired_token", call) is not None:
            return None
        try:
            email, _, token = base64.b64decode(header[6:], validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        for account in self.state.accounts.values():
            if account.token is not None and account.email.casefold() == email.casefold() and account.token == token:
                return account
        return None

    def view(self, call: Call, account: Account) -> Presenter:
        """How this caller sees the site."""
        forced = call.headers.get("x-force-accept-language", "").casefold() == "true"
        english = self.english_on_request and forced and call.headers.get("accept-language", "").startswith("en")
        version = call.params.get("version", "3")
        return Presenter(
            self.state, self.base, account if account.id else None, version="2" if version == "2" else "3", english=english
        )

    # --------------------------------------------------------------------------------------------------------------- errors
    def error(self, status: int, *messages: str, errors: Mapping[str, str] | None = None, account: Account | None = None) -> Reply:
        """The platform's error shape."""
        body: Json = {"errorMessages": list(messages), "errors": dict(errors or {})}
        return Reply(status=status, body=body, account=account.id if account else None)

    def desk_error(self, status: int, message: str, key: str) -> Reply:
        """The service desk's error shape; the key is what stays the same in every language."""
        body: Json = {"errorMessage": message, "i18nErrorMessage": {"i18nKey": key, "parameters": []}}
        return Reply(status=status, body=body)

    def unauthorised(self) -> Reply:
        body: Json = {"message": "Client must be authenticated to access this resource.", "status-code": 401}
        return Reply(status=401, body=body, headers={"WWW-Authenticate": 'OAuth realm="https%3A%2F%2Femulated.atlassian.net"'})

    def not_found(self, call: Call) -> Reply:
        return Reply(
            status=404, body=b"<html><body>Oops, you've found a dead link.</body></html>", headers={"Content-Type": "text/html"}
        )

    def not_allowed(self, call: Call, allowed: frozenset[str]) -> Reply:
        return Reply(status=405, headers={"Allow": ", ".join(sorted(allowed))})

    # ----------------------------------------------------------------------------------------------------------------- gate
    def before(self, call: Call) -> Reply | None:
        how = self.faults.take("unavailable", call)
        if how is not None:
            status = how.get("status", 503)
            return Reply(status=status if isinstance(status, int) else 503, body=_HTML, headers={"Content-Type": "text/html"})
        if self.faults.take("not_json", call) is not None:
            return Reply(status=200, body=b"<html><body>Sign in</body></html>", headers={"Content-Type": "text/html"})
        how = self.faults.take("rate_limited", call)
        if how is not None:
            after = how.get("retry_after", 5)
            return self.limited(str(how.get("reason") or "jira-burst-based"), after if isinstance(after, int) else 5)
        found = _ISSUE.match(call.path)
        if found and call.writes:
            reply = self._issue_limit(found[1]) if self.issue_limits else None
            if reply is not None:
                return reply
            edits = call.method == "PUT" or call.path.endswith("/transitions")
            if edits and "/properties/" not in call.path and self.faults.take("conflict", call) is not None:
                return self.error(409, "The issue could not be updated due to a conflicting update.")
        return self._burst(call) if self.burst_limits else None

    def limited(self, reason: str, seconds: int) -> Reply:
        """429 with the headers of the system that speaks; the body is empty."""
        reset = self.now() + timedelta(seconds=seconds)
        headers = {
            "Retry-After": str(seconds),
            "X-RateLimit-Limit": "100",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": f"{reset:%Y-%m-%dT%H:%MZ}",
            "RateLimit-Reason": reason,
        }
        return Reply(status=429, headers=headers)

    def _issue_limit(self, id_or_key: str) -> Reply | None:
        issue = self.state.find_issue(id_or_key)
        if issue is None:
            return None
        now = self.now()
        recent = [at for at in self._writes.get(str(issue.id), ()) if now - at < _PER_ISSUE[-1][1]]
        for most, span in _PER_ISSUE:
            if sum(1 for at in recent if now - at < span) >= most:
                return self.limited("jira-per-issue-on-write", int(span.total_seconds()))
        self._writes[str(issue.id)] = [*recent, now]
        return None

    def _burst(self, call: Call) -> Reply | None:
        now = self.now()
        key = (call.method, re.sub(r"/[A-Z0-9]+-?\d+|/\d+", "/{}", call.path))
        recent = [at for at in self._bursts.get(key, ()) if now - at < timedelta(seconds=1)]
        if len(recent) >= _LIMITS.get(call.method, 100):
            return self.limited("jira-burst-based", 1)
        self._bursts[key] = [*recent, now]
        return None

    # --------------------------------------------------------------------------------------------------------------- access
    def visible(self, account: Account, issue: Issue | None) -> bool:
        """Whether the account may browse the issue: licensed people by permission, customers and strangers not at all here."""
        return issue is not None and "BROWSE_PROJECTS" in account.permissions and account.id not in issue.hidden_from

    def issue(self, account: Account, id_or_key: str) -> Issue:
        """The issue, or 404: forbidden looks like absent."""
        found = self.state.find_issue(id_or_key)
        if found is None or not self.visible(account, found):
            raise Stop(self.error(404, "Issue does not exist or you do not have permission to see it."))
        return found

    def require(self, account: Account, permission: str, status: int, message: str) -> None:
        if permission not in account.permissions:
            raise Stop(self.error(status, message))

    def body(self, call: Call, allowed: frozenset[str] | None = None) -> dict[str, Any]:
        """The body as an object; unknown keys of a closed one are refused."""
        body = call.json()
        if not isinstance(body, dict):
            raise Stop(self.error(400, "Invalid request payload. Refer to the REST API documentation and try again."))
        if allowed is not None and set(body) - allowed:
            raise Stop(self.error(400, "Invalid request payload. Refer to the REST API documentation and try again."))
        return body


def number(call: Call, name: str, default: int) -> int:
    """A whole number of the query."""
    text = call.one(name)
    return int(text) if text.lstrip("-").isdigit() else default
