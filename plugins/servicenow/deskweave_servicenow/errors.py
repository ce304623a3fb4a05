"""The one table from what ServiceNow answers to what the engine does next."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
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
    Scope,
    TransientError,
)
from deskweave.http import Answer, Classify, retry_after

#: Codes of errors that callers look at.
QUOTA: Final = "quota"
NOT_EXECUTED: Final = "202"

#: Labels of shipped columns as error texts use them; a data policy names labels, not columns.
LABELS: Final[Mapping[str, str]] = {
    "additional comments": "comments",
    "assigned to": "assigned_to",
    "assignment group": "assignment_group",
    "caller": "caller_id",
    "category": "category",
    "close code": "close_code",
    "close notes": "close_notes",
    "description": "description",
    "impact": "impact",
    "on hold reason": "hold_reason",
    "opened for": "opened_for",
    "resolution code": "close_code",
    "resolution notes": "close_notes",
    "short description": "short_description",
    "state": "state",
    "urgency": "urgency",
    "work notes": "work_notes",
}
_SIGN_IN: Final = (
    "ServiceNow does not accept the sign-in. One of: wrong or expired password; the account is locked, inactive or must "
    "reset its password; for name and password the account lacks the role snc_basic_auth_api_access; multi-factor sign-in "
    "is asked of it; an API access policy refuses this address or kind of sign-in. Try the account in a browser, then look "
    "at the instance's system log."
)
_RULE: Final = re.compile(r"aborted by Business Rule '([^'^]{1,80})")


def classify_answers(now: Callable[[], datetime], *, token_endpoint: bool = False) -> Classify:
    """The table. `now` turns Retry-After into an instant; the token endpoint has error bodies of its own."""

    def classify(answer: Answer) -> RemoteError | None:
        return _token_error(answer, now()) if token_endpoint else _error(answer, now())

    return classify


def _token_error(answer: Answer, now: datetime) -> RemoteError | None:
    body = answer.parsed
    if answer.status == 429:  # without a token nothing else can be asked either
        text = "the token endpoint answers no more for now: a rate limit rule of the instance is used up"
        request_id = answer.header("x-transaction-id")
        return RateLimited(text, scope=Scope.CONNECTION, retry_at=retry_after(answer, now), code="429", request_id=request_id)
    if answer.status == 200 and isinstance(body, Mapping) and isinstance(body.get("access_token"), str):
        return None
    if answer.status in (400, 401, 403) and answer.is_json:
        return CredentialError(
            "ServiceNow gives no OAuth token; it says so for nearly every cause. One of: wrong client id or secret; the grant is "
            "switched off (client credentials: property glide.oauth.inbound.client.credential.grant_type.enabled and an OAuth "
            "application user on the registry entry); wrong user or password; the user may not sign in to the pages. "
            "The reason stands in the instance's system log."
        )
    return _foreign(answer) or _transient(answer, f"the token endpoint answered {answer.status}")


def _error(answer: Answer, now: datetime) -> RemoteError | None:
    message, detail = _texts(answer)
    request_id = answer.header("x-transaction-id")
    where = f"{answer.method} {answer.path.split('?')[0]}"
    match answer.status:
        case 202:
            text = f"{where}: answered 202, which means the request was dropped from a full queue and not executed"
            return TransientError(text, executed=Executed.NO, code=NOT_EXECUTED, request_id=request_id)
        case 200 | 201:
            return _inside(answer, where)
        case 204:
            return None
        case 401:
            return CredentialError(_SIGN_IN)
        case 403:
            return _forbidden(answer, where, message, detail)
        case 404:
            text = f"{where}: no such record, or the account may not see it"
            return Missing(text, executed=Executed.NO, code="404", request_id=request_id)
        case 429:
            return _limited(answer, where, now)
        case 400 if message.startswith("Invalid table"):
            text = f"{message}: the table is not there (plugin not installed) or this account may not know of it"
            return ConfigurationError(text)
        case 400 if message.startswith("Requested URI"):
            return ConfigurationError(f"{where}: this instance does not serve that API")
        case 400 | 405 | 406 | 413 | 414 | 415:
            text = f"{where}: refused with {answer.status} {_short(message, detail)}"
            return Rejected(text, code=str(answer.status), request_id=request_id)
        case status if 300 <= status < 400:
            text = f"{where}: redirected, so this is not the API of an instance at that address"
            return _foreign(answer) or ConfigurationError(text)
        case _:
            if "maximum execution time exceeded" in message + detail:
                return _transient(answer, f"{where}: cut off by the instance after its time limit", QUOTA)
            return _transient(answer, f"{where}: answered {answer.status} {_short(message, detail)}")


def _inside(answer: Answer, where: str) -> RemoteError | None:
    """A success by its status only: pages of other kinds, JSON cut off, an error beside the result."""
    if not answer.is_json:
        foreign = _foreign(answer)
        if foreign is not None:
            return foreign
        code = QUOTA if b"maximum execution time exceeded" in answer.body else "truncated"
        return _transient(answer, f"{where}: the answer is no whole JSON; the instance cut it off", code)
    body = answer.parsed
    if isinstance(body, Mapping):
        if "error" in body:
            message, detail = _texts(answer)
            code = QUOTA if "maximum execution time exceeded" in message + detail else "error-inside"
            return _transient(answer, f"{where}: success with an error inside: {_short(message, detail)}", code)
        if isinstance(body.get("result"), (Mapping, list)) or "serviced_requests" in body:
            return None
    return _transient(answer, f"{where}: JSON without a result", "no-result")


def _foreign(answer: Answer) -> RemoteError | None:
    """HTML where JSON was due: a sleeping instance, a login page."""
    redirected = 300 <= answer.status < 400
    if not redirected and (answer.is_json or "html" not in answer.header("content-type")):
        return None
    text = answer.body[:20_000].decode("utf-8", "replace").lower() + answer.header("location").lower()
    if "hibernat" in text or "developer.servicenow.com" in text:
        return ConfigurationError(
            "the developer instance is hibernating. Sign in at developer.servicenow.com and wake it; nobody else can"
        )
    if any(word in text for word in ("login.do", "saml", "sso", "log in", "sign in")):
        return CredentialError(
            f"a sign-in page answered in place of the API: the sign-in was not taken, or the address is a portal's. {_SIGN_IN}"
        )
    if answer.status < 400 and ("offline" in text or answer.status == 200):
        return _transient(answer, "a web page answered in place of the API; the instance may be starting or offline", "html")
    return None


def _forbidden(answer: Answer, where: str, message: str, detail: str) -> RemoteError:
    request_id = answer.header("x-transaction-id")
    if answer.reads:
        return PermissionMissing(
            f"{where}: {message or 'forbidden'}. The account may not read this table or a column of the query, "
            "or the column does not exist. Give it a read and query_range right there"
        )
    if "mandatory" in detail:
        labels = [part.strip() for part in detail.rpartition("mandatory:")[2].split(",") if part.strip()]
        columns = frozenset(LABELS.get(label.lower(), label) for label in labels)
        named = ", ".join(sorted(columns))
        text = f"{where}: a data policy wants {named} first (a choice the instance does not know counts as empty)"
        return Rejected(text, fields=columns, code="data-policy", request_id=request_id)
    rule = _RULE.search(detail)
    if rule is not None:
        return Rejected(f"{where}: the business rule {rule[1]!r} refused it", code="business-rule", request_id=request_id)
    return Rejected(f"{where}: the account may not write this record (ACL)", code="acl", request_id=request_id)


def _limited(answer: Answer, where: str, now: datetime) -> RateLimited:
    at = retry_after(answer, now)
    if at is None and answer.header("x-ratelimit-reset").isdecimal():
        at = datetime.fromtimestamp(int(answer.header("x-ratelimit-reset")), UTC)
    request_id = answer.header("x-transaction-id")
    if at is not None:
        text = f"{where}: a rate limit rule of the instance is used up"
        return RateLimited(text, scope=Scope.RATE_CLASS, rate_class="table", retry_at=at, code="429", request_id=request_id)
    text = f"{where}: the instance's pool for integrations is full"
    return RateLimited(text, scope=Scope.CONNECTION, retry_at=None, code="semaphore", request_id=request_id)


def _transient(answer: Answer, text: str, code: str = "") -> TransientError:
    executed = Executed.NO if answer.reads else Executed.MAYBE
    return TransientError(text, executed=executed, code=code or str(answer.status), request_id=answer.header("x-transaction-id"))


def _texts(answer: Answer) -> tuple[str, str]:
    body = answer.parsed
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return "", ""
    return str(error.get("message") or ""), str(error.get("detail") or "")


def _short(message: str, detail: str) -> str:
    return f"{message[:120]}{': ' if message and detail else ''}{detail[:160]}".replace("\n", " ")
