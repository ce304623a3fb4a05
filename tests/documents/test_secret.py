"""Secrets: references are found and followed, literals are refused, values are never shown."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from deskweave.documents import Document, Reference, check_settings, expand, is_reference, read, references
from deskweave.errors import DocumentError

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["auth"],
    "properties": {
        "auth": {"$ref": "#/$defs/auth"},
        "page_size": {"type": "integer"},
        "keys": {"type": "array", "items": {"type": "string", "writeOnly": True}},
    },
    "$defs": {
        "auth": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "kind": {"enum": ["basic", "token"]},
                "user": {"type": "string"},
                # as pydantic writes an optional SecretStr
                "password": {
                    "anyOf": [{"type": "string", "format": "password", "writeOnly": True, "minLength": 4}, {"type": "null"}]
                },
            },
        }
    },
}


def workspace(settings: str) -> Document:
    text = f"apiVersion: deskweave/v1\nkind: Workspace\nid: w\nconnections:\n  snow: {{plugin: servicenow, address: 'https://x', {settings}}}\n"
    return read(text, "deskweave.yaml")[0]


def checked(settings: str) -> list[tuple[str, str, str]]:
    found = check_settings(workspace(settings), "/connections/snow", SCHEMA)
    return [(finding.rule, finding.place.path, finding.found) for finding in found]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        # references are fine, wherever the schema wants text; the host's own keys are not the plugin's business
        ('auth: {kind: basic, user: bot, password: "${SNOW_PASSWORD}"}', []),
        ('auth: {kind: basic, password: "${file:/run/secrets/x}"}', []),
        ('auth: {kind: basic, password: "${keyring:snow}"}', []),
        ("auth: {kind: basic, password: null}", []),
        ("access: write, proxy: null, ca_bundle: x, auth: {}", []),
        # literals, also beside a reference, also in a list
        ("auth: {password: hunter2}", [("secret-literal", "/connections/snow/auth/password", "***")]),
        ('auth: {password: "hunter2${X}"}', [("secret-literal", "/connections/snow/auth/password", "***")]),
        ('auth: {}, keys: ["${A}", hunter2]', [("secret-literal", "/connections/snow/keys/1", "***")]),
        # too short for the schema as well: still not shown
        (
            "auth: {password: ab}",
            [
                ("out-of-bounds", "/connections/snow/auth/password", "***"),
                ("secret-literal", "/connections/snow/auth/password", "***"),
            ],
        ),
        # the plugin's own typos, with places in the user's file
        ("auht: {}", [("missing-key", "/connections/snow", "auth"), ("unknown-key", "/connections/snow/auht", "auht")]),
        ("auth: {kind: bassic}", [("not-allowed", "/connections/snow/auth/kind", "bassic")]),
        ("auth: {}, page_size: many", [("wrong-type", "/connections/snow/page_size", "many")]),
    ],
)
def test_settings(settings: str, expected: list[tuple[str, str, str]]) -> None:
    assert checked(settings) == expected


def test_settings_merged_from_an_environment() -> None:
    document = workspace("auth: {kind: basic}")
    merged = {"plugin": "servicenow", "auth": {"kind": "basic", "password": "hunter2"}}
    (finding,) = check_settings(document, "/connections/snow", SCHEMA, value=merged)
    assert finding.rule == "secret-literal"
    assert finding.place.line == 5
    assert "hunter2" not in repr(finding)


def test_references_are_listed() -> None:
    value = {"a": "${ONE}", "b": ["x ${file:/run/x} ${keyring:me}", 3, None], "c": "$TWO ${} ${bad name}", "d": "${ONE}"}
    assert references(value) == [Reference("env", "ONE"), Reference("file", "/run/x"), Reference("keyring", "me")]
    assert [str(found) for found in references(value)] == ["${ONE}", "${file:/run/x}", "${keyring:me}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("${A}", True), ("${A}${B}", True), ("x${A}", False), ("${a b}", False), ("", False), (None, False), (3, False)],
)
def test_is_reference(text: object, expected: bool) -> None:
    assert is_reference(text) is expected


def test_expand() -> None:
    document = workspace('auth: {user: "bot-${NAME}", password: "${keyring:snow}"}, keys: ["${NAME}"], page_size: 5')
    secrets = {Reference("env", "NAME"): "n", Reference("keyring", "snow"): "p${NAME}"}
    assert expand(document, "/connections/snow", secrets.__getitem__) == {
        "plugin": "servicenow",
        "address": "https://x",
        "auth": {"user": "bot-n", "password": "p${NAME}"},  # what a secret says is not read again
        "keys": ["n"],
        "page_size": 5,
    }


def test_expand_names_what_is_missing_and_never_what_was_found() -> None:
    document = workspace('auth: {user: "${GONE}", password: "${HAVE}"}, keys: ["${file:/no}", "${bad name}"]')
    secrets = {Reference("env", "HAVE"): "hunter2"}
    with pytest.raises(DocumentError) as caught:
        expand(document, "/connections/snow", secrets.__getitem__)
    found = [(finding.rule, finding.place.path, finding.place.line, finding.found) for finding in caught.value.findings]
    assert sorted(found) == [
        ("secret-form", "/connections/snow/keys/1", 5, "***"),
        ("secret-missing", "/connections/snow/auth/user", 5, "${GONE}"),
        ("secret-missing", "/connections/snow/keys/0", 5, "${file:/no}"),
    ]
    assert "hunter2" not in repr(caught.value.findings)


# ------------------------------------------------------------------------------------------- schemas as pydantic writes them
class Basic(BaseModel):
    """Name and password."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["basic"]
    user: str = Field(min_length=2)
    password: SecretStr


