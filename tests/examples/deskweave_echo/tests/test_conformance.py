"""Everything that is asked of a connector, in three lines."""

from deskweave_echo import EchoConnector

from deskweave.testing.suite import ConnectorSuite


class TestEcho(ConnectorSuite):
    connector = EchoConnector()
