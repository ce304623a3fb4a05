"""The table from Jira's answers to our errors, with the answers no emulator gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import responses

from deskweave.connector import Ref
from deskweave.errors import (
    CredentialError,
    Executed,
    Missing,
    PermissionMissing,
    RateLimited,
    Rejected,
    RemoteError,
    Scope,
    Stale,
    TransientError,
)
from deskweave.http import ConnectionKit, MemoryBudget, open_session
from deskweave_jira_sm.client import Client
from deskweave_jira_sm.config import Settings

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SITE = "https://acme.atlassian.net"
READ, WRITE = "read", "write"


@pytest.fixture
def client():
    session = open_session(environment=False)
    settings = Settings.model_validate(
        {"address": SITE, "project": "ITH", "auth": {"kind": "api_token", "email": "a@b.example", "api_token": "s3cr3t-token"}}
    )
    kit = ConnectionKit(
        connection="jsm",
        install="i",
        now=lambda: NOW,
        http=session,
        budget=MemoryBudget(now=lambda: NOW),
        vault=None,  # type: ignore[arg-type]
    )
    yield Client(settings, kit)
    session.close()


@pytest.mark.parametrize(
    ("how", "status", "body", "headers", "kind", "executed"),
    [
        (READ, 401, b"", {}, CredentialError, None),
        (
            READ,
            401,
            b'{"code":401,"message":"Unauthorized; scope does not match"}',
            {},
            PermissionMissing,
            None,
        ),  # the gateway's body
        (READ, 403, b"", {}, PermissionMissing, None),
        (READ, 404, b'{"errorMessages":["Issue does not exist"],"errors":{}}', {}, Missing, Executed.NO),
        (WRITE, 400, b'{"errorMessages":[],"errors":{"summary":"too long"}}', {}, Rejected, Executed.NO),
        (WRITE, 409, b"", {}, Stale, Executed.NO),
        (WRITE, 410, b"{}", {}, Rejected, Executed.NO),
        (WRITE, 412, b"{}", {}, Rejected, Executed.NO),
        (WRITE, 413, b"", {}, Rejected, Executed.NO),
        (WRITE, 422, b"{}", {}, Rejected, Executed.NO),
        (READ, 500, b"<html>", {}, TransientError, Executed.NO),
        (WRITE, 500, b"<html>", {}, TransientError, Executed.MAYBE),
        (WRITE, 502, b"", {"Retry-After": "9"}, TransientError, Executed.MAYBE),
        (WRITE, 303, b"", {"Location": "https://evil.example"}, TransientError, Executed.NO),  # never followed
        (READ, 200, b"<html>sign in</html>", {"Content-Type": "text/html"}, TransientError, Executed.NO),
        (WRITE, 429, b"", {"Retry-After": "9", "RateLimit-Reason": "jira-per-issue-on-write"}, RateLimited, Executed.NO),
    ],
)
@responses.activate
def test_the_table(client, how: str, status: int, body: bytes, headers: dict, kind: type, executed) -> None:
    content = headers.pop("Content-Type", "application/json")
    ref = Ref("request", "10001")
    if how == READ:
        responses.get(f"{SITE}/rest/api/3/myself", body=body, status=status, headers=headers, content_type=content)
    else:
        responses.put(f"{SITE}/rest/api/3/issue/10001", body=body, status=status, headers=headers, content_type=content)
    with pytest.raises(RemoteError) as caught:
        client.myself() if how == READ else client.edit_issue(ref, {"summary": "private words"})
    assert type(caught.value) is kind
    assert getattr(caught.value, "executed", None) is executed
    assert caught.value.connection == "jsm"
    assert "s3cr3t" not in str(caught.value)
    assert "private words" not in str(caught.value)
    str(caught.value).encode("gbk")


@pytest.mark.parametrize(
    ("headers", "at", "scope"),
    [
        ({"Retry-After": "30"}, NOW + timedelta(seconds=30), Scope.CONNECTION),
        ({"X-RateLimit-Reset": "2026-11-23T01:05Z"}, NOW + timedelta(minutes=5), Scope.CONNECTION),  # without seconds
        (
            {"X-RateLimit-Reset": "2026-11-23T01:05:30Z", "RateLimit-Reason": "jira-quota-tenant-based"},
            NOW + timedelta(seconds=330),
            Scope.CONNECTION,
        ),
        ({"X-RateLimit-Reset": "soon"}, None, Scope.CONNECTION),
        (
            {"Retry-After": "Mon, 23 Nov 2026 01:02:00 GMT", "RateLimit-Reason": "jira-burst-based"},
            NOW + timedelta(minutes=2),
            Scope.RATE_CLASS,
        ),
    ],
)
@responses.activate
def test_when_to_come_back(client, headers: dict, at: datetime | None, scope: Scope) -> None:
    responses.get(f"{SITE}/rest/api/3/myself", status=429, headers=headers)
    with pytest.raises(RateLimited) as caught:
        client.myself()
    assert (caught.value.retry_at, caught.value.scope) == (at, scope)


@pytest.mark.parametrize("body", [b"[]", b"null", b"5", b'"x"'])
@responses.activate
def test_json_of_the_wrong_shape(client, body: bytes) -> None:
    responses.get(f"{SITE}/rest/api/3/myself", body=body, content_type="application/json")
    with pytest.raises(TransientError):
        client.myself()


@responses.activate
def test_the_service_desks_key_is_told_and_its_sentence_is_not_needed(client) -> None:
    body = {
        "errorMessage": "서비스 데스크",
        "i18nErrorMessage": {"i18nKey": "sd.agent.servicedesk.error.servicedesk.missing", "parameters": []},
    }
    responses.get(f"{SITE}/rest/servicedeskapi/servicedesk", json=body, status=404)
    with pytest.raises(Missing, match=r"servicedesk\.missing") as caught:
        client.service_desks(0)
    str(caught.value).encode("gbk")


@responses.activate
def test_what_a_sentence_quotes_is_not_repeated(client) -> None:
    body = {
        "errorMessages": ["값 'private words' \u2190"],
        "errors": {"customfield_10101": 'Option value "private words" is not valid'},
    }
    responses.put(f"{SITE}/rest/api/3/issue/1", json=body, status=400)
    with pytest.raises(Rejected, match="customfield_10101") as caught:
        client.edit_issue(Ref("request", "1"), {})
    assert "private" not in str(caught.value)
    assert "is not valid" in str(caught.value)
    str(caught.value).encode("gbk")


@responses.activate
def test_links_in_answers_are_never_followed(client) -> None:
    responses.get(f"{SITE}/rest/api/3/serverInfo", json={"baseUrl": "https://other.example", "self": "https://other.example/x"})
    client.server_info()
    assert [call.request.url.split("?")[0] for call in responses.calls] == [f"{SITE}/rest/api/3/serverInfo"]


@responses.activate
def test_the_token_travels_in_the_header_only(client) -> None:
    responses.get(f"{SITE}/rest/api/3/myself", json={"accountId": "x"})
    client.myself()
    (call,) = responses.calls
    assert call.request.headers["Authorization"].startswith("Basic ")
    assert "s3cr3t" not in call.request.url
