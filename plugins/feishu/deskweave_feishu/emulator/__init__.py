"""Feishu on loopback: one tenant with a base, a helpdesk, and apps that may do more or less."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from deskweave.connector import Faults, Hands, Mapper
from deskweave.emulation import LoopbackServer
from deskweave.model import Binding, Json
from deskweave_feishu.config import TABLE
from deskweave_feishu.emulator.hands import FeishuHands
from deskweave_feishu.emulator.platform import ADMIN_SCOPES, AGENT_SCOPES, READER_SCOPES, FeishuPlatform
from deskweave_feishu.emulator.seed import prepare, seed
from deskweave_feishu.emulator.state import App

__all__ = ["FeishuEmulator", "FeishuPlatform", "RunningFeishu"]


class RunningFeishu:
    """`connector.RunningEmulator`. `platform` is the tenant itself, for tests that turn its switches."""

    def __init__(self, platform: FeishuPlatform, port: int) -> None:
        self.platform = platform
        self.apps: dict[str, App] = {
            "agent": platform.add_app("edit", AGENT_SCOPES),
            "admin": platform.add_app("manage", ADMIN_SCOPES, "deskweave admin"),
            "reader": platform.add_app("read", READER_SCOPES, "deskweave reader"),
        }
        self._server = LoopbackServer(platform, port=port)

    @property
    def address(self) -> str:
        return self._server.address

    @property
    def faults(self) -> Faults:
        return self.platform.faults

    def settings(self, account: Literal["agent", "admin", "reader"]) -> Mapping[str, Json]:
        """`agent` edits rows, `admin` also changes the base's structure, `reader` only reads."""
        return self.settings_of(self.apps[account])

    def settings_of(self, app: App) -> Mapping[str, Json]:
        """The same for an app made with `platform.add_app`."""
        helpdesk = self.platform.helpdesk
        return {
            "plugin": "feishu",
            "address": self.address,
            "access": "write",
            "auth": {"kind": "app", "app_id": app.app_id, "app_secret": app.secret},
            "base": {"app_token": self.platform.base.app_token, "table": TABLE},
            "helpdesk": {"id": helpdesk.helpdesk_id, "token": helpdesk.token},
        }

    def hands(self, mapper: Mapper) -> Hands:
        return FeishuHands(self.platform, mapper, TABLE)

    def prepare(self, binding: Binding) -> None:
        """Make all columns and options the binding's ledger speaks of, by hand instead of by `apply`."""
        with self.platform.lock:
            prepare(self.platform, TABLE, binding)

    def stop(self) -> None:
        self._server.stop()


class FeishuEmulator:
    """`connector.Emulator`."""

    def start(
        self, *, port: int, seed: int, now: Callable[[], datetime], ledger: Literal["core", "none"] = "core"
    ) -> RunningFeishu:
        """Serve a tenant on 127.0.0.1. `ledger` "none": the base has no ledger table until `apply` makes one."""
        platform = FeishuPlatform(seed=seed, now=now)
        _seed(platform, ledger)
        return RunningFeishu(platform, port)


_seed = seed
