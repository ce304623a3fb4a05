"""The platform in memory is a connector like any other: kind, and with each of its harder habits."""

from __future__ import annotations

from datetime import timedelta

from deskweave.connector import Plant
from deskweave.testing.memory import MemoryConnector, Switches
from deskweave.testing.suite import ConnectorSuite


class TestKind(ConnectorSuite):
    connector = MemoryConnector()


class TestHard(ConnectorSuite):
    """Unordered, lagging, coarse, blind to versions, without history; keys instead of marks; nothing is ever surely gone."""

    connector = MemoryConnector(
        switches=Switches(
            ordered=False,
            precision=timedelta(minutes=1),
            index_lag=timedelta(minutes=3),
            history="none",
            conditions=False,
            plant=Plant.KEY,
            find="lagging",
            messages="per_record",
            message_plant=Plant.AFTER,
            tells=False,
            page=3,
            batch=1,
            absent="unclear",
            deletes=True,
        )
    )


class TestCalls(ConnectorSuite):
    """Nothing is listed: records and messages come by themselves, and one that is known can be asked for and written to."""

    connector = MemoryConnector(switches=Switches(callback=True))


class TestMute(ConnectorSuite):
    """Nothing can be asked for at all, as of a telephone system."""

    connector = MemoryConnector(
        switches=Switches(callback=True, fetches=False, plant=None, patches=False, conditions=False, find="none"), configures=False
    )


class TestHints(ConnectorSuite):
    """A platform that is listed, and says besides where to look."""

    connector = MemoryConnector(switches=Switches(hints=True), configures=False)
