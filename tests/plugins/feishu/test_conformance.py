"""All that is asked of any connector, asked of this one."""

from __future__ import annotations

import pytest

from deskweave.testing.suite import ConnectorSuite


class TestFeishu(ConnectorSuite):
    connector = "feishu"


@pytest.mark.slow
class TestFeishuAgent(ConnectorSuite):
    """The same with the rights of every day."""

    connector = "feishu"
    account = "agent"
