"""A Jira Cloud site with Jira Service Management on loopback: the service project ITH, two integration accounts, and its faults."""

from deskweave_jira_sm.emulator.platform import FAULTS, JiraPlatform
from deskweave_jira_sm.emulator.running import JiraEmulator, RunningJira

__all__ = ["FAULTS", "JiraEmulator", "JiraPlatform", "RunningJira"]
