"""Tokens: cached, renewed before they die, replaced once when refused, and never in a message."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deskweave.connector.settings import parse_settings
from deskweave.errors import CredentialError, DocumentError, PermissionMissing
from deskweave_feishu.config import Settings

TOKEN = "/open-apis/auth/v3/tenant_access_token/internal"


def fetched(running):
    return sum(one.path == TOKEN for one in running.platform.traffic)


def test_one_token_serves_until_shortly_before_its_end(running, connect, clock):
    connection = connect()
    for _ in range(3):
        connection.identity  # noqa: B018
    assert fetched(running) == 1
    clock.advance(timedelta(minutes=111))
    connection.identity  # noqa: B018
    assert fetched(running) == 1
    clock.advance(timedelta(minutes=1))
    connection.identity  # noqa: B018
    assert fetched(running) == 2


def test_what_is_left_of_a_shared_token_counts_not_two_hours(running, connect, clock):
    connect().identity  # noqa: B018  another process of the same app fetched it
    clock.advance(timedelta(minutes=80))
    late = connect()
    late.identity  # noqa: B018
    answer = [one.answer for one in running.platform.traffic if one.path == TOKEN][-1]
    assert answer["expire"] == 40 * 60
    clock.advance(timedelta(minutes=33))
    late.identity  # noqa: B018
    assert fetched(running) == 3


def test_a_refused_token_is_replaced_once_and_the_call_replayed(running, connect, clock):
    connection = connect()
    connection.identity  # noqa: B018
    running.apps["agent"].tokens.clear()
    assert connection.identity.instance == f"base:{running.platform.base.app_token}"
    assert fetched(running) == 2


def test_a_write_is_replayed_too_as_nothing_was_done(ready, connect, binding):
    connection = connect()
    mapper = connection.mapper(binding)
    connection.records.changes("ledger", None, None)
    ready.faults.arm("token_refused", writes=True)
    draft = mapper.draft("ledger", {"title": "t"}, corr="i:L1", key="k")
    assert connection.sink.create([draft])[0].error is None
    assert len(ready.platform.base.table_named("服务台账").rows) == 1


def test_an_operation_that_does_not_take_our_token_is_no_endless_loop(running, connect):
    connection = connect()
    running.faults.arm("token_refused", times=None)
    with pytest.raises(CredentialError):
        connection.identity  # noqa: B018
    assert fetched(running) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [({"app_secret": "wrong-secret-4711"}, "10014"), ({"app_id": "cli_nobody"}, "10003")],
)
def test_wrong_credentials_come_with_http_200(running, connect, change, code):
    connection = connect(auth=change)
    with pytest.raises(CredentialError) as caught:
        connection.capabilities  # noqa: B018
    assert code in str(caught.value)
    assert "开发者后台" in str(caught.value)
    assert running.apps["agent"].secret not in str(caught.value)
    assert "wrong-secret-4711" not in str(caught.value)
    assert {one.status for one in running.platform.traffic} == {200}


def test_a_missing_scope_is_named(running, connect):
    connection = connect()
    running.faults.arm("scope_missing", scope="bitable:app")
    with pytest.raises(PermissionMissing, match=r"99991672.*bitable:app"):
        connection.identity  # noqa: B018


def test_what_looks_like_no_scope_is_not_repeated(running, connect):
    connection = connect()
    running.faults.arm("scope_missing", scope="<b>secret text</b>")
    with pytest.raises(PermissionMissing) as caught:
        connection.identity  # noqa: B018
    assert "secret text" not in str(caught.value)


def test_secrets_are_not_in_a_repr(running):
    settings = parse_settings(Settings, running.settings("agent"), "feishu")
    assert running.apps["agent"].secret not in repr(settings)
    assert running.platform.helpdesk.token not in repr(settings)


APP = {"app_id": "a", "app_secret": "b"}
SETTINGS = [
    # what is wrong, where, what the message says
    ({}, "/auth", "required"),
    ({"auth": APP}, "", "neither base nor helpdesk"),
    ({"auth": {"app_id": "a"}, "base": {"app_token": "t"}}, "/auth/app_secret", "required"),
    ({"auth": {"app_id": "a", "app_secret": " "}, "base": {"app_token": "t"}}, "/auth/app_secret", "at least 1"),
    ({"auth": APP, "base": {}}, "/base/app_token", "required"),
    ({"auth": APP, "base": {"app_token": "t", "create_batch": 501}}, "/base/create_batch", "500"),
    ({"auth": APP, "base": {"app_token": "https://x.feishu.cn/wiki/wikcn"}}, "/base/app_token", "a page inside a wiki"),
    ({"auth": APP, "helpdesk": {"id": "1"}}, "/helpdesk/token", "required"),
    ({"auth": "x", "base": {"app_token": "t"}}, "/auth", "auth"),
    ({"auth": APP, "base": {"app_token": "t"}, "address": "feishu"}, "/address", "http"),
]


@pytest.mark.parametrize(("settings", "path", "said"), SETTINGS)
def test_settings_that_cannot_be_right(settings, path, said):
    with pytest.raises(DocumentError) as caught:
        parse_settings(Settings, settings, "feishu")
    (finding,) = caught.value.findings
    assert (finding.place.source, finding.place.path) == ("connection:feishu", path)
    assert said in finding.message


def test_what_was_copied_with_a_line_end_is_good():
    auth = parse_settings(
        Settings, {"auth": {"app_id": " a", "app_secret": "b\n"}, "helpdesk": {"id": "1", "token": "t"}}, "feishu"
    ).auth
    assert (auth.app_id, auth.app_secret.get_secret_value()) == ("a", "b")


def test_a_base_may_be_named_by_its_address():
    copied = {"app_token": "https://acme.feishu.cn/base/bascnAbc123?table=tblXyz&view=vew1"}
    base = parse_settings(Settings, {"auth": APP, "base": copied}, "feishu").base
    assert (base.app_token, base.table, base.create_batch) == ("bascnAbc123", "tblXyz", 1)
