"""The Jira connector and its emulator held against third parties: Atlassian's OpenAPI files, and the `jira` client from PyPI."""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deskweave.connector import Element, ElementChange, ElementId, Patch, Ref, RemoteRecord, View
from deskweave.emulation import Exchange, TurnedTime
from deskweave.http import ConnectionKit, MemoryBudget, open_session
from deskweave.model import (
    Binding,
    CollectionBinding,
    ConnectionName,
    Field,
    FieldBinding,
    FieldId,
    InternalMessage,
    PublicMessage,
    StatusBinding,
    Visibility,
)
from deskweave_jira_sm.connection import JiraConnection
from deskweave_jira_sm.connector import JiraConnector
from deskweave_jira_sm.emulator import RunningJira

pytestmark = pytest.mark.contracts

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

#: Where the file and the service part company, and why the emulator follows the service. Each is (what, where, finding).
EXPLAINED: tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...] = (
    (
        "times carry an offset without a colon, which no RFC 3339 check takes; recorded answers of the service have it so",
        re.compile(r".*"),
        re.compile(
            r"(created|updated|serverTime|created\w*): '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}' is not a 'date-time'$"
        ),
    ),
    (
        "one side of a history line is null where there was nothing; the file says string",
        re.compile(r"/changelog|/issue/[^/]+$"),
        re.compile(r"/(from|fromString|to|toString): None (for not nullable|is not of type 'string')$"),
    ),
    (
        "the page is no part of the REST API: the edge serves it, and the file does not know it",
        re.compile(r"^/_edge/tenant_info$"),
        re.compile(r"PathNotFound"),
    ),
    (
        "the file has the screen ids write-only, and shows them in its own example of this answer",
        re.compile(r"/screenscheme$"),
        re.compile(r"/screens: Tried to read write-only property"),
    ),
    (
        "without an agent licence the service desk answers 403 with no body, as recorded; the file lists no 403 for the listing",
        re.compile(r"/servicedesk$"),
        re.compile(r"Unknown response http status: 403$"),
    ),
    (
        "limits are told on every path, and the file lists 429 on hardly any",
        re.compile(r".*"),
        re.compile(r"Unknown response http status: 429$"),
    ),
)


class NoVault:
    def read(self, name: str) -> str:
        raise KeyError(name)

    def rotate(self, name: str, old: str, new: str) -> bool:
        return False


def binding() -> Binding:
    def at(name: str, **more: object) -> FieldBinding:
        return FieldBinding(at=name, native=name, **more)  # type: ignore[arg-type]

    fields = {
        "title": at("summary", max_length=255),
        "symptom": at("description"),
        "priority": at("priority", choices={"p1": "Highest"}),
        "tags": at("labels", choices={"first_line": "first_line"}),
        "problem_category": at("Problem category", choices={"hardware": "Hardware"}),
        "is_repeat": at("Repeated problem"),
        "occurred_at": at("Occurred at"),
        "solution": at("Solution"),
    }
    types = {
        "title": "text",
        "symptom": "long_text",
        "solution": "long_text",
        "is_repeat": "boolean",
        "occurred_at": "datetime",
        "tags": "choices",
    }
    terms = {FieldId(slug): Field(id=FieldId(slug), label={}, type=types.get(slug, "choice")) for slug in (*fields, "status")}  # type: ignore[arg-type]
    statuses = {
        "awaiting_acceptance": "Waiting for support",
        "in_progress": "In progress",
        "resolved": "Resolved",
        "closed": "Closed",
    }
    request = CollectionBinding(
        name="request",
        holds=None,
        fields={FieldId(slug): one for slug, one in fields.items()},
        statuses={slug: StatusBinding(is_={"status": name}, sets={"resolution": "Done"}) for slug, name in statuses.items()},
    )
    return Binding(connection=ConnectionName("jsm"), digest="x", collections={"request": request}, fields=terms, statuses=None)


@pytest.fixture(scope="module")
def oracle(shared: Path) -> Iterator[Any]:
    pytest.importorskip("openapi_core", reason="pip install deskweave[contracts]")
    folder = str(shared / "oracles" / "jira")
    sys.path.insert(0, folder)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from jira_oracle import Oracle  # type: ignore[import-not-found]

            yield Oracle(folder)
    finally:
        sys.path.remove(folder)


@pytest.fixture(scope="module")
def now() -> TurnedTime:
    return TurnedTime(START)


@pytest.fixture(scope="module")
def site(now: TurnedTime) -> Iterator[RunningJira]:
    running = JiraConnector().emulator.start(port=0, seed=11, now=now)
    yield running  # type: ignore[misc]
    running.stop()


