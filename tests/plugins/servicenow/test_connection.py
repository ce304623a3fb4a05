"""Sign-in, probed capabilities, identity: what each account may and may not, and that it is said."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
import responses

from deskweave.connector import Plant
from deskweave.errors import ConfigurationError, CredentialError, DocumentError, RateLimited, Scope
from deskweave.model import Visibility
from deskweave_servicenow import ServiceNow, deskweave_connectors


def rules(connection):
    return {finding.rule for finding in connection.capabilities.lost}


# ------------------------------------------------------------------------------------------------------------ capabilities
def test_the_agent_has_status_history_and_no_comments(agent, hands):
    incident = agent.capabilities.collections["incident"]
    assert (incident.history, incident.messages, incident.visibilities) == ("status", "none", frozenset())
    assert (incident.creates, incident.find, incident.notifies) == (Plant.ATOMIC, "lagging", True)
    assert {"servicenow-no-comments", "servicenow-history", "servicenow-configuration"} <= rules(agent)
    assert all(finding.remedy for finding in agent.capabilities.lost)


def test_the_admin_has_everything_but_a_mark_on_interactions(admin):
    collections = admin.capabilities.collections
    assert (collections["incident"].history, collections["incident"].messages) == ("full", "feed")
    assert collections["incident"].visibilities == {Visibility.PUBLIC, Visibility.INTERNAL}
    assert collections["interaction"].visibilities == {Visibility.INTERNAL}  # it has no comments
    assert (collections["interaction"].creates, collections["interaction"].find) == (Plant.NONE, "none")
    assert rules(admin) >= {"servicenow-no-mark", "servicenow-no-counterparts"}


def test_a_right_granted_by_hand_brings_the_comments(emulator, agent):
    emulator.grant("agent", "sys_journal_field")
    incident = agent.capabilities.collections["incident"]
    assert (incident.messages, incident.message_plant) == ("feed", Plant.AFTER)


@pytest.mark.parametrize("mode", ["empty", "forbidden"])
def test_comments_are_lost_however_the_instance_says_no(emulator, agent, mode):
    emulator.platform.journal_denied = mode
    assert agent.capabilities.collections["incident"].messages == "none"


def test_a_mark_column_made_later_is_seen(emulator, agent, admin, hands):
    assert agent.capabilities.collections["interaction"].creates is Plant.NONE
    body = {"name": "interaction", "element": "u_correlation_id", "column_label": "C", "max_length": "100"}
    user = ("admin", "emulated-admin-password")
    assert requests.post(f"{emulator.address}/api/now/table/sys_dictionary", json=body, auth=user, timeout=5).status_code == 201
    again = ServiceNow().connect(emulator.settings("agent"), agent._kit)  # a new process
    assert again.capabilities.collections["interaction"].creates is Plant.ATOMIC
    assert again.capabilities.collections["interaction"].find == "lagging"


def test_columns_are_known_from_a_record_where_nothing_else_tells(emulator, open_connection, hands):
    emulator.platform.ui_meta = False
    assert open_connection()._layout.columns("interaction") is None
    hands.create("interaction", {"title": "x"}, "li.wei")
    assert "opened_for" in open_connection()._layout.columns("interaction")


def test_hidden_tables_are_said(emulator, agent, hands):
    ref = hands.create("incident", {"title": "x"}, "li.wei")
    emulator.platform.hide("deskweave.agent", [ref.rid])
    assert "servicenow-hidden" in rules(agent)


def test_an_instance_that_ignores_unknown_terms_is_noted(emulator, open_connection, hands):
    hands.create("incident", {"title": "x"}, "li.wei")
    assert "servicenow-drops-terms" in rules(open_connection())
    emulator.platform.unknown_field = "no_rows"
    assert "servicenow-drops-terms" not in rules(open_connection())
    emulator.platform.unknown_field = "forbidden"
    assert "servicenow-drops-terms" not in rules(open_connection())


# ----------------------------------------------------------------------------------------------------------------- sign-in
def test_a_token_is_kept_and_renewed_before_it_ends(agent, emulator, now):
    def asked():
        return sum(one.path == "/oauth_token.do" for one in emulator.platform.traffic)

    assert agent.capabilities
    assert asked() == 1
    now.advance(timedelta(minutes=20))
    agent.records.changes("incident", None, None)
    assert asked() == 1
    now.advance(timedelta(minutes=5))  # past 80 % of half an hour
    agent.records.changes("incident", None, None)
    assert asked() == 2


def test_a_limit_at_the_token_endpoint_is_one_of_the_connection(agent, emulator, now):
    assert agent.capabilities
    now.advance(timedelta(minutes=25))  # the token has to be renewed
    emulator.faults.arm("rate_limited", retry_after=120)
    with pytest.raises(RateLimited) as caught:
        agent.records.changes("incident", None, None)
    assert (caught.value.scope, caught.value.retry_at) == (Scope.CONNECTION, now() + timedelta(seconds=120))
    agent.records.changes("incident", None, None)


def test_a_refused_token_is_replaced_once(agent, emulator):
    assert agent.capabilities
    emulator.platform.tokens.clear()
    assert agent.records.changes("incident", None, None).resume is None
    emulator.faults.arm("expired_token", times=None)
    with pytest.raises(CredentialError):
        agent.records.changes("incident", None, None)
    assert emulator.faults.played["expired_token"] == 2


def test_a_refused_write_is_sent_again_once_and_done_once(agent, emulator, now):
    from deskweave.connector import Draft

    assert agent.capabilities
    emulator.faults.arm("expired_token", method="POST", path="incident")
    agent.sink.create([Draft(collection="incident", corr="c", key="k", fields={"short_description": "x", "correlation_id": "c"})])
    assert len(agent.records.find("incident", "c", now())) == 1


@pytest.mark.parametrize(
    "auth",
    [
        {"kind": "client_credentials", "client_id": "unknown", "client_secret": "x"},  # wrong client
        {"kind": "basic", "username": "admin", "password": "wrong"},  # wrong password
        {"kind": "basic", "username": "deskweave.agent", "password": "emulated-agent-password"},  # right, and without the role
    ],
)
def test_a_refused_sign_in_lists_causes_and_no_secret(open_connection, auth):
    with pytest.raises(CredentialError) as caught:
        assert open_connection(auth=auth).capabilities
    assert "log" in str(caught.value)
    assert auth.get("password", auth.get("client_secret")) not in str(caught.value).split("password")


def test_the_password_grant_refreshes_with_its_refresh_token(open_connection, emulator, now):
    from deskweave_servicenow.emulator import seed

    auth = {
        "kind": "password",
        "client_id": seed.CLIENT_ID,
        "client_secret": seed.CLIENT_SECRET,
        "username": "admin",
        "password": seed.SECRETS["admin"],
    }
    connection = open_connection(auth=auth)
    assert connection.capabilities.collections["incident"].history == "full"
    now.advance(timedelta(hours=1))
    connection.records.changes("incident", None, None)
    assert len(emulator.platform.tokens) == 2
    user = {**auth, "username": seed.AGENT, "password": seed.SECRETS[seed.AGENT]}
    with pytest.raises(CredentialError):
        assert open_connection(auth=user).capabilities  # a user who may not sign in to the pages gets no token


@responses.activate
def test_a_redirect_to_another_host_is_not_followed(open_connection):
    responses.get("https://acme.example/api/now/v2/table/sys_user", status=302, headers={"Location": "https://idp.example/saml"})
    auth = {"kind": "basic", "username": "a", "password": "bbbb"}
    connection = open_connection(address="https://acme.example", auth=auth, bound=False)
    with pytest.raises(ConfigurationError):
        connection._who()
    assert len(responses.calls) == 1


@responses.activate
def test_rows_of_the_wrong_kind_do_not_break_a_page(open_connection):
    rows = [
        {"sys_id": {"value": "a"}, "sys_updated_on": "2026-01-01 00:00:00"},  # an object where an id is due
        {"sys_id": "b" * 32, "sys_updated_on": "2026-01-01 00:00:01", "short_description": ["x"], "caller_id": {"link": 7}},
        "text",
        None,
    ]
    responses.get("https://acme.example/api/now/v2/table/incident", json={"result": rows})
    connection = open_connection(address="https://acme.example", auth={"kind": "basic", "username": "a", "password": "bbbb"})
    connection._layout._columns["incident"] = frozenset({"correlation_id"})
    page = connection.records.changes("incident", None, None)
    assert [record.ref.rid for record in page.items] == ["b" * 32]


# ---------------------------------------------------------------------------------------------------------------- identity
def test_both_accounts_name_the_same_instance(agent, admin, emulator):
    assert agent.identity.instance == admin.identity.instance == emulator.address.removeprefix("http://")


def test_an_admin_plants_and_replaces_the_mark(open_connection):
    admin = open_connection("admin")
    assert admin.identity.planted is None
    admin.plant_identity("01INSTALL", "3")
    admin.plant_identity("01INSTALL", "4")
    again = open_connection("admin").identity
    assert (again.planted, again.epoch) == ("01INSTALL", "4")
    agent = open_connection("agent")
    agent.plant_identity("01OTHER", "1")  # has no place for it
    assert agent.identity.planted is None
    assert open_connection("admin").identity.planted == "01INSTALL"
    assert "servicenow-no-instance-mark" in rules(agent)


# ---------------------------------------------------------------------------------------------------------------- settings
@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"address": "acme"}, "/address"),
        ({"auth": {"kind": "magic"}}, "/auth/kind"),
        ({"auth": {"kind": "basic", "username": "a"}}, "/auth/password"),
        ({"auth": None}, "/auth"),
        ({"page_size": 0}, "/page_size"),
    ],
)
def test_settings_that_cannot_work_are_refused(emulator, agent, change, path):
    with pytest.raises(DocumentError) as caught:
        ServiceNow().connect({**emulator.settings("admin"), **change}, agent._kit)
    assert path in {finding.place.path for finding in caught.value.findings}


def test_the_schema_takes_what_the_emulator_says_and_marks_secrets(emulator):
    from jsonschema import Draft202012Validator

    schema = ServiceNow().settings_schema()
    Draft202012Validator.check_schema(schema)
    for account in ("agent", "admin"):
        Draft202012Validator(schema).validate(emulator.settings(account))
    secrets = {name for one in schema["$defs"].values() for name, spec in one["properties"].items() if spec.get("writeOnly")}
    assert secrets == {"password", "client_secret"}


def test_the_plugin_is_found_and_cheap():
    import subprocess
    import sys

    (connector,) = deskweave_connectors()
    assert (connector.name, connector.api) == ("servicenow", 1)
    code = "import deskweave.hookspecs, sys; before = set(sys.modules); import deskweave_servicenow; print(len(set(sys.modules) - before))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "1"
