"""ServiceNow held against third parties: a live instance's parameter lists, the vendor's own samples, an independent client."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import responses

from deskweave.connector import Draft, ElementChange, ElementId, Patch, PersonKey
from deskweave.connector import Element as ConfigurationElement
from deskweave.emulation import TurnedTime
from deskweave.errors import (
    ConfigurationError,
    CredentialError,
    Missing,
    PermissionMissing,
    RateLimited,
    Rejected,
    TransientError,
)
from deskweave.http import ConnectionKit, MemoryBudget, open_session
from deskweave.model import InternalMessage, PublicMessage
from deskweave_servicenow import ServiceNow
from deskweave_servicenow.emulator import RunningServiceNow

pytestmark = pytest.mark.contracts

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
ADMIN = ("admin", "emulated-admin-password")
CORR = "01JD0000000000000000000000:01JD0000000000000000000001"
#: Beside the Table API: the token endpoint, and the form's metadata, which is undocumented and never depended on.
OTHER_PATHS = ("/oauth_token.do", "/api/now/ui/meta/")


class NoVault:
    def read(self, name: str) -> str:
        raise KeyError(name)

    def rotate(self, name: str, old: str, new: str) -> bool:
        return False


@pytest.fixture
def now() -> TurnedTime:
    return TurnedTime(START)


@pytest.fixture
def emulator(now: TurnedTime) -> Iterator[RunningServiceNow]:
    running = ServiceNow().emulator.start(port=0, seed=1, now=now)
    yield running
    running.stop()


@pytest.fixture
def kit(now: TurnedTime) -> Iterator[ConnectionKit]:
    session = open_session(environment=False)
    yield ConnectionKit(connection="snow", install="I", now=now, http=session, budget=MemoryBudget(now=now), vault=NoVault())
    session.close()


def exercise(connection: Any, now: TurnedTime) -> str:
    """Everything the connector does, once; the sys_id of the incident it made."""
    assert connection.capabilities
    assert connection.identity
    connection.plant_identity("I", "1")
    element = ConfigurationElement(
        id=ElementId("field", "fields/cost_center"),
        native=None,
        attributes={"label": {"en": "Cost centre"}, "type": "text", "collection": "incident", "name": "u_cost_center"},
    )
    connection.target.apply(ElementChange(verb="create", before=None, after=element), key="1")
    for kind in ("field", "choice"):
        connection.configuration.usage(connection.configuration.elements(kind, None).items[:3])
    fields = {"short_description": "打印机坏了", "correlation_id": CORR, "caller_id": "wang.fang@acme.example"}
    outcome = connection.sink.create([Draft(collection="incident", corr=CORR, key="k", fields=fields)])[0]
    assert outcome.error is None
    connection.sink.patch([Patch(ref=outcome.ref, key="k", set={"state": "2"})])
    connection.messages.say(outcome.ref, PublicMessage(body="hello", author=None, at=now()), corr=CORR, key="k")
    connection.messages.note(outcome.ref, InternalMessage(body="note", author=None, at=now()), corr=CORR, key="k")
    for collection in ("incident", "interaction"):
        for listing in (
            lambda resume, name=collection: connection.records.changes(name, START, resume),
            lambda resume, name=collection: connection.records.census(name, resume),
            lambda resume, name=collection: connection.messages.changes(name, None, resume),
        ):
            resume = None
            while (page := listing(resume)).resume is not None:
                resume = page.resume
    connection.records.find("incident", CORR, START)
    connection.records.fetch([outcome.ref, type(outcome.ref)("incident", "0" * 32)])
    connection.records.history([outcome.ref], START, None)
    connection.people.look_up([PersonKey("email", "li.wei@desk.acme.example")])
    connection.people.fetch(["li.wei"])
    connection.people.groups(None)
    return outcome.ref.rid


@pytest.mark.parametrize("account", ["agent", "admin"])
def test_every_parameter_sent_is_one_a_live_instance_lists(shared, emulator, kit, now, account):
    oracle = json.loads((shared / "oracles" / "servicenow" / "table_api_parameters.json").read_text())["paths"]
    if account == "admin":
        exercise(ServiceNow().connect(emulator.settings("admin"), kit), now)
    else:
        agent = ServiceNow().connect(emulator.settings("agent"), kit)
        assert agent.capabilities
        agent.records.changes("incident", None, None)
        agent.sink.create([Draft(collection="incident", corr=CORR, key="k", fields={"short_description": "x"})])
    checked = set()
    for one in emulator.platform.traffic:
        if one.path.startswith(OTHER_PATHS):
            continue
        path = re.sub(r"^/api/now/v2/table/[a-z_]+", "/api/now/table/{tableName}", one.path)
        path = re.sub(r"(\{tableName\})/[^/]+$", r"\1/{sys_id}", path)
        listed = {parameter["name"] for parameter in oracle[path][one.method.lower()]["parameters"]}
        # sysparm_offset is documented and missing from that export
        assert set(one.query) <= listed | {"sysparm_offset"}, (one.method, one.path, sorted(one.query))
        checked.add((path.rpartition("/")[2], one.method))
    wanted = {("{tableName}", "GET"), ("{tableName}", "POST")}
    assert checked >= (wanted | {("{sys_id}", "PATCH")} if account == "admin" else wanted)


def test_no_request_carries_cookies_or_a_body_on_reads(emulator, kit, now):
    exercise(ServiceNow().connect(emulator.settings("admin"), kit), now)
    for one in emulator.platform.traffic:
        assert "cookie" not in one.headers
        assert one.headers["accept"] == "application/json"
        assert one.writes or one.body is None or one.path == "/oauth_token.do"


def test_pysnow_reads_what_the_connector_wrote(emulator, kit, now):
    pysnow = pytest.importorskip("pysnow")
    sys_id = exercise(ServiceNow().connect(emulator.settings("admin"), kit), now)
    session = requests.Session()
    session.trust_env = False
    session.auth = ADMIN
    client = pysnow.Client(host=emulator.address.removeprefix("http://"), session=session, use_ssl=False)
    incidents = client.resource(api_path="/table/incident")
    try:
        found = incidents.get(query={"correlation_id": CORR}, stream=False).one()
        assert (found["sys_id"], found["short_description"], found["state"]) == (sys_id, "打印机坏了", "2")
        query = pysnow.QueryBuilder().field("short_description").contains("打印机").AND().field("state").equals("2")
        assert [row["sys_id"] for row in incidents.get(query=query, stream=True).all()] == [sys_id]
        made = incidents.create(payload={"short_description": "by pysnow"}).one()
        assert made["number"].startswith("INC")
        changed = incidents.update(query={"sys_id": made["sys_id"]}, payload={"impact": "1", "urgency": "1"}).one()
        assert changed["priority"] == "1"
        assert incidents.delete(query={"sys_id": made["sys_id"]})["status"] == "record deleted"
        with pytest.raises(pysnow.exceptions.NoResults):
            incidents.get(query={"sys_id": made["sys_id"]}).one()
    finally:
        session.close()


def shape(value: Any) -> str:
    return "reference" if isinstance(value, dict) and set(value) == {"link", "value"} else type(value).__name__


@pytest.mark.parametrize(
    ("sample", "method"),
    [
        ("table__POST_now_table_tableName", "POST"),
        ("table__PATCH_now_table_tableName_sys_id", "PATCH"),
        ("table__GET_now_table_tableName_sys_id", "GET"),
    ],
)
def test_records_have_the_samples_keys_and_shapes(shared, emulator, sample, method):
    """Every key of the vendor's incident is there, as text or as a reference; an empty reference is an empty text."""
    wanted = json.loads((shared / "api/fixtures/servicenow/servicenowdocs" / f"{sample}.json").read_text())["result"]
    caller = emulator.platform.user("wang.fang")["sys_id"]
    group = next(iter(emulator.platform.tables["sys_user_group"].rows))
    url = f"{emulator.address}/api/now/table/incident"
    body = {"short_description": "x", "caller_id": caller, "assigned_to": caller, "assignment_group": group}
    answer = requests.post(url, json=body, auth=ADMIN, timeout=5)
    if method == "PATCH":
        answer = requests.patch(f"{url}/{answer.json()['result']['sys_id']}", json={"impact": "1"}, auth=ADMIN, timeout=5)
    elif method == "GET":
        answer = requests.get(f"{url}/{answer.json()['result']['sys_id']}", auth=ADMIN, timeout=5)
    assert set(answer.json()) == {"result"}
    got = answer.json()["result"]
    assert set(wanted) <= set(got)
    for name, value in got.items():
        assert shape(value) in ("str", "reference"), name
    for name, value in wanted.items():
        if shape(value) == "reference" and got[name] != "":
            assert shape(got[name]) == "reference", name
            assert re.fullmatch(r"https?://[^/]+/api/now/table/[a-z_]+/.+", got[name]["link"])
        elif shape(value) == "str" and name not in ("caller_id", "assigned_to", "assignment_group"):
            assert isinstance(got[name], str), name


