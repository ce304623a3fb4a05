"""Writing calls: as many items in each as the platform takes, and what became of every one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from deskweave.connector import Outcome
from deskweave.errors import (
    ConfigurationError,
    Executed,
    PluginError,
    RateLimited,
    RemoteError,
    RequestError,
    Scope,
    TransientError,
)
from deskweave.sync.run import Run, Side

T = TypeVar("T")


def send(
    run: Run, side: Side, items: Sequence[T], size: int, method: Callable[[Sequence[T]], Sequence[Outcome]], what: str
) -> tuple[list[Outcome | None], RemoteError | PluginError | None]:
    """Send items, at most `size` in a call.

    Returns:
        The outcome of each, None for one that was not sent because of a limit or a failure before it; and the last failure.
    """
    outcomes: list[Outcome | None] = []
    failure: RemoteError | PluginError | None = None
    for start in range(0, len(items), max(1, size)):
        part = items[start : start + max(1, size)]
        answers: Sequence[Outcome]
        try:
            answers = run.call(side, partial(method, part), what)
            if len(answers) != len(part):
                raise PluginError(side.name, what, f"{len(answers)} outcomes for {len(part)} items")
        except (RemoteError, PluginError) as error:
            failure = error
            unclear = error if isinstance(error, RequestError) else _unclear(error)
            answers = [Outcome(executed=unclear.executed, error=unclear) for _ in part]
        outcomes.extend(answers)
        if isinstance(failure, (ConfigurationError, PluginError)) or any(limit_of(one) is not None for one in answers):
            break
    return outcomes + [None] * (len(items) - len(outcomes)), failure


def limit_of(outcome: Outcome) -> RateLimited | None:
    """A limit that covers more than the item it was met with: nothing more is sent behind it."""
    error = outcome.error
    return error if isinstance(error, RateLimited) and error.scope is not Scope.RECORD else None


def _unclear(error: RemoteError | PluginError) -> RequestError:
    """A failure of a whole call, told of each item: without a right or a credential surely nothing was done."""
    return TransientError(str(error), executed=Executed.NO if isinstance(error, ConfigurationError) else Executed.MAYBE)
