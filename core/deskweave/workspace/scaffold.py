"""Writing a folder: what `deskweave init` and the demo begin with. An existing file is never touched."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deskweave import __version__
from deskweave.documents import amend, as_map, check_settings, pointer, read, split
from deskweave.errors import DocumentError, PluginError
from deskweave.model import Json
from deskweave.workspace.folder import DEFAULT_ENVIRONMENT, FILE
from deskweave.workspace.starter import EDITOR_SETTINGS, GITIGNORE, SCHEMA_FOLDER, env_text, practice_texts, readme

if TYPE_CHECKING:
    from deskweave.connector import Connector
    from deskweave.plugins import Plugins

#: stands for a required text nobody gave, until it becomes a reference
EMPTY: Final = " "


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConnection:
    """One entry to write. `settings` may hold literal secrets: they go to the .env file, never into YAML."""

    name: str
    plugin: str
    address: str = ""
    access: str = "read"
    settings: Mapping[str, Json] = field(default_factory=dict)
    binding: str | None = None  #: the text to write instead of the connector's template


@dataclass(slots=True, kw_only=True)
class Written:
    """What came of it, paths from the folder."""

    root: Path
    files: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  #: were there already and were left as they are
    amended: list[str] = field(default_factory=list)  #: were there already and got what was missing: entries, names of secrets
    added: list[str] = field(default_factory=list)  #: connections that were put into a deskweave.yaml that was there
    unset: list[str] = field(default_factory=list)  #: names in .env.<environment> that wait for a value
    environments: tuple[str, ...] = ()  #: of the folder as it is now


def write_folder(
    root: Path,
    *,
    id: str,
    now: datetime,
    plugins: Plugins,
    language: str = "en",
    zone: str = "UTC",
    connections: Sequence[NewConnection] = (),
    environments: Sequence[str] = (),
    since: datetime | None = None,
    label: Mapping[str, str] | None = None,
    practice: Mapping[str, str] | None = None,
    extra: Mapping[str, Json] | None = None,
) -> Written:
    """Write a folder that opens without a complaint; a folder that is there gets the connections it does not have yet.

    Args:
        root: made where it is not there.
        id: slug of the client; also the practice's id.
        now: the moment counterparts begin (`sync.since`) when `since` is not given.
        plugins: whose connectors write their bindings.
        language: of the desk.
        zone: IANA name.
        connections: entries; literal values under the plugin's writeOnly keys go to `.env.<environment>`.
        environments: names to declare; none: one, called dev.
        since: counterparts are made for inquiries opened from then on.
        label: the practice's name by language.
        practice: file name -> text, instead of the thin commented files.
        extra: more keys of deskweave.yaml, as plain data (`routes`, `guard`).

    Raises:
        DocumentError: the deskweave.yaml that is there cannot be read.
    """
    written = Written(root=root)
    there = _there(root) if connections and (root / FILE).exists() else None
    if there is not None:  # the folder's own words count: an entry of another client's name would bind to nothing
        id = there.practice
        environments = there.environments
    written.environments = tuple(environments) or (DEFAULT_ENVIRONMENT,)
    bindings = {one.name: one.binding or _template(plugins.connectors.get(one.plugin)) for one in connections}
    root.mkdir(parents=True, exist_ok=True)
    secrets: dict[str, str] = {}
    new = [one for one in connections if there is None or one.name not in there.connections]
    entries = [_entry(one, plugins, secrets) for one in new]
    if there is None:
        _put(written, FILE, _workspace_text(id, language, zone, since or now, entries, environments, extra or {}))
    else:
        _add_entries(written, there, entries)
    for name, text in (practice if practice is not None else practice_texts(id, language, zone, label or {})).items():
        _put(written, f"practice/{name}", text)
    for name, binding in bindings.items():
        if binding is not None:
            _put(written, f"bindings/{name}.yaml", _bound_to(binding, name, id))
    first = written.environments[0]
    names = sorted(secrets)
    if names:
        written.unset = [name for name in names if not secrets[name]]
        _put_names(written, ".env.example", env_text(names, {}, written.environments), names, {})
        if any(secrets.values()):
            _put_names(written, f".env.{first}", env_text(names, secrets, (first,)), names, secrets)
    _put(written, ".gitignore", GITIGNORE)
    _put(written, ".vscode/settings.json", EDITOR_SETTINGS)
    writing = [name for name, entry in entries if entry["access"] == "write"]
    _put(written, "README.md", readme(id, names, written.environments, writing, [name for name, _ in entries]))
    _schemas(written)
    if there is None:
        _lock(written, plugins)
    return written


def _lock(written: Written, plugins: Plugins) -> None:
    """practice.lock of a new folder: what it builds on is what it says today."""
    from deskweave.workspace.folder import read_folder
    from deskweave.workspace.loading import lock_practice

    try:
        if lock_practice(read_folder(written.root), plugins):
            written.files.append("practice.lock")
    except DocumentError:
        return  # practice lint tells what is wrong with it


def _put(written: Written, name: str, text: str, *, private: bool = False) -> None:
    path = written.root / name
    if path.exists():
        written.kept.append(name)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if private:
        import os

        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    else:
        path.write_text(text, encoding="utf-8", newline="\n")
    written.files.append(name)


def _put_names(written: Written, name: str, text: str, names: Sequence[str], values: Mapping[str, str]) -> None:
    """Write a file of secrets' names, or put those that are missing at the end of the one that is there."""
    path = written.root / name
    if not path.exists():
        _put(written, name, text, private=bool(values))
        return
    own = path.read_text(encoding="utf-8-sig")
    stated = set(re.findall(r"(?m)^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=", own))
    missing = [one for one in names if one not in stated]
    if not missing:
        written.kept.append(name)
        return
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(("" if not own or own.endswith("\n") else "\n") + "".join(f"{one}={values.get(one, '')}\n" for one in missing))
    written.amended.append(name)


