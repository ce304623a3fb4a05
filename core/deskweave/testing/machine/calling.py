"""The same attack where one platform is not listed: what happens on it comes by itself, late, twice and in no order."""

from __future__ import annotations

from dataclasses import replace

from deskweave.connector import RawReply, RawRequest
from deskweave.sync import SyncReport
from deskweave.testing.machine.machine import SyncMachine
from deskweave.workspace.receiving import receive


class CallingMachine(SyncMachine):
    """The first platform calls back. A deletion there is told by nobody, so nobody deletes.

    What it has to say is said once only, so nothing is settled twice. Records have versions: of two states of one instant that come
    in no order, nothing else tells which is the later one.
    """

    swarm = tuple(one for one in SyncMachine.swarm if one not in ("deletes", "order", "unversioned"))

    def __init__(self) -> None:
        super().__init__()
        self.settling = False

    @property
    def calling(self) -> str:
        return self.sides[0]

    def restart(self) -> None:
        platform = self.platforms[self.calling]
        if not platform.switches.callback:
            platform.switches = replace(platform.switches, callback=True)
        super().restart()

    def run(self) -> SyncReport | None:
        self.carry()
        return super().run()

    def settle(self) -> None:
        self.settling = True
        super().settle()

    def carry(self) -> None:
        """Some of what the platform has to say arrives; in the end all of it, in whatever order it was left."""
        posts = self.platforms[self.calling].posts
        waiting = list(posts.waiting)
        self.random.shuffle(waiting)
        some = len(waiting) if self.settling else self.random.randint(0, len(waiting))
        posts.waiting = waiting[:some]
        posts.deliver(self.take, times=1 if self.settling else self.random.choice([1, 2]))
        posts.waiting += waiting[some:]

    def take(self, request: RawRequest) -> RawReply | None:
        """Our receiver; its answer may be lost on the way."""
        receiver = self.connection(self.calling).webhooks
        assert receiver is not None
        door, self.store.door = self.store.door, None  # an edit behind this door would be told behind it
        try:
            told = receive(self.store, self.calling, receiver, request)
        finally:
            self.store.door = door
        assert told.outcome in ("kept", "known"), f"a genuine delivery is {told.outcome}"
        return None if not self.settling and self.random.random() < 0.2 else told.reply
