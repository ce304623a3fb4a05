"""What can go wrong, named by what the engine does next.

DeskweaveError
├── DocumentError         the files are wrong: all findings at once, nothing is done           exit 2
├── SafetyStop            a guard said no: max_changes, empty side, cloned instance            exit 5
├── PluginError           a plugin raised: named, disabled for the run or its item parked      exit 1
└── RemoteError           something between us and one connection                              exit 1
├── ConfigurationError    this connection stops until a person acts              exit 3
│   ├── CredentialError       wrong, expired, or a single-use refresh token is spent
│   └── PermissionMissing     the account lacks a role, scope, licence or ACL
└── RequestError          one request; `executed` says whether it may have taken effect
├── TransientError        try again at `retry_at`
│   └── RateLimited       `scope` says what has to wait
├── Rejected              the platform refused this content: park the item
├── Stale                 someone else wrote in between: observe, merge, come again
└── Missing               not there, or not for us to see: never by itself a deletion
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from deskweave.findings import Finding


class Executed(StrEnum):
    """Whether the platform carried a write out. Only `NO` may be repeated without looking first."""

    NO = "no"
    YES = "yes"
    MAYBE = "maybe"


class Scope(StrEnum):
    """What has to wait when a limit is hit."""

    RECORD = "record"
    RATE_CLASS = "rate_class"
    CONNECTION = "connection"


class DeskweaveError(Exception):
    """Root of everything we raise on purpose. `str(e)` is for the operator and holds no secret and no message body."""


class DocumentError(DeskweaveError):
    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(f"{len(findings)} problem(s) in the documents")
        self.findings = tuple(findings)


class SafetyStop(DeskweaveError): ...


class PluginError(DeskweaveError):
    def __init__(self, plugin: str, hook: str, message: str) -> None:
        super().__init__(f"plugin {plugin}, {hook}: {message}")
        self.plugin, self.hook = plugin, hook


class RemoteError(DeskweaveError):
    """Something between us and one connection; `record` where one record is concerned."""

    def __init__(self, message: str, *, connection: str = "", record: str = "") -> None:
        super().__init__(message)
        self.connection, self.record = connection, record


class ConfigurationError(RemoteError): ...


class CredentialError(ConfigurationError): ...


class PermissionMissing(ConfigurationError): ...


class RequestError(RemoteError):
    def __init__(
        self, message: str, *, executed: Executed, code: str = "", request_id: str = "", connection: str = "", record: str = ""
    ) -> None:
        super().__init__(message, connection=connection, record=record)
        self.executed, self.code, self.request_id = executed, code, request_id


class TransientError(RequestError):
    """Worth another try at `retry_at` (None: the engine's own backoff)."""

    def __init__(self, message: str, *, executed: Executed, retry_at: datetime | None = None, **more: str) -> None:
        super().__init__(message, executed=executed, **more)
        self.retry_at = retry_at


class RateLimited(TransientError):
    """`scope` says what has to wait; a limit surely was not executed."""

    def __init__(self, message: str, *, scope: Scope, rate_class: str = "", retry_at: datetime | None = None, **more: str) -> None:
        super().__init__(message, executed=Executed.NO, retry_at=retry_at, **more)
        self.scope, self.rate_class = scope, rate_class


class Rejected(RequestError):
    """The platform refused this content; `fields` where it named them."""

    def __init__(
        self, message: str, *, executed: Executed = Executed.NO, fields: frozenset[str] = frozenset(), **more: str
    ) -> None:
        super().__init__(message, executed=executed, **more)
        self.fields = fields


class Stale(RequestError): ...


class Missing(RequestError): ...
