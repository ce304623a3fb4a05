"""Trouble on demand: what an emulator can be told to do wrong, how often, and to which calls."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from deskweave.model import Json

if TYPE_CHECKING:
    from deskweave.emulation.server import Call

#: Every emulator knows these; the server itself plays them. `lost_answer`: carried out, never answered. `lost_request`: neither.
SERVER_FAULTS: Final = frozenset({"lost_answer", "lost_request"})


@dataclass(slots=True)
class _Armed:
    how: Mapping[str, Json]
    left: int | None


class FaultBox:
    """Faults by name, as `connector.Faults` asks.

    `how` may narrow a fault: `method="POST"`, `path="/incident"` (a part of the path), `writes=True`, `skip=2` (let that many
    fitting calls pass first). Everything else in `how` is for the emulator that plays the fault.

    Args:
        names: what this emulator can play, in its vendor's words.
        words: word of `connector.FAULT_WORDS` -> the vendor's word that is played for it.
    """

    def __init__(self, names: frozenset[str], words: Mapping[str, str] | None = None) -> None:
        self._words = dict(words or {})
        self._names = names | SERVER_FAULTS | frozenset(self._words)
        self._armed: dict[str, _Armed] = {}
        self._lock = threading.Lock()
        self.played: dict[str, int] = {}

    @property
    def names(self) -> frozenset[str]:
        return self._names

    @property
    def idle(self) -> bool:
        """Nothing is armed."""
        return not self._armed

    def arm(self, name: str, *, times: int | None = 1, **how: Json) -> None:
        """Play `name` for the next `times` fitting calls (None: until disarmed).

        Raises:
            ValueError: this emulator does not know `name`.
        """
        if name not in self._names:
            message = f"no fault called {name}; known: {', '.join(sorted(self._names))}"
            raise ValueError(message)
        name = self._words.get(name, name)
        with self._lock:
            self._armed[name] = _Armed(dict(how), times)

    def disarm(self, name: str | None = None) -> None:
        """Stop playing `name`, or everything."""
        with self._lock:
            if name is None:
                self._armed.clear()
            else:
                self._armed.pop(self._words.get(name, name), None)

    def take(self, name: str, call: Call) -> Mapping[str, Json] | None:
        """How `name` is to be played on this call, or None. Counts it as played."""
        with self._lock:
            armed = self._armed.get(name)
            if armed is None or not _fits(armed.how, call):
                return None
            skip = armed.how.get("skip")
            if isinstance(skip, int) and skip > 0:
                armed.how = {**armed.how, "skip": skip - 1}
                return None
            if armed.left is not None:
                armed.left -= 1
                if armed.left <= 0:
                    del self._armed[name]
            self.played[name] = self.played.get(name, 0) + 1
            return armed.how


def _fits(how: Mapping[str, Json], call: Call) -> bool:
    method, path, writes = how.get("method"), how.get("path"), how.get("writes")
    return (
        (method is None or method == call.method)
        and (path is None or str(path) in call.path)
        and (writes is None or writes == call.writes)
    )
