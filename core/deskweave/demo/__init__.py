"""The story the demo tells: one practice, three platforms, one simulated week, everything on this machine.

It composes what every user composes, through `workspace`, and its people act through `Hands`: it has no door of its own.
"""

from deskweave.demo.story import Told, tell

__all__ = ["Told", "tell"]
