"""The one table from Feishu's answers to our errors.

`code` in the body decides, never the HTTP status: most Bitable failures arrive as HTTP 200. The message names the code, what it
means and what to do; the platform's own `msg` is left out, because it may quote what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Final

from deskweave.errors import (
    ConfigurationError,
    CredentialError,
    Executed,
    Missing,
    PermissionMissing,
    RateLimited,
    Rejected,
    RemoteError,
    RequestError,
    Scope,
    TransientError,
)
from deskweave.http import Answer, retry_after
from deskweave.model import Json

BEIJING: Final = timezone(timedelta(hours=8))
SOON: Final = timedelta(seconds=1)

RESUBMITTED: Final = "1254608"
KEY_CONFLICT: Final = "1255006"
NAME_UNKNOWN: Final = frozenset({"1254045", "1254024"})  #: a column is not there, or not for this app to see
RECORD_NOT_FOUND: Final = "1254043"
NOT_REPLICATED: Final = frozenset({"1254040", "1254041", "1254042", "1254043", "1254044"})
TICKET_FORBIDDEN: Final = "154003"
WRONG_HELPDESK: Final = "154001"
LIMITED: Final = frozenset({"99991400", "1254290"})
#: One of the members asked for is none that this app may see, or no member at all.
STRANGER: Final = frozenset({"41012", "41050", "99992351", "99992361"})
#: The token itself was refused, before anything was done: drop it, fetch once, replay once.
TOKEN_REFUSED: Final = frozenset({"99991661", "99991663", "99991664", "99991665", "99991668", "99991671", "99991677"})


class Denied(PermissionMissing):
    """A right that is not there; `code` is Feishu's."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class Refused(CredentialError):
    """A credential that is not taken; `code` is Feishu's."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class _Kind(StrEnum):
    LIMIT = "limit"
    BUSY = "busy"  #: surely not carried out, come again
    UNKNOWN = "unknown"  #: may have been carried out
    DONE = "done"  #: this very request was carried out before
    CREDENTIAL = "credential"
    PERMISSION = "permission"
    SETTING = "setting"
    QUOTA = "quota"
    MISSING = "missing"
    CONTENT = "content"


_SCOPES = "grant it under 开发者后台 > 权限管理, publish the version, have it approved"
_SHARE = "in the base: ... > 更多 > 添加文档应用, with 可编辑 (可管理 for apply); with advanced permissions also a role for the app"
_TOKEN = "the token is not taken: it expired, the app was disabled, or this operation wants a person's login"

_CODES: Final[Mapping[int, tuple[_Kind, str]]] = {
    99991400: (_Kind.LIMIT, "the frequency limit of this operation is reached"),
    1254290: (_Kind.LIMIT, "too many requests for this base"),
    1254112: (_Kind.LIMIT, "too many requests for this base"),
    1254291: (_Kind.BUSY, "another write to this base was under way"),
    1254607: (_Kind.BUSY, "the data is not ready yet"),
    1254036: (_Kind.BUSY, "the base is being copied"),
    1254002: (_Kind.UNKNOWN, "the base could not do it just now"),
    1255001: (_Kind.UNKNOWN, "internal error"),
    1255002: (_Kind.UNKNOWN, "internal error"),
    1255003: (_Kind.UNKNOWN, "internal error"),
    1255004: (_Kind.UNKNOWN, "internal error"),
    1255005: (_Kind.UNKNOWN, "internal error"),
    1255040: (_Kind.UNKNOWN, "the request timed out there"),
    155000: (_Kind.UNKNOWN, "internal error of the helpdesk"),
    5000: (_Kind.UNKNOWN, "internal error"),
    2200: (_Kind.UNKNOWN, "internal error"),
    1254608: (_Kind.DONE, "the same request was submitted before"),
    10003: (_Kind.CREDENTIAL, "app_id or app_secret is wrong; see 开发者后台 > 凭证与基础信息"),
    10014: (_Kind.CREDENTIAL, "app_secret is wrong; see 开发者后台 > 凭证与基础信息"),
    10015: (_Kind.CREDENTIAL, "app_secret is wrong; see 开发者后台 > 凭证与基础信息"),
    99991543: (_Kind.CREDENTIAL, "app_id or app_secret is wrong; see 开发者后台 > 凭证与基础信息"),
    99991661: (_Kind.CREDENTIAL, _TOKEN),
    99991663: (_Kind.CREDENTIAL, _TOKEN),
    99991664: (_Kind.CREDENTIAL, _TOKEN),
    99991665: (_Kind.CREDENTIAL, _TOKEN),
    99991668: (_Kind.CREDENTIAL, _TOKEN),
    99991671: (_Kind.CREDENTIAL, _TOKEN),
    99991677: (_Kind.CREDENTIAL, _TOKEN),
    99991662: (_Kind.CREDENTIAL, "the app is disabled; 飞书管理后台 > 工作台 > 应用管理"),
    99991673: (_Kind.CREDENTIAL, "the app is not installed in this tenant"),
    154001: (_Kind.CREDENTIAL, "the helpdesk token is wrong, or the helpdesk belongs to another tenant than the app"),
    99991401: (
        _Kind.SETTING,
        "this machine's address is not on the app's list of allowed addresses (开发者后台 > 安全设置 > IP 白名单)",
    ),
    99991403: (_Kind.QUOTA, "the tenant has used up its API calls of this month"),
    99991672: (_Kind.PERMISSION, f"the app lacks a scope; {_SCOPES}"),
    99991679: (_Kind.PERMISSION, "the person who logged in has not granted a scope"),
    41012: (_Kind.CONTENT, "there is no such member"),
    41050: (_Kind.CONTENT, "a member is outside the app's contact range (开发者后台 > 权限管理 > 通讯录权限范围)"),
    99992351: (_Kind.CONTENT, "no open_id"),
    99992361: (_Kind.CONTENT, "an open_id of another app was used; ids are per app"),
    91403: (_Kind.PERMISSION, f"the app may not open this base; {_SHARE}"),
    1254301: (_Kind.PERMISSION, f"this operation is not allowed on the base; {_SHARE}"),
    1254302: (_Kind.PERMISSION, f"the app's role in the base does not allow it; {_SHARE}"),
    1254304: (_Kind.PERMISSION, f"the app may not do this in the base; {_SHARE}"),
    1254306: (_Kind.PERMISSION, "the plan of the tenant or of the base's owner does not allow it"),
    154003: (_Kind.PERMISSION, "the helpdesk does not allow it; has the app been given access to this helpdesk?"),
    1254040: (_Kind.MISSING, "there is no such base, or it was made a moment ago"),
    1254041: (_Kind.MISSING, "there is no such table, or it was made a moment ago"),
    1254042: (_Kind.MISSING, "there is no such view"),
    1254043: (_Kind.MISSING, "there is no such record, or it was made a moment ago"),
    1254044: (_Kind.MISSING, "there is no such column, or it was made a moment ago"),
    154004: (_Kind.MISSING, "there is no such thing in the helpdesk"),
    1254003: (_Kind.SETTING, "base.app_token is no base token; copy the address of the base itself, not of a wiki page"),
    1254004: (_Kind.SETTING, "base.table is no table id"),
    1254024: (_Kind.CONTENT, "a column of that name is not there, or not for this app to see"),
    1254045: (_Kind.CONTENT, "a column of that name is not there, or not for this app to see"),
    1254015: (_Kind.CONTENT, "a value does not fit its column's type"),
    1254014: (_Kind.CONTENT, "a column of that name is there already"),
    1254013: (_Kind.CONTENT, "a table of that name is there already"),
    1254046: (_Kind.CONTENT, "the first column of a table cannot be deleted"),
    1254130: (_Kind.CONTENT, "a cell is too large"),
    1254103: (_Kind.CONTENT, "the table holds no more rows"),
    1254105: (_Kind.CONTENT, "the table holds no more columns"),
    1254037: (_Kind.CONTENT, "the idempotency key is not a version 4 UUID"),
    1255006: (_Kind.CONTENT, "the idempotency key was used for another request"),
    1254606: (_Kind.CONTENT, "nothing to change"),
    154000: (_Kind.CONTENT, "the helpdesk does not understand the request"),
    154401: (_Kind.CONTENT, "the ticket is closed"),
    154402: (_Kind.CONTENT, "the helpdesk is not visible to that person"),
}


class Classifier:
    """`http.Classify` for Feishu, over an injected clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def __call__(self, answer: Answer) -> RemoteError | None:
        """None for success; else what went wrong, as an error that says what to do and whether it may have been carried out."""
        body = answer.parsed if isinstance(answer.parsed, Mapping) else None
        code = body.get("code") if body is not None else None
        if body is None or isinstance(code, bool) or not isinstance(code, int):
            return self._without_code(answer)
        if code == 0:
            return None
        kind, meaning = _CODES.get(code) or (self._guess(answer, code), "not in this connector's table")
        return self._error(answer, kind, str(code), meaning, body)

    @staticmethod
    def _guess(answer: Answer, code: int) -> _Kind:
        if answer.status == 429:
            return _Kind.LIMIT
        if answer.status in (401, 403):
            return _Kind.PERMISSION
        if answer.status >= 500 and not 1254000 <= code < 1255000:
            return _Kind.UNKNOWN
        return _Kind.CONTENT

    def _without_code(self, answer: Answer) -> RemoteError | None:
        """A gateway's page instead of an envelope."""
        status = f"HTTP {answer.status}"
        if answer.status == 429:
            return self._error(answer, _Kind.LIMIT, status, "too many requests", {})
        if 300 <= answer.status < 400:
            return ConfigurationError(f"{_where(answer)} answered with a redirect ({status}): is `address` right?")
        if answer.status == 404:
            return self._error(answer, _Kind.MISSING, status, "this address does not serve the operation", {})
        if answer.status in (401, 403):
            return self._error(answer, _Kind.PERMISSION, status, "refused by the gateway", {})
        if 400 <= answer.status < 500:
            return self._error(answer, _Kind.CONTENT, status, "refused by the gateway", {})
        return self._error(answer, _Kind.UNKNOWN, status, "no JSON envelope; something between here and Feishu answered", {})

    def _error(self, answer: Answer, kind: _Kind, code: str, meaning: str, body: Mapping[str, Json]) -> RemoteError:
        log = answer.header("x-tt-logid")
        text = f"{_where(answer)}: {code}, {meaning}{_scopes(body)}"
        unsure = Executed.NO if answer.reads else Executed.MAYBE
        match kind:
            case _Kind.LIMIT:
                wait = retry_after(answer, self._now(), header="x-ogw-ratelimit-reset") or self._now() + SOON
                return RateLimited(text, scope=Scope.RATE_CLASS, retry_at=wait, code=code, request_id=log)
            case _Kind.QUOTA:
                return RateLimited(text, scope=Scope.CONNECTION, retry_at=next_month(self._now()), code=code, request_id=log)
            case _Kind.BUSY:
                return TransientError(text, executed=Executed.NO, retry_at=self._now() + SOON, code=code, request_id=log)
            case _Kind.UNKNOWN:
                return TransientError(text, executed=unsure, code=code, request_id=log)
            case _Kind.DONE:
                return RequestError(text, executed=Executed.NO if answer.reads else Executed.YES, code=code, request_id=log)
            case _Kind.CREDENTIAL:
                return Refused(text, code=code)
            case _Kind.PERMISSION:
                return Denied(text, code=code)
            case _Kind.SETTING:
                return ConfigurationError(text)
            case _Kind.MISSING:
                return Missing(text, executed=Executed.NO, code=code, request_id=log)
            case _Kind.CONTENT:
                refused = answer.status >= 400 or int(code) in _CODES or 1254000 <= int(code) < 1255000
                return Rejected(text, executed=Executed.NO if refused else unsure, code=code, request_id=log)


def next_month(now: datetime) -> datetime:
    """Midnight in Beijing on the first of the next month, when a tenant's quota starts anew."""
    local = now.astimezone(BEIJING)
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    return datetime(year, month, 1, tzinfo=BEIJING).astimezone(UTC)


def _where(answer: Answer) -> str:
    return f"Feishu, {answer.method} {answer.path}"


def _scopes(body: Mapping[str, Json]) -> str:
    """The names of missing scopes: the only words of the platform's that are repeated, and only if they look like scopes."""
    detail = body.get("error")
    listed = detail.get("permission_violations") if isinstance(detail, Mapping) else None
    names = [
        str(entry["subject"])
        for entry in (listed if isinstance(listed, list) else [])
        if isinstance(entry, Mapping) and re.fullmatch(r"[a-z0-9_.:]{1,80}", str(entry.get("subject", "")))
    ]
    return f" (one of: {', '.join(names)})" if names else ""
