"""All that a connector gets from its host, as plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from deskweave.connector import Budget, Vault

if TYPE_CHECKING:
    import requests


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionKit:
    """`connector.Kit`."""

    connection: str
    install: str
    now: Callable[[], datetime]
    http: requests.Session
    budget: Budget
    vault: Vault