# --------------------------------------------------------------------------------------------------------- deskweave.yaml
@dataclass(frozen=True, slots=True, kw_only=True)
class _There:
    """What a folder that is there already says of itself."""

    practice: str
    connections: frozenset[str]
    environments: tuple[str, ...]


def _there(root: Path) -> _There:
    body = next((one.body for one in read(root / FILE, FILE) if one.kind == "Workspace"), {})
    practice = str(body.get("id") or "")
    for path in sorted((root / str(body.get("practice") or "practice")).glob("*.y*ml")):
        try:
            practice = next((one.id for one in read(path, path.name) if one.kind == "Practice"), practice)
        except DocumentError:
            continue  # practice lint tells what is wrong with it
    return _There(
        practice=practice,
        connections=frozenset(as_map(body.get("connections"))),
        environments=tuple(as_map(body.get("environments"))),
    )


def _add_entries(written: Written, there: _There, entries: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Put connections into the person's own deskweave.yaml, everything else as it stands."""
    if not entries:
        written.kept.append(FILE)
        return
    if there.connections:
        changes: dict[str, Json] = {pointer(("connections", name)): entry for name, entry in entries}
    else:  # `connections: {}`: the empty braces would make one long line of it
        changes = {"/connections": dict(entries)}
    amend(written.root / FILE, changes)
    written.amended.append(FILE)
    written.added = [name for name, _ in entries]


def _entry(one: NewConnection, plugins: Plugins, secrets: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """An entry with references where the plugin wants secrets; `secrets` gets their names and values."""
    connector = plugins.connectors.get(one.plugin)
    settings = {key: value for key, value in one.settings.items() if key not in ("plugin", "address", "access")}
    address = one.address or str(one.settings.get("address") or "")
    if not address and connector is not None:
        stated = as_map(as_map(connector.settings_schema().get("properties")).get("address")).get("default")
        address = stated if isinstance(stated, str) else EMPTY
    entry: dict[str, Any] = {"plugin": one.plugin, "address": address, "access": one.access, **_copied(settings)}
    if connector is not None:
        schema = connector.settings_schema()
        _fill(schema, schema, entry)
        hidden = _secret_paths(schema, entry)
        for path in [*hidden, *(path for path in _empty_paths(entry) if path not in hidden)]:
            value = _take(entry, path)
            if isinstance(value, str) and not value.startswith("${"):
                name = env_name(one.name, path[-1])
                secrets[name] = value.strip()
                _set(entry, path, f"${{{name}}}")
    return one.name, entry


def env_name(connection: str, key: str) -> str:
    """The variable a secret goes by: connection and key."""
    return re.sub(r"[^A-Z0-9]+", "_", f"{connection}_{key}".upper()).strip("_")


def _fill(schema: Mapping[str, Any], root: Mapping[str, Any], target: dict[str, Any]) -> None:
    """Put in what the plugin requires and nobody gave, as empty text a person fills in; alternatives take the first one."""
    properties = schema.get("properties") or {}
    required = list(schema.get("required") or ())
    for word in ("anyOf", "oneOf"):
        branches = [branch for branch in schema.get(word) or () if isinstance(branch, Mapping)]
        if branches and not any(all(key in target for key in branch.get("required") or ()) for branch in branches):
            required += list(branches[0].get("required") or ())
            properties = {**(branches[0].get("properties") or {}), **properties}
    for key in required:
        inner = properties.get(key)
        if not isinstance(inner, Mapping):
            continue
        inner = _one_way(inner, root, target.get(key))
        if inner.get("type") == "object" or inner.get("properties"):
            there = target.setdefault(key, {})
            if isinstance(there, dict):
                _fill(inner, root, there)
        elif key not in target:
            known = inner.get("const", inner.get("default", (inner.get("enum") or [None])[0]))
            target[key] = EMPTY if known is None and inner.get("type", "string") == "string" else known


def _one_way(schema: Mapping[str, Any], root: Mapping[str, Any], given: Any, depth: int = 0) -> Mapping[str, Any]:
    """A schema with its references followed and one of its alternatives taken in: that of the words given, or the first."""
    if isinstance(schema.get("$ref"), str) and depth < 32:
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return _one_way({**_pointed(root, schema["$ref"]), **beside}, root, given, depth + 1)
    alternatives = schema.get("oneOf") or schema.get("anyOf") or ()
    branches = [_one_way(branch, root, given, depth + 1) for branch in alternatives if isinstance(branch, Mapping) and depth < 32]
    branches = [branch for branch in branches if branch.get("type") != "null"]
    if not branches:
        return schema
    words = given if isinstance(given, Mapping) else {}
    branch = next((branch for branch in branches if _says(branch, words)), branches[0])
    return {
        **branch,
        **{key: value for key, value in schema.items() if key not in ("oneOf", "anyOf")},
        "required": [*(schema.get("required") or ()), *(branch.get("required") or ())],
        "properties": {**(branch.get("properties") or {}), **(schema.get("properties") or {})},
    }


def _says(schema: Mapping[str, Any], words: Mapping[str, Any]) -> bool:
    """Whether no given word contradicts the one an alternative insists on (`kind`)."""
    properties = as_map(schema.get("properties"))
    return all(as_map(properties.get(key)).get("const", word) == word for key, word in words.items())


def _pointed(root: Mapping[str, Any], reference: str) -> Mapping[str, Any]:
    value: Any = root
    for part in split(reference.removeprefix("#")):
        value = value.get(part, {}) if isinstance(value, Mapping) else {}
    return value if isinstance(value, Mapping) else {}


def _secret_paths(schema: Mapping[str, Any], entry: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Where a plugin's writeOnly values stand in an entry, as the check of settings finds them."""
    text = json.dumps({"apiVersion": "deskweave/v1", "kind": "Workspace", "id": "x", "connections": {"x": _copied(entry)}})
    (document,) = read(text, FILE)
    found = check_settings(document, "/connections/x", schema, ignore=())
    return [split(finding.place.path)[2:] for finding in found if finding.rule == "secret-literal"]


def _empty_paths(value: Any, parts: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Where something required waits for a person: it becomes a name in .env.example, so that the file is whole at once."""
    if isinstance(value, Mapping):
        return [path for key, item in value.items() for path in _empty_paths(item, (*parts, key))]
    return [parts] if value == EMPTY else []


def _take(value: Any, path: Sequence[str]) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _set(value: dict[str, Any], path: Sequence[str], new: str) -> None:
    for part in path[:-1]:
        value = value[part]
    value[path[-1]] = new


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _copied(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copied(item) for item in value]
    return value


def _yaml(value: Any) -> str:
    """A value in flow style that YAML 1.1 and 1.2 readers take alike: JSON is YAML, and text is quoted."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False, default=str)


def _workspace_text(
    id: str,
    language: str,
    zone: str,
    since: datetime,
    entries: Sequence[tuple[str, dict[str, Any]]],
    environments: Sequence[str],
    extra: Mapping[str, Json],
) -> str:
    major, minor = (int(part) for part in __version__.split(".")[:2])
    wanted = f">={major}.{minor},<{major}.{minor + 1}" if major == 0 else f">={major}.{minor},<{major + 1}"
    lines = [
        f"# yaml-language-server: $schema={SCHEMA_FOLDER}/workspace.schema.json",
        "apiVersion: deskweave/v1",
        "kind: Workspace",
        f"id: {id}",
        f'deskweave: "{wanted}"{" " * 20}# the version this folder is written for',
        f"language: {language}",
        f"zone: {zone}",
        "practice: practice/",
        f'sync: {{since: "{since.isoformat(timespec="seconds")}"}}   # older inquiries are measured, never created elsewhere',
    ]
    if entries:
        lines.append("connections:")
        for name, entry in entries:
            lines.append(f"  {name}:")
            for key, value in entry.items():
                if key == "address":
                    lines.append(f"    address: {value if '://' in str(value) else _yaml(value)}")
                elif key == "access":
                    lines.append(f"    access: {value:<34} # read (default): nothing is ever written there | write")
                elif key == "plugin":
                    lines.append(f"    plugin: {value}")
                else:
                    lines.append(f"    {key}: {_yaml(value)}")
    else:
        lines += [
            "connections: {}",
            "# connections:                               # deskweave plugins lists what can be connected",
            "#   servicenow:",
            "#     plugin: servicenow",
            "#     address: https://acme.service-now.com",
            "#     access: read                           # read (default): nothing is ever written there | write",
        ]
    for key, value in extra.items():
        lines.append(f"{key}: {_yaml(value)}")
    if "routes" not in extra:
        among = ", ".join(name for name, _ in entries) or "servicenow, jira_sm"
        lines += [
            "# routes:                                    # default: what a person took part in exists on every connection",
            f"#   incidents: {{when: {{stream: {{eq: incident}}}}, among: [{among}]}}",
        ]
    if "environments" not in extra and environments:
        lines.append("environments:")
        lines += [f"  {name}: {{protected: true}}" if name.startswith("prod") else f"  {name}: {{}}" for name in environments]
    return "\n".join(lines) + "\n"


# ----------------------------------------------------------------------------------------------------------------- bindings
def _template(connector: Connector | None) -> str | None:
    if connector is None:
        return None
    try:
        return connector.binding_template()
    except Exception as error:
        raise PluginError(str(connector.name), "binding_template", f"{type(error).__name__}: {error}") from error


def _bound_to(text: str, connection: str, practice: str) -> str:
    """A connector's template for this connection and practice; comments and order stay."""
    text = re.sub(r"(?m)^id:\s*\S+", f"id: {connection}", text, count=1)
    text = re.sub(r"(?m)^practice:\s*\S+", f"practice: {practice}", text, count=1)
    if "yaml-language-server" not in text:
        text = f"# yaml-language-server: $schema=../{SCHEMA_FOLDER}/binding.schema.json\n" + text
    return text


def _schemas(written: Written) -> None:
    """The installed version's JSON Schemas, for the editor. They are the program's, so they are always rewritten."""
    folder = written.root / SCHEMA_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in _schema_texts().items():
        (folder / f"{name}.schema.json").write_text(text, encoding="utf-8", newline="\n")


@cache
def _schema_texts() -> Mapping[str, str]:
    from deskweave_schemas import DOCUMENT, KINDS, bundle

    return {name: json.dumps(bundle(name), ensure_ascii=False, indent=1) + "\n" for name in (DOCUMENT, *KINDS.values())}
