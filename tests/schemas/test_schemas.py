"""The schemas are valid, speak both languages, and their own examples hold."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from deskweave.documents import KINDS as READ_KINDS
from deskweave_schemas import DOCUMENT, KINDS, bundle, load, names, text

REGISTRY = Registry().with_resources([(load(name)["$id"], DRAFT202012.create_resource(load(name))) for name in names()])
CHINESE = re.compile("[\u4e00-\u9fff]")


def validator(schema: dict) -> Draft202012Validator:
    return Draft202012Validator(schema, registry=REGISTRY)


@pytest.mark.parametrize("name", names())
def test_is_a_schema_with_a_stable_name(name: str) -> None:
    schema = load(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:deskweave:schema:v1:{name}"
    assert CHINESE.search(schema["title"])
    assert schema["description"].isascii()
    assert json.loads(text(name)) == schema


def test_every_kind_has_a_schema_and_every_schema_a_kind() -> None:
    assert tuple(KINDS) == READ_KINDS
    assert set(names()) - set(KINDS.values()) == {"common", "predicate"}


@pytest.mark.parametrize("kind", KINDS)
def test_examples_hold(kind: str) -> None:
    schema = load(kind)
    assert schema["examples"]
    for example in schema["examples"]:
        assert [error.message for error in validator(schema).iter_errors(example)] == []


def test_examples_of_the_predicate_hold() -> None:
    schema = load("predicate")
    for example in schema["examples"]:
        assert validator(schema).is_valid(example)


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_example_is_complete(kind: str) -> None:
    """Layers state what differs; at least one example shows a whole document. Fields and Practice show a client's share."""
    schema = load(kind)
    complete = {"$ref": f"{schema['$id']}#/$defs/complete"}
    assert any(validator(complete).is_valid(example) for example in schema["examples"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_a_document_has_a_title_in_both_languages(kind: str) -> None:
    common = load("common")["$defs"]
    for key, spec in load(kind)["properties"].items():
        title = spec.get("title") or common[spec["$ref"].rsplit("/", 1)[1]]["title"]
        assert CHINESE.search(title), key


def closed(schema: object, path: str = "") -> list[str]:
    """Paths of objects that list their keys and yet accept any."""
    found = []
    if isinstance(schema, dict):
        open_ended = path.endswith(("/connections/additionalProperties", "/expect/items")) or "complete" in path
        if "properties" in schema and schema.get("type") == "object" and "additionalProperties" not in schema and not open_ended:
            found.append(path)
        for key, value in schema.items():
            found += closed(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            found += closed(value, f"{path}/{number}")
    return found


@pytest.mark.parametrize("name", names())
def test_unknown_keys_are_refused_everywhere(name: str) -> None:
    """A connection's other keys are its plugin's; an expected row's other keys are dimensions."""
    schema = load(name)
    schema.pop("examples", None)
    assert closed(schema) == []


@pytest.mark.parametrize("asked", ["nothing", "../v1/fields", "fields.schema"])
def test_an_unknown_schema_is_a_lookup_error(asked: str) -> None:
    with pytest.raises(LookupError, match="no schema"):
        load(asked)
    with pytest.raises(LookupError):
        load("fields", "v9")


@pytest.mark.parametrize("name", [*KINDS.values(), DOCUMENT])
def test_a_bundle_needs_no_other_file(name: str) -> None:
    """Editors follow no URN: a schema they are handed refers only to itself, and judges as the one it was made from."""
    schema = bundle(name)
    Draft202012Validator.check_schema(schema)
    assert "urn:deskweave" not in json.dumps({**schema, "examples": []})
    validator = Draft202012Validator(schema)
    kinds = {
        kind: other for kind, other in KINDS.items() if name in (other, DOCUMENT) and kind not in ("Binding", "Log", "Workspace")
    }
    for kind, other in kinds.items():
        for example in load(other)["examples"]:
            assert list(validator.iter_errors(example)) == [], kind
            assert not validator.is_valid({**example, "surely_not_a_key": 1}), kind
    if name == DOCUMENT:
        assert not validator.is_valid({"kind": "Clok", "id": "x"})
