"""What people and programs put into fields: checked as Jira checks it, turned into what the site stores."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from deskweave_jira_sm.emulator.richtext import LIMIT, from_wiki, is_document
from deskweave_jira_sm.emulator.state import Account, FieldDefinition, State

_NOT_ON_SCREEN = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."
_ALWAYS = frozenset({"project", "issuetype"})


class Refused(Exception):
    """Field id -> Jira's sentence about it."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = dict(errors)


def enter(
    state: State, account: Account, raw: Mapping[str, Any], screen: Sequence[str], *, version: str, always: frozenset[str] = _ALWAYS
) -> dict[str, Any]:
    """Check and turn the fields of one request; all or nothing.

    Raises:
        Refused: with one sentence for each field that is wrong.
    """
    stored: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, value in raw.items():
        if name in always:
            continue
        definition = state.fields.get(name)
        if definition is None or name not in screen or not state.field_in_project(definition):
            errors[name] = _NOT_ON_SCREEN.format(name)
            continue
        right = {"reporter": "MODIFY_REPORTER", "assignee": "ASSIGN_ISSUES"}.get(name)
        if right is not None and right not in account.permissions:
            errors[name] = _NOT_ON_SCREEN.format(name)
            continue
        try:
            stored[name] = entered(state, definition, value, version=version)
        except ValueError as wrong:
            errors[name] = str(wrong)
    if errors:
        raise Refused(errors)
    return stored


def entered(state: State, definition: FieldDefinition, value: Any, *, version: str) -> Any:
    """One value as it is stored.

    Raises:
        ValueError: with Jira's sentence.
    """
    name, kind = definition.id, definition.kind
    if name == "summary":
        if not isinstance(value, str) or not value.strip():
            raise ValueError("You must specify a summary of the issue.")
        if "\n" in value or "\r" in value:
            raise ValueError("The summary is invalid because it contains newline characters.")
        if len(value) > 255:
            raise ValueError("Summary must be less than 255 characters.")
        return value
    if value is None:
        return [] if definition.type == "array" else None
    if name == "description" or kind == "textarea":
        return _rich(value, version)
    if name in ("priority", "resolution"):
        terms = state.priorities if name == "priority" else state.resolutions
        for term in terms.values():
            if isinstance(value, Mapping) and (str(value.get("id")) == term.id or value.get("name") in term.names.values()):
                return term.id
        raise ValueError(f"The {name} selected is invalid.")
    if kind == "vp-origin":
        if not isinstance(value, str) or value not in state.request_types:
            raise ValueError("The request type is not valid.")
        return value
    if definition.type == "user":
        id_ = value.get("accountId") or value.get("id") if isinstance(value, Mapping) else None
        if id_ not in state.accounts:
            raise ValueError("The user does not exist or is not active.")
        if name == "assignee" and not state.accounts[str(id_)].agent:
            raise ValueError("The user cannot be assigned issues.")
        return id_
    return _custom(definition, value)


def _rich(value: Any, version: str) -> Any:
    if version == "2":
        if not isinstance(value, str):
            raise ValueError("Operation value must be a string")
        return from_wiki(value)
    if not is_document(value):
        raise ValueError("Operation value must be an Atlassian Document (see the Atlassian Document Format)")
    if len(str(value)) > LIMIT * 4:
        raise ValueError(f"The entered text is too long. It exceeds the allowed limit of {LIMIT} characters.")
    return value


def _custom(definition: FieldDefinition, value: Any) -> Any:
    if definition.type == "option":
        return _option(definition, value)
    if definition.type == "array":
        if not isinstance(value, list):
            raise ValueError("data was not an array")
        if definition.items == "option":
            return [_option(definition, item) for item in value]
        if any(not isinstance(item, str) or re.search(r"\s", item) or len(item) > 255 for item in value):
            raise ValueError("The label contains spaces which is invalid.")
        return list(dict.fromkeys(value))
    if definition.type == "number":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError("Operation value must be a number")
        return float(value)
    if definition.type == "date":
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError:
            raise ValueError("Operation value must be a date in the format yyyy-MM-dd") from None
    if definition.type == "datetime":
        try:
            at = datetime.strptime(str(value), "%Y-%m-%dT%H:%M:%S.%f%z")
        except ValueError:
            raise ValueError("Operation value must be a date-time such as 2011-10-19T10:29:29.908+1100") from None
        return at.astimezone(UTC)
    if not isinstance(value, str):
        raise ValueError("Operation value must be a string")
    if len(value) > 255:
        raise ValueError("The entered text is too long. It exceeds the allowed limit of 255 characters.")
    return value or None


def _option(definition: FieldDefinition, value: Any) -> str:
    option = None
    if isinstance(value, Mapping):
        option = definition.option(value["id"]) if "id" in value else definition.option_called(value.get("value"))
    if option is None or option.disabled:
        raise ValueError(f"Option value '{value.get('value') if isinstance(value, Mapping) else value}' is not valid")
    return option.id
