"""What a connection says of itself: capabilities by account, identity and mark, settings, template."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deskweave.connector import Plant
from deskweave.errors import CredentialError, TransientError
from deskweave.model import Visibility
from deskweave_feishu.connector import FeishuConnector
from deskweave_feishu.emulator import FeishuEmulator


def rules(connection):
    return {finding.rule.removeprefix("feishu-") for finding in connection.capabilities.lost}


def test_the_agent_reads_and_writes_rows(ready, connect, binding):
    connection = connect()
    connection.mapper(binding)
    ledger, ticket = (connection.capabilities.collections[name] for name in ("ledger", "ticket"))
    assert (ledger.reads, ledger.changes, ledger.creates, ledger.patches, ledger.deletes) == (True, "scan", Plant.KEY, True, True)
    assert (ledger.serial_writes, ledger.conditions, ledger.history, ledger.messages) == (True, False, "none", "none")
    assert (ticket.reads, ticket.changes, ticket.creates, ticket.patches) == (True, "filter", None, False)
    assert ticket.messages == "per_record"
    assert ticket.visibilities == {Visibility.PUBLIC, Visibility.INTERNAL}
    assert rules(connection) == {"no-messages", "ticket-read-only"}
    assert ready.platform.traffic.writes == 0


def test_the_reader_only_reads(ready, connect, binding):
    connection = connect("reader")
    connection.mapper(binding)
    ledger = connection.capabilities.collections["ledger"]
    assert (ledger.reads, ledger.creates, ledger.patches, ledger.deletes) == (True, None, False, False)
    assert "edit-missing" in rules(connection)


def test_an_app_that_may_not_ask_is_taken_at_its_word(ready, connect, binding):
    app = ready.platform.add_app("edit", frozenset({"bitable:app", "helpdesk:all:readonly"}))
    connection = connect(app=app)
    connection.mapper(binding)
    assert connection.capabilities.collections["ledger"].patches is True
    assert "edit-unknown" in rules(connection)


def test_a_base_that_is_not_shared(running, connect):
    app = running.platform.add_app("none", frozenset({"bitable:app", "helpdesk:all:readonly"}))
    connection = connect(app=app)
    assert connection.capabilities.collections["ledger"].reads is False
    finding = next(one for one in connection.capabilities.lost if one.rule == "feishu-ledger-unreadable")
    assert "91403" in finding.message
    assert "添加文档应用" in finding.message
    assert connection.capabilities.collections["ticket"].reads is True


def test_a_missing_scope_takes_its_collection_only(running, connect):
    app = running.platform.add_app("edit", frozenset({"bitable:app", "docs:permission.member:auth"}))
    connection = connect(app=app)
    assert connection.capabilities.collections["ticket"].reads is False
    assert connection.capabilities.collections["ledger"].reads is True
    finding = next(one for one in connection.capabilities.lost if one.rule == "feishu-helpdesk-unreadable")
    assert "helpdesk:all:readonly" in finding.message


def test_a_wrong_helpdesk_token(running, connect):
    connection = connect(helpdesk={"token": "ht-wrong"})
    assert connection.capabilities.collections["ticket"].reads is False
    assert "154001" in next(one.message for one in connection.capabilities.lost if one.rule == "feishu-helpdesk-unreadable")


def test_without_a_helpdesk_there_is_no_ticket(running, connect):
    connection = connect(helpdesk=None)
    assert list(connection.capabilities.collections) == ["ledger"]
    assert connection.messages is None


def test_without_a_base_there_is_no_ledger(running, connect):
    connection = connect(base=None)
    assert list(connection.capabilities.collections) == ["ticket"]
    assert (connection.sink, connection.target) == (None, None)
    assert connection.identity.instance == f"helpdesk:{running.platform.helpdesk.helpdesk_id}"


def test_a_table_that_is_not_there(running, connect):
    connection = connect(base={"table": "不存在"})
    assert connection.capabilities.collections["ledger"].reads is False
    assert "table-missing" in rules(connection)


def test_a_table_by_its_id(running, connect):
    table = running.platform.base.table_named("服务台账")
    assert connect(base={"table": table.table_id}).capabilities.collections["ledger"].reads is True


def test_advanced_permissions_are_pointed_out(running, connect):
    running.platform.base.is_advanced = True
    assert "advanced-permissions" in rules(connect())


def test_bad_credentials_and_a_platform_that_is_away_are_no_capability(running, connect):
    with pytest.raises(CredentialError):
        connect(auth={"app_secret": "wrong"}).capabilities  # noqa: B018
    connection = connect()
    running.faults.arm("unavailable", times=None)
    with pytest.raises(TransientError):
        connection.capabilities  # noqa: B018
    running.faults.disarm()
    assert connection.capabilities.collections["ledger"].reads is True  # not remembered


def test_findings_can_be_printed_anywhere(running, connect):
    running.platform.base.is_advanced = True
    for account in ("agent", "reader"):
        for finding in connect(account).capabilities.lost:
            (finding.message + finding.remedy + finding.found).encode("gbk")


# ------------------------------------------------------------------------------------------------------------------- identity
def test_the_mark_is_planted_and_read_back(running, connect):
    connection = connect("admin")
    assert (connection.identity.planted, connection.identity.epoch) == (None, None)
    connection.plant_identity("install-1", "1")
    connection.plant_identity("install-1", "2")
    for account in ("agent", "reader"):
        identity = connect(account).identity
        assert (identity.planted, identity.epoch) == ("install-1", "2")
    assert len(running.platform.base.table_named("deskweave").rows) == 1


def test_the_agent_renews_a_mark_where_there_is_a_place_for_one(running, connect):
    connection = connect("agent")
    connection.plant_identity("install-1", "1")
    assert connection.identity.planted is None
    assert "mark-missing" in rules(connection)
    connect("admin").plant_identity("install-1", "1")
    connection.plant_identity("install-2", "5")
    assert (connection.identity.planted, connection.identity.epoch) == ("install-2", "5")
    assert "mark-missing" not in rules(connection)


def test_a_seed_gives_the_same_tenant(clock, running):
    other = FeishuEmulator().start(port=0, seed=7, now=clock)
    try:
        mine, its = ({**one.settings("agent"), "address": ""} for one in (running, other))
        assert mine == its
    finally:
        other.stop()


# ------------------------------------------------------------------------------------------------------------------- connector
def test_the_host_finds_it():
    import deskweave_feishu
    from deskweave.plugins import load_plugins

    plugins = load_plugins([])
    plugins.register(deskweave_feishu, "feishu")
    assert plugins.broken == []
    assert plugins.connectors["feishu"].emulator is not None


def test_the_settings_schema_takes_what_the_emulator_gives(running):
    from jsonschema import Draft202012Validator

    schema = FeishuConnector().settings_schema()
    Draft202012Validator.check_schema(schema)
    for account in ("agent", "admin"):
        Draft202012Validator(schema).validate(running.settings(account))
    assert not Draft202012Validator(schema).is_valid({"auth": {"app_id": "a", "app_secret": "b"}})


def test_secrets_are_marked_as_such():
    parts = FeishuConnector().settings_schema()["$defs"]
    assert parts["App"]["properties"]["app_secret"]["writeOnly"] is True
    assert parts["HelpdeskSettings"]["properties"]["token"]["writeOnly"] is True


def test_the_template_binds_the_built_in_practice(tmp_path):
    from deskweave import documents, practice

    path = tmp_path / "feishu.yaml"
    path.write_text(FeishuConnector().binding_template(), encoding="utf-8")
    (document,) = documents.read(path)
    built_in = practice.builtin()
    assert [finding.message for finding in documents.check(document)] == []
    assert [finding.message for finding in practice.check_binding(document, built_in)] == []
    ledger = document.body["collections"]["ledger"]
    assert set(ledger["statuses"]) == set(built_in.statuses.statuses)
    assert set(ledger["fields"]["service_item"]["choices"]) == set(built_in.catalog)
    columns = [at["at"] for at in ledger["fields"].values()]
    assert len(columns) == len(set(columns))


def test_time_moves_only_with_the_injected_clock(running, connect, clock):
    connection = connect()
    probed = connection.capabilities.probed_at
    clock.advance(timedelta(days=1))
    assert (probed, connection.capabilities.probed_at) == (probed, probed)
