"""The connector as the host meets it: hooks, settings, template, capabilities of each account, identity."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from jsonschema import Draft202012Validator

import deskweave_jira_sm
from deskweave.connector import Plant
from deskweave.documents import check, read
from deskweave.errors import CredentialError, Missing, PermissionMissing
from deskweave.model import Visibility
from deskweave.practice import builtin, check_binding
from deskweave_jira_sm.connector import JiraConnector


def test_the_hook_offers_one_connector() -> None:
    assert deskweave_jira_sm.deskweave_api == 1
    assert [connector.name for connector in deskweave_jira_sm.deskweave_connectors()] == ["jira_sm"]


def test_importing_it_imports_nothing_heavy() -> None:
    code = (
        "import sys; import deskweave_jira_sm; print([m for m in ('requests', 'deskweave_jira_sm.connection') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == "[]"


def test_the_emulators_settings_are_valid_and_the_secret_is_marked(bench) -> None:
    schema = JiraConnector().settings_schema()
    Draft202012Validator.check_schema(schema)
    for account in ("agent", "admin"):
        assert list(Draft202012Validator(schema).iter_errors(bench.site.settings(account))) == []
    assert schema["$defs"]["ApiToken"]["properties"]["api_token"]["writeOnly"] is True
    assert list(Draft202012Validator(schema).iter_errors({**bench.site.settings("agent"), "projekt": "ITH"}))


def test_the_template_binds_the_builtin_practice() -> None:
    (document,) = read(JiraConnector().binding_template(), "bindings/jira_sm.yaml")
    assert check(document) == []
    assert check_binding(document, builtin()) == []
    statuses = builtin().statuses
    assert statuses is not None
    assert set(document.body["collections"]["request"]["statuses"]) == set(statuses.statuses)


# ------------------------------------------------------------------------------------------------------------ capabilities
def test_an_agent_can_do_the_desks_work_and_is_told_what_is_lost(bench) -> None:
    capabilities = bench.connect("agent").capabilities
    request = capabilities.collections["request"]
    assert (request.reads, request.patches, request.creates, request.deletes) == (True, True, Plant.ATOMIC, False)
    assert request.visibilities == {Visibility.PUBLIC, Visibility.INTERNAL}
    assert (request.find, request.history, request.notifies) == ("strong", "full", True)
    assert request.index_lag >= bench.state.index_lag * 4, "what we promise covers the slowest issue"
    assert {(finding.rule, finding.place.path) for finding in capabilities.lost} == {
        ("permission-missing", "ADMINISTER"),
        ("identity-not-planted", "identity"),
    }
    assert all(finding.remedy for finding in capabilities.lost)


def test_an_admin_lacks_nothing(bench) -> None:
    capabilities = bench.connect("admin").capabilities
    assert capabilities.lost == []
    assert capabilities.collections["request"].deletes is True


def test_without_an_agent_licence_only_reading_is_left(bench) -> None:
    capabilities = bench.connect("collaborator").capabilities
    request = capabilities.collections["request"]
    assert (request.reads, request.patches, request.creates) == (True, False, None)
    assert Visibility.INTERNAL not in request.visibilities
    assert "no-agent-licence" in {finding.rule for finding in capabilities.lost}


def test_a_create_by_request_is_planted_after(bench) -> None:
    connection = bench.connect("agent", create_by="request")
    assert connection.capabilities.collections["request"].creates is Plant.AFTER


def test_an_unnamed_request_type_is_said(bench) -> None:
    connection = bench.connect("agent", request_type=None)
    (finding,) = [one for one in connection.capabilities.lost if one.rule == "request-type-unnamed"]
    assert finding.found == "Get IT help"


# ---------------------------------------------------------------------------------------------------------------- identity
def test_identity_names_site_and_cloud(bench) -> None:
    identity = bench.connect().identity
    assert identity.address == bench.site.address
    assert bench.site.platform.cloud_id in identity.instance
    bench.site.platform.has_tenant_info = False  # the gateway has no such page
    assert bench.connect().identity.instance == bench.site.platform.base


def test_the_mark_is_planted_by_an_admin_and_seen_by_an_agent(bench) -> None:
    admin, agent = bench.connect("admin"), bench.connect("agent")
    agent.plant_identity("other", "9")  # no right to: nothing happens, and `lost` has said so
    assert bench.state.project_properties == {}
    admin.plant_identity("install-1", "3")
    assert (admin.identity.planted, admin.identity.epoch) == ("install-1", "3")
    seen = bench.connect("agent").identity
    assert (seen.planted, seen.epoch) == ("install-1", "3")


# --------------------------------------------------------------------------------------------------------------- credential
@pytest.mark.parametrize("fallback", [True, False])
def test_a_wrong_token_is_a_credential_error_however_the_site_answers(bench, fallback: bool) -> None:
    bench.site.platform.anonymous_fallback = fallback
    auth = {"kind": "api_token", "email": "deskweave.agent@example.com", "api_token": "outlived"}
    connection = bench.connect("agent", auth=auth)
    with pytest.raises(CredentialError) as caught:
        _ = connection.capabilities
    assert "outlived" not in str(caught.value)


def test_a_project_that_is_not_there(bench) -> None:
    with pytest.raises(Missing):
        _ = bench.connect("agent", project="NOPE").capabilities


def test_a_403_of_the_service_desk_names_the_licence(bench) -> None:
    connection = bench.connect("agent")
    bench.site.faults.arm("no_licence")
    with pytest.raises(PermissionMissing, match="agent licence"):
        connection.client.service_desks(0)
