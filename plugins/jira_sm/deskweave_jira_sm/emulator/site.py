"""Endpoints about the site and its one project: who am I, what may I, statuses, workflow, project properties, users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deskweave.emulation import Call, Reply
from deskweave_jira_sm.emulator.present import WORKFLOW_CATEGORY
from deskweave_jira_sm.emulator.seed import _ALL as EVERY_PERMISSION
from deskweave_jira_sm.emulator.state import Account

if TYPE_CHECKING:
    from deskweave_jira_sm.emulator.platform import JiraPlatform

_WORKFLOW = "5b9b4b0e-6a6c-4c39-9f0f-2f7f5f0c8a11"


def register(platform: JiraPlatform) -> None:
    """Add these endpoints."""
    api = "/rest/api/{version}"
    platform.serve("GET", "/_edge/tenant_info", tenant_info, anonymous=True)
    platform.serve("GET", f"{api}/serverInfo", server_info, anonymous=True)
    platform.serve("GET", f"{api}/myself", myself)
    platform.serve("GET", f"{api}/mypermissions", my_permissions, anonymous=True)
    platform.serve("GET", f"{api}/user/search", user_search)
    platform.serve("GET", f"{api}/user/assignable/search", assignable)
    platform.serve("GET", f"{api}/user/bulk", user_bulk)
    platform.serve("GET", f"{api}/user", user)
    platform.serve("GET", f"{api}/project/search", project_search, anonymous=True)
    platform.serve("GET", f"{api}/project/{{project}}", project, anonymous=True)
    platform.serve("GET", f"{api}/project/{{project}}/statuses", project_statuses, anonymous=True)
    platform.serve("GET", f"{api}/project/{{project}}/issuesecuritylevelscheme", security_scheme)
    platform.serve("GET", f"{api}/project/{{project}}/properties/{{key}}", read_property)
    platform.serve("PUT", f"{api}/project/{{project}}/properties/{{key}}", write_property, writes=True)
    platform.serve("DELETE", f"{api}/project/{{project}}/properties/{{key}}", delete_property, writes=True)
    platform.serve("GET", f"{api}/priority", priorities, anonymous=True)
    platform.serve("GET", f"{api}/resolution", resolutions, anonymous=True)
    platform.serve("GET", f"{api}/status", statuses, anonymous=True)
    platform.serve("GET", f"{api}/issuetype", issue_types, anonymous=True)
    platform.serve("POST", f"{api}/workflows", workflows)


def _project(call: Call, account: Account, platform: JiraPlatform) -> None:
    from deskweave_jira_sm.emulator.platform import Stop

    state = platform.state
    if call.params["project"] not in (state.project_id, state.project_key) or "BROWSE_PROJECTS" not in account.permissions:
        raise Stop(platform.error(404, f"No project could be found with key '{call.params['project']}'."))


def tenant_info(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    if not platform.has_tenant_info:
        return platform.not_found(call)
    return Reply(body={"cloudId": platform.cloud_id})


def server_info(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    view = platform.view(call, account)
    return Reply(
        body={
            "baseUrl": platform.base,
            "displayUrl": platform.base,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100282,
            "serverTime": view.instant(platform.now()),
            "serverTimeZone": "UTC",
            "scmInfo": "emulated",
            "serverTitle": "Jira",
        }
    )


def myself(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    return Reply(body=platform.view(call, account).user(account.id) | {"locale": account.locale})


def my_permissions(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    asked = [name for name in call.one("permissions").split(",") if name]
    if not asked:
        return platform.error(400, "The 'permissions' query parameter is required.")
    unknown = [name for name in asked if name not in EVERY_PERMISSION]
    if unknown:
        return platform.error(400, f"Unrecognized permission(s): {', '.join(unknown)}")
    held: dict[str, Any] = {}
    for place, name in enumerate(sorted(EVERY_PERMISSION)):
        if name in asked:
            held[name] = {
                "id": str(place),
                "key": name,
                "name": name.replace("_", " ").title(),
                "type": "GLOBAL" if name == "ADMINISTER" else "PROJECT",
                "description": "",
                "havePermission": name in account.permissions,
            }
    return Reply(body={"permissions": held})


def user_search(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """Prefixes of names and of e-mails; whose profile hides the e-mail is found by it all the same, and does not show it."""
    query = call.one("query").casefold()
    view = platform.view(call, account)
    if not account.agent or not query:
        return Reply(body=[])
    found = [
        person
        for person in platform.state.accounts.values()
        if person.kind != "customer" and (person.email.casefold().startswith(query) or person.name.casefold().startswith(query))
    ]
    return Reply(body=[view.user(person.id) for person in found][:50])


def assignable(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """Who can be assigned requests of the project: its agents."""
    query, state = call.one("query").casefold(), platform.state
    if call.one("project") not in (state.project_key, state.project_id):
        return platform.error(404, "The project was not found.")
    view = platform.view(call, account)
    found = [
        person
        for person in state.accounts.values()
        if person.agent and (person.email.casefold().startswith(query) or person.name.casefold().startswith(query))
    ]
    return Reply(body=[view.user(person.id) for person in found][:50])


def user_bulk(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    view = platform.view(call, account)
    known = [view.user(id_) for id_ in call.query.get("accountId", ()) if id_ in platform.state.accounts]
    return Reply(body=view.page(known, 0, 200))


def user(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    id_ = call.one("accountId")
    if id_ not in platform.state.accounts:
        return platform.error(404, "Specified user does not exist or you do not have required permissions")
    return Reply(body=platform.view(call, account).user(id_))


def project_search(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    view = platform.view(call, account)
    return Reply(body=view.page([view.project()] if "BROWSE_PROJECTS" in account.permissions else [], 0, 50))


def project(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    _project(call, account, platform)
    view = platform.view(call, account)
    kinds = [view.issue_type(kind) for kind in platform.state.issue_types.values()]
    return Reply(body=view.project() | {"description": "", "issueTypes": kinds, "assigneeType": "UNASSIGNED"})


def project_statuses(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    _project(call, account, platform)
    view = platform.view(call, account)
    shown: list[Any] = [view.status(status) for status in platform.state.statuses.values()]
    kinds = platform.state.issue_types.values()
    return Reply(
        body=[
            {
                "self": view.issue_type(kind)["self"],
                "id": kind.id,
                "name": kind.called(view.language),
                "subtask": False,
                "statuses": shown,
            }
            for kind in kinds
        ]
    )


def security_scheme(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    _project(call, account, platform)
    if "ADMINISTER_PROJECTS" not in account.permissions:
        return platform.error(403, "You do not have permission to perform this operation.")
    if any(issue.hidden_from for issue in platform.state.issues.values()):
        return Reply(body={"id": 10001, "name": "ITH security", "description": "", "levels": []})
    return platform.error(404, "The project has no issue security scheme.")


def read_property(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    _project(call, account, platform)
    key = call.params["key"]
    if key not in platform.state.project_properties:
        return platform.error(404, f"The property with key '{key}' does not exist.")
    return Reply(body={"key": key, "value": platform.state.project_properties[key]})


def write_property(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    _project(call, account, platform)
    if "ADMINISTER_PROJECTS" not in account.permissions:
        return platform.error(403, "You do not have permission to edit this project.")
    if not call.body or len(call.body) > 32_768:
        return platform.error(400, "The property value must be a valid, non-empty JSON of at most 32768 characters.")
    key = call.params["key"]
    status = 200 if key in platform.state.project_properties else 201
    platform.state.project_properties[key] = call.json()
    return Reply(status=status)


def delete_property(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    _project(call, account, platform)
    if "ADMINISTER_PROJECTS" not in account.permissions:
        return platform.error(403, "You do not have permission to edit this project.")
    found = platform.state.project_properties.pop(call.params["key"], None)
    return Reply(status=204) if found is not None else platform.error(404, "The property does not exist.")


def priorities(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    view = platform.view(call, account)
    shown = [
        view.term("priority", term) | {"description": "", "isDefault": term.id == "3"}
        for term in platform.state.priorities.values()
    ]
    return Reply(body=shown)


def resolutions(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    view = platform.view(call, account)
    return Reply(body=[view.term("resolution", term) for term in platform.state.resolutions.values()])


def statuses(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    view = platform.view(call, account)
    return Reply(body=[view.status(status) for status in platform.state.statuses.values()])


def issue_types(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    view = platform.view(call, account)
    return Reply(body=[view.issue_type(kind) for kind in platform.state.issue_types.values()])


def workflows(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """Read one project's workflow. Here 403 is told as 401, as the reference says of this API."""
    if "ADMINISTER_PROJECTS" not in account.permissions:
        return Reply(status=401)
    platform.body(call, frozenset({"projectAndIssueTypes", "workflowIds", "workflowNames"}))
    state = platform.state
    references = {id_: f"00000000-0000-4000-8000-{int(id_):012d}" for id_ in state.statuses}
    shown: list[Any] = [
        {
            "id": status.id,
            "name": status.names["en"],
            "description": "",
            "statusCategory": WORKFLOW_CATEGORY[status.category],
            "statusReference": references[status.id],
            "scope": {"type": "GLOBAL"},
        }
        for status in state.statuses.values()
    ]
    first: dict[str, Any] = {
        "id": "1",
        "name": "Create",
        "description": "",
        "type": "INITIAL",
        "toStatusReference": references[state.initial],
        "links": [],
        "actions": [],
        "validators": [],
        "triggers": [],
        "properties": {},
    }
    steps: list[Any] = [first] + [
        first
        | {
            "id": step.id,
            "name": step.names["en"],
            "type": "DIRECTED",
            "toStatusReference": references[step.to],
            "links": [{"fromStatusReference": references[source]} for source in step.sources],
            "validators": [
                {
                    "id": f"{step.id}-{name}",
                    "ruleKey": "system:validate-field-value",
                    "parameters": {
                        "ruleType": "fieldRequired",
                        "fieldsRequired": name,
                        "ignoreContext": "true",
                        "errorMessage": "",
                    },
                }
                for name in step.validates
            ],
        }
        for step in state.steps
    ]
    places: list[Any] = [
        {"statusReference": references[id_], "layout": {"x": 0.0, "y": 0.0}, "properties": {}, "deprecated": False}
        for id_ in state.statuses
    ]
    workflow: dict[str, Any] = {
        "id": _WORKFLOW,
        "name": f"Jira Service Management IT Support Workflow generated for Project {state.project_key}",
        "description": "",
        "isEditable": True,
        "scope": {"type": "GLOBAL"},
        "version": {"id": _WORKFLOW, "versionNumber": 3},
        "statuses": places,
        "transitions": steps,
    }
    return Reply(body={"statuses": shown, "workflows": [workflow]})
