"""Endpoints of the service desk API: desk, request types, requests, their comments, status and SLA. Ids are strings here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deskweave.emulation import Call, Reply
from deskweave_jira_sm.emulator.entry import Refused, enter
from deskweave_jira_sm.emulator.richtext import from_wiki
from deskweave_jira_sm.emulator.state import Account, Issue, RequestType

if TYPE_CHECKING:
    from deskweave_jira_sm.emulator.platform import JiraPlatform

_REQUEST_KEYS = frozenset(
    {
        "serviceDeskId",
        "requestTypeId",
        "requestFieldValues",
        "raiseOnBehalfOf",
        "requestParticipants",
        "isAdfRequest",
        "channel",
        "form",
    }
)
_NO_REQUEST = "sd.customerview.error.issueNotFound"


def register(platform: JiraPlatform) -> None:
    """Add these endpoints."""
    api = "/rest/servicedeskapi"
    platform.serve("GET", f"{api}/info", info)
    platform.serve("GET", f"{api}/servicedesk", desks, licensed=True)
    platform.serve("GET", f"{api}/servicedesk/{{desk}}", desk, licensed=True)
    platform.serve("GET", f"{api}/servicedesk/{{desk}}/requesttype", request_types, licensed=True)
    platform.serve("GET", f"{api}/servicedesk/{{desk}}/requesttype/{{type}}", request_type, licensed=True)
    platform.serve("GET", f"{api}/servicedesk/{{desk}}/requesttype/{{type}}/field", form, licensed=True)
    platform.serve("GET", f"{api}/servicedesk/{{desk}}/requesttypegroup", groups, licensed=True)
    platform.serve("POST", f"{api}/request", create, writes=True, licensed=True)
    platform.serve("GET", f"{api}/request", own_requests, licensed=True)
    platform.serve("GET", f"{api}/request/{{issue}}", read, licensed=True)
    platform.serve("GET", f"{api}/request/{{issue}}/status", statuses, licensed=True)
    platform.serve("GET", f"{api}/request/{{issue}}/sla", slas, licensed=True)
    platform.serve("GET", f"{api}/request/{{issue}}/transition", transitions, licensed=True)
    platform.serve("GET", f"{api}/request/{{issue}}/comment", comments, licensed=True)
    platform.serve("POST", f"{api}/request/{{issue}}/comment", add_comment, writes=True, licensed=True)


def _page(call: Call) -> tuple[int, int]:
    from deskweave_jira_sm.emulator.platform import number

    return number(call, "start", 0), min(number(call, "limit", 50), 50)


def _desk(call: Call, platform: JiraPlatform) -> None:
    from deskweave_jira_sm.emulator.platform import Stop

    state = platform.state
    if call.params["desk"] not in (state.desk_id, state.project_id, state.project_key):
        raise Stop(platform.desk_error(404, "The Service Desk does not exist.", "sd.agent.servicedesk.error.servicedesk.missing"))


def _type(call: Call, platform: JiraPlatform) -> RequestType:
    from deskweave_jira_sm.emulator.platform import Stop

    _desk(call, platform)
    found = platform.state.request_types.get(call.params["type"])
    if found is None:
        raise Stop(platform.desk_error(404, "The request type does not exist.", "sd.request.type.error.missing"))
    return found


def _request(call: Call, account: Account, platform: JiraPlatform) -> Issue:
    """A request: an issue of the desk that has a request type; one without is not found here."""
    from deskweave_jira_sm.emulator.platform import Stop

    issue = platform.state.find_issue(call.params["issue"])
    if issue is None or not platform.visible(account, issue) or issue.values.get("customfield_10010") is None:
        raise Stop(platform.desk_error(404, "The request does not exist or you do not have permission to view it.", _NO_REQUEST))
    return issue


def info(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    view = platform.view(call, account)
    return Reply(
        body={
            "version": "1001.0.0-SNAPSHOT",
            "platformVersion": "1001.0.0-SNAPSHOT",
            "buildDate": view.date(platform.now()),
            "buildChangeSet": "emulated",
            "isLicensedForUse": True,
            "_links": {"self": f"{platform.base}/rest/servicedeskapi/info"},
        }
    )


def _shown_desk(platform: JiraPlatform) -> dict[str, Any]:
    state = platform.state
    return {
        "id": state.desk_id,
        "projectId": state.project_id,
        "projectName": state.project_name,
        "projectKey": state.project_key,
        "_links": {"self": f"{platform.base}/rest/servicedeskapi/servicedesk/{state.desk_id}"},
    }


def desks(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    return Reply(body=platform.view(call, account).desk_page(call.path, [_shown_desk(platform)], *_page(call)))


def desk(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    _desk(call, platform)
    return Reply(body=_shown_desk(platform))


def request_types(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    _desk(call, platform)
    view = platform.view(call, account)
    group = call.one("groupId")
    shown = [view.request_type(kind) for kind in platform.state.request_types.values() if not group or kind.group == group]
    return Reply(body=view.desk_page(call.path, shown, *_page(call)))


def request_type(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    return Reply(body=platform.view(call, account).request_type(_type(call, platform)))


def form(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    kind, view = _type(call, platform), platform.view(call, account)
    fields: list[Any] = []
    for name in kind.form:
        definition = platform.state.fields[name]
        values = [
            {"value": term.id, "label": term.called(view.language), "children": []} for term in platform.state.priorities.values()
        ]
        fields.append(
            {
                "fieldId": name,
                "name": view.field_name(definition),
                "description": "",
                "required": name == "summary",
                "visible": True,
                "jiraSchema": view.schema(definition),
                "validValues": values if name == "priority" else [],
                "defaultValues": [],
                "presetValues": [],
            }
        )
    return Reply(
        body={"canRaiseOnBehalfOf": account.agent, "canAddRequestParticipants": account.agent, "requestTypeFields": fields}
    )


def groups(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    _desk(call, platform)
    shown = [{"id": id_, "name": name} for id_, name in platform.state.groups.items()]
    return Reply(body=platform.view(call, account).desk_page(call.path, shown, *_page(call)))


def create(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """As the portal does: only fields of the form, text as wiki markup unless `isAdfRequest`, no properties, no status."""
    body, state = platform.body(call, _REQUEST_KEYS), platform.state
    ids = body.get("serviceDeskId"), body.get("requestTypeId")
    raw = body.get("requestFieldValues")
    if not all(isinstance(id_, str) for id_ in ids) or not isinstance(raw, Mapping):
        return platform.desk_error(400, "The request body is not valid.", "sd.request.create.error.body")
    kind = state.request_types.get(str(ids[1]))
    if ids[0] != state.desk_id or kind is None:
        return platform.desk_error(400, "The request type you are trying to view does not exist.", "sd.request.type.error.missing")
    behalf = body.get("raiseOnBehalfOf")
    if behalf is not None and behalf not in state.accounts:
        return platform.desk_error(400, "The user to raise the request for does not exist.", "sd.request.create.error.behalf")
    version = "3" if body.get("isAdfRequest") is True else "2"
    try:
        values = enter(state, account, raw, kind.form, version=version, always=frozenset())
        if "summary" not in values:
            raise Refused({"summary": "You must specify a summary of the issue."})
    except Refused as refused:
        return platform.desk_error(400, " ".join(refused.errors.values()), "sd.request.create.error.field")
    values |= {"customfield_10010": kind.id, "reporter": behalf or account.id}
    values.setdefault("priority", "3")
    issue = state.add_issue(issue_type=kind.issue_type, values=values, creator=account.id, properties={})
    return Reply(status=201, body=platform.view(call, account).request(issue))


def own_requests(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """The caller's own requests: never those of the whole desk, also not for an agent."""
    view = platform.view(call, account)
    mine = [
        issue
        for issue in platform.state.issues.values()
        if issue.values.get("reporter") == account.id and issue.values.get("customfield_10010")
    ]
    mine.sort(key=lambda issue: issue.updated, reverse=True)
    return Reply(body=view.desk_page(call.path, [view.request(issue) for issue in mine], *_page(call)))


