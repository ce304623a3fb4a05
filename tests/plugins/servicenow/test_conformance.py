"""All that is asked of any connector, asked of this one."""

from __future__ import annotations

import pytest

from deskweave.testing.suite import ConnectorSuite


class TestServiceNow(ConnectorSuite):
    connector = "servicenow"


@pytest.mark.slow
class TestServiceNowAgent(ConnectorSuite):
    """The same with the rights of every day."""

    connector = "servicenow"
    account = "agent"
