"""One method per endpoint of Jira Cloud and Jira Service Management, over the house's transport.

URLs are built from ids, never taken from an answer: `self` links point at the site even where the gateway was asked. Method names
follow Atlassian's reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from deskweave.connector import Kit, RateClass, Ref
from deskweave.errors import Executed, RateLimited, Scope, TransientError
from deskweave.http import Answer, Transport
from deskweave.model import Json
from deskweave_jira_sm.auth import TokenAuth
from deskweave_jira_sm.config import Settings
from deskweave_jira_sm.errors import classifier

#: The vendor keeps quotas per endpoint and method, and one per issue (rate limiting page, in force 2026-03-02). Classes not
#: listed ("configuration", "desk") lump rare calls to many endpoints: for those only the vendor's own answer counts.
RATES: Final = (
    RateClass("search", 100, timedelta(seconds=1)),
    RateClass("issue_read", 150, timedelta(seconds=1)),
    RateClass("changelog", 200, timedelta(seconds=1)),
    RateClass("comment_read", 100, timedelta(seconds=1)),
    RateClass("issue_create", 100, timedelta(seconds=1)),
    RateClass("issue_edit", 50, timedelta(seconds=1)),
    RateClass("issue_write", 20, timedelta(seconds=2), per_record=True),
)
_EXPERIMENTAL: Final = {"X-ExperimentalApi": "opt-in"}
_ENGLISH: Final = {"X-Force-Accept-Language": "true", "Accept-Language": "en"}


class Client:
    """Jira's endpoints as methods. Every one does one call and raises one of our errors."""

    def __init__(self, settings: Settings, kit: Kit) -> None:
        self._kit = kit
        auth = TokenAuth(settings.auth.email, settings.auth.api_token.get_secret_value())
        self._transport = Transport(kit, settings.address, classify=classifier(kit.now), auth=auth)

    @property
    def calls(self) -> int:
        """How many requests went out so far."""
        return self._transport.calls

    # ------------------------------------------------------------------------------------------------------------- plumbing
    def _send(self, method: str, path: str, *, reads: bool, rate: str, quota: str | None = None, **more: Any) -> Answer:
        """`quota` is the endpoint's own class where `rate` is the issue's: a burst limit speaks of the endpoint."""
        try:
            return self._transport.send(method, path, reads=reads, rate_class=rate, **more)
        except RateLimited as error:
            if error.scope is Scope.RECORD:
                error.rate_class = error.rate_class or rate
            else:
                error.rate_class = error.rate_class or quota or rate
                self._kit.budget.learn(error.rate_class, 0, error.retry_at)
            raise

    def _get(self, path: str, *, rate: str = "configuration", ref: Ref | None = None, **params: Json) -> Json:
        query = {name: _flag(value) for name, value in params.items() if value is not None}
        return self._send("GET", path, reads=True, rate=rate, params=query, ref=ref).parsed

    def _write(self, method: str, path: str, body: Json, *, rate: str, ref: Ref | None = None, **more: Any) -> Answer:
        """A write on one issue counts against the endpoint's quota and the issue's own."""
        if ref is None:
            return self._send(method, path, reads=False, rate=rate, body=body, **more)
        self._kit.budget.take(rate, 1)
        return self._send(method, path, reads=False, rate="issue_write", quota=rate, body=body, ref=ref, **more)

    # ----------------------------------------------------------------------------------------------------------------- site
    def myself(self) -> Mapping[str, Json]:
        return _object(self._get("/rest/api/3/myself"))

    def server_info(self) -> Mapping[str, Json]:
        return _object(self._get("/rest/api/3/serverInfo"))

    def tenant_info(self) -> Mapping[str, Json]:
        return _object(self._get("/_edge/tenant_info"))

    def my_permissions(self, project: str, permissions: Sequence[str]) -> Mapping[str, Json]:
        found = _object(self._get("/rest/api/3/mypermissions", projectKey=project, permissions=",".join(permissions)))
        return _object(found.get("permissions"))

    def project(self, key: str) -> Mapping[str, Json]:
        return _object(self._get(f"/rest/api/3/project/{quote(key)}"))

    def project_statuses(self, key: str, *, english: bool = False) -> Sequence[Json]:
        path = f"/rest/api/3/project/{quote(key)}/statuses"
        return _list(self._send("GET", path, reads=True, rate="configuration", headers=_ENGLISH if english else None).parsed)

    def project_security_scheme(self, key: str) -> Mapping[str, Json]:
        return _object(self._get(f"/rest/api/3/project/{quote(key)}/issuesecuritylevelscheme"))

    def project_property(self, key: str, name: str) -> Json:
        return _object(self._get(f"/rest/api/3/project/{quote(key)}/properties/{quote(name)}")).get("value")

    def set_project_property(self, key: str, name: str, value: Json) -> None:
        self._write("PUT", f"/rest/api/3/project/{quote(key)}/properties/{quote(name)}", value, rate="configuration")

    def priorities(self) -> Sequence[Json]:
        return _list(self._get("/rest/api/3/priority"))

    def resolutions(self) -> Sequence[Json]:
        return _list(self._get("/rest/api/3/resolution"))

    def workflows(self, project_id: str, issue_type_ids: Sequence[str]) -> Mapping[str, Json]:
        pairs: list[Json] = [{"projectId": project_id, "issueTypeId": issue_type} for issue_type in issue_type_ids]
        body: Json = {"projectAndIssueTypes": pairs}
        return _object(self._send("POST", "/rest/api/3/workflows", reads=True, rate="configuration", body=body).parsed)

    # --------------------------------------------------------------------------------------------------------------- search
    def search(
        self,
        jql: str,
        *,
        fields: Sequence[str],
        properties: Sequence[str] = (),
        limit: int,
        token: str | None = None,
        reconcile: Sequence[int] = (),
    ) -> Mapping[str, Json]:
        body: dict[str, Json] = {"jql": jql, "fields": list(fields), "maxResults": limit}
        if properties:
            body["properties"] = list(properties)
        if token is not None:
            body["nextPageToken"] = token
        if reconcile:
            body["reconcileIssues"] = list(reconcile)
        return _object(self._send("POST", "/rest/api/3/search/jql", reads=True, rate="search", body=body).parsed)

    def approximate_count(self, jql: str) -> int | None:
        body: Json = {"jql": jql}
        found = _object(self._send("POST", "/rest/api/3/search/approximate-count", reads=True, rate="search", body=body).parsed)
        count = found.get("count")
        return count if isinstance(count, int) else None

    # --------------------------------------------------------------------------------------------------------------- issues
    def bulk_fetch(self, ids_or_keys: Sequence[str], *, fields: Sequence[str], properties: Sequence[str]) -> Mapping[str, Json]:
        body: Json = {"issueIdsOrKeys": list(ids_or_keys), "fields": list(fields), "properties": list(properties)}
        return _object(self._send("POST", "/rest/api/3/issue/bulkfetch", reads=True, rate="issue_read", body=body).parsed)

    def issue(self, ref: Ref, *, fields: Sequence[str], properties: Sequence[str] = ()) -> Mapping[str, Json]:
        path = f"/rest/api/3/issue/{quote(ref.rid)}"
        return _object(
            self._get(path, rate="issue_read", ref=ref, fields=",".join(fields), properties=",".join(properties) or None)
        )

    def create_issue(self, fields: Mapping[str, Json], properties: Sequence[Mapping[str, Json]]) -> Mapping[str, Json]:
        body: Json = {"fields": dict(fields), "properties": list(properties)}
        return _object(self._write("POST", "/rest/api/3/issue", body, rate="issue_create").parsed)

    def edit_issue(self, ref: Ref, fields: Mapping[str, Json]) -> None:
        self._write("PUT", f"/rest/api/3/issue/{quote(ref.rid)}", {"fields": dict(fields)}, rate="issue_edit", ref=ref)

    def delete_issue(self, ref: Ref) -> None:
        self._write("DELETE", f"/rest/api/3/issue/{quote(ref.rid)}", None, rate="issue_edit", ref=ref)

    def set_issue_property(self, ref: Ref, name: str, value: Json) -> None:
        path = f"/rest/api/3/issue/{quote(ref.rid)}/properties/{quote(name)}"
        self._write("PUT", path, value, rate="issue_edit", ref=ref)

    def create_meta(self, project: str, issue_type: str, start: int) -> Mapping[str, Json]:
        path = f"/rest/api/3/issue/createmeta/{quote(project)}/issuetypes/{quote(issue_type)}"
        return _object(self._get(path, startAt=start, maxResults=200))

    def transitions(self, ref: Ref) -> Sequence[Json]:
        path = f"/rest/api/3/issue/{quote(ref.rid)}/transitions"
        found = _object(self._get(path, rate="issue_read", ref=ref, expand="transitions.fields"))
        return _list(found.get("transitions"))

    def transition(self, ref: Ref, transition: str, fields: Mapping[str, Json]) -> None:
        body: dict[str, Json] = {"transition": {"id": transition}}
        if fields:
            body["fields"] = dict(fields)
        self._write("POST", f"/rest/api/3/issue/{quote(ref.rid)}/transitions", body, rate="issue_create", ref=ref)

    def changelogs(self, ids: Sequence[str], *, fields: Sequence[str], limit: int, token: str | None) -> Mapping[str, Json]:
        body: dict[str, Json] = {"issueIdsOrKeys": list(ids), "maxResults": limit}
        if fields:
            body["fieldIds"] = list(fields)
        if token is not None:
            body["nextPageToken"] = token
        return _object(self._send("POST", "/rest/api/3/changelog/bulkfetch", reads=True, rate="changelog", body=body).parsed)

    # ------------------------------------------------------------------------------------------------------------- comments
    def comments(self, ref: Ref, start: int, limit: int) -> Mapping[str, Json]:
        path = f"/rest/api/3/issue/{quote(ref.rid)}/comment"
        return _object(self._get(path, rate="comment_read", ref=ref, startAt=start, maxResults=limit, orderBy="created"))

    def comment_list(self, ids: Sequence[int]) -> Mapping[str, Json]:
        """The comments with their properties, which the listing by issue does not promise."""
        body: Json = {"ids": list(ids)}
        answer = self._send(
            "POST", "/rest/api/3/comment/list", reads=True, rate="comment_read", body=body, params={"expand": "properties"}
        )
        return _object(answer.parsed)

    def add_comment(self, ref: Ref, body: Json, properties: Sequence[Mapping[str, Json]]) -> Mapping[str, Json]:
        sent: Json = {"body": body, "properties": list(properties)}
        path = f"/rest/api/3/issue/{quote(ref.rid)}/comment"
        return _object(self._write("POST", path, sent, rate="issue_create", ref=ref).parsed)

    def delete_comment(self, ref: Ref, comment: str) -> None:
        path = f"/rest/api/3/issue/{quote(ref.rid)}/comment/{quote(comment)}"
        self._write("DELETE", path, None, rate="issue_edit", ref=ref)

    # ------------------------------------------------------------------------------------------------------------------ desk
    def service_desks(self, start: int) -> Mapping[str, Json]:
        return _object(self._get("/rest/servicedeskapi/servicedesk", rate="desk", start=start, limit=50))

    def request_types(self, desk: str, start: int) -> Mapping[str, Json]:
        return _object(self._get(f"/rest/servicedeskapi/servicedesk/{quote(desk)}/requesttype", rate="desk", start=start, limit=50))

    def request_type_groups(self, desk: str, start: int) -> Mapping[str, Json]:
        path = f"/rest/servicedeskapi/servicedesk/{quote(desk)}/requesttypegroup"
        return _object(self._get(path, rate="desk", start=start, limit=50))

    def request_type_fields(self, desk: str, request_type: str) -> Mapping[str, Json]:
        path = f"/rest/servicedeskapi/servicedesk/{quote(desk)}/requesttype/{quote(request_type)}/field"
        return _object(self._get(path, rate="desk"))

    def create_request(self, body: Mapping[str, Json]) -> Mapping[str, Json]:
        answer = self._write("POST", "/rest/servicedeskapi/request", body, rate="issue_create", headers=_EXPERIMENTAL)
        return _object(answer.parsed)

    # ----------------------------------------------------------------------------------------------------------------- users
    def find_users(self, query: str) -> Sequence[Json]:
        return _list(self._get("/rest/api/3/user/search", query=query, maxResults=50))

    def find_assignable(self, project: str, query: str) -> Sequence[Json]:
        return _list(self._get("/rest/api/3/user/assignable/search", project=project, query=query, maxResults=50))

    def users(self, accounts: Sequence[str]) -> Mapping[str, Json]:
        return _object(self._get("/rest/api/3/user/bulk", accountId=list(accounts), maxResults=200))

    # --------------------------------------------------------------------------------------------------------- configuration
    def fields(self) -> Sequence[Json]:
        return _list(self._get("/rest/api/3/field"))

    def find_fields(self, query: str | None, start: int) -> Mapping[str, Json]:
        return _object(self._get("/rest/api/3/field/search", type="custom", query=query, startAt=start, maxResults=50))

    def create_field(self, body: Mapping[str, Json]) -> Mapping[str, Json]:
        return _object(self._write("POST", "/rest/api/3/field", body, rate="configuration").parsed)

    def update_field(self, field: str, body: Mapping[str, Json]) -> None:
        self._write("PUT", f"/rest/api/3/field/{quote(field)}", body, rate="configuration")

    def trash_field(self, field: str) -> None:
        self._write("POST", f"/rest/api/3/field/{quote(field)}/trash", None, rate="configuration")

    def contexts(self, field: str, start: int) -> Mapping[str, Json]:
        return _object(self._get(f"/rest/api/3/field/{quote(field)}/context", startAt=start, maxResults=50))

    def create_context(self, field: str, name: str, project_ids: Sequence[str]) -> Mapping[str, Json]:
        body: Json = {"name": name, "description": "", "projectIds": list(project_ids), "issueTypeIds": []}
        return _object(self._write("POST", f"/rest/api/3/field/{quote(field)}/context", body, rate="configuration").parsed)

    def options(self, field: str, context: str, start: int) -> Mapping[str, Json]:
        path = f"/rest/api/3/field/{quote(field)}/context/{quote(context)}/option"
        return _object(self._get(path, startAt=start, maxResults=100))

    def create_options(self, field: str, context: str, values: Sequence[str]) -> Sequence[Json]:
        body: Json = {"options": [{"value": value, "disabled": False} for value in values]}
        path = f"/rest/api/3/field/{quote(field)}/context/{quote(context)}/option"
        return _list(_object(self._write("POST", path, body, rate="configuration").parsed).get("options"))

    def update_option(self, field: str, context: str, option: Mapping[str, Json]) -> None:
        path = f"/rest/api/3/field/{quote(field)}/context/{quote(context)}/option"
        self._write("PUT", path, {"options": [dict(option)]}, rate="configuration")

    def delete_option(self, field: str, context: str, option: str) -> None:
        path = f"/rest/api/3/field/{quote(field)}/context/{quote(context)}/option/{quote(option)}"
        self._write("DELETE", path, None, rate="configuration")

    def add_to_default_screen(self, field: str) -> None:
        self._write("POST", f"/rest/api/3/screens/addToDefault/{quote(field)}", None, rate="configuration")

    def screen_scheme_of_project(self, project_id: str) -> Mapping[str, Json]:
        return _object(self._get("/rest/api/3/issuetypescreenscheme/project", projectId=project_id))

    def screen_scheme_mappings(self, scheme: str) -> Mapping[str, Json]:
        return _object(self._get("/rest/api/3/issuetypescreenscheme/mapping", issueTypeScreenSchemeId=scheme))

    def screen_schemes(self, ids: Sequence[str]) -> Mapping[str, Json]:
        return _object(self._get("/rest/api/3/screenscheme", id=list(ids)))

    def screen_tabs(self, screen: str) -> Sequence[Json]:
        return _list(self._get(f"/rest/api/3/screens/{quote(screen)}/tabs"))

    def tab_fields(self, screen: str, tab: str) -> Sequence[Json]:
        return _list(self._get(f"/rest/api/3/screens/{quote(screen)}/tabs/{quote(tab)}/fields"))

    def add_to_tab(self, screen: str, tab: str, field: str) -> None:
        path = f"/rest/api/3/screens/{quote(screen)}/tabs/{quote(tab)}/fields"
        self._write("POST", path, {"fieldId": field}, rate="configuration")

    def remove_from_tab(self, screen: str, tab: str, field: str) -> None:
        path = f"/rest/api/3/screens/{quote(screen)}/tabs/{quote(tab)}/fields/{quote(field)}"
        self._write("DELETE", path, None, rate="configuration")


def _flag(value: Json) -> Json:
    return str(value).lower() if isinstance(value, bool) else value


def _object(value: Json) -> Mapping[str, Json]:
    """An answer that has to be an object.

    Raises:
        TransientError: it is something else, which is the edge speaking and not Jira.
    """
    if isinstance(value, Mapping):
        return value
    raise TransientError("Jira answered with something that is no JSON object", executed=Executed.MAYBE, code="no-object")


def _list(value: Json) -> Sequence[Json]:
    if isinstance(value, (list, tuple)):
        return value
    raise TransientError("Jira answered with something that is no JSON list", executed=Executed.MAYBE, code="no-list")
