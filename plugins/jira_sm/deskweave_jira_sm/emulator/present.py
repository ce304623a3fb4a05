"""How the site shows its things to one caller: in their language and zone, in API version 2 (wiki text) or 3 (documents)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from deskweave_jira_sm.emulator.richtext import to_wiki
from deskweave_jira_sm.emulator.state import Account, ChangeGroup, Comment, FieldDefinition, Issue, Named, RequestType, State, Step

_COLOURS: Final = {
    "new": (2, "blue-gray", "To Do", "待办"),
    "indeterminate": (4, "yellow", "In Progress", "进行中"),
    "done": (3, "green", "Done", "完成"),
}
_DESK_CATEGORY: Final = {"new": "NEW", "indeterminate": "INDETERMINATE", "done": "DONE"}
WORKFLOW_CATEGORY: Final = {"new": "TODO", "indeterminate": "IN_PROGRESS", "done": "DONE"}
_READ_ONLY: Final = (
    "status",
    "issuetype",
    "project",
    "creator",
    "created",
    "updated",
    "comment",
    "issuelinks",
    "attachment",
    "security",
)
NAVIGABLE: Final = (
    "summary", "status", "issuetype", "project", "priority", "reporter", "creator", "assignee", "labels", "created", "updated",
    "resolution", "resolutiondate", "duedate", "description",
)  # fmt: skip


class Presenter:
    """One caller's view. `english` is set where a request forces untranslated names and the site honours it."""

    def __init__(self, state: State, base: str, account: Account | None, *, version: str = "3", english: bool = False) -> None:
        self.state, self.base, self.account, self.version = state, base, account, version
        locale = account.locale if account is not None else "en_US"
        self.language = "zh" if locale.startswith("zh") and not english else "en"
        self.zone = ZoneInfo(account.zone if account is not None else "UTC")

    # ----------------------------------------------------------------------------------------------------------------- time
    def instant(self, at: datetime) -> str:
        """`yyyy-MM-dd'T'HH:mm:ss.SSSZ`: the offset is the caller's and has no colon."""
        local = at.astimezone(self.zone)
        return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"

    def date(self, at: datetime) -> dict[str, Any]:
        """The service desk's date object; `friendly` is in the caller's language."""
        local = at.astimezone(self.zone)
        friendly = f"{local.month}月{local.day}日 {local:%H:%M}" if self.language == "zh" else f"{local:%d/%b/%y %I:%M %p}"
        return {
            "iso8601": f"{local:%Y-%m-%dT%H:%M:%S%z}",
            "jira": self.instant(at),
            "friendly": friendly,
            "epochMillis": int(at.timestamp() * 1000),
        }

    # ---------------------------------------------------------------------------------------------------------------- terms
    def _self(self, path: str) -> str:
        return f"{self.base}/rest/api/{self.version}/{path}"

    def status(self, status: Named) -> dict[str, Any]:
        number, colour, en, zh = _COLOURS[status.category]
        return {
            "self": self._self(f"status/{status.id}"),
            "description": "",
            "iconUrl": f"{self.base}/images/icons/status_generic.gif",
            "name": status.called(self.language),
            "id": status.id,
            "statusCategory": {
                "self": self._self(f"statuscategory/{number}"),
                "id": number,
                "key": status.category,
                "colorName": colour,
                "name": zh if self.language == "zh" else en,
            },
        }

    def term(self, kind: str, term: Named) -> dict[str, Any]:
        shown: dict[str, Any] = {"self": self._self(f"{kind}/{term.id}"), "id": term.id, "name": term.called(self.language)}
        if kind == "priority":
            shown["iconUrl"] = f"{self.base}/images/icons/priorities/{term.names['en'].lower()}.svg"
        return shown | ({"description": ""} if kind == "resolution" else {})

    def issue_type(self, kind: Named) -> dict[str, Any]:
        shown = {"self": self._self(f"issuetype/{kind.id}"), "id": kind.id, "description": "", "name": kind.called(self.language)}
        return shown | {"iconUrl": f"{self.base}/images/icons/issuetypes/request.svg", "subtask": False, "hierarchyLevel": 0}

    def user(self, id_: str) -> dict[str, Any]:
        person = self.state.accounts[id_]
        own = self.account is not None and self.account.id == id_
        shown = {
            "self": self._self(f"user?accountId={id_}"),
            "accountId": id_,
            "displayName": person.name,
            "active": True,
            "timeZone": person.zone,
            "accountType": person.kind,
        }
        return shown | ({"emailAddress": person.email} if person.shows_email or own else {})

    def desk_user(self, id_: str) -> dict[str, Any]:
        shown = self.user(id_)
        del shown["accountType"], shown["self"]
        return shown | {"_links": {"jiraRest": self._self(f"user?accountId={id_}"), "self": self._self(f"user?accountId={id_}")}}

    def field_name(self, definition: FieldDefinition) -> str:
        return definition.names.get(self.language, definition.name)

    def schema(self, definition: FieldDefinition) -> dict[str, Any]:
        shown: dict[str, Any] = {"type": definition.type}
        if definition.items:
            shown["items"] = definition.items
        if definition.is_custom:
            return shown | {"custom": definition.custom, "customId": definition.number}
        return shown | {"system": definition.id}

    def field(self, definition: FieldDefinition) -> dict[str, Any]:
        name = self.field_name(definition)
        clauses = [f"cf[{definition.number}]", name] if definition.is_custom else [definition.id]
        return {
            "id": definition.id,
            "key": definition.id,
            "name": name,
            "custom": definition.is_custom,
            "orderable": definition.id not in _READ_ONLY,
            "navigable": True,
            "searchable": True,
            "clauseNames": clauses,
            "schema": self.schema(definition),
        }

    def rich(self, value: Any) -> Any:
        return value if self.version == "3" or value is None else to_wiki(value)

    # --------------------------------------------------------------------------------------------------------------- issues
    def value(self, definition: FieldDefinition, issue: Issue) -> Any:
        """One field of an issue as the REST API shows it."""
        name, stored = definition.id, issue.values.get(definition.id)
        if name == "status":
            return self.status(self.state.statuses[issue.status])
        if name == "issuetype":
            return self.issue_type(self.state.issue_types[issue.issue_type])
        if name == "project":
            return self.project()
        if name in ("created", "updated"):
            return self.instant(issue.created if name == "created" else issue.updated)
        if name == "creator":
            return self.user(issue.creator)
        if name == "comment":
            return self.comments(issue.comments, 0, 20)
        if name in ("issuelinks", "attachment"):
            return []
        if name == "labels":
            return list(stored or ())
        if definition.custom.endswith(":vp-origin"):
            return self.request_type_field(issue, stored)
        if definition.custom.endswith(":sd-sla-field"):
            return self.sla(definition, issue)
        if stored is None:
            return None
        if name in ("priority", "resolution"):
            terms = self.state.priorities if name == "priority" else self.state.resolutions
            return self.term(name, terms[stored])
        if definition.type == "user":
            return self.user(stored)
        if definition.type == "option":
            return self.option(definition, stored)
        if definition.type == "array" and definition.items == "option":
            return [self.option(definition, item) for item in stored]
        if isinstance(stored, datetime):
            return self.instant(stored)
        if isinstance(stored, Mapping):
            return self.rich(stored)
        return stored

    def option(self, definition: FieldDefinition, id_: str) -> dict[str, Any]:
        option = definition.option(id_)
        value = option.value if option else ""
        return {"self": self._self(f"customFieldOption/{id_}"), "value": value, "id": str(id_)}

    def issue(self, issue: Issue, fields: Sequence[str] | None, properties: Sequence[str] = ()) -> dict[str, Any]:
        """An issue with the fields asked for; None asks for all, an empty list for none but the id."""
        shown: dict[str, Any] = {"id": str(issue.id)}
        if fields is not None and [name for name in fields if name not in ("id",)] == []:
            return shown
        shown |= {
            "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
            "self": self._self(f"issue/{issue.id}"),
            "key": issue.key,
        }
        chosen = self.chosen(fields)
        shown["fields"] = {name: self.value(self.state.fields[name], issue) for name in chosen if name in self.state.fields}
        if properties:
            shown["properties"] = {name: issue.properties[name] for name in properties if name in issue.properties}
        return shown

    def chosen(self, fields: Sequence[str] | None) -> list[str]:
        """Field ids behind `*all`, `*navigable`, names and `-names`; unknown ones are passed over in silence."""
        there = [name for name, field in self.state.fields.items() if self.state.field_in_project(field) and name != "security"]
        asked = [name.strip() for name in (fields if fields is not None else ["*all"])]
        found: list[str] = []
        if any(name.startswith("-") for name in asked) and not any(not name.startswith("-") for name in asked):
            asked = ["*navigable", *asked]
        for name in asked:
            if name == "*all":
                found += there
            elif name == "*navigable":
                found += [other for other in there if other in NAVIGABLE or other.startswith("customfield_")]
            elif name in there:
                found.append(name)
        dropped = {name[1:] for name in asked if name.startswith("-")}
        return [name for name in dict.fromkeys(found) if name not in dropped]

    def project(self) -> dict[str, Any]:
        state = self.state
        return {
            "self": self._self(f"project/{state.project_id}"),
            "id": state.project_id,
            "key": state.project_key,
            "name": state.project_name,
            "projectTypeKey": "service_desk",
            "simplified": False,
        }

    def comment(self, comment: Comment, *, properties: bool = False) -> dict[str, Any]:
        shown = {
            "self": self._self(f"issue/comment/{comment.id}"),
            "id": comment.id,
            "author": self.user(comment.author),
            "body": self.rich(comment.body),
            "updateAuthor": self.user(comment.editor),
            "created": self.instant(comment.created),
            "updated": self.instant(comment.updated),
            "jsdPublic": comment.public,
        }
        if properties:
            shown["properties"] = [{"key": key, "value": value} for key, value in comment.properties.items()]
        return shown

    def comments(self, comments: Sequence[Comment], start: int, limit: int) -> dict[str, Any]:
        page = comments[start : start + limit]
        return {
            "comments": [self.comment(comment) for comment in page],
            "maxResults": limit,
            "total": len(comments),
            "startAt": start,
        }

    def transition(self, step: Step, *, fields: bool) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": step.id,
            "name": step.names.get(self.language, step.names["en"]),
            "to": self.status(self.state.statuses[step.to]),
            "hasScreen": bool(step.screen),
            "isGlobal": False,
            "isInitial": False,
            "isAvailable": True,
            "isConditional": False,
            "looped": False,
        }
        if fields:
            shown["fields"] = {name: self.meta(self.state.fields[name], required=True) for name in step.screen}
        return shown

    def meta(self, definition: FieldDefinition, *, required: bool) -> dict[str, Any]:
        """A field of a screen as createmeta, editmeta and transitions tell it."""
        shown: dict[str, Any] = {
            "required": required,
            "schema": self.schema(definition),
            "name": self.field_name(definition),
            "key": definition.id,
            "hasDefaultValue": False,
            "operations": ["add", "set", "remove"] if definition.type == "array" else ["set"],
        }
        terms = {"priority": self.state.priorities, "resolution": self.state.resolutions}.get(definition.id)
        if terms is not None:
            shown["allowedValues"] = [self.term(definition.id, term) for term in terms.values()]
        elif definition.contexts and (definition.type == "option" or definition.items == "option"):
            options = [option for context in definition.contexts for option in context.options if not option.disabled]
            shown["allowedValues"] = [self.option(definition, option.id) for option in options]
        return shown

    def history(self, group: ChangeGroup, created: Any = None) -> dict[str, Any]:
        items = [
            {
                "field": item.field,
                "fieldtype": item.kind,
                "fieldId": item.field_id,
                "from": item.old,
                "fromString": item.old_text,
                "to": item.new,
                "toString": item.new_text,
            }
            for item in group.items
        ]
        return {
            "id": group.id,
            "author": self.user(group.author),
            "created": self.instant(group.at) if created is None else created,
            "items": items,
        }

    # ----------------------------------------------------------------------------------------------------------------- desk
    def request_type(self, kind: RequestType) -> dict[str, Any]:
        return {
            "_expands": ["field"],
            "id": kind.id,
            "_links": {"self": f"{self.base}/rest/servicedeskapi/servicedesk/{self.state.desk_id}/requesttype/{kind.id}"},
            "name": kind.name,
            "description": kind.description,
            "helpText": "",
            "issueTypeId": kind.issue_type,
            "serviceDeskId": self.state.desk_id,
            "portalId": self.state.desk_id,
            "groupIds": [kind.group],
            "icon": {"id": "10463", "_links": {}},
            "canCreateRequest": True,
            "restrictionStatus": "OPEN",
        }

    def request_links(self, issue: Issue) -> dict[str, Any]:
        return {
            "jiraRest": f"{self.base}/rest/api/2/issue/{issue.id}",
            "web": f"{self.base}/servicedesk/customer/portal/{self.state.desk_id}/{issue.key}",
            "agent": f"{self.base}/browse/{issue.key}",
            "self": f"{self.base}/rest/servicedeskapi/request/{issue.id}",
        }

    def request_type_field(self, issue: Issue, stored: Any) -> Any:
        if stored is None:
            return None
        kind = self.request_type(self.state.request_types[stored])
        return {"_links": self.request_links(issue), "requestType": kind, "currentStatus": self.current_status(issue)}

    def current_status(self, issue: Issue) -> dict[str, Any]:
        status = self.state.statuses[issue.status]
        return {
            "status": status.called(self.language),
            "statusCategory": _DESK_CATEGORY[status.category],
            "statusDate": self.date(issue.status_since),
        }

    def sla(self, definition: FieldDefinition, issue: Issue) -> dict[str, Any]:
        """Not started: an empty list of cycles and no `ongoingCycle` at all."""
        return {
            "id": str(definition.number - 10_029),
            "name": self.field_name(definition),
            "_links": {"self": f"{self.base}/rest/servicedeskapi/request/{issue.id}/sla/{definition.number - 10_029}"},
            "completedCycles": [],
            "slaDisplayFormat": "NEW_SLA_FORMAT",
        }

    def request(self, issue: Issue) -> dict[str, Any]:
        """A customer request: values of its form only, rich text as wiki markup."""
        kind = self.state.request_types[issue.values["customfield_10010"]]
        values = []
        for name in kind.form:
            shown = Presenter(self.state, self.base, self.account, version="2").value(self.state.fields[name], issue)
            if shown not in (None, []):
                values.append({"fieldId": name, "label": self.field_name(self.state.fields[name]), "value": shown})
        return {
            "_expands": ["participant", "status", "sla", "requestType", "serviceDesk", "attachment", "action", "comment"],
            "issueId": str(issue.id),
            "issueKey": issue.key,
            "summary": str(issue.values.get("summary") or ""),
            "requestTypeId": kind.id,
            "serviceDeskId": self.state.desk_id,
            "createdDate": self.date(issue.created),
            "reporter": self.desk_user(issue.values.get("reporter") or issue.creator),
            "requestFieldValues": values,
            "currentStatus": self.current_status(issue),
            "_links": self.request_links(issue),
        }

    def desk_comment(self, issue: Issue, comment: Comment) -> dict[str, Any]:
        """Text as wiki markup; edits do not show."""
        return {
            "_expands": ["attachment", "renderedBody"],
            "id": comment.id,
            "body": to_wiki(comment.body),
            "public": comment.public,
            "author": self.desk_user(comment.author),
            "created": self.date(comment.created),
            "_links": {"self": f"{self.base}/rest/servicedeskapi/request/{issue.id}/comment/{comment.id}"},
        }

    def desk_page(self, path: str, items: Sequence[Any], start: int, limit: int) -> dict[str, Any]:
        """The service desk's page: no total, `isLastPage` ends it."""
        page = list(items[start : start + limit])
        last = start + len(page) >= len(items)
        links = {"self": f"{self.base}{path}", "base": self.base, "context": ""}
        if not last:
            links["next"] = f"{self.base}{path}?start={start + len(page)}&limit={limit}"
        return {
            "_expands": [],
            "size": len(page),
            "start": start,
            "limit": limit,
            "isLastPage": last,
            "_links": links,
            "values": page,
        }

    def page(self, items: Sequence[Any], start: int, limit: int) -> dict[str, Any]:
        """The platform's offset page."""
        shown = list(items[start : start + limit])
        return {
            "maxResults": limit,
            "startAt": start,
            "total": len(items),
            "isLast": start + len(shown) >= len(items),
            "values": shown,
        }


def epoch(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp())
