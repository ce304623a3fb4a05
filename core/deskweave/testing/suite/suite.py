"""The class a connector's author derives from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest

from deskweave.connector import Connector, RunningEmulator
from deskweave.documents import as_map, read
from deskweave.emulation import TurnedTime
from deskweave.model import Json
from deskweave.plugins import load_plugins
from deskweave.testing.suite.callback import Callback
from deskweave.testing.suite.configuration import Configuration
from deskweave.testing.suite.faults import Faults
from deskweave.testing.suite.ground import START, Ground, turn
from deskweave.testing.suite.guarantee import GUARANTEES
from deskweave.testing.suite.identity import Identity
from deskweave.testing.suite.mapping import Mappings
from deskweave.testing.suite.messages import Messages
from deskweave.testing.suite.people import People
from deskweave.testing.suite.reading import Reading
from deskweave.testing.suite.text import Text
from deskweave.testing.suite.twoway import TwoWay
from deskweave.testing.suite.writing import Writing
from deskweave.workspace.receiving import Receipt, receive

LEAST = 8  #: guarantees below which a green run says nothing


@lru_cache(maxsize=1)
def _installed() -> Mapping[str, Connector]:
    """Connectors by name, loaded once: every test of the suite asks while it is collected."""
    return load_plugins().connectors


@lru_cache(maxsize=16)
def _collections(binding: str) -> Sequence[str]:
    return tuple(as_map(read(binding, "binding")[0].body.get("collections")))


class ConnectorSuite(Reading, Writing, Faults, Messages, Callback, Identity, Configuration, Mappings, Text, People, TwoWay):
    """All that is asked of a connector. A subclass states `connector`; the rest is for connectors that are special."""

    #: The connector, or the name it is found by among the installed plugins.
    connector: ClassVar[Connector | str] = ""
    #: Whose rights the tests have. Fields and choices are always made by the admin.
    account: ClassVar[Literal["agent", "admin"]] = "admin"
    #: On top of the settings the emulator gives.
    settings: ClassVar[Mapping[str, Json]] = {}
    #: A binding of the built-in practice; None: the connector's own template.
    template: ClassVar[str | None] = None
    seed: ClassVar[int] = 7
    #: What takes deliveries: verifies, saves and answers. Another host is held to the same.
    host: ClassVar[Callable[..., Receipt]] = receive

    # -------------------------------------------------------------------------------------- what a subclass may do otherwise
    @classmethod
    def start(cls, now: Callable[[], datetime]) -> RunningEmulator:
        """The platform the tests run on: the connector's emulator. Override it to reach a test instance."""
        emulator = cls.found().emulator
        assert emulator is not None, (
            f"{cls.found().name} has no emulator: override `start` with a way to reach a test instance and the people on it"
        )
        return emulator.start(port=0, seed=cls.seed, now=now)

    @classmethod
    def clock(cls) -> tuple[Callable[[], datetime], Callable[[datetime], None]]:
        """The clock, and what waits until an instant. A turned clock; for a real instance override it with a real one."""
        turned = TurnedTime(START)
        return turned, turn(turned)

    # --------------------------------------------------------------------------------------------------------------- inside
    @classmethod
    def found(cls) -> Connector:
        """The connector under test."""
        if not isinstance(cls.connector, str):
            return cls.connector
        known = _installed()
        assert cls.connector in known, f"no connector is called {cls.connector!r}; installed are: {', '.join(sorted(known))}"
        return known[cls.connector]

    @classmethod
    def lay(cls, folder: Path) -> Ground:
        """A ground of its own, for those who call tests by hand. Close it, and stop its platform."""
        now, wait = cls.clock()
        connector = cls.found()
        return Ground(
            connector,
            cls.start(now),
            now,
            account=cls.account,
            settings=cls.settings,
            template=cls.template if cls.template is not None else connector.binding_template(),
            folder=folder,
            wait=wait,
            host=cls.host,
            emulated=connector.emulator is not None and "start" not in vars(cls),
        )

    @pytest.fixture(scope="class")
    @classmethod
    def ground(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
        """One platform for the whole class."""
        ground = cls.lay(tmp_path_factory.mktemp("conformance"))
        yield ground
        ground.close()
        ground.running.stop()

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Tests of a collection run once for each that the binding names."""
        if "collection" in metafunc.fixturenames:
            text = self.template if self.template is not None else type(self).found().binding_template()
            metafunc.parametrize("collection", _collections(text), scope="class")

    def test_something_is_promised(self, ground: Ground) -> None:
        """A run in which everything is skipped must not look like success."""
        collections = list(ground.binding.collections)
        asked = [one for one in GUARANTEES.values() if one.needs]  # the others are asked of a connector that does nothing, too
        held = {one.id for one in asked for name in collections if one.lacks(ground, name) is None}
        assert len(held) >= LEAST, (
            f"only {len(held)} of {len(GUARANTEES)} guarantees can be asked of what {ground.connector.name} declares: "
            f"{', '.join(sorted(held)) or 'none'}. Declare what it can do, and give its emulator hands and the shared faults"
        )
