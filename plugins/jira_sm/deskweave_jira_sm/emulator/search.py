"""Endpoints that search: search/jql with tokens over an index that lags, approximate-count, jql/parse, and the removed search."""

from __future__ import annotations

import base64
import hashlib
import json
from bisect import bisect_right
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from deskweave.emulation import Call, Reply
from deskweave.model import Json
from deskweave_jira_sm.emulator.jql import UNBOUNDED, JqlError, Query, parse
from deskweave_jira_sm.emulator.state import Account, Issue

if TYPE_CHECKING:
    from deskweave_jira_sm.emulator.platform import JiraPlatform

_KEYS: Final = frozenset(
    {"jql", "fields", "expand", "properties", "fieldsByKeys", "maxResults", "nextPageToken", "reconcileIssues"}
)
_REMOVED: Final = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
_TOKEN_LIFE: Final = timedelta(days=7)


def register(platform: JiraPlatform) -> None:
    """Add these endpoints."""
    api = "/rest/api/{version}"
    platform.serve("GET", f"{api}/search", removed, anonymous=True)
    platform.serve("POST", f"{api}/search", removed, anonymous=True)
    platform.serve("GET", f"{api}/search/jql", search, anonymous=True)
    platform.serve("POST", f"{api}/search/jql", search, anonymous=True)
    platform.serve("POST", f"{api}/search/approximate-count", count, anonymous=True)
    platform.serve("POST", f"{api}/jql/parse", parse_queries, anonymous=True)


