"""All that is asked of any connector, asked of this one."""

from __future__ import annotations

from deskweave.testing.suite import ConnectorSuite


class TestServiceNow(ConnectorSuite):
    connector = "servicenow"
