"""P1, P14 and P18 of messages: each stands once everywhere, as it was meant, in its order."""

from __future__ import annotations

from collections.abc import Sequence

from deskweave.testing.machine.people import People
from deskweave.testing.memory.platform import US, Comment


class Messages:
    """What was said, on a machine that has come to rest."""

    def __init__(self, machine: People) -> None:
        self.machine = machine

    def check(self) -> None:
        for name, text, visibility in self.machine.spoken:
            for other, platform in self.machine.platforms.items():
                found = [one for one in platform.comments if one.body == text or one.body.endswith(f"\n{text}")]
                assert len(found) == 1, f"P1: {text!r} of {name} stands {len(found)} times on {other}"
                assert found[0].visibility is visibility, "a message changed its visibility"
                assert (found[0].by == US) is (other != name)
                assert found[0].body.count(" UTC | ") == (1 if other != name else 0), "P18: a first line was carried twice"
        for other, platform in self.machine.platforms.items():
            self._in_order(other, [one for one in platform.comments if one.by == US])

    def _in_order(self, other: str, carried: Sequence[Comment]) -> None:
        """What was said on one record stands in its order wherever it was carried to: an index that shows late may change it."""
        if any(platform.switches.index_lag or platform.switches.scan for platform in self.machine.platforms.values()):
            return
        said = {text: number for number, (_, text, _) in enumerate(self.machine.spoken)}
        homes = {text: name for name, text, _ in self.machine.spoken}
        for rid in {one.rid for one in carried}:
            for name in self.machine.platforms.keys() - {other}:
                texts = [one.body.rpartition("\n")[2] for one in carried if one.rid == rid]
                numbers = [said[text] for text in texts if homes[text] == name]
                assert numbers == sorted(numbers), f"P14: {texts} of {name} stand on {other} out of their order"
