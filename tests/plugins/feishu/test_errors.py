"""The table from answers to errors, and what no server of ours would answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import responses

from deskweave.errors import (
    ConfigurationError,
    CredentialError,
    Executed,
    Missing,
    PermissionMissing,
    RateLimited,
    Rejected,
    RequestError,
    TransientError,
)
from deskweave.http import Answer
from deskweave_feishu.errors import Classifier, next_month

NOW = datetime(2026, 11, 16, 4, tzinfo=UTC)


def answer(status, body, *, reads=False, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    parsed = None if isinstance(body, bytes) else body
    return Answer(
        method="POST",
        path="/x",
        status=status,
        headers={"x-tt-logid": "log-1", **headers},
        body=raw,
        parsed=parsed,
        is_json=parsed is not None,
        reads=reads,
    )


CODES = [
    # HTTP, code, error, executed of a write; the code decides, not the status
    (200, 0, None, None),
    (500, 0, None, None),
    (200, 1254290, RateLimited, Executed.NO),
    (429, 99991400, RateLimited, Executed.NO),
    (400, 99991400, RateLimited, Executed.NO),
    (200, 1254291, TransientError, Executed.NO),
    (400, 1254291, TransientError, Executed.NO),
    (400, 1254607, TransientError, Executed.NO),
    (400, 1254036, TransientError, Executed.NO),
    (200, 1254002, TransientError, Executed.MAYBE),
    (200, 1255001, TransientError, Executed.MAYBE),
    (504, 1255040, TransientError, Executed.MAYBE),
    (500, 155000, TransientError, Executed.MAYBE),
    (403, 1254608, RequestError, Executed.YES),
    (400, 41050, Rejected, Executed.NO),
    (400, 99992361, Rejected, Executed.NO),
    (200, 10003, CredentialError, None),
    (400, 99991663, CredentialError, None),
    (401, 154001, CredentialError, None),
    (400, 99991672, PermissionMissing, None),
    (403, 91403, PermissionMissing, None),
    (200, 1254302, PermissionMissing, None),
    (403, 154003, PermissionMissing, None),
    (400, 99991401, ConfigurationError, None),
    (200, 1254003, ConfigurationError, None),
    (200, 1254043, Missing, Executed.NO),
    (404, 154004, Missing, Executed.NO),
    (200, 1254045, Rejected, Executed.NO),
    (400, 1254015, Rejected, Executed.NO),
    (200, 1254064, Rejected, Executed.NO),  # not listed by name, but of the family of conversions
    (500, 1254060, Rejected, Executed.NO),  # some operations answer them with 500
    (400, 1255006, Rejected, Executed.NO),
    (401, 154401, Rejected, Executed.NO),
    (200, 4711, Rejected, Executed.MAYBE),  # unknown, and the status says nothing
    (400, 4711, Rejected, Executed.NO),
    (403, 4711, PermissionMissing, None),
    (429, 4711, RateLimited, Executed.NO),
    (503, 4711, TransientError, Executed.MAYBE),
]


@pytest.mark.parametrize(("status", "code", "error", "executed"), CODES)
def test_codes(status, code, error, executed):
    secret = "a message body that was quoted"
    found = Classifier(lambda: NOW)(
        answer(status, {"code": code, "msg": secret, "error": {"field_violations": [{"value": secret}]}})
    )
    assert type(found) is type(None) if error is None else isinstance(found, error)
    if found is not None:
        assert str(code) in str(found)
        assert secret not in str(found)
        str(found).encode("gbk")
    if executed is not None:
        assert found.executed is executed
        assert found.request_id == "log-1"


@pytest.mark.parametrize("code", [code for status, code, error, executed in CODES if executed is Executed.MAYBE])
def test_a_read_is_never_carried_out(code):
    assert Classifier(lambda: NOW)(answer(200, {"code": code}, reads=True)).executed is Executed.NO


PAGES = [
    # HTTP, body, error; no envelope at all
    (200, b"<html>login</html>", TransientError),
    (502, b"<html>", TransientError),
    (504, b"", TransientError),
    (302, b"", ConfigurationError),
    (404, b"404 page not found", Missing),
    (403, b"<html>waf</html>", PermissionMissing),
    (429, b"slow down", RateLimited),
    (400, b"bad", Rejected),
    (200, {"no": "code"}, TransientError),
    (200, {"code": "0"}, TransientError),
    (200, {"code": True}, TransientError),
    (200, [1], TransientError),
]


@pytest.mark.parametrize(("status", "body", "error"), PAGES)
def test_pages_without_an_envelope(status, body, error):
    assert isinstance(Classifier(lambda: NOW)(answer(status, body)), error)


def test_how_long_to_wait():
    classify = Classifier(lambda: NOW)
    found = classify(answer(429, {"code": 99991400}, **{"x-ogw-ratelimit-reset": "52"}))
    assert (found.retry_at - NOW).total_seconds() == 52
    found = classify(answer(429, {"code": 99991400}, **{"x-ogw-ratelimit-reset": "soon"}))
    assert (found.retry_at - NOW).total_seconds() == 1


MONTHS = [
    # now in UTC, the next month's first midnight in Beijing
    (datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC)),
    (datetime(2026, 11, 30, 17, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC)),  # it is December there already
    (datetime(2026, 12, 31, 15, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC)),
]


@pytest.mark.parametrize(("now", "then"), MONTHS)
def test_next_month(now, then):
    assert next_month(now) == then


# --------------------------------------------------------------------------------------------- answers that only a fake can give
TOKEN = "/open-apis/auth/v3/tenant_access_token/internal"
ODD_DATA = [
    # data of a search; what is read
    None,
    {},
    {"items": None, "has_more": None},
    {"items": "x", "has_more": "true", "page_token": "p"},
    {"items": [None, 5, {}, {"record_id": 7}, {"fields": {"标题": "x"}}], "has_more": False},
    {"items": [], "has_more": True, "page_token": ""},  # more, but no way to ask for it
]


@pytest.mark.parametrize("data", ODD_DATA)
def test_odd_data_is_read_as_nothing(running, connect, binding, data):
    connection = connect(helpdesk=None)
    connection.mapper(binding)
    connection.records.changes("ledger", None, None)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as fake:
        fake.add_passthru(f"{running.address}/open-apis/auth")
        root = f"{running.address}/open-apis/bitable/v1/apps/{running.platform.base.app_token}/tables"
        table = running.platform.base.table_named("服务台账").table_id
        column = {"field_id": "fld1", "field_name": "标题", "type": 1, "is_primary": True}
        fake.get(f"{root}/{table}/fields", json={"code": 0, "data": {"items": [column], "has_more": False}})
        fake.post(f"{root}/{table}/records/search", json={"code": 0, "data": data})
        page = connection.records.changes("ledger", None, None)
    assert (list(page.items), page.resume) == ([], None)


@pytest.mark.parametrize(
    "body", [{"code": 0}, {"code": 0, "tenant_access_token": "t-x"}, {"code": 0, "tenant_access_token": "", "expire": 1}]
)
def test_a_token_request_without_a_token(running, connect, body):
    with responses.RequestsMock() as fake:
        fake.post(f"{running.address}{TOKEN}", json=body)
        with pytest.raises(TransientError, match="without a token"):
            connect().identity  # noqa: B018