def read(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    return Reply(body=platform.view(call, account).request(_request(call, account, platform)))


def statuses(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    issue, view = _request(call, account, platform), platform.view(call, account)
    shown = [view.current_status(issue)]
    return Reply(body=view.desk_page(call.path, shown, *_page(call)))


def slas(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    issue, view = _request(call, account, platform), platform.view(call, account)
    shown = [view.sla(definition, issue) for definition in platform.state.fields.values() if definition.kind == "sd-sla-field"]
    return Reply(body=view.desk_page(call.path, shown, *_page(call)))


def transitions(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """Those shown to customers: a subset, and without the status they lead to."""
    issue, view = _request(call, account, platform), platform.view(call, account)
    steps = [step for step in platform.state.steps_from(issue.status) if step.customer]
    shown = [{"id": step.id, "name": step.names.get(view.language, step.names["en"])} for step in steps]
    return Reply(body=view.desk_page(call.path, shown, *_page(call)))


def comments(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    view = platform.view(call, account)
    issue = platform.state.find_issue(call.params["issue"])
    hidden = issue is None or not platform.visible(account, issue)
    wanted = {True: call.one("public", "true") == "true", False: call.one("internal", "true") == "true"}
    found = (
        []
        if issue is None or hidden
        else [view.desk_comment(issue, comment) for comment in issue.comments if wanted[comment.public]]
    )
    return Reply(body=view.desk_page(call.path, found, *_page(call)))


def add_comment(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    issue = _request(call, account, platform)
    body = platform.body(call, frozenset({"body", "public"}))
    if not isinstance(body.get("public"), bool) or not isinstance(body.get("body"), str) or not body["body"].strip():
        return platform.desk_error(
            400, "The comment needs a body and must say whether it is public.", "sd.request.comment.error.body"
        )
    comment = platform.state.add_comment(
        issue,
        author=account.id,
        body=from_wiki(body["body"]),
        public=body["public"],
        properties={} if body["public"] else {"sd.public.comment": {"internal": True}},
    )
    return Reply(status=201, body=platform.view(call, account).desk_comment(issue, comment))
