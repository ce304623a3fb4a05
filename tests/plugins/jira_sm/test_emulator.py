"""The emulated site itself: what it must do like the real one, so that nothing passes here that fails there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import requests

from deskweave.connector import Ref
from deskweave.model import FieldId, Visibility

TITLE, STATUS = FieldId("title"), FieldId("status")
CUSTOMER, AGENT = "zhang.min@example.com", "li.wei@example.com"
ADF = {
    "type": "doc",
    "version": 1,
    "content": [{"type": "paragraph", "content": [{"type": "text", "text": "x", "marks": [{"type": "strong"}]}]}],
}


@pytest.fixture
def ask(desk):
    session = requests.Session()
    session.trust_env = False

    def send(method: str, path: str, account: str | None = "agent", **more):
        auth = None
        if account is not None:
            settings = desk.site.settings(account)["auth"]
            auth = (settings["email"], settings["api_token"])
        return session.request(method, desk.site.address + path, auth=auth, timeout=10, **more)

    yield send
    session.close()


def jql(ask, query: str, account: str | None = "agent", **more):
    return ask("POST", "/rest/api/3/search/jql", account, json={"jql": query, **more})


@pytest.fixture
def issue(desk) -> Ref:
    ref = desk.hands().create("request", {TITLE: "printer", FieldId("symptom"): "**dead**"}, CUSTOMER)
    desk.later(minutes=5)
    return ref


# ------------------------------------------------------------------------------------------------------------------ search
def test_search_answers_ids_alone_unless_fields_are_named(ask, issue) -> None:
    assert jql(ask, "project = ITH").json() == {"issues": [{"id": "10001"}], "isLast": True}
    (found,) = jql(ask, "project = ITH", fields=["summary"]).json()["issues"]
    assert found["fields"] == {"summary": "printer"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"jql": "order by key"}, 400),
        ({"jql": "project = ITH", "startAt": 0}, 400),  # the body is closed
        ({"jql": "project = ITH", "maxResults": 0}, 400),
        ({"jql": "project = ITH", "maxResults": 5001}, 400),
        ({"jql": "project = ITH", "reconcileIssues": list(range(51))}, 400),
        ({"jql": "nosuchfield = 1"}, 400),
        ({"jql": 'updated >= "2026-11-23 10:00:00"'}, 400),  # seconds are a syntax error
        ({"jql": "updated >= 1763712000000"}, 400),  # epoch milliseconds: not certain, so not here
        ({"jql": 'issue.property[deskweave.correlation].id = "x"'}, 400),  # not searchable without an app
        ({"jql": "project = ITH", "nextPageToken": "made up"}, 400),
        ({"jql": "project = ITH AND (status = Closed"}, 400),
        ({"jql": "project = ITH order by key, id, created, updated, status, priority, summary, assignee"}, 400),
        ({"jql": "project = ITH AND status in (Closed, 'Waiting for support') AND NOT labels is EMPTY OR updated >= -7d"}, 200),
    ],
)
def test_what_search_takes(ask, issue, body: dict, status: int) -> None:
    assert ask("POST", "/rest/api/3/search/jql", json=body).status_code == status


def test_a_page_token_belongs_to_its_query_and_to_seven_days(desk, ask) -> None:
    for number in range(50):
        desk.hands().create("request", {TITLE: f"r{number}"}, CUSTOMER)
    desk.later(minutes=5)
    token = jql(ask, "project = ITH", fields=["summary"], maxResults=10).json()["nextPageToken"]
    assert jql(ask, "project = ITH", fields=["summary"], nextPageToken=token).status_code == 200
    assert jql(ask, "project = ITH ORDER BY key", fields=["summary"], nextPageToken=token).status_code == 400
    desk.later(days=7, minutes=1)
    assert jql(ask, "project = ITH", fields=["summary"], nextPageToken=token).status_code == 400


def test_an_issue_edited_while_paging_is_told_again_at_the_end(desk, ask) -> None:
    refs = [desk.hands().create("request", {TITLE: f"r{number}"}, CUSTOMER) for number in range(30)]
    desk.later(minutes=5)
    order = {"jql": "project = ITH ORDER BY updated ASC, key ASC", "fields": ["summary"], "maxResults": 20}
    first = ask("POST", "/rest/api/3/search/jql", json=order).json()
    desk.hands().edit(refs[0], {TITLE: "edited"}, AGENT)
    desk.later(minutes=5)
    seen, token = [entry["id"] for entry in first["issues"]], first["nextPageToken"]
    while token:
        page = ask("POST", "/rest/api/3/search/jql", json={**order, "nextPageToken": token}).json()
        seen += [entry["id"] for entry in page["issues"]]
        token = page.get("nextPageToken")
    assert seen[-1] == seen[0] == refs[0].rid
    assert set(seen) == {ref.rid for ref in refs}


def test_the_old_search_is_gone(ask) -> None:
    for method in ("GET", "POST"):
        answer = ask(method, "/rest/api/3/search")
        assert answer.status_code == 410
        assert "search/jql" in answer.json()["errorMessages"][0]


def test_the_index_lags_and_reconcile_does_not(desk, ask) -> None:
    ref = desk.hands().create("request", {TITLE: "fresh"}, CUSTOMER)
    assert jql(ask, "project = ITH").json()["issues"] == []
    assert jql(ask, "project = ITH", reconcileIssues=[int(ref.rid)]).json()["issues"] == [{"id": ref.rid}]
    assert ask("GET", f"/rest/api/3/issue/{ref.rid}").status_code == 200
    desk.later(minutes=2)
    assert jql(ask, "project = ITH").json()["issues"] == [{"id": ref.rid}]
    desk.hands().remove(ref)
    assert jql(ask, "project = ITH").json()["issues"] == [{"id": ref.rid}], "a deletion lags too"
    assert ask("GET", f"/rest/api/3/issue/{ref.rid}").status_code == 404


def test_updated_is_read_in_the_callers_zone(desk, ask, issue) -> None:
    at = desk.state.issues[int(issue.rid)].updated
    for account, hours in (("agent", 8), ("admin", -5)):
        local = at + timedelta(hours=hours)
        assert jql(ask, f'project = ITH AND updated >= "{local:%Y-%m-%d %H:%M}"', account).json()["issues"], account
        later = local + timedelta(minutes=1)
        assert not jql(ask, f'project = ITH AND updated >= "{later:%Y/%m/%d %H:%M}"', account).json()["issues"], account


def test_a_strangers_search_finds_nothing_and_is_no_error(ask, issue) -> None:
    assert jql(ask, "project = ITH", None).json() == {"issues": [], "isLast": True}
    assert jql(ask, "nosuchfield = 1", None).status_code == 200
    assert ask("GET", "/rest/api/3/myself", None).status_code == 401


def test_a_refused_token_is_a_stranger(desk, issue) -> None:
    answer = requests.post(
        desk.site.address + "/rest/api/3/search/jql",
        json={"jql": "project = ITH"},
        auth=("deskweave.agent@example.com", "old"),
        timeout=10,
    )
    assert (answer.status_code, answer.json()["issues"]) == (200, [])
    answer.close()


def test_count_and_parse(ask, issue) -> None:
    assert ask("POST", "/rest/api/3/search/approximate-count", json={"jql": "project = ITH"}).json() == {"count": 1}
    queries = {"queries": ["project = ITH order by key", "nosuchfield = 1"]}
    parsed = ask("POST", "/rest/api/3/jql/parse", json=queries, params={"validation": "strict"}).json()["queries"]
    assert ["errors" in query for query in parsed] == [False, True]


# ------------------------------------------------------------------------------------------------------------------- times
def test_offsets_have_no_colon_and_are_the_callers(ask, issue) -> None:
    shown = {}
    for account in ("agent", "admin"):
        shown[account] = ask("GET", f"/rest/api/3/issue/{issue.rid}", account).json()["fields"]["updated"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}", shown[account])
    assert shown["agent"].endswith("+0800")
    assert shown["admin"].endswith("-0500")
    assert len({datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC) for text in shown.values()}) == 1


def test_the_desks_date_object(desk, ask, issue) -> None:
    date = ask("GET", f"/rest/servicedeskapi/request/{issue.rid}").json()["createdDate"]
    assert set(date) == {"iso8601", "jira", "friendly", "epochMillis"}
    assert date["epochMillis"] == int(desk.state.issues[int(issue.rid)].created.timestamp() * 1000)
    desk.state.people("deskweave.agent@example.com").locale = "zh_CN"
    assert "月" in ask("GET", f"/rest/servicedeskapi/request/{issue.rid}").json()["createdDate"]["friendly"]


# ---------------------------------------------------------------------------------------------------------------- rich text
def test_wiki_at_the_desk_and_documents_on_the_platform(ask, issue) -> None:
    assert ask("GET", f"/rest/api/3/issue/{issue.rid}").json()["fields"]["description"]["type"] == "doc"
    assert ask("GET", f"/rest/api/2/issue/{issue.rid}").json()["fields"]["description"] == "*dead*"
    values = ask("GET", f"/rest/servicedeskapi/request/{issue.rid}").json()["requestFieldValues"]
    assert {entry["fieldId"]: entry["value"] for entry in values}["description"] == "*dead*"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/rest/api/3/issue/10001/comment", {"body": "text"}, 400),
        ("/rest/api/3/issue/10001/comment", {"body": {"type": "doc", "version": 1, "content": [{"type": "nosuchnode"}]}}, 400),
        (
            "/rest/api/3/issue/10001/comment",
            {"body": {"type": "doc", "version": 1, "content": [{"type": "text", "text": ""}]}},
            400,
        ),
        ("/rest/api/3/issue/10001/comment", {"body": ADF}, 201),
        ("/rest/api/2/issue/10001/comment", {"body": "text"}, 201),
        ("/rest/api/2/issue/10001/comment", {"body": ADF}, 400),
        ("/rest/servicedeskapi/request/10001/comment", {"body": "text"}, 400),  # it must say whether it is public
        ("/rest/servicedeskapi/request/10001/comment", {"body": "text", "public": False}, 201),
    ],
)
def test_what_a_comment_takes(ask, issue, path: str, body: dict, status: int) -> None:
    assert ask("POST", path, json=body).status_code == status


def test_a_comment_is_public_unless_the_property_says_otherwise(desk, ask, issue) -> None:
    path = f"/rest/api/3/issue/{issue.rid}/comment"
    assert ask("POST", path, json={"body": ADF}).json()["jsdPublic"] is True
    internal = {"body": ADF, "properties": [{"key": "sd.public.comment", "value": {"internal": True}}]}
    assert ask("POST", path, json=internal).json()["jsdPublic"] is False
    shown = ask("GET", path, params={"expand": "properties"}).json()["comments"]
    assert not any("properties" in comment for comment in shown), "the listing does not promise them"
    ids = {"ids": [int(comment["id"]) for comment in shown]}
    full = ask("POST", "/rest/api/3/comment/list", json=ids, params={"expand": "properties"}).json()["values"]
    assert full[1]["properties"] == [{"key": "sd.public.comment", "value": {"internal": True}}]


# -------------------------------------------------------------------------------------------------------------------- writes
@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"summary": "x" * 256}, "summary"),
        ({"summary": "a\nb"}, "summary"),
        ({"description": "plain"}, "description"),
        ({"resolution": {"id": "10000"}}, "resolution"),  # not on the edit screen
        ({"customfield_99999": "x"}, "customfield_99999"),
        ({"labels": ["two words"]}, "labels"),
        ({"priority": {"id": "77"}}, "priority"),
        ({"customfield_10010": "Get IT help"}, "customfield_10010"),  # the id as a string, never the name
        ({"customfield_10101": {"value": "Printer"}}, "customfield_10101"),
        ({"customfield_10103": "2026-12-24"}, "customfield_10103"),
        ({"customfield_10104": "ninety"}, "customfield_10104"),
        ({"customfield_10106": "x" * 256}, "customfield_10106"),
        ({"status": {"name": "Closed"}}, "status"),  # statuses are walked to
        ({"created": "2020-01-01T00:00:00.000+0000"}, "created"),
    ],
)
def test_an_edit_is_refused_whole(ask, issue, fields: dict, name: str) -> None:
    both = {"summary": "fine", **fields}
    answer = ask("PUT", f"/rest/api/3/issue/{issue.rid}", json={"fields": both})
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {name}
    assert ask("GET", f"/rest/api/3/issue/{issue.rid}").json()["fields"]["summary"] == "printer"


def test_an_edit_answers_nothing(ask, issue) -> None:
    answer = ask("PUT", f"/rest/api/3/issue/{issue.rid}", json={"fields": {"summary": "new"}, "transition": {"id": "11"}})
    assert (answer.status_code, answer.content) == (204, b"")
    after = ask("GET", f"/rest/api/3/issue/{issue.rid}").json()["fields"]
    assert (after["summary"], after["status"]["name"]) == ("new", "Waiting for support"), "a transition in an edit is ignored"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"transition": {"id": 11}}, 400),  # ids are strings
        ({"transition": {"id": "51"}, "fields": {"resolution": {"id": "10000"}}}, 400),  # not from here
        ({"transition": {"id": "81"}}, 400),  # its screen asks for a resolution
        ({"transition": {"id": "11"}, "fields": {"summary": "x"}}, 400),  # not on the screen
        ({"transition": {"id": "11"}}, 204),
        ({"transition": {"id": "81"}, "fields": {"resolution": {"name": "Done"}}}, 204),
    ],
)
def test_transitions(ask, issue, body: dict, status: int) -> None:
    assert ask("POST", f"/rest/api/3/issue/{issue.rid}/transitions", json=body).status_code == status


def test_a_property_is_made_with_the_issue_and_touches_no_time(desk, ask, issue) -> None:
    before = desk.state.issues[int(issue.rid)].updated
    path = f"/rest/api/3/issue/{issue.rid}/properties/our.key"
    assert [ask("PUT", path, json={"id": n}).status_code for n in (1, 2)] == [201, 200]
    assert ask("GET", path).json() == {"key": "our.key", "value": {"id": 2}}
    assert desk.state.issues[int(issue.rid)].updated == before
    assert ask("PUT", path, data=b'"' + b"x" * 40_000 + b'"').status_code == 400


def test_writes_to_one_issue_are_limited(desk, ask, issue) -> None:
    path = f"/rest/api/3/issue/{issue.rid}"
    codes = [ask("PUT", path, json={"fields": {"summary": f"s{n}"}}).status_code for n in range(21)]
    assert codes == [204] * 20 + [429]
    answer = ask("PUT", path, json={"fields": {"summary": "again"}})
    assert answer.headers["RateLimit-Reason"] == "jira-per-issue-on-write"
    assert {"Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(answer.headers)
    desk.later(seconds=3)
    assert ask("PUT", path, json={"fields": {"summary": "again"}}).status_code == 204


def test_bursts_are_limited(desk, ask, issue) -> None:
    codes = [ask("GET", f"/rest/api/3/issue/{issue.rid}").status_code for _ in range(101)]
    assert codes == [200] * 100 + [429]
    assert ask("GET", "/rest/api/3/priority").status_code == 200, "another endpoint has a bucket of its own"


# ------------------------------------------------------------------------------------------------------------------- rights
def test_the_desk_shuts_out_who_has_no_licence_without_a_word(ask, issue) -> None:
    for path in ("/servicedesk", "/servicedesk/4/requesttype", f"/request/{issue.rid}"):
        answer = ask("GET", f"/rest/servicedeskapi{path}", "collaborator")
        assert (answer.status_code, answer.content) == (403, b"")
    assert ask("GET", "/rest/servicedeskapi/info", "collaborator").status_code == 200


def test_forbidden_is_404_and_its_comments_are_an_empty_list(desk, ask, issue) -> None:
    desk.hands().write(issue, Visibility.PUBLIC, "hello", CUSTOMER)
    desk.state.issues[int(issue.rid)].hidden_from.add(desk.state.people("deskweave.agent@example.com").id)
    assert ask("GET", f"/rest/api/3/issue/{issue.rid}").status_code == 404
    answer = ask("GET", f"/rest/api/3/issue/{issue.rid}/comment")
    assert (answer.status_code, answer.json()["comments"]) == (200, [])
    bulk = ask("POST", "/rest/api/3/issue/bulkfetch", json={"issueIdsOrKeys": [issue.rid], "fields": ["summary"]}).json()
    assert (bulk["issues"], [error["id"] for error in bulk["issueErrors"]]) == ([], [issue.rid])


def test_transitions_of_who_may_not_are_an_empty_list(ask, issue) -> None:
    assert ask("GET", f"/rest/api/3/issue/{issue.rid}/transitions", "collaborator").json()["transitions"] == []


@pytest.mark.parametrize(
    ("method", "path", "agent"),
    [
        ("GET", "/rest/api/3/field/search", 403),
        ("POST", "/rest/api/3/field", 403),
        ("GET", "/rest/api/3/screens", 403),
        ("PUT", "/rest/api/3/project/ITH/properties/x", 403),
        ("POST", "/rest/api/3/workflows", 401),  # this API says 401 for both
        ("DELETE", "/rest/api/3/issue/10001", 403),
    ],
)
def test_what_takes_an_administrator(ask, issue, method: str, path: str, agent: int) -> None:
    assert ask(method, path, json={"name": "x"}).status_code == agent
    assert ask(method, path, "admin", json={}).status_code not in (401, 403)


def test_permissions_are_asked_by_name_and_all_must_exist(ask) -> None:
    held = ask("GET", "/rest/api/3/mypermissions", params={"projectKey": "ITH", "permissions": "EDIT_ISSUES,ADMINISTER"}).json()[
        "permissions"
    ]
    assert {name: right["havePermission"] for name, right in held.items()} == {"EDIT_ISSUES": True, "ADMINISTER": False}
    for wrong in ("", "EDIT_ISSUES,NO_SUCH"):
        assert ask("GET", "/rest/api/3/mypermissions", params={"permissions": wrong}).status_code == 400


def test_one_sees_ones_own_requests_only_and_never_the_desks(ask, issue) -> None:
    assert ask("GET", "/rest/servicedeskapi/request").json()["values"] == []


def test_an_issue_without_a_request_type_is_no_request(desk, ask, issue) -> None:
    desk.state.issues[int(issue.rid)].values["customfield_10010"] = None
    answer = ask("GET", f"/rest/servicedeskapi/request/{issue.rid}")
    assert answer.status_code == 404
    assert answer.json()["i18nErrorMessage"]["i18nKey"]


# ------------------------------------------------------------------------------------------------------------------ the rest
def test_the_desks_ids_are_strings(ask, issue) -> None:
    body = {"serviceDeskId": 4, "requestTypeId": "11", "requestFieldValues": {"summary": "x"}}
    assert ask("POST", "/rest/servicedeskapi/request", json=body).status_code == 400
    made = ask("POST", "/rest/servicedeskapi/request", json={**body, "serviceDeskId": "4"})
    assert (made.status_code, made.json()["issueId"]) == (201, "10002")
    for extra in ({"requestFieldValues": {"summary": "x", "assignee": None}}, {"properties": []}):
        assert ask("POST", "/rest/servicedeskapi/request", json={**body, "serviceDeskId": "4", **extra}).status_code == 400


def test_history_runs_the_other_way_when_it_is_expanded(desk, ask, issue) -> None:
    desk.hands().edit(issue, {TITLE: "one"}, AGENT)
    desk.later(minutes=1)
    desk.hands().edit(issue, {FieldId("problem_category"): "hardware"}, AGENT)
    own = [group["id"] for group in ask("GET", f"/rest/api/3/issue/{issue.rid}/changelog").json()["values"]]
    expanded = ask("GET", f"/rest/api/3/issue/{issue.rid}", params={"expand": "changelog"}).json()["changelog"]["histories"]
    assert [group["id"] for group in expanded] == own[::-1]
    (item,) = expanded[0]["items"]
    assert (item["from"], item["fromString"], item["toString"]) == (None, None, "Hardware")


def test_names_are_translated_for_a_chinese_account(desk, ask, issue) -> None:
    desk.state.people("deskweave.agent@example.com").locale = "zh_CN"
    fields = ask("GET", f"/rest/api/3/issue/{issue.rid}").json()["fields"]
    assert (fields["status"]["name"], fields["status"]["id"], fields["priority"]["name"]) == ("等待支持", "10001", "中")
    assert "摘要" in {field["name"] for field in ask("GET", "/rest/api/3/field").json()}
    english = {"X-Force-Accept-Language": "true", "Accept-Language": "en"}
    names = {s["name"] for s in ask("GET", "/rest/api/3/project/ITH/statuses", headers=english).json()[0]["statuses"]}
    assert "等待支持" in names, "whether the wish is honoured is not certain"
    desk.site.platform.english_on_request = True
    names = {s["name"] for s in ask("GET", "/rest/api/3/project/ITH/statuses", headers=english).json()[0]["statuses"]}
    assert "Waiting for support" in names


def test_an_sla_that_has_not_started(ask, issue) -> None:
    for sla in ask("GET", f"/rest/servicedeskapi/request/{issue.rid}/sla").json()["values"]:
        assert sla["completedCycles"] == []
        assert "ongoingCycle" not in sla


def test_a_moved_issue_is_found_by_both_keys(desk, ask, issue) -> None:
    desk.state.move(desk.state.issues[int(issue.rid)], "OPS-9")
    for key in ("ITH-1", "OPS-9"):
        found = ask("GET", f"/rest/api/3/issue/{key}").json()
        assert (found["id"], found["key"]) == (issue.rid, "OPS-9")


def test_paths_and_methods_it_does_not_serve(ask) -> None:
    assert ask("GET", "/rest/api/3/dashboard").status_code == 404
    assert ask("PATCH", "/rest/api/3/field").status_code == 405


# -------------------------------------------------------------------------------------------------------------------- hands
def test_hands_follow_the_workflow_and_leave_its_traces(desk) -> None:
    hands = desk.hands()
    ref = hands.create("request", {TITLE: "by hand", STATUS: "closed"}, CUSTOMER)
    issue = desk.state.issues[int(ref.rid)]
    steps = [(item.old_text, item.new_text) for group in issue.history for item in group.items if item.field == "status"]
    assert steps == [("Waiting for support", "In progress"), ("In progress", "Resolved"), ("Resolved", "Closed")]
    cancelled = hands.create("request", {TITLE: "x", STATUS: "cancelled"}, CUSTOMER)
    with pytest.raises(ValueError, match="no transitions lead"):
        hands.edit(cancelled, {STATUS: "in_progress"}, AGENT)


def test_hands_know_people_and_keep_customers_out_of_notes(desk) -> None:
    hands = desk.hands()
    ref = hands.create("request", {TITLE: "x"}, "Wang Fang")
    assert desk.state.people("Wang Fang").kind == "customer"
    with pytest.raises(ValueError, match="customer"):
        hands.write(ref, Visibility.INTERNAL, "psst", "Wang Fang")
    hands.write(ref, Visibility.INTERNAL, "psst", "new.agent@example.com")
    comment = hands.write(ref, Visibility.PUBLIC, "hello", "Wang Fang")
    hands.remove(comment)
    assert [one.public for one in desk.state.issues[int(ref.rid)].comments] == [False]
    for later in (
        lambda: hands.attach(ref, Visibility.PUBLIC, "a.txt", b"x", AGENT),
        lambda: hands.answer("c", "rated", 1, CUSTOMER),
    ):
        with pytest.raises(NotImplementedError):
            later()


def test_a_log_is_lived_through_at_its_own_times(desk) -> None:
    began = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
    log = [
        (began, "a", {TITLE: "first"}),
        (began + timedelta(minutes=4), "b", {TITLE: "second"}),
        (began + timedelta(minutes=9), "a", {STATUS: "in_progress"}),
    ]
    refs = desk.hands().replay("request", log)
    connection = desk.connect()
    first = desk.state.issues[int(refs[0].rid)]
    assert (first.created, first.history[0].at) == (began, began + timedelta(minutes=9))
    page = connection.records.changes("request", None, None)
    assert [record.ref for record in page.items] == [refs[1], refs[0]]