@pytest.fixture(scope="module")
def connect(site: RunningJira, now: TurnedTime) -> Iterator[Callable[..., JiraConnection]]:
    sessions = []

    def open_one(account: str, **settings: object) -> JiraConnection:
        session = open_session()
        sessions.append(session)
        kit = ConnectionKit(connection="jsm", install="i", now=now, http=session, budget=MemoryBudget(now=now), vault=NoVault())
        connection = JiraConnector().connect({**site.settings(account), **settings}, kit)  # type: ignore[dict-item]
        connection.mapper(binding())
        return connection

    yield open_one
    for session in sessions:
        session.close()


@pytest.fixture(scope="module")
def lived(site: RunningJira, now: TurnedTime, connect: Callable[..., JiraConnection]) -> list[Ref]:
    """A day of a desk: provision, probe, create both ways, read, patch, walk, talk, look back, fail."""
    admin, agent = connect("admin"), connect("agent")
    made = (("problem_category", "Problem category", "choice"), ("is_repeat", "Repeated problem", "boolean"), ("occurred_at", "Occurred at", "datetime"), ("solution", "Solution", "long_text"))  # fmt: skip
    for slug, name, type_ in made:
        attributes = {"name": name, "type": type_, "collection": "request"}
        field = Element(id=ElementId("field", f"fields/{slug}"), native=None, attributes=attributes)
        assert admin.target.apply(ElementChange(verb="create", before=None, after=field), key="k").error is None
    option = Element(
        id=ElementId("choice", "fields/problem_category/choices/hardware"),
        native=None,
        attributes={"name": "Hardware", "field": "Problem category", "collection": "request"},
    )
    assert admin.target.apply(ElementChange(verb="create", before=None, after=option), key="k").error is None
    for kind in sorted(admin.configuration.kinds):
        found = admin.configuration.elements(kind, None).items
        admin.configuration.usage(found[-1:])
        agent.configuration.elements(kind, None)
    choice = next(one for one in admin.configuration.elements("choice", None).items if one.attributes["name"] == "Hardware")
    choice = replace(choice, id=option.id)
    for verb in ("change", "retire"):
        assert (
            admin.target.apply(ElementChange(verb=verb, before=choice, after=choice if verb == "change" else None), key="k").error
            is None
        )  # type: ignore[arg-type]
    assert admin.target.apply(ElementChange(verb="create", before=None, after=option), key="k").error is None  # brought back
    admin.plant_identity("install", "1")
    assert admin.identity.planted == "install"
    mapper = agent.mapper(binding())
    document = {
        "title": "VPN is down",
        "symptom": "It **fails** with `691`\n\n- at home\n\nsee [the guide](https://example.com)",
        "priority": "p1",
        "tags": ("first_line",),
        "problem_category": "hardware",
        "is_repeat": True,
        "occurred_at": START,
    }
    refs: list[Ref] = []
    for number in range(3):
        (outcome,) = agent.sink.create([mapper.draft("request", document, corr=f"c-{number}", key="k")])  # type: ignore[arg-type]
        assert outcome.error is None
        refs.append(outcome.ref)  # type: ignore[arg-type]
    portal = connect("agent", create_by="request")
    (outcome,) = portal.sink.create(
        [mapper.draft("request", {FieldId("title"): "by the portal", FieldId("symptom"): "words"}, corr="c-9", key="k")]
    )
    assert outcome.error is None
    refs.append(outcome.ref)  # type: ignore[arg-type]
    hands = site.hands(mapper)
    refs.append(hands.create("request", {FieldId("title"): "by a customer"}, "zhang.min@example.com"))
    hands.write(refs[0], Visibility.PUBLIC, "any news?", "zhang.min@example.com")
    agent.messages.say(refs[0], PublicMessage(body="we look **into** it", author=None, at=START), corr="m-1", key="k")
    agent.messages.note(refs[0], InternalMessage(body="known fault", author=None, at=START), corr="m-2", key="k")
    assert [message.corr for message in agent.messages.of(refs[0], None).items] == [None, "m-1", "m-2"]
    now.advance(timedelta(minutes=5))
    for connection, target in ((agent, "in_progress"), (admin, "closed")):
        (record,) = connection.records.fetch([refs[0]])
        assert isinstance(record, RemoteRecord)
        want = View({FieldId("status"): target, FieldId("solution"): "restarted", FieldId("problem_category"): None})
        (outcome,) = connection.sink.patch([mapper.patch(want, record, key="k")])
        assert outcome.error is None
    now.advance(timedelta(minutes=5))
    resume = None
    while True:
        page = agent.records.changes("request", START, resume)
        resume = page.resume
        if resume is None:
            break
    agent.records.census("request", None)
    agent.records.history(refs, None, None)
    assert len(agent.records.find("request", "c-1", START)) == 1
    # what goes wrong has a shape too
    agent.records.fetch([Ref("request", "99999")])
    admin.records.fetch([Ref("request", "99999")])
    for set_ in ({"summary": "x" * 300}, {"summary": None}):
        (outcome,) = agent.sink.patch([Patch(ref=refs[1], key="k", set=set_)])
        assert outcome.error is not None
    site.faults.arm("conflict")
    agent.sink.patch([Patch(ref=refs[1], key="k", set={"summary": "other"})])
    site.faults.arm("rate_limited", method="PUT")
    agent.sink.patch([Patch(ref=refs[1], key="k", set={"summary": "other"})])
    now.advance(timedelta(seconds=10))  # what the limit asked for
    (outcome,) = agent.sink.patch([Patch(ref=refs[3], key="k", set={"assignee": "Emma Larsen"})])
    assert outcome.record is not None
    assert outcome.record.fields["assignee"] == "Emma Larsen"
    people = agent.people
    from deskweave.connector import PersonKey

    (match,) = people.look_up([PersonKey("email", "emma.larsen@example.com")])
    people.fetch([match.people[0].account])
    (outcome,) = admin.sink.delete([refs[2]])
    assert outcome.error is None
    for account in ("agent", "collaborator"):
        _ = connect(account).capabilities
    now.advance(timedelta(minutes=5))  # the index forgets deleted requests late, too
    return refs


