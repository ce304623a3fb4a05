"""One call: budget, send, read at most so much, and turn whatever went wrong into one of our errors.

It never sleeps. It repeats once, at once, only what surely was not carried out: a read, or a write whose connection never stood.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from deskweave.connector import Kit, Ref
from deskweave.errors import Executed, RemoteError, TransientError
from deskweave.model import Json

if TYPE_CHECKING:
    import requests
    from requests.auth import AuthBase

MAX_ANSWER: Final = 64 * 1024 * 1024
_HALVES: Final = re.compile(rb"\\u[dD][89a-fA-F]")  #: of a character, be they a pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `parsed` is None for a body that is no JSON; `is_json` tells that from a JSON null."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    parsed: Json
    is_json: bool
    reads: bool

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")


#: A connector's one table from answers to errors: None is success. It gets every answer, whatever its status.
Classify: TypeAlias = Callable[[Answer], RemoteError | None]


class Transport:
    """The way to one platform. A connector's client has one method per endpoint and each calls `send`."""

    def __init__(self, kit: Kit, address: str, *, classify: Classify, auth: AuthBase | None = None) -> None:
        self._kit, self._classify, self._auth = kit, classify, auth
        self.address = address.rstrip("/")
        self.calls = 0

    def send(
        self,
        method: str,
        path: str,
        *,
        reads: bool,
        rate_class: str,
        params: Mapping[str, Any] | None = None,
        body: Json = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        ref: Ref | None = None,
        auth: AuthBase | None = None,
    ) -> Answer:
        """Send one request.

        Args:
            method: HTTP method.
            path: below the address, already quoted.
            reads: it changes nothing there, so it may be repeated and its failure was "not executed".
            rate_class: which quota it counts against.
            params: query; a list value repeats the key.
            body: sent as JSON unless None.
            form: sent form-encoded instead.
            headers: added to the session's.
            ref: the record it concerns, for errors and per-record quotas.
            auth: instead of the connection's.

        Raises:
            TransientError: no answer arrived; `executed` says whether a write may have been carried out.
            RemoteError: whatever the connector's table makes of the answer.
        """
        import requests

        self._kit.budget.take(rate_class, 1, ref)
        sent = {"Accept": "application/json", **(headers or {})}
        data: Any = None
        if body is not None:
            data, sent["Content-Type"] = json.dumps(body, ensure_ascii=False).encode(), "application/json; charset=utf-8"
        elif form is not None:
            data = dict(form)
        for attempt in (1, 2):
            self.calls += 1
            try:
                response = self._kit.http.request(
                    method, self.address + path, params=params, data=data, headers=sent, auth=auth or self._auth, stream=True
                )
                with response:
                    answer = _answer(method, path, response, reads)
                break
            except requests.exceptions.RequestException as error:
                never_sent = isinstance(error, requests.exceptions.ConnectTimeout) or "NewConnectionError" in repr(error)
                if attempt == 1 and reads and not never_sent:
                    continue  # a kept line that the other side had closed looks like this; a read may simply be asked again
                raise self._unanswered(method, path, error, ref, reads or never_sent) from None
        problem = self._classify(answer)
        if problem is not None:
            if not problem.connection:
                problem.connection = self._kit.connection
            if ref is not None and not problem.record:
                problem.record = f"{ref.collection}/{ref.rid}"
            raise problem
        return answer

    def _unanswered(self, method: str, path: str, error: Exception, ref: Ref | None, harmless: bool) -> TransientError:
        host = self.address.split("://", 1)[-1]
        return TransientError(
            f"{host} did not answer {method} {path.split('?')[0]} ({type(error).__name__}). "
            "Is the address right and reachable from here?",
            executed=Executed.NO if harmless else Executed.MAYBE,
            code=type(error).__name__,
            connection=self._kit.connection,
            record=f"{ref.collection}/{ref.rid}" if ref else "",
        )


def _answer(method: str, path: str, response: requests.Response, reads: bool) -> Answer:
    chunks, size = [], 0
    for chunk in response.iter_content(65536):
        size += len(chunk)
        if size > MAX_ANSWER:
            message = f"the answer to {method} {path.split('?')[0]} is over {MAX_ANSWER >> 20} MiB"
            raise TransientError(message, executed=Executed.NO if reads else Executed.MAYBE, code="too-large")
        chunks.append(chunk)
    body = b"".join(chunks)
    parsed: Json = None
    is_json = False
    if body[:1] in (b"{", b"[") or "json" in response.headers.get("Content-Type", ""):
        try:
            parsed, is_json = _loads(body), True
        except ValueError:
            parsed = None
    return Answer(
        method=method,
        path=path,
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=body,
        parsed=parsed,
        is_json=is_json,
        reads=reads,
    )


def _loads(body: bytes) -> Json:
    """JSON, without halves of characters: a platform that cuts a text by UTF-16 units leaves one, and nothing can store it."""
    parsed: Json = json.loads(body)
    if not _HALVES.search(body):
        return parsed
    whole = json.dumps(parsed, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    cleaned: Json = json.loads(whole)
    return cleaned


def retry_after(answer: Answer, now: datetime, *, header: str = "retry-after") -> datetime | None:
    """When to come back by `Retry-After` (seconds or HTTP date) or a header like it; None where it says nothing usable."""
    text = answer.header(header).strip()
    if not text:
        return None
    try:
        return now + timedelta(seconds=min(max(float(text), 0.0), 86_400.0))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
