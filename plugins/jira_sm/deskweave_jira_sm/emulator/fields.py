"""Endpoints about custom fields: listing, making, contexts, options, screens. All but the first are an administrator's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deskweave.emulation import Call, Reply
from deskweave_jira_sm.emulator.seed import CUSTOM_PREFIX, CUSTOM_TYPES
from deskweave_jira_sm.emulator.state import Account, Context, FieldDefinition, Option

if TYPE_CHECKING:
    from deskweave_jira_sm.emulator.platform import JiraPlatform

_MAX_NAME = 255


def register(platform: JiraPlatform) -> None:
    """Add these endpoints."""
    api = "/rest/api/{version}"
    one, options = f"{api}/field/{{field}}", f"{api}/field/{{field}}/context/{{context}}/option"
    tab = f"{api}/screens/{{screen}}/tabs/{{tab}}/fields"
    platform.serve("GET", f"{api}/field", listing, anonymous=True)
    platform.serve("GET", f"{api}/field/search", find, admin=True)
    platform.serve("POST", f"{api}/field", create, writes=True, admin=True)
    platform.serve("PUT", one, rename, writes=True, admin=True)
    platform.serve("POST", f"{one}/trash", trash, writes=True, admin=True)
    platform.serve("GET", f"{one}/context", contexts, admin=True)
    platform.serve("POST", f"{one}/context", create_context, writes=True, admin=True)
    platform.serve("GET", options, list_options, admin=True)
    platform.serve("POST", options, create_options, writes=True, admin=True)
    platform.serve("PUT", options, update_options, writes=True, admin=True)
    platform.serve("DELETE", f"{options}/{{option}}", delete_option, writes=True, admin=True)
    platform.serve("GET", f"{api}/issuetypescreenscheme/project", screen_scheme, admin=True)
    platform.serve("GET", f"{api}/issuetypescreenscheme/mapping", scheme_mapping, admin=True)
    platform.serve("GET", f"{api}/screenscheme", screen_schemes, admin=True)
    platform.serve("GET", f"{api}/screens", screens, admin=True)
    platform.serve("POST", f"{api}/screens/addToDefault/{{field}}", add_to_default, writes=True, admin=True)
    platform.serve("GET", f"{api}/screens/{{screen}}/tabs", tabs, admin=True)
    platform.serve("GET", tab, tab_fields, admin=True)
    platform.serve("POST", tab, add_to_tab, writes=True, admin=True)
    platform.serve("DELETE", f"{tab}/{{field}}", remove_from_tab, writes=True, admin=True)


def _stop(reply: Reply) -> Exception:
    from deskweave_jira_sm.emulator.platform import Stop

    return Stop(reply)


def _page(call: Call, default: int) -> tuple[int, int]:
    from deskweave_jira_sm.emulator.platform import number

    return number(call, "startAt", 0), min(number(call, "maxResults", default), default)


def _field(call: Call, platform: JiraPlatform) -> FieldDefinition:
    found = platform.state.fields.get(call.params["field"])
    if found is None or not found.is_custom or found.trashed:
        raise _stop(platform.error(404, "The custom field was not found."))
    return found


def _context(call: Call, platform: JiraPlatform) -> tuple[FieldDefinition, Context]:
    field = _field(call, platform)
    found = next((context for context in field.contexts if context.id == call.params["context"]), None)
    if found is None:
        raise _stop(platform.error(404, "The custom field context was not found."))
    return field, found


def listing(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """All fields the caller sees: a stranger sees the system's only."""
    view = platform.view(call, account)
    fields = [field for field in platform.state.fields.values() if not field.trashed and (account.id or not field.is_custom)]
    return Reply(body=[view.field(field) for field in fields])


