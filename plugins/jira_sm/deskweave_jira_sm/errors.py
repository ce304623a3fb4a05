"""The one table from Jira's answers to our errors.

Jira has two error shapes (platform: errorMessages and errors; service desk: errorMessage and i18nErrorMessage) and the edge before
it has more (a bare message, HTML, nothing). Texts are translated to the account's language, so nothing here matches on text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from deskweave.errors import (
    CredentialError,
    Executed,
    Missing,
    PermissionMissing,
    RateLimited,
    Rejected,
    RemoteError,
    Scope,
    Stale,
    TransientError,
)
from deskweave.http import Answer, retry_after

#: Which of the three rate limiting systems spoke, and what has to wait for it.
_SCOPES: Mapping[str, Scope] = {
    "jira-burst-based": Scope.RATE_CLASS,
    "jira-per-issue-on-write": Scope.RECORD,
    "jira-quota-global-based": Scope.CONNECTION,
    "jira-quota-tenant-based": Scope.CONNECTION,
}


def classifier(now: Callable[[], datetime]) -> Callable[[Answer], RemoteError | None]:
    """The table, with the clock that turns "in so many seconds" into an instant."""

    def classify(answer: Answer) -> RemoteError | None:
        if 200 <= answer.status < 300:
            return _garbled(answer)
        return _problem(answer, now())

    return classify


def _garbled(answer: Answer) -> RemoteError | None:
    """A success that is no JSON is a proxy's or a login page."""
    if answer.is_json or not answer.body.strip():
        return None
    return TransientError(
        f"{_what(answer)} was answered with {answer.status} and something that is no JSON: a proxy or a login page in between?",
        executed=Executed.NO if answer.reads else Executed.MAYBE,
        code="not-json",
        request_id=answer.header("atl-traceid"),
    )


def _problem(answer: Answer, now: datetime) -> RemoteError:
    status, said = answer.status, _said(answer)
    more: dict[str, Any] = {"code": str(status), "request_id": answer.header("atl-traceid")}
    what = _what(answer)
    if status == 429:
        reason = answer.header("ratelimit-reason") or answer.header("x-ratelimit-reason")
        return RateLimited(
            f"Jira asks us to wait ({reason or 'no reason given'}) at {what}",
            scope=_SCOPES.get(reason, Scope.CONNECTION),
            retry_at=retry_after(answer, now) or _reset(answer),
            **more,
        )
    if status == 401 and answer.path.startswith("/rest/api/3/workflows"):
        # the one API where "not logged in" also means "not allowed"
        return PermissionMissing(f"Jira does not let this account use {what}: it takes an administrator of the project or of Jira.")
    if status == 401 and isinstance(answer.parsed, Mapping) and answer.parsed.get("code") == 401:
        return PermissionMissing(
            f"the API token's scopes do not cover {what}: make a token without scopes, or with this one added."
        )
    if status == 401:
        return CredentialError(
            f"Jira refused the API token at {what}: it is wrong, revoked or expired (tokens live at most 365 days). "
            "Make a new one at id.atlassian.com > Security > API tokens and put it into the connection's secret."
        )
    if status == 403:
        if answer.path.startswith("/rest/servicedeskapi"):
            return PermissionMissing(
                f"Jira forbids {what}: the account has no agent licence for Jira Service Management or no access to this desk. "
                "Give it product access and the Service Desk Team role."
            )
        return PermissionMissing(f"Jira forbids {what}{said}: the account lacks a permission or a product licence.")
    if status == 404:
        return Missing(f"{what}: not there, or not for this account to see{said}", executed=Executed.NO, **more)
    if status == 409:
        return Stale(f"{what}: somebody else is writing there{said}", executed=Executed.NO, **more)
    if status == 410:
        return Rejected(f"{what}: Atlassian has removed this endpoint; a newer deskweave is needed", **more)
    if status in (408, 425) or status >= 500:
        executed = Executed.NO if answer.reads else Executed.MAYBE
        return TransientError(
            f"Jira is unavailable at {what} ({status})", executed=executed, retry_at=retry_after(answer, now), **more
        )
    if 300 <= status < 400:
        return TransientError(f"{what} was redirected ({status}): is the address the site's own?", executed=Executed.NO, **more)
    return Rejected(f"Jira refused {what} ({status}){said}", fields=frozenset(_fields(answer)), **more)


def _what(answer: Answer) -> str:
    return f"{answer.method} {answer.path.split('?')[0]}"


def _fields(answer: Answer) -> list[str]:
    errors = answer.parsed.get("errors") if isinstance(answer.parsed, Mapping) else None
    return [str(name) for name in errors] if isinstance(errors, Mapping) else []


_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def _said(answer: Answer) -> str:
    """What the body names: fields, the i18n key, and the platform's sentences with whatever they quote taken out.

    What is quoted may be somebody's words, and the sentence may be in any language: what GBK cannot write becomes a question mark.
    """
    if not isinstance(answer.parsed, Mapping):
        return ""
    body = answer.parsed
    fields = _fields(answer)
    parts = [f"fields {', '.join(sorted(fields)[:8])}"] if fields else []
    key = body.get("i18nErrorMessage")
    if isinstance(key, Mapping) and isinstance(key.get("i18nKey"), str):
        parts.append(str(key["i18nKey"])[:120])
    messages, errors = body.get("errorMessages"), body.get("errors")
    sentences = [*messages[:2]] if isinstance(messages, (list, tuple)) else []
    sentences += list(errors.values())[:3] if isinstance(errors, Mapping) else []
    parts += [_QUOTED.sub("'...'", str(sentence))[:160] for sentence in sentences]
    return (": " + "; ".join(parts)).encode("gbk", "replace").decode("gbk") if parts else ""


def _reset(answer: Answer) -> datetime | None:
    """`X-RateLimit-Reset` is ISO 8601 and may lack its seconds."""
    text = answer.header("x-ratelimit-reset").strip()
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
