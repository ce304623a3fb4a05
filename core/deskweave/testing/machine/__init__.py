"""A stateful machine that attacks the sync engine; run it with hypothesis, on the platforms in memory."""

from deskweave.testing.machine.calling import CallingMachine
from deskweave.testing.machine.machine import SyncMachine, bind
from deskweave.testing.machine.values import LIMITS

__all__ = ["LIMITS", "CallingMachine", "SyncMachine", "bind"]