_JUDGED: dict[str, list[tuple[str, str]]] = {}


def judge(oracle: Any, one: Exchange) -> list[tuple[str, str]]:
    """What the oracle says of a request and its answer: (request or answer, finding). The same exchange is asked about once."""
    path = one.path.replace("/rest/api/2/", "/rest/api/3/")
    query = {name: list(values) if len(values) > 1 else values[0] for name, values in one.query.items()}
    key = json.dumps([one.method, path, query, one.body, one.status, one.answer], sort_keys=True, default=str)
    if key not in _JUDGED:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of OAuth, which it does not check
            said = [("request", text) for text in oracle.request(one.method, path, json=one.body, query=query)]
            if one.status:
                said += [("answer", text) for text in oracle.response(one.method, path, one.status, json=one.answer)]
        _JUDGED[key] = said
    return _JUDGED[key]


def explained(path: str, text: str) -> list[str]:
    return [why for why, where, finding in EXPLAINED if where.search(path) and finding.search(text)]


def findings(oracle: Any, exchanges: list[Exchange]) -> list[str]:
    """Everything the oracle finds that the table does not explain."""
    return [
        f"{one.method} {one.path} {one.status} {what}: {text}"
        for one in exchanges
        for what, text in judge(oracle, one)
        if not explained(one.path, text)
    ]


def test_every_request_and_every_answer_is_atlassians_own(oracle: Any, site: RunningJira, lived: list[Ref]) -> None:
    exchanges = list(site.platform.traffic)
    assert len(exchanges) > 150
    assert {exchange.status for exchange in exchanges} >= {200, 201, 204, 400, 403, 404, 409, 429}
    left = findings(oracle, exchanges)
    assert left == [], "\n".join(left[:40])


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", "/rest/api/3/issue/ITH-1", {"expand": "names,schema,changelog"}, None),
        ("GET", "/rest/api/3/issue/ITH-1/changelog", {}, None),
        ("GET", "/rest/api/3/issue/ITH-1/editmeta", {}, None),
        ("GET", "/rest/api/3/issue/ITH-1/transitions", {}, None),
        ("GET", "/rest/api/3/issue/ITH-1/properties", {}, None),
        ("GET", "/rest/api/3/issue/ITH-1/remotelink", {}, None),
        ("GET", "/rest/api/3/issue/createmeta/ITH/issuetypes", {}, None),
        ("GET", "/rest/api/3/issuetype", {}, None),
        ("GET", "/rest/api/3/status", {}, None),
        ("GET", "/rest/api/3/project/search", {}, None),
        ("GET", "/rest/api/3/screens", {}, None),
        ("GET", "/rest/api/3/search/jql", {"jql": "project = ITH", "fields": "*all"}, None),
        ("POST", "/rest/api/3/search/jql", {}, {"jql": "order by key"}),
        ("POST", "/rest/api/3/search/approximate-count", {}, {"jql": "project = ITH"}),
        ("POST", "/rest/api/3/jql/parse", {"validation": "strict"}, {"queries": ["project = ITH order by key", "nosuch = 1"]}),
        ("GET", "/rest/servicedeskapi/info", {}, None),
        ("GET", "/rest/servicedeskapi/servicedesk/ITH", {}, None),
        ("GET", "/rest/servicedeskapi/servicedesk/4/requesttype/11", {}, None),
        ("GET", "/rest/servicedeskapi/servicedesk/4/requesttype/11/field", {}, None),
        ("GET", "/rest/servicedeskapi/request", {}, None),
        ("GET", "/rest/servicedeskapi/request/ITH-1", {}, None),
        ("GET", "/rest/servicedeskapi/request/NONE-1", {}, None),
        ("GET", "/rest/servicedeskapi/request/ITH-1/status", {}, None),
        ("GET", "/rest/servicedeskapi/request/ITH-1/transition", {}, None),
        ("GET", "/rest/servicedeskapi/request/ITH-1/sla", {}, None),
        ("GET", "/rest/servicedeskapi/request/ITH-1/comment", {}, None),
        ("POST", "/rest/servicedeskapi/request/ITH-1/comment", {}, {"body": "hello", "public": True}),
        ("POST", "/rest/servicedeskapi/request", {}, {"serviceDeskId": "4", "requestTypeId": "12", "requestFieldValues": {"summary": "x"}}),
    ],
)  # fmt: skip
def test_what_only_other_clients_ask_for(
    oracle: Any, site: RunningJira, lived: list[Ref], method: str, path: str, query: dict[str, str], body: Any
) -> None:
    import requests

    entry: Any = site.settings("admin")["auth"]
    with requests.Session() as session:
        session.trust_env = False
        session.request(
            method, site.address + path, params=query, json=body, auth=(entry["email"], entry["api_token"]), timeout=10
        ).close()
    last = list(site.platform.traffic)[-1]
    assert last.path == path
    assert last.status in (200, 201, 400, 404)
    assert findings(oracle, [last]) == []


