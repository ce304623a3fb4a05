"""Everything that stands before a handler: cookies, quotas, sleeping instances, authentication, OAuth tokens."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qs

from deskweave.emulation import Call, Reply
from deskweave.model import Json
from deskweave_servicenow.emulator.instance import Account, Instance, Refused

URL_LIMIT: Final = 8192
BODY_LIMIT: Final = 10 * 1024 * 1024
ACCESS_SECONDS: Final = 1800
REFRESH_SECONDS: Final = 8_640_000
HTML: Final = {"Content-Type": "text/html;charset=UTF-8"}
_SLEEPING: Final = (
    "<html><head><title>Instance Hibernating page</title></head><body>Your instance is hibernating. "
    "Sign in to the developer site to wake your instance.</body></html>"
)
_LOGIN: Final = '<html><head><title>Log in</title></head><body><form action="/login.do" method="post"></form></body></html>'
_BUSY: Final = "<html><head><title>Too many requests</title></head><body>Too many requests</body></html>"
_DOWN: Final = "<html><head><title>{status}</title></head><body>The server is being upgraded.</body></html>"
_QUOTA: Final = "Transaction cancelled: maximum execution time exceeded"

Handler = Callable[[Call, Account], Reply]


def failure(status: int, message: str, detail: str | None, headers: Mapping[str, str] | None = None) -> Reply:
    """The error envelope of every /api/now endpoint."""
    return Reply(status=status, body={"error": {"message": message, "detail": detail}, "status": "failure"}, headers=headers or {})


def html(status: int, text: str) -> Reply:
    return Reply(status=status, body=text.encode(), headers={**HTML, "X-Is-Logged-In": "false"})


class Gate:
    """Answers in the instance's place where a request does not come through."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._used: dict[str, tuple[datetime, int]] = {}

    # ------------------------------------------------------------------------------------------------------ before routing
    def stop(self, call: Call) -> Reply | None:
        """What stops a request whoever sent it; None lets it pass."""
        faults = self._instance.faults
        if len(call.target) > URL_LIMIT:
            return html(414, "<html><body>414 Request-URI Too Large</body></html>")
        if len(call.body) > BODY_LIMIT:
            detail = f"Rejected large REST payload with content-length = {len(call.body)} bytes. Max allowed: {BODY_LIMIT} bytes."
            return failure(400, "Exception while reading request", detail)
        if faults.take("hibernating", call) is not None:
            return html(200, _SLEEPING)
        if faults.take("sso_page", call) is not None:
            return html(200, _LOGIN)
        if (how := faults.take("unavailable", call)) is not None:
            status = int(str(how.get("status", 503)))
            return html(status, _DOWN.format(status=status))
        if faults.take("semaphore", call) is not None:
            return html(429, _BUSY)
        if (how := faults.take("rate_limited", call)) is not None:
            return self._limited(int(str(how.get("retry_after", 30))), int(str(how.get("limit", 100))))
        if faults.take("not_executed", call) is not None:
            return Reply(status=202, body=b"")
        return None

    def _limited(self, seconds: int, limit: int) -> Reply:
        reset = int((self._instance.now() + timedelta(seconds=seconds)).timestamp())
        return failure(
            429,
            "Rate limit exceeded",
            f"Rate limit of {limit} requests per hour for Table API exceeded",
            {
                "Retry-After": str(seconds),
                "X-RateLimit-Limit": str(limit),
                "X-RateLimit-Reset": str(reset),
                "X-RateLimit-Rule": "4f5b0f3fc0a8016400b98a06818d57c7",
            },
        )

    def _over_limit(self, account: Account) -> Reply | None:
        limit, now = self._instance.rate_limit, self._instance.now()
        if limit is None:
            return None
        hour = now.replace(minute=0, second=0, microsecond=0)
        since, used = self._used.get(account.user_name, (hour, 0))
        if since != hour:
            since, used = hour, 0
        if used >= limit:
            return self._limited(int((hour + timedelta(hours=1) - now).total_seconds()) + 1, limit)
        self._used[account.user_name] = (since, used + 1)
        return None

    # ------------------------------------------------------------------------------------------------------ authentication
    def serve(self, handler: Handler) -> Callable[[Call], Reply]:
        """`handler` behind authentication, content negotiation, quota faults and the headers of every answer."""

        def run(call: Call) -> Reply:
            instance = self._instance
            account = self._who(call)
            if account is None or instance.faults.take("expired_token", call) is not None:
                reply = failure(401, "User Not Authenticated", "Required to provide Auth information", {"X-Is-Logged-In": "false"})
                return replace(reply, headers={**reply.headers, "WWW-Authenticate": 'BASIC realm="Service-now"'})
            limited = self._over_limit(account) or self._wrong_form(call)
            if limited is not None:
                return replace(limited, account=account.user_name)
            quota = instance.faults.take("quota", call)
            if quota is not None and not (call.writes and quota.get("committed")):
                return replace(failure(500, _QUOTA, f"{_QUOTA}. Check logs for error trace."), account=account.user_name)
            if call.writes and instance.faults.take("business_rule", call) is not None:
                detail = (
                    "Operation against file 'incident' was aborted by Business Rule 'Abort changes on group^6a2e9d14'. "
                    "Business Rule Stack:Abort changes on group"
                )
                return replace(failure(403, "Operation Failed", detail), account=account.user_name)
            try:
                reply = handler(call, account)
            except Refused as no:
                reply = failure(no.status, no.message, no.detail)
            if quota is not None:
                reply = failure(500, _QUOTA, f"{_QUOTA}. Check logs for error trace.")
            reply = self._spoiled(call, reply)
            headers = {
                "X-Is-Logged-In": "true",
                "X-Transaction-ID": f"{instance.random.getrandbits(48):012x}",
                "Cache-Control": "no-cache,no-store,must-revalidate,max-age=-1",
            }
            if "cookie" not in call.headers:
                headers["Set-Cookie"] = f"JSESSIONID={instance.random.getrandbits(128):032X}; Path=/; HttpOnly"
            return replace(reply, headers={**headers, **reply.headers}, account=account.user_name)

        return run

    def _spoiled(self, call: Call, reply: Reply) -> Reply:
        error: Json = {"message": _QUOTA, "detail": f"{_QUOTA}. Check logs for error trace."}
        if reply.status >= 300 or not isinstance(reply.body, Mapping):
            return reply
        if self._instance.faults.take("truncated", call) is not None:
            body, headers = reply.encoded()
            cut = body[: max(len(body) * 2 // 3, 12)] + b'}""],"error":{"detail":"' + _QUOTA.encode() + b'"},"status":"failure"}'
            return replace(reply, body=cut, headers=headers)
        if self._instance.faults.take("half_result", call) is not None:
            result = reply.body.get("result")
            part: Json = result[: len(result) // 2] if isinstance(result, list) else result
            return replace(reply, body={"result": part, "error": error, "status": "failure"})
        return reply

    @staticmethod
    def _wrong_form(call: Call) -> Reply | None:
        if call.method in ("POST", "PUT", "PATCH"):
            kind = call.headers.get("content-type", "")
            if not kind:
                return failure(400, "Exception while reading request", "The payload is not valid JSON.")
            if "json" not in kind:
                return failure(415, "Unsupported media type", f"{kind} is not supported")
        accept = call.headers.get("accept", "*/*")
        if "json" not in accept and "*/*" not in accept:
            return failure(406, "Invalid media type", f"{accept} is not supported")
        return None

    def _who(self, call: Call) -> Account | None:
        instance = self._instance
        kind, _, rest = call.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            found = instance.tokens.get(rest.strip())
            return instance.accounts.get(found[0]) if found and found[1] > instance.now() else None
        if kind.lower() != "basic":
            return None
        try:
            name, _, password = base64.b64decode(rest).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        account = instance.accounts.get(name)
        if account is None or account.password != password:
            return None
        if instance.basic_restricted and "snc_basic_auth_api_access" not in account.roles:
            return None
        return account

    # --------------------------------------------------------------------------------------------------------------- OAuth
    def token(self, call: Call) -> Reply:
        """POST /oauth_token.do: form-encoded, and the same vague answer for every mistake."""
        vague = Reply(status=401, body={"error_description": "access_denied", "error": "server_error"})
        if "x-www-form-urlencoded" not in call.headers.get("content-type", ""):
            return vague
        form = {name: values[0] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}
        client = self._instance.clients.get(form.get("client_id", ""))
        if client is None or client[0] != form.get("client_secret"):
            return vague
        grant, instance = form.get("grant_type"), self._instance
        now = instance.now()
        if grant == "client_credentials":
            return self._issue(client[1], refresh=False) if instance.client_credentials else vague
        if grant == "password":
            account = instance.accounts.get(form.get("username", ""))
            if account is None or account.password != form.get("password"):
                return vague
            if instance.tables["sys_user"].rows[account.sys_id].get("web_service_access_only") == "true":
                return vague  # only a user who could sign in to the pages gets a token for a password
            return self._issue(account.user_name, refresh=True)
        if grant == "refresh_token":
            found = instance.refresh_tokens.get(form.get("refresh_token", ""))
            return self._issue(found[0], refresh=False) if found and found[1] > now else vague
        return vague

    def _issue(self, user_name: str, *, refresh: bool) -> Reply:
        instance, now = self._instance, self._instance.now()
        # a valid token is handed out again with what is left of its life
        running = [(token, until) for token, (owner, until) in instance.tokens.items() if owner == user_name and until > now]
        token, until = running[0] if running else ("", now)
        if not token:
            token, until = f"{instance.random.getrandbits(320):080x}", now + timedelta(seconds=ACCESS_SECONDS)
            instance.tokens[token] = (user_name, until)
        left = int((until - now).total_seconds())
        body: dict[str, Json] = {"scope": "useraccount", "token_type": "Bearer", "expires_in": left, "access_token": token}
        if refresh:
            again = f"{instance.random.getrandbits(320):080x}"
            instance.refresh_tokens[again] = (user_name, now + timedelta(seconds=REFRESH_SECONDS))
            body["refresh_token"] = again
        return Reply(body=body, account=user_name)