def test_statistics_have_the_samples_shape(shared, emulator):
    wanted = json.loads((shared / "api/fixtures/servicenow/servicenowdocs/stats__GET_now_stats_tableName.json").read_text())
    requests.post(f"{emulator.address}/api/now/table/incident", json={"short_description": "x"}, auth=ADMIN, timeout=5)
    params = {"sysparm_avg_fields": "reassignment_count,business_stc", "sysparm_group_by": "assignment_group"}
    got = requests.get(f"{emulator.address}/api/now/stats/incident", params=params, auth=ADMIN, timeout=5).json()

    def skeleton(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: skeleton(part) for name, part in value.items()}
        return [skeleton(value[0])] if isinstance(value, list) else type(value).__name__

    assert skeleton(got) == skeleton({"result": wanted["result"][:1]})


#: sample -> the error of ours it becomes, when the request was a read and when it was a write
ERRORS = {
    "401_basic": (CredentialError, CredentialError),
    "404_record": (Missing, Missing),
    "403_query_field": (PermissionMissing, Rejected),
    "403_business_rule": (PermissionMissing, Rejected),
    "403_acl_write": (PermissionMissing, Rejected),
    "403_data_policy": (PermissionMissing, Rejected),
    "400_invalid_table": (ConfigurationError, ConfigurationError),
    "400_uri": (ConfigurationError, ConfigurationError),
    "400_payload_too_large": (Rejected, Rejected),
    "429_rate_rule": (RateLimited, RateLimited),
    "500_quota": (TransientError, TransientError),
}