def find(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    view, query = platform.view(call, account), call.one("query").casefold()
    wanted = call.query.get("id", ())
    shown = []
    for field in platform.state.fields.values():
        fits = query in field.name.casefold() or query in field.description.casefold()
        if field.is_custom and not field.trashed and fits and (not wanted or field.id in wanted):
            entry = {"id": field.id, "name": view.field_name(field), "schema": view.schema(field), "description": field.description}
            shown.append(entry | {"key": field.id, "isLocked": field.locked, "searcherKey": field.searcher})
    return Reply(body=view.page(shown, *_page(call, 50)))


def create(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """A field of one of the types Jira ships. It is on no screen yet; names may repeat."""
    body, state = platform.body(call, frozenset({"name", "description", "type", "searcherKey"})), platform.state
    name, type_ = body.get("name"), str(body.get("type") or "")
    kind = type_.removeprefix(CUSTOM_PREFIX)
    if not isinstance(name, str) or not name.strip() or len(name) > _MAX_NAME:
        return platform.error(400, errors={"name": "The name of the custom field is required and at most 255 characters long."})
    if not type_.startswith(CUSTOM_PREFIX) or kind not in CUSTOM_TYPES:
        return platform.error(400, errors={"type": f"The custom field type '{type_}' is not valid."})
    schema, items = CUSTOM_TYPES[kind]
    definition = FieldDefinition(
        id=f"customfield_{state.next_field}",
        name=name,
        type=schema,
        items=items,
        custom=type_,
        description=str(body.get("description") or ""),
        searcher=str(body.get("searcherKey") or ""),
    )
    state.next_field += 1
    if platform.context_with_field:
        definition.contexts.append(Context(id=str(state.next_context), name=f"Default Configuration Scheme for {name}"))
        state.next_context += 1
    state.fields[definition.id] = definition
    return Reply(status=201, body=platform.view(call, account).field(definition))


def rename(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    field = _field(call, platform)
    body = platform.body(call, frozenset({"name", "description", "searcherKey"}))
    if field.locked:
        return platform.error(403, "The field is locked and cannot be changed.")
    field.name = str(body.get("name") or field.name)
    field.description = str(body.get("description") or field.description)
    return Reply(status=204)


def trash(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    field = _field(call, platform)
    if field.locked:
        return platform.error(403, "The field is locked and cannot be moved to trash.")
    field.trashed = True
    return Reply(status=200, body={})


# ---------------------------------------------------------------------------------------------------------- contexts, options
def contexts(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    view = platform.view(call, account)
    shown = [
        {
            "id": context.id,
            "name": context.name,
            "description": context.description,
            "isGlobalContext": not context.projects,
            "isAnyIssueType": True,
        }
        for context in _field(call, platform).contexts
    ]
    return Reply(body=view.page(shown, *_page(call, 50)))


def create_context(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    field, state = _field(call, platform), platform.state
    body = platform.body(call, frozenset({"id", "name", "description", "projectIds", "issueTypeIds"}))
    projects = tuple(str(id_) for id_ in body.get("projectIds") or ())
    taken = any(not context.projects or set(context.projects) & set(projects) for context in field.contexts)
    if not body.get("name") or (taken and projects) or (not projects and any(not context.projects for context in field.contexts)):
        return platform.error(409, "The project is already in another context of this field.")
    context = Context(
        id=str(state.next_context), name=str(body["name"]), description=str(body.get("description") or ""), projects=projects
    )
    state.next_context += 1
    field.contexts.append(context)
    shown: dict[str, Any] = {"id": context.id, "name": context.name, "description": context.description}
    return Reply(status=201, body=shown | {"projectIds": list(projects), "issueTypeIds": []})


def list_options(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    _, context = _context(call, platform)
    shown = [{"id": option.id, "value": option.value, "disabled": option.disabled} for option in context.options]
    return Reply(body=platform.view(call, account).page(shown, *_page(call, 100)))


def create_options(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """200, not 201; a value can stand in a context once."""
    _, context = _context(call, platform)
    entries = platform.body(call, frozenset({"options"})).get("options")
    if not isinstance(entries, list) or not entries or len(entries) > 1000:
        return platform.error(400, "Between 1 and 1000 options are required.")
    values = [str(entry.get("value") or "") for entry in entries]
    if any(not value or len(value) > 255 for value in values) or len(set(values)) < len(values):
        return platform.error(400, "The option values must be unique and between 1 and 255 characters long.")
    if {value.casefold() for value in values} & {option.value.casefold() for option in context.options}:
        return platform.error(400, "These options already exist on the custom field context.")
    made: list[Any] = []
    for entry, value in zip(entries, values, strict=True):
        option = Option(id=str(platform.state.next_option), value=value, disabled=entry.get("disabled") is True)
        platform.state.next_option += 1
        context.options.append(option)
        made.append({"id": option.id, "value": option.value, "disabled": option.disabled})
    return Reply(status=200, body={"options": made})


def update_options(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    field, _ = _context(call, platform)
    entries = platform.body(call, frozenset({"options"})).get("options")
    if not isinstance(entries, list) or not entries:
        return platform.error(400, "At least one option is required.")
    shown: list[Any] = []
    for entry in entries:
        option = field.option(entry.get("id"))
        if option is None:
            return platform.error(404, "The option was not found.")
        option.value = str(entry.get("value") or option.value)
        option.disabled = bool(entry.get("disabled", option.disabled))
        shown.append({"id": option.id, "value": option.value, "disabled": option.disabled})
    return Reply(body={"options": shown})


def delete_option(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    _, context = _context(call, platform)
    found = next((option for option in context.options if option.id == call.params["option"]), None)
    if found is None:
        return platform.error(404, "The option was not found.")
    context.options.remove(found)
    return Reply(status=204)


# ------------------------------------------------------------------------------------------------------------------- screens
def screen_scheme(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    view, state = platform.view(call, account), platform.state
    scheme = {"id": "10100", "name": f"{state.project_key}: Jira Service Management Issue Type Screen Scheme", "description": ""}
    ours = state.project_id in call.query.get("projectId", ())
    return Reply(body=view.page([{"issueTypeScreenScheme": scheme, "projectIds": [state.project_id]}] if ours else [], 0, 50))


def scheme_mapping(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    entry = {"issueTypeId": "default", "issueTypeScreenSchemeId": "10100", "screenSchemeId": "10200"}
    ours = "10100" in call.query.get("issueTypeScreenSchemeId", ())
    return Reply(body=platform.view(call, account).page([entry] if ours else [], 0, 50))


def screen_schemes(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    name = f"{platform.state.project_key}: Jira Service Management Screen Scheme"
    entry = {"id": 10200, "name": name, "description": "", "screens": {"default": platform.state.project_screen}}
    wanted = call.query.get("id", ())
    return Reply(body=platform.view(call, account).page([entry] if not wanted or "10200" in wanted else [], 0, 25))


def screens(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    shown = [{"id": id_, "name": name, "description": ""} for id_, (name, _) in platform.state.screens.items()]
    return Reply(body=platform.view(call, account).page(shown, *_page(call, 100)))


def add_to_default(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    """The default screen: a service project has screens of its own, so this alone shows nothing there."""
    field = _field(call, platform)
    listed = platform.state.screens[1][1][10000][1]
    if field.id in listed:
        return platform.error(400, "The field already exists on the default screen.")
    listed.append(field.id)
    return Reply(status=200, body={})


def _tab(call: Call, platform: JiraPlatform) -> list[str]:
    screen, tab = call.params["screen"], call.params["tab"]
    found = platform.state.screens.get(int(screen) if screen.isdigit() else -1)
    fields = found[1].get(int(tab) if tab.isdigit() else -1) if found else None
    if fields is None:
        raise _stop(platform.error(404, "The screen or its tab was not found."))
    return fields[1]


def tabs(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    screen = call.params["screen"]
    found = platform.state.screens.get(int(screen) if screen.isdigit() else -1)
    if found is None:
        return platform.error(404, "The screen was not found.")
    return Reply(body=[{"id": id_, "name": name} for id_, (name, _) in found[1].items()])


def tab_fields(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    view, state = platform.view(call, account), platform.state
    return Reply(body=[{"id": name, "name": view.field_name(state.fields[name])} for name in _tab(call, platform)])


def add_to_tab(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    listed, name = _tab(call, platform), str(platform.body(call, frozenset({"fieldId"})).get("fieldId"))
    screen = int(call.params["screen"])
    if name not in platform.state.fields:
        return platform.error(404, "The field was not found.")
    if name in platform.state.screen_fields(screen):
        return platform.error(400, "The field is already on a tab of this screen.")
    listed.append(name)
    return Reply(status=200, body={"id": name, "name": platform.view(call, account).field_name(platform.state.fields[name])})


def remove_from_tab(call: Call, account: Account, platform: JiraPlatform) -> Reply:
    listed = _tab(call, platform)
    if call.params["field"] not in listed:
        return platform.error(404, "The field is not on this tab.")
    listed.remove(call.params["field"])
    return Reply(status=204)
