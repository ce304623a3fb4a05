"""Endpoints about issues: create, read, edit, transitions, history, comments, properties."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any

from deskweave.emulation import Call, Reply
from deskweave_jira_sm.emulator.entry import Refused, enter, entered
from deskweave_jira_sm.emulator.richtext import from_wiki, is_document
from deskweave_jira_sm.emulator.state import Account, Comment, Issue, Step

if TYPE_CHECKING:
    from deskweave_jira_sm.emulator.platform import JiraPlatform

_ISSUE_KEYS = frozenset({"fields", "update", "properties", "transition", "historyMetadata"})
_INVALID = "Invalid request payload. Refer to the REST API documentation and try again."
MAX_COMMENTS = 5_000
_VISIBILITY = "sd.public.comment"


def register(platform: JiraPlatform) -> None:
    """Add these endpoints."""
    api = "/rest/api/{version}"
    one = f"{api}/issue/{{issue}}"
    platform.serve("POST", f"{api}/issue", create, writes=True)
    platform.serve("POST", f"{api}/issue/bulkfetch", bulk_fetch)
    platform.serve("GET", f"{api}/issue/createmeta/{{project}}/issuetypes", create_types)
    platform.serve("GET", f"{api}/issue/createmeta/{{project}}/issuetypes/{{kind}}", create_meta)
    platform.serve("GET", one, read, anonymous=True)
    platform.serve("PUT", one, edit, writes=True)
    platform.serve("DELETE", one, delete, writes=True)
    platform.serve("GET", f"{one}/editmeta", edit_meta, anonymous=True)
    platform.serve("GET", f"{one}/transitions", transitions, anonymous=True)
    platform.serve("POST", f"{one}/transitions", transition, writes=True)
    platform.serve("GET", f"{one}/changelog", changelog, anonymous=True)
    platform.serve("POST", f"{api}/changelog/bulkfetch", changelogs)
    platform.serve("GET", f"{one}/comment", comments, anonymous=True)
    platform.serve("POST", f"{one}/comment", add_comment, writes=True)
    platform.serve("GET", f"{one}/comment/{{comment}}", read_comment, anonymous=True)
    platform.serve("PUT", f"{one}/comment/{{comment}}", edit_comment, writes=True)
    platform.serve("DELETE", f"{one}/comment/{{comment}}", delete_comment, writes=True)
    platform.serve("POST", f"{api}/comment/list", comment_list)
    platform.serve("GET", f"{api}/comment/{{comment}}/properties/{{key}}", comment_property)
    platform.serve("GET", f"{one}/properties", property_keys)
    platform.serve("GET", f"{one}/properties/{{key}}", read_property)
    platform.serve("PUT", f"{one}/properties/{{key}}", write_property, writes=True)
    platform.serve("DELETE", f"{one}/properties/{{key}}", delete_property, writes=True)
    platform.serve("GET", f"{one}/remotelink", remote_links)


def _stop(reply: Reply) -> Exception:
    from deskweave_jira_sm.emulator.platform import Stop

    return Stop(reply)


def _listed(call: Call, name: str) -> list[str]:
    return [part.strip() for value in call.query.get(name, ()) for part in value.split(",") if part.strip()]


def _properties(platform: JiraPlatform, body: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for entry in body.get("properties") or ():
        if not isinstance(entry, Mapping) or not isinstance(entry.get("key"), str) or "value" not in entry:
            raise _stop(platform.error(400, _INVALID))
        found[str(entry["key"])] = entry["value"]
    return found


# ------------------------------------------------------------------------------------------------------------------- issue
def create(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """Create; permission trouble is told as 400. `properties` are set with the issue, in one."""
    body = platform.body(call, _ISSUE_KEYS)
    state, raw = platform.state, body.get("fields")
    if not isinstance(raw, dict):
        return platform.error(400, errors={"project": "Specify a valid project ID or key"})
    project = raw.get("project")
    known = isinstance(project, Mapping) and (project.get("key") == state.project_key or str(project.get("id")) == state.project_id)
    if not known or "CREATE_ISSUES" not in account.permissions:
        return platform.error(400, errors={"project": "You cannot create issues in this project."})
    kind = raw.get("issuetype")
    id_ = str(kind.get("id")) if isinstance(kind, Mapping) else ""
    if id_ not in state.issue_types:
        return platform.error(400, errors={"issuetype": "Specify an issue type"})
    if "summary" not in raw:
        return platform.error(400, errors={"summary": "You must specify a summary of the issue."})
    try:
        values = enter(state, account, raw, state.screen_fields(state.project_screen), version=platform.view(call, account).version)
    except Refused as refused:
        return platform.error(400, errors=refused.errors)
    values.setdefault("reporter", account.id)
    values.setdefault("priority", "3")
    issue = state.add_issue(issue_type=id_, values=values, creator=account.id, properties=_properties(platform, body))
    view = platform.view(call, account)
    return Reply(status=201, body={"id": str(issue.id), "key": issue.key, "self": view.issue(issue, None)["self"]})


def read(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    issue, view = platform.issue(account, call.params["issue"]), platform.view(call, account)
    asked = _listed(call, "fields") or None
    shown = view.issue(issue, asked, _listed(call, "properties"))
    shown.setdefault("key", issue.key)
    expand = _listed(call, "expand")
    if "names" in expand:
        shown["names"] = {name: view.field_name(platform.state.fields[name]) for name in shown.get("fields", {})}
    if "schema" in expand:
        shown["schema"] = {name: view.schema(platform.state.fields[name]) for name in shown.get("fields", {})}
    if "changelog" in expand:  # newest first here, oldest first in its own endpoint
        groups = [view.history(group) for group in reversed(issue.history)][:100]
        shown["changelog"] = {"startAt": 0, "maxResults": len(groups), "total": len(issue.history), "histories": groups}
    return Reply(body=shown)


def bulk_fetch(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """Up to 100 issues, ordered by id and not as asked; what is not to be seen stands under issueErrors."""
    body = platform.body(call, frozenset({"issueIdsOrKeys", "fields", "expand", "properties", "fieldsByKeys"}))
    asked = body.get("issueIdsOrKeys")
    if not isinstance(asked, list) or not 1 <= len(asked) <= 100:
        return platform.error(400, "The number of issues must be between 1 and 100.")
    view = platform.view(call, account)
    found: dict[int, Issue] = {}
    missing = []
    for word in asked:
        issue = platform.state.find_issue(str(word))
        if issue is not None and platform.visible(account, issue):
            found[issue.id] = issue
        else:
            missing.append({"id": str(word), "errorMessage": "Issue does not exist or you do not have permission to see it."})
    fields = body.get("fields") or ["*navigable"]
    shown = [view.issue(found[id_], fields, body.get("properties") or ()) for id_ in sorted(found)]
    return Reply(body={"issues": shown, "issueErrors": missing})


def edit(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """Edit fields, all or nothing: 204 and no body. A transition in the body is ignored."""
    issue = platform.issue(account, call.params["issue"])
    body = platform.body(call, _ISSUE_KEYS)
    if "EDIT_ISSUES" not in account.permissions:
        return platform.error(400, "You do not have permission to edit issues in this project.")
    raw = body.get("fields") or {}
    state = platform.state
    update = body.get("update") or {}
    if set(raw) & set(update):
        return platform.error(400, "Field should not be set in both 'fields' and 'update'.")
    try:
        values = enter(
            state,
            account,
            raw,
            state.screen_fields(state.project_screen),
            version=platform.view(call, account).version,
            always=frozenset(),
        )
        if "labels" in update:
            values["labels"] = _relabel(issue, update["labels"])
    except Refused as refused:
        return platform.error(400, errors=refused.errors)
    reverted = platform.faults.take("dropped_field", call)
    if reverted is not None:  # an automation rule puts the field back, after the edit was answered with success
        values.pop(str(reverted.get("field")), None)
    state.change(issue, account.id, values)
    issue.properties.update(_properties(platform, body))
    if call.one("returnIssue") == "true":
        return Reply(body=platform.view(call, account).issue(issue, None))
    return Reply(status=204)


def _relabel(issue: Issue, operations: Any) -> list[str]:
    labels = list(issue.values.get("labels") or ())
    for operation in operations if isinstance(operations, list) else ():
        if "add" in operation and operation["add"] not in labels:
            labels.append(operation["add"])
        if "remove" in operation and operation["remove"] in labels:
            labels.remove(operation["remove"])
        if "set" in operation:
            labels = list(operation["set"])
    return labels


def delete(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    issue = platform.issue(account, call.params["issue"])
    if "DELETE_ISSUES" not in account.permissions:
        return platform.error(403, "You do not have permission to delete issues in this project.")
    platform.state.delete(issue)
    return Reply(status=204)


# -------------------------------------------------------------------------------------------------------------------- meta
def create_types(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    view = platform.view(call, account)
    may = "CREATE_ISSUES" in account.permissions and call.params["project"] in (
        platform.state.project_id,
        platform.state.project_key,
    )
    kinds = [view.issue_type(kind) for kind in platform.state.issue_types.values()] if may else []
    return Reply(body={"startAt": 0, "maxResults": 50, "total": len(kinds), "issueTypes": kinds})


def create_meta(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """The create screen's fields, at most 50 a page whatever is asked."""
    from deskweave_jira_sm.emulator.platform import number

    state, view = platform.state, platform.view(call, account)
    if "CREATE_ISSUES" not in account.permissions or call.params["kind"] not in state.issue_types:
        return platform.error(400, "Project or issue type not found.")
    names = [*state.screen_fields(state.project_screen), "project"]
    there = [state.fields[name] for name in names if name in state.fields and state.field_in_project(state.fields[name])]
    if "MODIFY_REPORTER" not in account.permissions:
        there = [definition for definition in there if definition.id != "reporter"]
    metas = [view.meta(field, required=field.id in ("summary", "issuetype", "project")) | {"fieldId": field.id} for field in there]
    start, limit = number(call, "startAt", 0), min(number(call, "maxResults", 50), 50)
    return Reply(body={"startAt": start, "maxResults": limit, "total": len(metas), "fields": metas[start : start + limit]})