class Token(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["token", "pat"]
    token: SecretStr


class Proxy(BaseModel):
    model_config = ConfigDict(extra="forbid")
    host: str
    password: SecretStr | None = None


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")
    auth: Basic | Token = Field(discriminator="kind")
    other: Annotated[Basic | Token, Field(discriminator="kind")] | None = None
    via: Proxy | None = Field(default=None, description="How to get out.")
    size: int | None = Field(default=None, ge=1, description="Records per page.")
    mode: Literal["fast", "slow"] | None = None
    either: int | bool | None = None
    hooks: dict[str, SecretStr] = {}
    pair: tuple[str, SecretStr] | None = None
    more: list[Proxy] = []


GOOD = 'auth: {kind: basic, user: bot, password: "${P}"}'


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (GOOD, []),
        (GOOD + ", via: null, size: null, other: null", []),
        # a discriminated union: the way that is meant, and all that is wrong with it; the words of every way where none is
        ("auth: {kind: bsic}", [("not-allowed", "/auth/kind", "bsic", ("basic", "token", "pat"), "basic", "")]),
        ("auth: {kind: 3}", [("not-allowed", "/auth/kind", "3", ("basic", "token", "pat"), None, "")]),
        (
            'auth: {kind: basic, usr: bot, password: "${P}"}',
            [
                ("missing-key", "/auth", "user", (), None, "add `user:`"),
                ("unknown-key", "/auth/usr", "usr", ("kind", "user", "password"), "user", ""),
            ],
        ),
        ("auth: {kind: pat}", [("missing-key", "/auth", "token", (), None, "add `token:`")]),
        ("auth: {kind: basic, user: b, password: '${P}'}", [("out-of-bounds", "/auth/user", "b", (), None, "")]),
        ("auth: {}", [("missing-key", "/auth", "kind", (), None, "add `kind:`")]),
        # the same where it may be left out
        (GOOD + ", other: {kind: tokn}", [("not-allowed", "/other/kind", "tokn", ("basic", "token", "pat"), "token", "")]),
        (GOOD + ", other: {kind: token}", [("missing-key", "/other", "token", (), None, "add `token:`")]),
        # X | None: what is wrong with X, in the words of the field; a wrong type names both
        (GOOD + ", size: 0", [("out-of-bounds", "/size", "0", (), None, "Records per page.")]),
        (GOOD + ", size: many", [("wrong-type", "/size", "many", (), None, "Records per page.")]),
        (GOOD + ", mode: fats", [("not-allowed", "/mode", "fats", ("fast", "slow"), "fast", "")]),
        (GOOD + ", via: x", [("wrong-type", "/via", "x", (), None, "How to get out.")]),
        (
            GOOD + ", via: {hots: x}",
            [
                ("missing-key", "/via", "host", (), None, "add `host:`"),
                ("unknown-key", "/via/hots", "hots", ("host", "password"), "host", ""),
            ],
        ),
        (
            GOOD + ", more: [{host: h, pasword: x}]",
            [("unknown-key", "/more/0/pasword", "pasword", ("host", "password"), "password", "")],
        ),
    ],
)
def test_settings_of_a_model(settings: str, expected: list[Any]) -> None:
    found = check_settings(workspace(settings), "/connections/snow", Model.model_json_schema())
    assert [
        (f.rule, f.place.path.removeprefix("/connections/snow"), f.found, f.allowed, f.nearest, f.remedy) for f in found
    ] == expected


def test_a_wrong_type_names_every_type_that_is_taken() -> None:
    (finding,) = check_settings(workspace(GOOD + ", either: x"), "/connections/snow", Model.model_json_schema())
    assert finding.message == "a whole number or true or false or nothing is expected, not text"


@pytest.mark.parametrize(
    ("settings", "paths"),
    [
        ("auth: {kind: basic, user: bot, password: hunter2}", ["/auth/password"]),
        ("auth: {kind: token, token: hunter2}", ["/auth/token"]),
        (GOOD + ", other: {kind: pat, token: hunter2}", ["/other/token"]),
        (GOOD + ", via: {host: h, password: hunter2}", ["/via/password"]),
        (GOOD + ", hooks: {a: hunter2, b: '${B}'}", ["/hooks/a"]),
        (GOOD + ", pair: [shown, hunter2]", ["/pair/1"]),
        (GOOD + ", more: [{host: h}, {host: h, password: hunter2}]", ["/more/1/password"]),
        # under the wrong kind, and of the wrong type: hidden all the same
        ("auth: {kind: token, token: '${T}', password: hunter2}", ["/auth/password"]),
        ("auth: {kind: token, token: [hunter2]}", ["/auth/token"]),
        ("auth: {kind: tokn, token: hunter2}", ["/auth/token"]),
    ],
)
def test_a_secret_of_a_model_is_found_and_hidden_wherever_it_stands(settings: str, paths: list[str]) -> None:
    found = check_settings(workspace(settings), "/connections/snow", Model.model_json_schema())
    literals = [finding.place.path.removeprefix("/connections/snow") for finding in found if finding.rule == "secret-literal"]
    assert literals == paths
    assert "hunter2" not in repr(found)
