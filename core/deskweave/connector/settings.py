"""What the settings of a connection are made of: one frozen pydantic model per connector.

The model is the schema (`model_json_schema()` for `Connector.settings_schema`) and the typed data (`parse_settings` in
`Connector.connect`). A secret is a `SecretStr`: the schema marks it `writeOnly`, so the host refuses a literal in the file, teaches
the redactor what it resolves to, and no repr or finding shows it. The host holds an entry against the schema first and answers with
file and line; what `parse_settings` raises is the backstop for what a schema cannot say and for callers that skipped it.

Import this module inside `settings_schema` and `connect` only, never where the plugin is imported: pydantic takes its time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place, Severity
from deskweave.model import Json

Address = Annotated[str, Field(pattern=r"^https?://\S+$"), AfterValidator(lambda url: url.rstrip("/"))]
"""An http or https URL, kept without its trailing slash."""

Name = Annotated[str, Field(min_length=1)]
"""Text that says something."""

_QUOTED: Final = re.compile(r"'([^']*)'")


class SettingsPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class ConnectionSettings(SettingsPart):
    """Settings every connection has; a connector's own model adds its keys, and says `plugin: Literal["its_name"]`."""

    plugin: str
    address: Address
    access: Literal["read", "write"] = "read"
    proxy: str | None = None
    ca_bundle: str | None = None


S = TypeVar("S", bound=ConnectionSettings)


def parse_settings(model: type[S], settings: Mapping[str, Json], connection: str) -> S:
    """Settings as typed data; the host has put the secrets in.

    Args:
        model: the connector's settings.
        settings: one entry of `connections:`, references resolved.
        connection: its name, for the findings.

    Raises:
        DocumentError: the settings are not what the model says. No finding shows a value.
    """
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False)
        # a key that may be left out, written `X | SkipJsonSchema[None]`, also complains that a wrong value is not None
        problems = [problem for problem in told if problem["type"] != "none_required"] or told
    raise DocumentError([_finding(problem, model, settings, connection) for problem in problems])


def _finding(problem: Mapping[str, Any], model: type[BaseModel], settings: Mapping[str, Json], connection: str) -> Finding:
    kind, context = problem["type"], problem.get("ctx", {})
    path = _keys(problem["loc"], model, settings)
    message, allowed = str(problem["msg"]).removeprefix("Value error, "), ()
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        path += _QUOTED.findall(str(context.get("discriminator")))
        message = "not one of the kinds there are" if kind == "union_tag_invalid" else "the key is missing"
    if kind in ("union_tag_invalid", "literal_error"):
        allowed = tuple(_QUOTED.findall(str(context.get("expected_tags", context.get("expected")))))
    return Finding(
        rule="connection-settings",
        severity=Severity.ERROR,
        place=Place(source=f"connection:{connection}", path="".join("/" + part for part in path)),
        found="",
        message=f"{'.'.join(path)}: {message}" if path else message,
        allowed=allowed,
    )


def _keys(location: Sequence[str | int], model: type[BaseModel], settings: Json) -> list[str]:
    """A location without what pydantic puts into it and nobody wrote: the tag of an alternative, the name of a type."""
    keys: list[str] = []
    here: Any = settings
    models: list[type[BaseModel]] = [model]
    tag_follows = False
    for number, part in enumerate(location, start=1):
        if tag_follows:
            tag_follows = False
            continue
        fields = [field for one in models for name, field in one.model_fields.items() if part in (name, field.alias)]
        if isinstance(here, Mapping) and (fields or part in here or number == len(location)):
            here = here.get(str(part))
        elif isinstance(here, (list, tuple)) and isinstance(part, int):
            here = here[part] if part < len(here) else None
        else:
            continue
        keys.append(str(part))
        if fields:
            models = list(_models(fields[0].annotation))
            tag_follows = fields[0].discriminator is not None
    return keys


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
