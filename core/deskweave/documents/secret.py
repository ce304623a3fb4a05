"""References to secrets, `${ENV}`, `${file:/path}`, `${keyring:name}`, and the guard against secrets written into a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from deskweave.documents.check import check_against
from deskweave.documents.document import Document, in_order, problem, split
from deskweave.errors import DocumentError
from deskweave.findings import Finding
from deskweave.model import Json

HOST_KEYS: Final = frozenset(("plugin", "address", "access", "proxy", "ca_bundle"))
"""Keys of a connection that are the host's; every other one belongs to the plugin."""

_REFERENCE: Final = re.compile(r"\$\{(?:(?P<kind>file|keyring):(?P<name>[^{}]+)|(?P<env>[A-Za-z_][A-Za-z0-9_]*))\}")
_ANY: Final = re.compile(r"\$\{[^{}]*\}?")


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a secret stands: its kind and name, never its value."""

    kind: Literal["env", "file", "keyring"]
    name: str

    def __str__(self) -> str:
        return f"${{{self.name}}}" if self.kind == "env" else f"${{{self.kind}:{self.name}}}"


Lookup = Callable[[Reference], str | None]


def references(value: Json) -> list[Reference]:
    """Every reference in a value and its parts, in order, once each."""
    return list(dict.fromkeys(found for text in _texts(value) for found in _in_text(text)))


def is_reference(value: object) -> bool:
    """Whether a text is made of references alone, so that nothing of the secret stands in the file."""
    return isinstance(value, str) and bool(value) and not _REFERENCE.sub("", value)


def expand(document: Document, path: str, lookup: Lookup, *, env_file: str = ".env.<environment>") -> Json:
    """The value at `path` with every reference replaced by what `lookup` answers. What it answers appears in no finding.

    Args:
        document: where the value stands.
        path: JSON Pointer of the value, e.g. `/connections/snow`.
        lookup: the secret, or None where there is none; a `LookupError` or `OSError` it raises counts as None.
        env_file: the file a name that leads nowhere may be set in, for the remedy.

    Raises:
        DocumentError: a reference that leads nowhere, or is not one of the three forms; all at once.
    """
    findings: list[Finding] = []
    parts = split(path)
    result = _expanded(at(document.body, parts), parts, document, lookup, findings, env_file)
    if findings:
        raise DocumentError(in_order(findings))
    return result


def _expanded(
    value: Json, parts: tuple[str, ...], document: Document, lookup: Lookup, findings: list[Finding], env_file: str
) -> Json:
    if isinstance(value, Mapping):
        return {key: _expanded(item, (*parts, key), document, lookup, findings, env_file) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_expanded(item, (*parts, str(number)), document, lookup, findings, env_file) for number, item in enumerate(value)]
    if not isinstance(value, str) or "${" not in value:
        return value

    def put(match: re.Match[str]) -> str:
        reference = _of(match)
        try:
            answer = lookup(reference)
        except (LookupError, OSError):
            answer = None
        if answer is None:
            remedy = {
                "env": f"set {reference.name} in the environment or in {env_file}",
                "file": "create the file",
                "keyring": "store it in the keyring",
            }
            message = f"{reference} leads nowhere"
            findings.append(
                problem("secret-missing", document.place(parts), str(reference), message, remedy=remedy[reference.kind])
            )
        return answer or ""

    if _ANY.search(_REFERENCE.sub("", value)):
        message = "a reference is ${NAME}, ${file:/path} or ${keyring:name}"
        findings.append(
            problem("secret-form", document.place(parts), "***", message, allowed=("${NAME}", "${file:/path}", "${keyring:name}"))
        )
        return value
    return _REFERENCE.sub(put, value)


def check_settings(
    document: Document, path: str, schema: Mapping[str, Any], *, ignore: Collection[str] = HOST_KEYS, value: Json = None
) -> list[Finding]:
    """A connection's settings against its plugin's schema; a literal value where the schema says `writeOnly` is an error.

    Values of `writeOnly` keys are never shown. A reference is accepted wherever the schema wants text.

    Args:
        document: the workspace.
        path: JSON Pointer of the connection, e.g. `/connections/snow`.
        schema: what `Connector.settings_schema()` answers.
        ignore: keys of the host, left out of the check.
        value: the settings themselves where they were merged from several places (environments); by default what stands at `path`.

    Raises:
        ValueError: the plugin's schema is not a JSON Schema.
    """
    parts = split(path)
    settings = at(document.body, parts) if value is None else value
    if isinstance(settings, Mapping):
        settings = {key: item for key, item in settings.items() if key not in ignore}
    secrets = list(_secrets(schema, schema, settings, ()))
    hidden = {parts + inner for inner, _ in secrets}
    findings = []
    for finding in check_against(schema, settings, lambda inner, key: document.place([*parts, *inner], key=key)):
        where = _within(finding, document, parts)
        if any(where[: len(spot)] == spot for spot in hidden):
            finding = problem(finding.rule, finding.place, "***", "not what the plugin expects here", remedy=finding.remedy)
        findings.append(finding)
    for inner, literal in secrets:
        if literal is not None and not is_reference(literal):
            name = (inner[-1] if inner else "SECRET").upper()
            findings.append(
                problem(
                    "secret-literal",
                    document.place((*parts, *inner)),
                    "***",
                    "a secret is written into the file",
                    allowed=("${NAME}", "${file:/path}", "${keyring:name}"),
                    remedy=f'put it into .env.<environment> and write "${{{name}}}" here; change the secret, it may have been seen',
                )
            )
    return in_order(findings)


def _within(finding: Finding, document: Document, parts: tuple[str, ...]) -> tuple[str, ...]:
    found = split(finding.place.path)
    return found if document.spot is not None else found[2:]


def _secrets(
    schema: Any, root: Mapping[str, Any], value: Json, parts: tuple[str, ...], depth: int = 0
) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Paths and values of what a schema marks `writeOnly`, through references, alternatives and lists."""
    if not isinstance(schema, Mapping) or depth > 32:
        return
    target = schema.get("$ref")
    if isinstance(target, str) and target.startswith("#"):
        yield from _secrets(at(root, split(target[1:])), root, value, parts, depth + 1)
    for word in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(word, ()) if isinstance(schema.get(word), Sequence) else ():
            yield from _secrets(inner, root, value, parts, depth + 1)
    if schema.get("writeOnly") is True or schema.get("format") == "password":
        yield parts, value
        return
    if isinstance(value, Mapping):
        properties = schema.get("properties", {})
        for key, item in value.items():
            inner = properties.get(key, schema.get("additionalProperties"))
            yield from _secrets(inner, root, item, (*parts, key), depth + 1)
    elif isinstance(value, (list, tuple)):
        first = schema.get("prefixItems", ())  # as pydantic writes a tuple
        for number, item in enumerate(value):
            inner = first[number] if number < len(first) else schema.get("items")
            yield from _secrets(inner, root, item, (*parts, str(number)), depth + 1)


def at(value: Any, parts: Sequence[str]) -> Any:
    """What stands at a path; None where nothing does."""
    for part in parts:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, (list, tuple)) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)


def _in_text(text: str) -> Iterator[Reference]:
    return (_of(match) for match in _REFERENCE.finditer(text))


def _of(match: re.Match[str]) -> Reference:
    if match["env"]:
        return Reference("env", match["env"])
    return Reference("file" if match["kind"] == "file" else "keyring", match["name"])
