"""Files of any shape: a practice or findings, never a traceback."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from deskweave.documents import Document, check, read
from deskweave.errors import DocumentError
from deskweave.practice import Layer, builtin, builtin_pack, check_binding, check_workspace, compose_layers, lint, resolve

PACK = [
    document
    for entry in sorted(builtin_pack().files.iterdir(), key=lambda entry: entry.name)
    if entry.name.endswith(".yaml")
    for document in read(entry)
]
JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-9, 9),
        st.floats(-1, 1),
        st.sampled_from(["", "closed", "first_response", "PT5M", "2026-01-01", "中", "on"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["label", "from", "eq", "all", "where", "x", "2026"]), inner, max_size=3),
    ),
    max_leaves=6,
)


def paths(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, item in inner for path in paths(item, (*at, key)))]


SPOTS = [
    (number, path) for number, document in enumerate(PACK) if document.kind != "Holidays" for path in paths(document.body) if path
]


def spot(kind: str, *path: str | int) -> tuple[int, tuple[str | int, ...]]:
    return next(number for number, document in enumerate(PACK) if document.kind == kind), path


def spoiled(document: Document, path: tuple[str | int, ...], value: Any) -> Document:
    body: Any = copy.deepcopy(document.body)
    here = body
    for part in path[:-1]:
        here = here[part]
    here[path[-1]] = value
    kind, name = body.get("kind"), body.get("id")
    return Document(kind=kind if isinstance(kind, str) else "Nothing", id=str(name), body=body, source="f.yaml", spot=document.spot)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(SPOTS), JSON), min_size=1, max_size=3))
@example([(spot("Fields", "fields", "user", "type"), [])])
@example([(spot("Feedback", "scale", "neutral", "code"), {})])
def test_a_spoiled_practice(spoils: list[tuple[tuple[int, tuple[str | int, ...]], Any]]) -> None:
    documents = list(PACK)
    for (number, path), value in spoils:
        try:
            documents[number] = spoiled(documents[number], path, value)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier spoil took the path away
    try:
        practice = compose_layers([Layer(name="files", documents=tuple(documents))])
    except DocumentError as error:
        findings = error.findings
    else:
        findings = tuple(lint(practice, today=date(2026, 3, 1)))
    for finding in findings:
        assert len(finding.found) <= 80
        assert finding.place.source in ("f.yaml", "practice") or finding.place.source.endswith(".yaml")


@settings(max_examples=40)
@given(
    st.dictionaries(st.sampled_from(["practice", "collections", "connections", "routes", "environments"]), JSON, max_size=3),
    st.sampled_from(["when", "among", "withhold", "holds", "fields", "statuses"]),
    JSON,
)
def test_spoiled_bindings_and_workspaces(body: dict[str, Any], key: str, value: Any) -> None:
    for kind, holder in (("Binding", "collections"), ("Workspace", "routes")):
        raw = {"kind": kind, "id": "x", **body, holder: {"one": {key: value}}}
        document = Document(kind=kind, id="x", body=raw, source="f.yaml")
        check(document)
        for finding in (check_binding if kind == "Binding" else check_workspace)(document, builtin()):
            assert finding.place.source == "f.yaml"


def test_the_contracts_example_composes(shared: Path) -> None:
    """The format as it was agreed: the client's practice, its binding and its workspace."""
    folder = shared / "contract" / "example"
    from deskweave.practice import compose

    practice = compose(read(folder / "practice" / "acme.yaml"))
    assert "cost_center" in practice.fields
    (binding,) = read(folder / "bindings" / "snow.yaml")
    assert check(binding) == []
    assert [finding.rule for finding in check_binding(binding, practice)] == []
    (workspace,) = read(folder / "deskweave.yaml")
    assert check(workspace) == []
    assert check_workspace(workspace, practice) == []


def test_the_contracts_pack_is_valid_by_itself(shared: Path) -> None:
    """The excerpt lacks what it refers to; by shape it is valid, so files written to the contract are read."""
    documents = read(shared / "contract" / "example" / "pack" / "service-desk.yaml")
    assert len(documents) > 10
    assert [finding for document in documents for finding in check(document)] == []
    assert resolve(documents) == []
