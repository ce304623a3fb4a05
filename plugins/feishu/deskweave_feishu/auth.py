"""The app's own token, fetched when needed and kept until shortly before it dies."""

from __future__ import annotations

import base64
import threading
from datetime import datetime, timedelta
from typing import Final

from requests import PreparedRequest
from requests.auth import AuthBase

from deskweave.connector import Kit
from deskweave.errors import Executed, TransientError
from deskweave.http import Transport
from deskweave_feishu.config import HelpdeskSettings, Settings
from deskweave_feishu.errors import Classifier

#: Feishu hands out the same token until 30 minutes before its end, so a margin over that would fetch on every call.
MARGIN: Final = timedelta(minutes=8)
TOKEN_PATH: Final = "/open-apis/auth/v3/tenant_access_token/internal"


class TenantToken(AuthBase):
    """`Authorization: Bearer t-...` on every request. Safe for several threads."""

    def __init__(self, kit: Kit, settings: Settings) -> None:
        self._kit, self._settings = kit, settings
        self._transport = Transport(kit, settings.address, classify=Classifier(kit.now))
        self._lock = threading.Lock()
        self._token = ""
        self._dies: datetime | None = None

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Put the token on a request.

        Raises:
            CredentialError: app_id and app_secret are not taken.
        """
        request.headers["Authorization"] = f"Bearer {self.current()}"
        return request

    def current(self) -> str:
        """A token that lives for at least a moment more."""
        with self._lock:
            if not self._token or self._dies is None or self._kit.now() >= self._dies - MARGIN:
                self._fetch()
            return self._token

    def forget(self) -> None:
        """Drop the token: the platform no longer takes it."""
        with self._lock:
            self._token, self._dies = "", None

    def _fetch(self) -> None:
        asked, app = self._kit.now(), self._settings.auth
        answer = self._transport.send(
            "POST",
            TOKEN_PATH,
            reads=True,
            rate_class="auth",
            body={"app_id": app.app_id, "app_secret": app.app_secret.get_secret_value()},
        )
        body = answer.parsed if isinstance(answer.parsed, dict) else {}
        token, life = body.get("tenant_access_token"), body.get("expire")
        if not isinstance(token, str) or not token or isinstance(life, bool) or not isinstance(life, int):
            raise TransientError("Feishu answered a token request without a token", executed=Executed.NO, code="no-token")
        self._token, self._dies = token, asked + timedelta(seconds=life)


def helpdesk_header(helpdesk: HelpdeskSettings) -> dict[str, str]:
    """The second credential, which every helpdesk call carries beside the token."""
    pair = f"{helpdesk.id}:{helpdesk.token.get_secret_value()}"
    return {"X-Lark-Helpdesk-Authorization": base64.b64encode(pair.encode()).decode("ascii")}
