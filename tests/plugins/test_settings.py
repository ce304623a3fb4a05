"""One model per connector is the schema, the findings with their lines, and the typed data; its secrets are shown nowhere."""

from __future__ import annotations

import copy
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import SecretStr, ValidationError

from deskweave.connector.settings import parse_settings
from deskweave.documents import check_settings, read
from deskweave.errors import DocumentError
from deskweave.plugins import load_plugins
from deskweave.workspace.scaffold import NewConnection, write_folder

SECRET = "hunter2-hunter2"
SNOW = 'auth: {kind: basic, username: u, password: "${P}"}'
JIRA = 'auth: {kind: api_token, email: a@b.example, api_token: "${T}"}, project: ITH'
APP = 'auth: {app_id: a, app_secret: "${S}"}'

#: connector -> every way to write its settings down with the secret in all secret places
WHOLE: dict[str, list[dict[str, Any]]] = {
    "servicenow": [
        {"auth": {"kind": "basic", "username": "u", "password": SECRET}},
        {"auth": {"kind": "client_credentials", "client_id": "i", "client_secret": SECRET, "scope": "s"}},
        {"auth": {"kind": "password", "client_id": "i", "client_secret": SECRET, "username": "u", "password": SECRET}},
    ],
    "jira_sm": [{"auth": {"kind": "api_token", "email": "a@b.example", "api_token": SECRET}, "project": "ITH"}],
    "feishu": [
        {
            "auth": {"kind": "app", "app_id": "a", "app_secret": SECRET},
            "base": {"app_token": "bascn"},
            "helpdesk": {"id": "1", "token": SECRET},
        }
    ],
}
SECRETS = {
    "servicenow": {"Basic.password", "ClientCredentials.client_secret", "PasswordGrant.client_secret", "PasswordGrant.password"},
    "jira_sm": {"ApiToken.api_token"},
    "feishu": {"App.app_secret", "HelpdeskSettings.token"},
}
EVERY = [(name, whole) for name, ways in WHOLE.items() for whole in ways]


@pytest.fixture(scope="module")
def connectors() -> dict[str, Any]:
    return dict(load_plugins().connectors)


def model_of(name: str) -> Any:
    return importlib.import_module(f"deskweave_{name}.config").Settings


def entry(name: str, whole: dict[str, Any]) -> dict[str, Any]:
    return {"plugin": name, "address": "https://desk.example/", **copy.deepcopy(whole)}


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    else:
        yield value


# ------------------------------------------------------------------------------------------------------------------- schema
@pytest.mark.parametrize("name", WHOLE)
def test_the_schema_is_that_of_the_model_and_marks_every_secret(name: str, connectors: dict[str, Any]) -> None:
    schema = connectors[name].settings_schema()
    Draft202012Validator.check_schema(schema)
    json.dumps(schema)
    assert schema == model_of(name).model_json_schema()
    marked = {
        f"{part}.{key}" for part, spec in schema["$defs"].items() for key, one in spec["properties"].items() if one.get("writeOnly")
    }
    assert marked == SECRETS[name]
    kept = {
        f"{part.__name__}.{key}"
        for part in vars(sys.modules[f"deskweave_{name}.config"]).values()
        if isinstance(part, type) and hasattr(part, "model_fields")
        for key, field in part.model_fields.items()
        if field.annotation is SecretStr
    }
    assert kept == marked


@pytest.mark.parametrize(("name", "whole"), EVERY)
def test_whole_settings_pass_and_every_literal_secret_is_found(
    name: str, whole: dict[str, Any], connectors: dict[str, Any]
) -> None:
    text = json.dumps({"apiVersion": "deskweave/v1", "kind": "Workspace", "id": "w", "connections": {"c": entry(name, whole)}})
    found = check_settings(read(text, "deskweave.yaml")[0], "/connections/c", connectors[name].settings_schema(), ignore=())
    assert [finding.rule for finding in found] == ["secret-literal"] * sum(leaf == SECRET for leaf in leaves(whole))
    assert SECRET not in repr(found)


