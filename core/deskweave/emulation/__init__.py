"""The workshop every connector's emulator is built in: a loopback server, faults, recorded traffic, turned time.

It knows HTTP and nothing of any vendor. What the vendors really do stands in their emulators.
"""

from deskweave.emulation.fault import FaultBox
from deskweave.emulation.server import Call, LoopbackServer, Platform, Reply, Router
from deskweave.emulation.time import TurnedTime
from deskweave.emulation.traffic import Exchange, Traffic

__all__ = ["Call", "Exchange", "FaultBox", "LoopbackServer", "Platform", "Reply", "Router", "Traffic", "TurnedTime"]
