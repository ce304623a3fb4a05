"""A house with one dark room: what a broken plugin may and may not do to the rest."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from deskweave import hookimpl
from deskweave.errors import DocumentError
from deskweave.model.desk import Hold
from deskweave.plugins import Plugins, load_plugins


def connector(name: str, api: int = 1) -> Any:
    return SimpleNamespace(name=name, api=api, emulator=None)


class Good:
    @hookimpl
    def deskweave_connectors(self) -> Sequence[Any]:
        return [connector("good")]


class RaisesLate:
    """A generator raises when somebody walks it: that must happen inside the guard."""

    @hookimpl
    def deskweave_connectors(self) -> Iterator[Any]:
        yield connector("half")
        raise RuntimeError("boom")

    @hookimpl
    def deskweave_incoming(self, change: Any) -> None:
        raise KeyError("x")


class NewerContract:
    @hookimpl
    def deskweave_connectors(self) -> Sequence[Any]:
        return [connector("future", api=2)]


class SameName:
    @hookimpl
    def deskweave_connectors(self) -> Sequence[Any]:
        return [connector("good")]


class Typo:
    @hookimpl
    def deskweave_conectors(self) -> None: ...


class WrongArgument:
    @hookimpl
    def deskweave_incoming(self, inqiry: Any) -> None: ...


class Wrapper:
    @hookimpl(wrapper=True)
    def deskweave_incoming(self) -> Iterator[None]:
        yield


class Schema:
    @hookimpl
    def deskweave_inquiry_schema(self) -> None:
        raise ValueError("no such field")


class NewerHooks:
    deskweave_api = 7


def house(*plugins: type) -> Plugins:
    found = load_plugins(points=[])
    for plugin in plugins:
        found.register(plugin(), name=plugin.__name__.lower(), distribution=f"deskweave-{plugin.__name__.lower()}")
    return found


@pytest.mark.practice("M3")
def test_a_plugin_that_raises_is_named_and_the_others_work() -> None:
    found = house(RaisesLate, Good)
    assert list(found.connectors) == ["good"]
    assert [str(fault) for fault in found.faults] == ["plugin raiseslate, deskweave_connectors: RuntimeError: boom"]


def test_a_broken_gate_is_a_closed_one() -> None:
    (answer,) = house(RaisesLate).manager.hook.deskweave_incoming(inquiry=None, change=None)
    assert isinstance(answer, Hold)
    assert "raiseslate" in answer.reason


def test_half_a_practice_does_not_load() -> None:
    with pytest.raises(DocumentError) as caught:
        house(Schema).manager.hook.deskweave_inquiry_schema(practice=None)
    (finding,) = caught.value.findings
    assert finding.place.source == "plugin:schema"
    assert "DESKWEAVE_BLOCK=schema" in finding.remedy


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        (Typo, "unknown hook 'deskweave_conectors'"),  # a misspelled hook would never be called
        (WrongArgument, "inqiry"),  # an argument the hook does not have
        (Wrapper, "wrappers are the host's own"),  # could hide what others answer
        (NewerHooks, "hook contract 7, this deskweave speaks 1: it needs a newer deskweave"),
    ],
)
def test_what_is_refused_is_listed_with_its_reason(plugin: type, reason: str) -> None:
    found = house(plugin, Good)
    (broken,) = found.broken
    assert broken.name == plugin.__name__.lower()
    assert reason in broken.reason
    assert list(found.connectors) == ["good"]


def test_a_connector_for_another_contract_is_refused_in_one_line() -> None:
    found = house(NewerContract, Good)
    assert list(found.connectors) == ["good"]
    assert (
        "connector future is written for contract 2, this deskweave speaks 1: it needs a newer deskweave" in found.broken[0].reason
    )


def test_a_name_taken_twice_stays_with_the_first() -> None:
    found = house(Good, SameName)
    assert list(found.connectors) == ["good"]
    assert "the name good is taken" in str(found.faults[0])


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> list[EntryPoint]:
    """Two installed plugins: one that works, one whose import fails."""
    module = ModuleType("deskweave_fine")
    module.plugin = Good()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "deskweave_fine", module)
    return [
        EntryPoint("fine", "deskweave_fine:plugin", "deskweave.plugins"),
        EntryPoint("gone", "deskweave_not_there", "deskweave.plugins"),
        EntryPoint("fine", "deskweave_other", "deskweave.plugins"),
    ]


def test_an_import_that_fails_is_reported_and_the_rest_works(modules: list[EntryPoint]) -> None:
    found = load_plugins(modules)
    assert [plugin.name for plugin in found.loaded] == ["fine"]
    assert [(broken.name, broken.reason.split(":")[0]) for broken in found.broken] == [
        ("fine", "PluginError"),
        ("gone", "ModuleNotFoundError"),
    ]


@pytest.mark.parametrize(
    ("variable", "value", "loaded"),
    [("DESKWEAVE_PLUGINS", "", []), ("DESKWEAVE_PLUGINS", "fine", ["fine"]), ("DESKWEAVE_BLOCK", "fine,gone", [])],
)
def test_the_environment_says_which_plugins_load(
    modules: list[EntryPoint], monkeypatch: pytest.MonkeyPatch, variable: str, value: str, loaded: list[str]
) -> None:
    monkeypatch.setenv(variable, value)
    assert [plugin.name for plugin in load_plugins(modules).loaded] == loaded
