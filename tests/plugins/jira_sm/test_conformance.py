"""All that is asked of any connector, asked of this one."""

from __future__ import annotations

import pytest

from deskweave.testing.suite import ConnectorSuite


class TestJira(ConnectorSuite):
    connector = "jira_sm"


@pytest.mark.slow
class TestJiraAgent(ConnectorSuite):
    """The same with the rights of every day."""

    connector = "jira_sm"
    account = "agent"