def test_every_known_error_body_has_its_error(shared, kit):
    samples = json.loads((shared / "api/fixtures/servicenow/errors/error_bodies.json").read_text())
    assert set(samples) == {*ERRORS, "oauth_401"}
    settings = {
        "address": "https://acme.example",
        "access": "write",
        "auth": {"kind": "basic", "username": "a", "password": "bbbb"},
    }
    client = ServiceNow().connect(settings, kit)._client
    url = "https://acme.example/api/now/v2/table/incident"
    for name, (reading, writing) in ERRORS.items():
        with responses.RequestsMock() as mock:
            for method in (mock.get, mock.post):
                method(url, json=samples[name]["body"], status=samples[name]["status"], headers={"Retry-After": "5"})
            with pytest.raises(reading):
                client.page("incident", "ORDERBYsys_id", ("sys_id",), limit=20)
            with pytest.raises(writing) as caught:
                client.create("incident", {"short_description": "x"}, ())
            if name == "403_data_policy":
                assert caught.value.fields == {"close_code"}
            if name == "403_business_rule":
                assert "Abort changes on group" in str(caught.value)


def test_an_oauth_refusal_is_a_credential_error(shared, kit):
    sample = json.loads((shared / "api/fixtures/servicenow/errors/error_bodies.json").read_text())["oauth_401"]
    auth = {"kind": "client_credentials", "client_id": "a", "client_secret": "bbbb"}
    connection = ServiceNow().connect({"address": "https://acme.example", "auth": auth}, kit)
    with responses.RequestsMock() as mock:
        mock.post("https://acme.example/oauth_token.do", json=sample["body"], status=sample["status"])
        with pytest.raises(CredentialError, match="client id"):
            assert connection.capabilities


@pytest.mark.parametrize("name", ["mock_result_malformed_str_with_error_msg.txt", "mock_result_with_malformed_str.txt"])
def test_recorded_broken_answers_fail_the_page(shared, kit, name):
    text = (shared / "api/fixtures/servicenow/stackstate" / name).read_text()
    settings = {"address": "https://acme.example", "auth": {"kind": "basic", "username": "a", "password": "bbbb"}}
    client = ServiceNow().connect(settings, kit)._client
    with responses.RequestsMock() as mock:
        mock.get("https://acme.example/api/now/v2/table/incident", body=text, content_type="application/json")
        with pytest.raises(TransientError):
            client.page("incident", "ORDERBYsys_id", ("sys_id",), limit=20)


def test_a_real_export_can_be_read(shared):
    """67 incidents as an instance gave them: every row becomes a record whose state and times are understood."""
    import csv

    from deskweave_servicenow.mapping import read_record

    with (shared / "data" / "servicenow_incidents_REST.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    records = [read_record("incident", row, correlation=None, address="https://acme.example") for row in rows]
    assert len(records) == 67
    assert all(record is not None and record.label.startswith("INC") and record.version is not None for record in records)
