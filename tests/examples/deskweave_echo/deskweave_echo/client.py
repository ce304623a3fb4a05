"""The service's endpoints, one method each, and the one table from its answers to our errors. No meaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from requests import PreparedRequest
from requests.auth import AuthBase

from deskweave.connector import Kit, RateClass
from deskweave.errors import CredentialError, Executed, Missing, RateLimited, Rejected, RemoteError, Scope, Stale, TransientError
from deskweave.http import Answer, Transport, retry_after
from deskweave_echo.settings import Settings

CALLS: Final = RateClass("calls", 600, timedelta(minutes=1))  #: as the service's page on limits has it


class Bearer(AuthBase):
    def __init__(self, settings: Settings) -> None:
        self._token = settings.token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        return request


def classify(now: Callable[[], datetime]) -> Callable[[Answer], RemoteError | None]:
    """Every answer, whatever its status; None is success."""

    def judge(answer: Answer) -> RemoteError | None:
        maybe = Executed.NO if answer.reads else Executed.MAYBE
        told = answer.parsed if isinstance(answer.parsed, Mapping) else {}
        message = f"Echo Desk: {told.get('error') or answer.status}"
        match answer.status:
            case 200 | 201 | 204:
                if answer.status != 204 and not answer.is_json:
                    return TransientError(f"Echo Desk answered {answer.status} and no JSON", executed=maybe)
                return None
            case 401:
                return CredentialError(f"{message}: the token is not taken; make a new one under Settings > Tokens")
            case 404:
                return Missing(message, executed=Executed.NO)
            case 412:
                return Stale(message, executed=Executed.NO)
            case 429:
                return RateLimited(message, scope=Scope.CONNECTION, retry_at=retry_after(answer, now()))
            case status if status >= 500:
                return TransientError(message, executed=maybe)
            case _:
                return Rejected(message)

    return judge


class Client:
    def __init__(self, settings: Settings, kit: Kit) -> None:
        self._transport = Transport(kit, settings.address, classify=classify(kit.now), auth=Bearer(settings))

    def _call(self, method: str, path: str, *, reads: bool = False, **more: Any) -> Any:
        return self._transport.send(method, f"/api{path}", reads=reads, rate_class=CALLS.name, **more).parsed

    def me(self) -> Any:
        return self._call("GET", "/me", reads=True)

    def tickets(self, **asked: str) -> Any:
        return self._call("GET", "/tickets", reads=True, params=asked)

    def ticket(self, number: str) -> Any:
        return self._call("GET", f"/tickets/{quote(number, safe='')}", reads=True)

    def create(self, fields: Mapping[str, Any]) -> Any:
        return self._call("POST", "/tickets", body=dict(fields))

    def change(self, number: str, fields: Mapping[str, Any], revision: str | None) -> Any:
        condition = {} if revision is None else {"If-Match": revision}
        return self._call("PATCH", f"/tickets/{quote(number, safe='')}", body=dict(fields), headers=condition)

    def delete(self, number: str) -> None:
        self._call("DELETE", f"/tickets/{quote(number, safe='')}")

    def comments(self, number: str) -> Any:
        return self._call("GET", f"/tickets/{quote(number, safe='')}/comments", reads=True)

    def comment(self, number: str, said: Mapping[str, Any]) -> Any:
        return self._call("POST", f"/tickets/{quote(number, safe='')}/comments", body=dict(said))