def edit_meta(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    platform.issue(account, call.params["issue"])
    state, view = platform.state, platform.view(call, account)
    if "EDIT_ISSUES" not in account.permissions:
        return Reply(body={"fields": {}})
    names = [name for name in state.screen_fields(state.project_screen) if name in state.fields]
    return Reply(body={"fields": {name: view.meta(state.fields[name], required=name == "summary") for name in names}})


# ------------------------------------------------------------------------------------------------------------- transitions
def transitions(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """Those of this status for this account; without the permission an empty list and no error."""
    issue, view = platform.issue(account, call.params["issue"]), platform.view(call, account)
    steps = platform.state.steps_from(issue.status) if "TRANSITION_ISSUES" in account.permissions else []
    wanted = call.one("transitionId")
    fields = "transitions.fields" in _listed(call, "expand")
    shown: list[Any] = [view.transition(step, fields=fields) for step in steps if not wanted or step.id == wanted]
    return Reply(body={"expand": "transitions", "transitions": shown})


def transition(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """Walk one step: 204. The id is a string, required fields of the screen must be there, others must be on it."""
    issue = platform.issue(account, call.params["issue"])
    body = platform.body(call, _ISSUE_KEYS)
    state = platform.state
    wanted = body.get("transition")
    id_ = wanted.get("id") if isinstance(wanted, Mapping) else None
    if not isinstance(id_, str):
        return platform.error(400, errors={"transition": "You must specify a transition ID as a string."})
    if "TRANSITION_ISSUES" not in account.permissions:
        return platform.error(400, f"It seems that you have tried to perform an illegal workflow operation: '{id_}'.")
    step = next((step for step in state.steps_from(issue.status) if step.id == id_), None)
    if step is None:
        return platform.error(400, f"Transition id '{id_}' is not valid for this issue.")
    raw = body.get("fields") or {}
    for name in step.screen:
        if raw.get(name) is None:
            return platform.error(400, errors={name: f"{state.fields[name].name} is required."})
    for name in step.validates:
        if raw.get(name) is None and issue.values.get(name) is None:
            return platform.error(400, errors={name: f"{state.fields[name].name} is required."})
    try:
        values = enter(state, account, raw, step.screen, version=platform.view(call, account).version, always=frozenset())
    except Refused as refused:
        return platform.error(400, errors=refused.errors)
    take(platform, issue, account, step, values)
    return Reply(status=204)


def take(platform: JiraPlatform, issue: Issue, account: Account, step: Step, values: Mapping[str, Any]) -> None:
    """One step of the workflow with what its post functions do."""
    changed = {**values, **{name: None for name in step.clears}}
    if changed.get("resolution") is not None:
        changed["resolutiondate"] = platform.now().astimezone(UTC)
    # the date is the site's own: the log tells the resolution only
    dates = {name: changed.pop(name) for name in ("resolutiondate",) if name in changed}
    issue.values.update(dates)
    platform.state.change(issue, account.id, changed, status=step.to)


# ----------------------------------------------------------------------------------------------------------------- history
def changelog(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    from deskweave_jira_sm.emulator.platform import number

    issue, view = platform.issue(account, call.params["issue"]), platform.view(call, account)
    groups = [view.history(group) for group in issue.history]
    return Reply(body=view.page(groups, number(call, "startAt", 0), min(number(call, "maxResults", 100), 100)))


def changelogs(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """Histories of up to 1000 issues by date; those of one issue may continue on the next page."""
    body = platform.body(call, frozenset({"issueIdsOrKeys", "fieldIds", "maxResults", "nextPageToken"}))
    asked, only = body.get("issueIdsOrKeys"), body.get("fieldIds") or []
    if not isinstance(asked, list) or not 1 <= len(asked) <= 1000 or len(only) > 10:
        return platform.error(400, "The number of issues must be between 1 and 1000, that of fields at most 10.")
    limit = min(int(body.get("maxResults") or 1000), 10_000, platform.page_cap * 5)
    start = int(str(body.get("nextPageToken") or "0").removeprefix("c"))
    view = platform.view(call, account)
    rows = []
    for word in dict.fromkeys(map(str, asked)):
        issue = platform.state.find_issue(word)
        if issue is not None and platform.visible(account, issue):
            rows += [(group.at, issue.id, group) for group in issue.history]
    rows.sort(key=lambda row: (row[0], row[1], int(row[2].id)))
    logs: dict[int, list[Any]] = {}
    for at, id_, group in rows[start : start + limit]:
        created = {"iso": None, "ms": int(at.timestamp() * 1000), "s": int(at.timestamp())}[platform.changelog_created]
        shown = view.history(group, created)
        if only:
            shown["items"] = [item for item in shown["items"] if item["fieldId"] in only]
        logs.setdefault(id_, []).append(shown)
    answer: dict[str, Any] = {"issueChangeLogs": [{"issueId": str(id_), "changeHistories": groups} for id_, groups in logs.items()]}
    if start + limit < len(rows):
        answer["nextPageToken"] = f"c{start + limit}"
    return Reply(body=answer)


# ---------------------------------------------------------------------------------------------------------------- comments
def comments(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """A page of comments; an issue one may not see has none, instead of being an error."""
    from deskweave_jira_sm.emulator.platform import number

    view = platform.view(call, account)
    start, limit = number(call, "startAt", 0), min(number(call, "maxResults", 50), 100)
    issue = platform.state.find_issue(call.params["issue"])
    if issue is None:
        return platform.error(404, "Issue does not exist or you do not have permission to see it.")
    if not platform.visible(account, issue):
        return Reply(body=view.comments([], start, limit))
    order = call.one("orderBy", "created")
    listed = list(reversed(issue.comments)) if order.startswith("-") else issue.comments
    shown = view.comments(listed, start, limit)
    if platform.comment_properties and "properties" in _listed(call, "expand"):
        shown["comments"] = [view.comment(comment, properties=True) for comment in listed[start : start + limit]]
    return Reply(body=shown)


def _document(platform: JiraPlatform, body: Mapping[str, Any], version: str) -> dict[str, Any]:
    text = body.get("body")
    if version == "2" and isinstance(text, str) and text.strip():
        return from_wiki(text)
    if version != "2" and is_document(text):
        assert isinstance(text, dict)
        if not text["content"]:
            raise _stop(platform.error(400, errors={"comment": "Comment body can not be empty!"}))
        return text
    raise _stop(platform.error(400, errors={"comment": "Comment body is not valid!"}))


def add_comment(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """Public unless the property `sd.public.comment` says internal. Author and time are the site's."""
    issue, view = platform.issue(account, call.params["issue"]), platform.view(call, account)
    if "ADD_COMMENTS" not in account.permissions:
        return platform.error(400, "You do not have the permission to comment on this issue.")
    if len(issue.comments) >= MAX_COMMENTS:
        return Reply(status=413)
    body = platform.body(call)
    document = _document(platform, body, view.version)
    properties = _properties(platform, body)
    mark = properties.get(_VISIBILITY)
    public = not (isinstance(mark, Mapping) and mark.get("internal") is True)
    comment = platform.state.add_comment(issue, author=account.id, body=document, public=public, properties=properties)
    return Reply(status=201, body=view.comment(comment))


def _comment(call: Call, account: Account, platform: JiraPlatform) -> tuple[Issue, Comment]:
    issue = platform.issue(account, call.params["issue"])
    found = next((comment for comment in issue.comments if comment.id == call.params["comment"]), None)
    if found is None:
        raise _stop(platform.error(404, f"Can not find a comment for the id: {call.params['comment']}."))
    return issue, found


def read_comment(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    return Reply(body=platform.view(call, account).comment(_comment(call, account, platform)[1]))


def edit_comment(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    issue, comment = _comment(call, account, platform)
    view = platform.view(call, account)
    comment.body = _document(platform, platform.body(call), view.version)
    comment.updated, comment.editor = platform.state.stamp(), account.id
    issue.updated = comment.updated
    platform.state.reindex(issue, issue.updated)
    return Reply(body=view.comment(comment))


def delete_comment(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    issue, comment = _comment(call, account, platform)
    own = comment.author == account.id and "DELETE_OWN_COMMENTS" in account.permissions
    if not own and "DELETE_ALL_COMMENTS" not in account.permissions:
        return platform.error(400, "You do not have permission to delete this comment.")
    issue.comments.remove(comment)
    issue.updated = platform.state.stamp()
    platform.state.reindex(issue, issue.updated)
    return Reply(status=204)


def comment_list(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    body = platform.body(call, frozenset({"ids"}))
    ids = body.get("ids")
    if not isinstance(ids, list) or len(ids) > 1000 or any(isinstance(id_, bool) or not isinstance(id_, int) for id_ in ids):
        return platform.error(400, "The IDs must be numbers, at most 1000.")
    view, wanted = platform.view(call, account), {str(id_) for id_ in ids}
    full = "properties" in _listed(call, "expand")
    found = [
        view.comment(comment, properties=full)
        for issue in platform.state.issues.values()
        if platform.visible(account, issue)
        for comment in issue.comments
        if comment.id in wanted
    ]
    return Reply(body=view.page(found, 0, 1048576))


def comment_property(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    for issue in platform.state.issues.values():
        for comment in issue.comments:
            if (
                comment.id == call.params["comment"]
                and platform.visible(account, issue)
                and call.params["key"] in comment.properties
            ):
                return Reply(body={"key": call.params["key"], "value": comment.properties[call.params["key"]]})
    return platform.error(404, "The comment or its property does not exist.")


# -------------------------------------------------------------------------------------------------------------- properties
def property_keys(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    issue = platform.issue(account, call.params["issue"])
    base = platform.view(call, account).issue(issue, None)["self"]
    return Reply(body={"keys": [{"key": key, "self": f"{base}/properties/{key}"} for key in issue.properties]})


def read_property(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    issue, key = platform.issue(account, call.params["issue"]), call.params["key"]
    if key not in issue.properties:
        return platform.error(404, f"The property with key '{key}' does not exist.")
    return Reply(body={"key": key, "value": issue.properties[key]})


def write_property(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """Does not touch `updated`; the index learns of it all the same."""
    issue, key = platform.issue(account, call.params["issue"]), call.params["key"]
    if "EDIT_ISSUES" not in account.permissions:
        return platform.error(403, "You do not have permission to edit this issue.")
    if not call.body or len(call.body) > 32_768 or len(key) > 255:
        return platform.error(400, "The property value must be a valid, non-empty JSON of at most 32768 characters.")
    status = 200 if key in issue.properties else 201
    issue.properties[key] = call.json()
    platform.state.reindex(issue, platform.now())
    return Reply(status=status)


def delete_property(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    issue = platform.issue(account, call.params["issue"])
    found = issue.properties.pop(call.params["key"], None)
    return Reply(status=204) if found is not None else platform.error(404, "The property does not exist.")


def remote_links(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    platform.issue(account, call.params["issue"])
    return Reply(body=[])


__all__ = ["entered", "register", "take"]
