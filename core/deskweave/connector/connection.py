"""What a connector gets from its host, what it hands back, and how the host finds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from deskweave.connector.capabilities import Capabilities, InstanceIdentity
from deskweave.connector.configuration import ConfigurationSource, ConfigurationTarget, Scoreboard
from deskweave.connector.emulator import Emulator
from deskweave.connector.facets import Attachments, Messages, Outreach, People, RecordSink, RecordSource
from deskweave.connector.mapper import Mapper
from deskweave.connector.records import Ref
from deskweave.connector.webhooks import WebhookReceiver
from deskweave.model import Binding, Json

if TYPE_CHECKING:
    import requests


class Budget(Protocol):
    """Permission to call, shared by all workers of a connection. Never sleeps: raises RateLimited with the time to come back."""

    def take(self, rate_class: str, calls: int = 1, ref: Ref | None = None) -> None: ...
    def learn(self, rate_class: str, remaining: int | None, resets_at: datetime | None) -> None: ...


class Vault(Protocol):
    """Secrets. What a platform rotates (single-use refresh tokens) is written here, encrypted, before it is used."""

    def read(self, name: str) -> str: ...
    def rotate(self, name: str, old: str, new: str) -> bool:
        """Replace `old` by `new` durably; False if another worker was first (read again, do not call the platform)."""


class Kit(Protocol):
    """All that a connector gets from its host. No globals, no environment, no clock of its own."""

    @property
    def connection(self) -> str: ...
    @property
    def install(self) -> str: ...
    @property
    def now(self) -> Callable[[], datetime]: ...
    @property
    def http(self) -> requests.Session:
        """Timeouts, proxy, redaction, no redirects, no cookies, recorder."""

    @property
    def budget(self) -> Budget: ...
    @property
    def vault(self) -> Vault: ...


class Connection(Protocol):
    @property
    def capabilities(self) -> Capabilities: ...
    @property
    def identity(self) -> InstanceIdentity:
        """Which instance answers now, asked each time: at an address that was kept, another one may answer by then."""

    @property
    def records(self) -> RecordSource | None: ...
    @property
    def sink(self) -> RecordSink | None: ...
    @property
    def messages(self) -> Messages | None: ...
    @property
    def attachments(self) -> Attachments | None: ...
    @property
    def people(self) -> People | None: ...
    @property
    def outreach(self) -> Outreach | None: ...
    @property
    def configuration(self) -> ConfigurationSource | None: ...
    @property
    def target(self) -> ConfigurationTarget | None: ...
    @property
    def scoreboard(self) -> Scoreboard | None: ...
    @property
    def webhooks(self) -> WebhookReceiver | None: ...
    def mapper(self, binding: Binding) -> Mapper: ...
    def plant_identity(self, install: str, epoch: str) -> None: ...
    def close(self) -> None: ...


class Connector(Protocol):
    """What `deskweave_connectors` hands over. Importing it must cost next to nothing: heavy imports belong inside `connect`."""

    @property
    def name(self) -> str:
        """The word after `plugin:`."""

    @property
    def api(self) -> int:
        """The API_VERSION it was written for."""

    @property
    def emulator(self) -> Emulator | None: ...

    def binding_template(self) -> str:
        """A commented `bindings/<connection>.yaml` for the built-in practice: what `init` writes and people then edit."""

    def settings_schema(self) -> Mapping[str, Json]:
        """JSON Schema of this connection's settings; secrets carry `"writeOnly": true`. Used for file:line errors and the docs."""

    def connect(self, settings: Mapping[str, Json], kit: Kit) -> Connection: ...
