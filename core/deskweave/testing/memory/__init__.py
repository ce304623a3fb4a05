"""A platform in memory with a switch for every habit of a real one, its connection, and the hands of its people."""

from deskweave.testing.memory.connection import MemoryConnection
from deskweave.testing.memory.connector import MemoryConnector, MemoryEmulator, RunningMemory, memory_mapper
from deskweave.testing.memory.hands import MemoryHands
from deskweave.testing.memory.platform import Crash, MemoryPlatform, Switches
from deskweave.testing.memory.posts import MemoryReceiver, Post, Posts
from deskweave.testing.memory.practice import FIELDS, STATUSES, small_binding, small_mapper

__all__ = [
    "FIELDS",
    "STATUSES",
    "Crash",
    "MemoryConnection",
    "MemoryConnector",
    "MemoryEmulator",
    "MemoryHands",
    "MemoryPlatform",
    "MemoryReceiver",
    "Post",
    "Posts",
    "RunningMemory",
    "Switches",
    "memory_mapper",
    "small_binding",
    "small_mapper",
]
