"""Feishu and Lark: a ledger of inquiries in a Bitable table, and the tickets of a helpdesk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from deskweave.hookspecs import hookimpl

if TYPE_CHECKING:
    from deskweave.connector import Connector

deskweave_api = 1


@hookimpl
def deskweave_connectors() -> Iterable[Connector]:
    """The connector `feishu`."""
    from deskweave_feishu.connector import FeishuConnector

    return [FeishuConnector()]
