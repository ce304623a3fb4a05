from __future__ import annotations

import inspect
from typing import Any

import pytest

from deskweave import connector
from deskweave.workspace import Stopped
from deskweave.workspace.guarded import GuardedConnection

#: every method of the contract that writes; a new one has to be put here or among the readers
WRITES = {
    "sink": {"create", "patch", "delete"},
    "messages": {"say", "note"},
    "attachments": {"add_public", "add_internal"},
    "people": {"enrol"},
    "outreach": {"send", "revise"},
    "target": {"apply"},
    "scoreboard": {"publish"},
    "webhooks": {"subscribe", "renew", "cancel"},
}
READS = {
    "messages": {"changes", "of"},
    "attachments": {"of", "open"},
    "people": {"look_up", "fetch", "groups"},
    "target": {"express", "preflight", "artifacts"},
    "webhooks": {"receive"},
}
PROTOCOLS = {
    "sink": connector.RecordSink,
    "messages": connector.Messages,
    "attachments": connector.Attachments,
    "people": connector.People,
    "outreach": connector.Outreach,
    "target": connector.ConfigurationTarget,
    "scoreboard": connector.Scoreboard,
    "webhooks": connector.WebhookReceiver,
}


class Anything:
    """Answers every method with its name, and remembers that it was called."""

    reliability = "low"
    kinds = frozenset({"field"})

    def __init__(self) -> None:
        self.called: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def method(*_: Any, **__: Any) -> str:
            self.called.append(name)
            return name

        return method


class Inner:
    def __init__(self) -> None:
        self.facet = Anything()

    def __getattr__(self, name: str) -> Any:
        return self.facet


def refuse() -> None:
    raise Stopped("read-only", "no")


def arguments(protocol: Any, method: str) -> dict[str, Any]:
    return {name: None for name in list(inspect.signature(getattr(protocol, method)).parameters)[1:]}


@pytest.mark.parametrize(("facet", "method"), [(facet, method) for facet, methods in WRITES.items() for method in sorted(methods)])
def test_what_writes_asks_first(facet: str, method: str) -> None:
    inner = Inner()
    guarded = getattr(GuardedConnection(inner, refuse), facet)  # type: ignore[arg-type]
    with pytest.raises(Stopped):
        getattr(guarded, method)(**arguments(PROTOCOLS[facet], method))
    assert inner.facet.called == []
    asked: list[int] = []
    guarded = getattr(GuardedConnection(inner, lambda: asked.append(1)), facet)  # type: ignore[arg-type]
    getattr(guarded, method)(**arguments(PROTOCOLS[facet], method))
    assert (asked, inner.facet.called) == ([1], [method])


@pytest.mark.parametrize(("facet", "method"), [(facet, method) for facet, methods in READS.items() for method in sorted(methods)])
def test_what_reads_does_not(facet: str, method: str) -> None:
    inner = Inner()
    getattr(getattr(GuardedConnection(inner, refuse), facet), method)(**arguments(PROTOCOLS[facet], method))  # type: ignore[arg-type]
    assert inner.facet.called == [method]


def test_no_method_of_the_contract_is_forgotten() -> None:
    for facet, protocol in PROTOCOLS.items():
        methods = {name for name, value in vars(protocol).items() if inspect.isfunction(value) and not name.startswith("_")}
        assert methods == WRITES.get(facet, set()) | READS.get(facet, set()), facet


def test_planting_is_writing() -> None:
    with pytest.raises(Stopped):
        GuardedConnection(Inner(), refuse).plant_identity("a", "1")  # type: ignore[arg-type]