# ------------------------------------------------------------------------------------------------------------------ findings
TYPOS = [
    # connector, what stands in the file -> rule, path, allowed (None: any), nearest
    ("servicenow", SNOW, []),
    ("servicenow", "", [("missing-key", "", (), None)]),
    ("servicenow", "auth: x", [("wrong-type", "/auth", (), None)]),
    ("servicenow", "auth: {}", [("missing-key", "/auth", (), None)]),
    # all kinds are offered, not the first one's
    ("servicenow", "auth: {kind: basc}", [("not-allowed", "/auth/kind", ("basic", "client_credentials", "password"), "basic")]),
    # within the kind that is meant: its own keys, all that is wrong at once
    (
        "servicenow",
        'auth: {kind: basic, usrname: u, password: "${P}"}',
        [("missing-key", "/auth", (), None), ("unknown-key", "/auth/usrname", ("kind", "username", "password"), "username")],
    ),
    (
        "servicenow",
        'auth: {kind: client_credentials, client_id: i, client_secrt: "${S}"}',
        [("missing-key", "/auth", (), None), ("unknown-key", "/auth/client_secrt", None, "client_secret")],
    ),
    ("servicenow", f"auth: {{kind: basic, username: u, password: {SECRET}}}", [("secret-literal", "/auth/password", None, None)]),
    # a secret of the wrong type is not shown either
    (
        "servicenow",
        "auth: {kind: basic, username: u, password: 4711471147}",
        [("secret-literal", "/auth/password", None, None), ("wrong-type", "/auth/password", (), None)],
    ),
    ("servicenow", SNOW + ", page_size: many", [("wrong-type", "/page_size", (), None)]),
    ("servicenow", SNOW + ", page_size: 2001", [("out-of-bounds", "/page_size", (), None)]),
    ("servicenow", SNOW + ", page_siz: 3", [("unknown-key", "/page_siz", None, "page_size")]),
    ("servicenow", SNOW + ", proxy: 5", [("wrong-type", "/proxy", (), None)]),
    ("servicenow", SNOW + ", access: rite", [("not-allowed", "/access", ("read", "write"), "write")]),
    ("servicenow", SNOW + ", address: acme", [("wrong-form", "/address", (), None)]),
    ("jira_sm", JIRA, []),
    ("jira_sm", "project: ITH", [("missing-key", "", (), None)]),
    (
        "jira_sm",
        'auth: {kind: token, email: a@b, api_token: "${T}"}, project: ITH',
        [("not-allowed", "/auth/kind", ("api_token",), "api_token")],
    ),
    ("jira_sm", JIRA + ", projekt: X", [("unknown-key", "/projekt", None, "project")]),
    ("jira_sm", JIRA + ", create_by: isue", [("not-allowed", "/create_by", ("issue", "request"), "issue")]),
    ("jira_sm", JIRA + ", create_by: 5", [("not-allowed", "/create_by", ("issue", "request"), None)]),  # once, not its type as well
    ("jira_sm", JIRA + ", request_type: null", [("wrong-type", "/request_type", (), None)]),
    ("jira_sm", JIRA + ", index_lag_minutes: 0", [("out-of-bounds", "/index_lag_minutes", (), None)]),
    ("jira_sm", JIRA.replace("ITH", "ith"), [("wrong-form", "/project", (), None)]),
    ("feishu", APP + ", base: {app_token: t}", []),
    ("feishu", APP, [("missing-key", "", (), None)]),  # base or helpdesk
    ("feishu", APP + ", base: null", [("wrong-type", "/base", (), None)]),
    (
        "feishu",
        APP + ", base: {app_token: t, tabel: x, create_batch: 501}",
        [
            ("unknown-key", "/base/tabel", ("app_token", "table", "create_batch"), "table"),
            ("out-of-bounds", "/base/create_batch", (), None),
        ],
    ),
    ("feishu", APP + ", base: {app_token: t, create_batch: true}", [("wrong-type", "/base/create_batch", (), None)]),
    ("feishu", APP + f", helpdesk: {{id: x, token: {SECRET}}}", [("secret-literal", "/helpdesk/token", None, None)]),
]


@pytest.mark.parametrize(("name", "written", "expected"), TYPOS)
def test_wrong_settings_have_a_line_the_words_and_the_nearest(
    name: str, written: str, expected: list[Any], connectors: dict[str, Any]
) -> None:
    address = "" if "address" in written else "    address: https://desk.example\n"
    lines = "".join(f"    {line}\n" for line in written.replace(", address", "\naddress").splitlines())
    for key in ("page_siz", "proxy", "access", "projekt", "project", "create_by", "request_type", "index_lag", "base", "helpdesk"):
        lines = lines.replace(f", {key}", f"\n    {key}")
    text = f"apiVersion: deskweave/v1\nkind: Workspace\nid: w\nconnections:\n  c:\n    plugin: {name}\n{address}{lines}"
    found = check_settings(read(text, "deskweave.yaml")[0], "/connections/c", connectors[name].settings_schema(), ignore=())
    told = [(one.rule, one.place.path.removeprefix("/connections/c"), one.allowed, one.nearest) for one in found]
    assert [
        (rule, path, allowed and None, word) if want[2] is None else (rule, path, allowed, word)
        for (rule, path, allowed, word), want in zip(told, expected, strict=True)
    ] == expected
    for one in found:
        key = one.place.path.split("/")[3:4]
        assert one.place.source == "deskweave.yaml"
        if key:
            assert text.splitlines()[(one.place.line or 0) - 1].strip().startswith(f"{key[0]}:")
    assert SECRET not in repr(found)
    assert "4711471147" not in repr(found)


# ---------------------------------------------------------------------------------------------------------------- typed data
@pytest.mark.parametrize(("name", "whole"), EVERY)
def test_settings_show_no_secret_and_do_not_change(name: str, whole: dict[str, Any]) -> None:
    settings = parse_settings(model_of(name), entry(name, whole), "c")
    assert settings.address == "https://desk.example"
    for text in (repr(settings), str(settings), f"{settings}", repr(settings.model_dump()), settings.model_dump_json()):
        assert SECRET not in text
    assert SECRET in repr([leaf.get_secret_value() for leaf in leaves(settings.model_dump()) if isinstance(leaf, SecretStr)])
    with pytest.raises(ValidationError):
        settings.access = "write"