def test_the_table_explains_only_what_happens(oracle: Any, site: RunningJira, lived: list[Ref]) -> None:
    """An explanation that nothing needs any more would hide the next mistake."""
    used = {why for one in site.platform.traffic for _, text in judge(oracle, one) for why in explained(one.path, text)}
    assert {why for why, _, _ in EXPLAINED} - used == set()


# ------------------------------------------------------------------------------------------------------------------- clients
def test_the_jira_client_reads_what_the_connector_wrote(site: RunningJira, lived: list[Ref]) -> None:
    jira = pytest.importorskip("jira", reason="pip install deskweave[contracts]")
    entry: Any = site.settings("admin")["auth"]
    client = jira.JIRA(
        server=site.address,
        basic_auth=(entry["email"], entry["api_token"]),
        options={"rest_api_version": "3", "check_update": False},
        max_retries=0,
    )
    try:
        assert client.deploymentType == "Cloud"
        assert client.myself()["displayName"] == "Deskweave Admin"
        issue = client.issue(lived[0].rid)
        assert issue.fields.summary == "VPN is down"
        assert issue.fields.status.name == "Closed"
        assert issue.fields.resolution.name == "Done"
        assert issue.fields.priority.name == "Highest"
        assert issue.fields.labels == ["first_line"]
        field = next(one["id"] for one in client.fields() if one["name"] == "Repeated problem")
        assert issue.raw["fields"][field]["value"] == "Yes"
        assert client.issue_property(issue, "deskweave.correlation").value.id == "c-0"
        found = client.enhanced_search_issues(
            'project = ITH AND status = "Waiting for support" ORDER BY key', fields="summary,status", maxResults=2
        )
        assert [one.key for one in found] == ["ITH-2", "ITH-4"]
        comments = client.comments(issue)[:3]
        assert [comment.author.displayName for comment in comments] == ["Zhang Min", "Deskweave Agent", "Deskweave Agent"]
        assert [comment.raw["jsdPublic"] for comment in comments] == [True, True, False]
        assert {one["to"]["name"] for one in client.transitions(issue)} == {"Waiting for support"}
        histories = client.issue(lived[0].rid, expand="changelog").changelog.histories
        assert histories[0].items[0].toString == "Closed"
        assert client.approximate_issue_count("project = ITH") >= 4
    finally:
        client.close()


def test_the_jira_client_in_its_default_version_reads_wiki_text(site: RunningJira, lived: list[Ref]) -> None:
    jira = pytest.importorskip("jira", reason="pip install deskweave[contracts]")
    entry: Any = site.settings("agent")["auth"]
    client = jira.JIRA(
        server=site.address, basic_auth=(entry["email"], entry["api_token"]), options={"check_update": False}, max_retries=0
    )
    try:
        issue = client.issue(lived[1].rid)
        assert issue.fields.description.startswith("It *fails* with {{691}}")
        assert "[the guide|https://example.com]" in issue.fields.description
        with pytest.raises(jira.JIRAError) as gone:
            client._get_json("search", params={"jql": "project = ITH"})
        assert gone.value.status_code == 410
    finally:
        client.close()
