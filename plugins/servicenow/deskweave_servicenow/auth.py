"""Signing in: name and password on every request, or an OAuth token that is renewed before it ends."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from requests import PreparedRequest
from requests.auth import AuthBase

from deskweave.connector import Kit
from deskweave.errors import CredentialError
from deskweave.http import Transport
from deskweave_servicenow.config import Basic, ClientCredentials, OAuthClient, Settings
from deskweave_servicenow.errors import classify_answers

RENEW_AT: Final = 0.8  #: of a token's life; the instance hands out a running token again with what is left of it
DEFAULT_LIFE: Final = 1800.0  #: seconds


class Header(AuthBase):
    """One Authorization header."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = self._value
        return request


class SignIn:
    """The current Authorization header. `renewable` tells whether a refused one can be replaced."""

    renewable = False

    def __init__(self, sign: Basic) -> None:
        pair = f"{sign.username}:{sign.password.get_secret_value()}".encode()
        self._header = Header("Basic " + b64encode(pair).decode())

    def current(self) -> Header:
        return self._header

    def forget(self, refused: Header) -> None:
        """The platform refused this one."""


class OAuth(SignIn):
    """Tokens kept in memory: they live half an hour and asking again costs one call."""

    renewable = True

    def __init__(self, sign: OAuthClient, settings: Settings, kit: Kit) -> None:
        self._sign, self._now = sign, kit.now
        self._transport = Transport(kit, settings.address, classify=classify_answers(kit.now, token_endpoint=True))
        self._lock = threading.Lock()
        self._token: Header | None = None
        self._renew_at: datetime | None = None
        self._refresh_token = ""

    def current(self) -> Header:
        """A header that is good for a while.

        Raises:
            CredentialError: the instance gives no token.
        """
        with self._lock:
            if self._token is None or self._renew_at is None or self._now() >= self._renew_at:
                self._token = self._ask()
            return self._token

    def forget(self, refused: Header) -> None:
        with self._lock:
            if self._token is refused:  # another thread may have replaced it already
                self._token = None

    def _ask(self) -> Header:
        sign = self._sign
        client = {"client_id": sign.client_id, "client_secret": sign.client_secret.get_secret_value()}
        if self._refresh_token:
            try:
                return self._take({"grant_type": "refresh_token", "refresh_token": self._refresh_token, **client})
            except CredentialError:
                self._refresh_token = ""
        if isinstance(sign, ClientCredentials):
            scope = {"scope": sign.scope} if sign.scope else {}
            return self._take({"grant_type": "client_credentials", **client, **scope})
        user = {"username": sign.username, "password": sign.password.get_secret_value()}
        return self._take({"grant_type": "password", **user, **client})

    def _take(self, form: Mapping[str, str]) -> Header:
        answer = self._transport.send("POST", "/oauth_token.do", reads=True, rate_class="token", form=form)
        body = answer.parsed if isinstance(answer.parsed, Mapping) else {}
        try:
            life = float(str(body.get("expires_in", DEFAULT_LIFE)))
        except ValueError:
            life = DEFAULT_LIFE
        self._renew_at = self._now() + timedelta(seconds=max(life, 0.0) * RENEW_AT)
        again = body.get("refresh_token")
        if isinstance(again, str) and again:
            self._refresh_token = again
        return Header(f"Bearer {body.get('access_token')}")


def sign_in(settings: Settings, kit: Kit) -> SignIn:
    """The way this connection signs in."""
    sign = settings.sign
    return SignIn(sign) if isinstance(sign, Basic) else OAuth(sign, settings, kit)