@pytest.mark.parametrize(("name", "whole"), EVERY)
def test_the_backstop_names_the_spot_and_never_the_value(name: str, whole: dict[str, Any]) -> None:
    """Whatever is wrong around a secret, or with it, or where a secret stands that belongs elsewhere."""
    good = entry(name, whole)
    wrong = [
        {**good, "auth": SECRET},
        {**good, SECRET.replace("hunter2", "k"): SECRET},
        {**good, "access": SECRET},
        {**good, "address": SECRET},
    ]
    for key in good["auth"]:
        without = {inner: value for inner, value in good["auth"].items() if inner != key}
        wrong += [{**good, "auth": {**good["auth"], key: [SECRET]}}]
        wrong += [{**good, "auth": {**without, key + "_": SECRET}}]
        if key == "kind":
            wrong += [{**good, "auth": {**good["auth"], key: SECRET}}]
    for settings in wrong:
        with pytest.raises(DocumentError) as caught:
            parse_settings(model_of(name), settings, "c")
        assert caught.value.findings
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        for finding in caught.value.findings:
            assert finding.rule == "connection-settings"
            assert finding.place.source == "connection:c"
        assert SECRET not in repr(caught.value.findings)
        assert SECRET not in repr(caught.value)


def test_the_backstops_paths_are_those_of_the_file() -> None:
    """Without the tag that pydantic puts into the location of an alternative."""

    def paths(auth: Any) -> set[tuple[str, tuple[str, ...]]]:
        with pytest.raises(DocumentError) as caught:
            parse_settings(model_of("servicenow"), {"address": "https://x", "auth": auth}, "c")
        return {(finding.place.path, finding.allowed) for finding in caught.value.findings}

    assert paths({"kind": "basic", "extra": 1}) == {("/auth/username", ()), ("/auth/password", ()), ("/auth/extra", ())}
    assert paths({"kind": "magic"}) == {("/auth/kind", ("basic", "client_credentials", "password"))}
    assert paths({}) == {("/auth/kind", ())}
    assert paths({"kind": "password", "client_id": "i", "client_secret": "", "username": "u", "password": "p"}) == {
        ("/auth/client_secret", ())
    }


# ------------------------------------------------------------------------------------------------------------- a new folder
@pytest.mark.parametrize(
    ("name", "given", "auth"),
    [
        # nothing given: the first way to sign in, everything required as a name in .env
        ("servicenow", {}, {"kind": "basic", "username": "${C_USERNAME}", "password": "${C_PASSWORD}"}),
        # a kind is given: what that one requires
        (
            "servicenow",
            {"auth": {"kind": "client_credentials", "client_secret": SECRET}},
            {"kind": "client_credentials", "client_secret": "${C_CLIENT_SECRET}", "client_id": "${C_CLIENT_ID}"},
        ),
        ("jira_sm", {}, {"kind": "api_token", "email": "${C_EMAIL}", "api_token": "${C_API_TOKEN}"}),
        ("feishu", {}, {"app_id": "${C_APP_ID}", "app_secret": "${C_APP_SECRET}"}),
    ],
)
def test_a_new_folder_asks_for_what_the_model_requires(
    name: str, given: dict[str, Any], auth: dict[str, str], tmp_path: Path, connectors: dict[str, Any]
) -> None:
    new = NewConnection(name="c", plugin=name, settings=given)
    written = write_folder(tmp_path, id="w", now=datetime(2026, 11, 22, tzinfo=UTC), plugins=load_plugins(), connections=[new])
    (document,) = read(tmp_path / "deskweave.yaml")
    assert document.body["connections"]["c"]["auth"] == auth
    assert {f"${{{one}}}" for one in written.unset} >= {one for one in auth.values() if one.startswith("${")} - {
        "${C_CLIENT_SECRET}"
    }
    found = check_settings(document, "/connections/c", connectors[name].settings_schema(), ignore=())
    assert [one for one in found if not one.found.startswith("${C_")] == []  # a reference is judged by what it stands for
    for path in tmp_path.rglob("*.yaml"):
        assert SECRET not in path.read_text(encoding="utf-8")


# --------------------------------------------------------------------------------------------------------------- import cost
@pytest.mark.parametrize("name", WHOLE)
def test_importing_a_plugin_imports_nothing_heavy(name: str) -> None:
    """Importing a plugin costs every start of the program: pydantic comes with the settings, requests with the connection."""
    code = f"""
import sys, deskweave.plugins, deskweave.connector
heavy = ("pydantic", "requests", "deskweave.http", "deskweave_{name}.config", "deskweave_{name}.connection", "deskweave_{name}.emulator")
import deskweave_{name}
(connector,) = deskweave_{name}.deskweave_connectors()
print([one for one in heavy if one in sys.modules])
connector.settings_schema()
print([one for one in heavy if one in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    at_import, at_schema = done.stdout.splitlines()
    assert at_import == "[]"
    assert at_schema == repr(["pydantic", f"deskweave_{name}.config"])