def removed(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    return platform.error(410, _REMOVED)


def search(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """One page. Only a missing token ends the listing: pages shrink, whatever was asked for."""
    asked = platform.body(call, _KEYS) if call.method == "POST" else _query(call)
    limit = asked.get("maxResults", 50)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= 5000:
        return platform.error(400, "The maxResults parameter must be between 1 and 5000.")
    reconcile = asked.get("reconcileIssues") or []
    if len(reconcile) > 50 or any(not isinstance(id_, int) for id_ in reconcile):
        return platform.error(400, "The reconcileIssues parameter must have at most 50 numeric issue ids.")
    try:
        query = parse(str(asked.get("jql") or ""), platform.state, account, epochs=platform.epochs_in_jql)
    except JqlError as wrong:
        if not account.id:
            return Reply(body={"issues": [], "isLast": True})  # a stranger is not told what is wrong
        return platform.error(400, str(wrong))
    if query.test is None:
        return platform.error(400, UNBOUNDED)
    fields = asked.get("fields") or ["id"]
    digest = hashlib.sha256(json.dumps([asked.get("jql"), fields], sort_keys=True).encode()).hexdigest()[:12]
    after = asked.get("nextPageToken")
    position: dict[str, Any] = {"page": 0, "last": None}
    if after is not None:
        if platform.faults.take("lost_page_token", call) is not None:
            return platform.error(400, "The nextPageToken is not valid or has expired.")
        found = _position(str(after))
        if found is None or found["of"] != digest or platform.now().timestamp() - found["at"] > _TOKEN_LIFE.total_seconds():
            return platform.error(400, "The nextPageToken is not valid or has expired.")
        position = found
    view = platform.view(call, account)
    keys, hits = _ordered(platform, call, account, query, str(asked.get("jql")), frozenset(reconcile))
    # an issue that was edited meanwhile has moved to the end and is told again
    start = 0 if position["last"] is None else bisect_right(keys, _Key(position["last"], query))
    size = _page_size(platform, fields, limit, int(position["page"]))
    how = platform.faults.take("small_pages", call)
    least = how.get("size") if how is not None else None
    size = min(size, least) if isinstance(least, int) else size
    page = hits[start : start + size]
    answer: dict[str, Any] = {"issues": [view.issue(issue, fields, asked.get("properties") or ()) for issue in page]}
    if len(hits) > start + len(page):
        last = _place(query, page[-1]) if page else position["last"]
        token = {"of": digest, "page": position["page"] + 1, "last": last, "at": platform.now().timestamp()}
        answer |= {"isLast": False, "nextPageToken": base64.urlsafe_b64encode(json.dumps(token).encode()).decode()}
    else:
        answer["isLast"] = True
    return Reply(body=answer)


def _query(call: Call) -> dict[str, Any]:
    def several(name: str) -> list[str]:
        return [part for value in call.query.get(name, ()) for part in value.split(",") if part]

    asked: dict[str, Any] = {"jql": call.one("jql"), "fields": several("fields"), "properties": several("properties")}
    if call.one("maxResults"):
        asked["maxResults"] = int(call.one("maxResults"))
    if call.one("nextPageToken"):
        asked["nextPageToken"] = call.one("nextPageToken")
    asked["reconcileIssues"] = [int(id_) for id_ in several("reconcileIssues")]
    return asked


def _hits(
    platform: JiraPlatform, account: Account, query: Query, reconcile: frozenset[int], stale: Mapping[str, Json] | None
) -> list[Issue]:
    assert query.test is not None
    if stale is None:
        shown = list(platform.state.indexed(reconcile))
    else:  # the index stands still since so many minutes
        minutes = stale.get("minutes", 120)
        real, back = platform.state.now, timedelta(minutes=minutes if isinstance(minutes, int) else 120)
        platform.state.now = lambda: real() - back
        try:
            shown = list(platform.state.indexed(reconcile))
        finally:
            platform.state.now = real
    return [issue for issue in shown if platform.visible(account, issue) and query.test(issue)]


def _place(query: Query, issue: Issue) -> list[Any]:
    return [*query.sort_key(issue), issue.id]


class _Key:
    """A place in the order: each part up or down, the id last and always up."""

    def __init__(self, parts: list[Any], query: Query) -> None:
        self.parts, self.down = parts, [descending for _, descending in query.order]

    def __lt__(self, other: _Key) -> bool:
        for place, (mine, theirs) in enumerate(zip(self.parts, other.parts, strict=True)):
            if mine != theirs:
                down = place < len(self.down) and self.down[place]
                return bool(mine > theirs) if down else bool(mine < theirs)
        return False


def _ordered(
    platform: JiraPlatform, call: Call, account: Account, query: Query, jql: str, reconcile: frozenset[int]
) -> tuple[list[_Key], list[Issue]]:
    """The hits in their order; kept for the next page while nothing was written and no time has passed."""
    stale = platform.faults.take("stale_index", call)
    token = (jql, account.id, reconcile, platform.state.version, platform.now())
    if stale is None and platform.ordered is not None and platform.ordered[0] == token:
        return platform.ordered[1], platform.ordered[2]
    rows = sorted((_Key(_place(query, hit), query), hit) for hit in _hits(platform, account, query, reconcile, stale))
    keys, hits = [key for key, _ in rows], [hit for _, hit in rows]
    platform.ordered = (token, keys, hits) if stale is None else None
    return keys, hits


def _page_size(platform: JiraPlatform, fields: list[str], limit: int, page: int) -> int:
    if set(fields) <= {"id", "key"}:
        return limit
    size = min(limit, platform.page_cap)
    return max(1, size * 3 // 4) if page % 2 else size


def _position(token: str) -> dict[str, Any] | None:
    try:
        found = json.loads(base64.urlsafe_b64decode(token.encode()))
    except ValueError:
        return None
    return found if isinstance(found, dict) and {"of", "page", "last", "at"} <= set(found) else None


def count(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    body = platform.body(call, frozenset({"jql"}))
    try:
        query = parse(str(body.get("jql") or ""), platform.state, account, epochs=platform.epochs_in_jql)
    except JqlError as wrong:
        return platform.error(400, str(wrong))
    if query.test is None:
        return platform.error(400, UNBOUNDED)
    return Reply(body={"count": len(_hits(platform, account, query, frozenset(), platform.faults.take("stale_index", call)))})


def parse_queries(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    body = platform.body(call, frozenset({"queries"}))
    queries = body.get("queries")
    if call.one("validation") not in ("strict", "warn", "none") or not isinstance(queries, list):
        return platform.error(400, "The validation parameter and a list of queries are required.")
    answers: list[Any] = []
    for text in queries:
        try:
            query = parse(str(text), platform.state, account, epochs=platform.epochs_in_jql)
        except JqlError as wrong:
            answers.append({"query": str(text), "errors": [str(wrong)]})
            continue
        order = [{"field": {"name": name}, "direction": "desc" if down else "asc"} for name, down in query.order]
        answers.append({"query": str(text), "structure": {"orderBy": {"fields": order}} if order else {}})
    return Reply(body={"queries": answers})
