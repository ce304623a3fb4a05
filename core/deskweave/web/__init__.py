"""What listens: the addresses platforms send deliveries to, and the process that keeps inquiries in step meanwhile."""

from deskweave.web.hooks import Hooks
from deskweave.web.server import HookServer
from deskweave.web.service import Ran, Service

__all__ = ["HookServer", "Hooks", "Ran", "Service"]
