"""What a mutant is: one protection, how it is taken away, and where that has to be noticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from deskweave.testing.machine import SyncMachine

Take = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One protection and how it is taken away.

    Attributes:
        owner: module or class that holds the function.
        name: of the function.
        without: makes the function without the protection out of the one with it.
        weather: attributes of the machine in which the protection matters.
        machine: the one that attacks.
        scene: played in place of the machine, where no person and no weather of it leads to what the protection is for.
    """

    owner: Any
    name: str
    without: Take
    weather: Mapping[str, Any] = field(default_factory=dict)
    machine: type[SyncMachine] = SyncMachine
    scene: Callable[[], None] | None = None

    @contextmanager
    def applied(self) -> Iterator[Callable[[], bool]]:
        """The engine without the protection. Answers whether that was ever asked for: one nobody has reached proves nothing."""
        reached: list[None] = []

        def counted(without: Callable[..., Any]) -> Callable[..., Any]:
            def call(*given: Any, **named: Any) -> Any:
                reached[:] = [None]
                return without(*given, **named)

            return call

        with mock.patch.object(self.owner, self.name, counted(self.without(getattr(self.owner, self.name)))):
            yield lambda: bool(reached)


def always(value: Any) -> Take:
    """In place of the function: its answer is always the same."""
    return lambda _plain: lambda *_, **__: value
