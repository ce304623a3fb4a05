"""The platform in memory as a connector like any other: settings, emulator, and a binding of the built-in practice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib.resources import files
from itertools import count
from typing import Final, Literal

from deskweave.connector import Kit, Mapper, People, RateClass
from deskweave.emulation import FaultBox
from deskweave.errors import ConfigurationError, CredentialError
from deskweave.mapping import BoundMapper, Codec, Dialect, Unmapped, text_codec
from deskweave.mapping.codec import choice_codec
from deskweave.model import Binding, Field, FieldBinding, Json, Value
from deskweave.testing.memory.connection import MemoryConnection
from deskweave.testing.memory.hands import MemoryHands
from deskweave.testing.memory.people import MemoryPeople
from deskweave.testing.memory.platform import MemoryPlatform, Switches
from deskweave.testing.memory.posts import Posts
from deskweave.testing.memory.practice import DIALECT as SMALL

#: Addresses of the emulators that run in this process.
RUNNING: Final[dict[str, MemoryPlatform]] = {}
CALLS: Final = RateClass("calls", 6000, timedelta(minutes=1))
TOKEN: Final = "memory-token-of-nobody"
_NUMBERS: Final = count(1)


def _read_flag(raw: Json, _field: Field, _at: FieldBinding) -> Value:
    if raw is None or isinstance(raw, bool):
        return raw
    raise Unmapped


def _read_chosen(raw: Json, _field: Field, at: FieldBinding) -> Value:
    if raw is None:
        return ()
    words = {str(spelled): slug for slug, spelled in at.choices.items()}
    if not isinstance(raw, (list, tuple)) or any(str(one) not in words for one in raw):
        raise Unmapped
    return tuple(sorted(words[str(one)] for one in raw))


def _write_chosen(value: Value, _field: Field, at: FieldBinding) -> Json:
    if not isinstance(value, tuple) or any(str(one) not in at.choices for one in value):
        raise Unmapped
    return [at.choices[str(one)] for one in value] or None


#: How a platform in memory spells what the built-in practice has.
DIALECT: Final = Dialect(
    codecs={
        "choice": choice_codec(lambda raw: raw, lambda raw: raw),
        "catalog_item": choice_codec(lambda raw: raw, lambda raw: raw),
        "choices": Codec(_read_chosen, _write_chosen),
        "boolean": Codec(_read_flag, lambda value, _field, _at: bool(value) if value is not None else None),
        "datetime": SMALL.codecs["datetime"],
        "*": text_codec,
    },
    digest="memory-connector-1",
)


def memory_mapper(binding: Binding) -> Mapper:
    return BoundMapper(binding, DIALECT)


class RunningMemory:
    """`connector.RunningEmulator` in this process: no port is opened."""

    def __init__(self, platform: MemoryPlatform, plugin: str = "memory") -> None:
        self.platform, self._plugin = platform, plugin
        self.address = f"http://{platform.name}.memory.invalid"  # a folder's connections have addresses; nothing is sent there
        RUNNING[self.address] = platform

    @property
    def faults(self) -> FaultBox:
        return self.platform.armed

    @property
    def posts(self) -> Posts:
        self.platform.posts.now = self.platform.now
        return self.platform.posts

    def settings(self, account: Literal["agent", "admin"]) -> Mapping[str, Json]:
        return {"plugin": self._plugin, "address": self.address, "access": "write", "token": TOKEN}

    def hands(self, mapper: Mapper) -> MemoryHands:
        return MemoryHands(self.platform, mapper)

    def stop(self) -> None:
        RUNNING.pop(self.address, None)


@dataclass(frozen=True, slots=True)
class MemoryEmulator:
    """`connector.Emulator` of a platform with these habits."""

    switches: Switches
    configures: bool
    plugin: str = "memory"

    def start(self, *, port: int, seed: int, now: Callable[[], datetime]) -> RunningMemory:
        """A new platform. `port` means nothing here."""
        platform = MemoryPlatform(name=f"m{next(_NUMBERS)}", now=now, switches=replace(self.switches), seed=seed)
        if self.configures:
            label = {"en": "Opened", "zh": "开单时间"}
            born: dict[str, Json] = {"name": "opened", "type": "datetime", "collection": "ticket", "label": label}
            platform.elements = {"opened": ("field", born)}
        platform.rates = (CALLS,)
        return RunningMemory(platform, self.plugin)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryConnector:
    """`connector.Connector` for platforms in this process.

    `opens` makes the connection: a subclass of MemoryConnection is how a connector with one fault in it is built.
    """

    switches: Switches = field(default_factory=Switches)
    configures: bool = True
    opens: Callable[[MemoryPlatform, Callable[[Binding], Mapper]], MemoryConnection] = MemoryConnection
    mapper: Callable[[Binding], Mapper] = memory_mapper
    people: Callable[[MemoryPlatform], People] = MemoryPeople
    name: str = "memory"
    api: int = 1

    @property
    def emulator(self) -> MemoryEmulator:
        return MemoryEmulator(self.switches, self.configures, self.name)

    def binding_template(self) -> str:
        return files(__package__).joinpath("binding.yaml").read_text(encoding="utf-8")

    def settings_schema(self) -> Mapping[str, Json]:
        return {
            "type": "object",
            "properties": {
                "plugin": {"const": self.name},
                "address": {"type": "string"},
                "access": {"enum": ["read", "write"]},
                "token": {"type": "string", "writeOnly": True},
            },
            "required": ["address", "token"],
        }

    def connect(self, settings: Mapping[str, Json], kit: Kit) -> MemoryConnection:
        """Open a connection to a platform of this process.

        Raises:
            ConfigurationError: none runs at that address.
            CredentialError: the token is another one's.
        """
        address = str(settings["address"])
        if address not in RUNNING:
            message = f"no platform in memory runs at {address}; start one with MemoryConnector().emulator"
            raise ConfigurationError(message)
        if settings["token"] != TOKEN:
            message = f"{address}: the token is not taken"
            raise CredentialError(message)
        connection = self.opens(RUNNING[address], self.mapper)
        connection.people = self.people(RUNNING[address])
        connection.address, connection.budget, connection.token = address, kit.budget, str(settings["token"])
        return connection
