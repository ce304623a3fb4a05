"""The emulated instance as any client sees it: plain requests, no code of the connector."""

from __future__ import annotations

import base64
import threading
from datetime import timedelta

import pytest
import requests

ADMIN = ("admin", "emulated-admin-password")


@pytest.fixture
def call(emulator):
    """Send as admin (or `user`) and return status, parsed body and headers."""

    def send(method, path, *, user=ADMIN, headers=None, json=None, **params):
        got = requests.request(
            method,
            f"{emulator.address}{path}",
            params=params,
            json=json,
            auth=user,
            headers={"Accept": "application/json", **(headers or {})},
            timeout=10,
        )
        body = got.json() if "json" in got.headers.get("Content-Type", "") else got.text
        return got.status_code, body, got.headers

    return send


@pytest.fixture
def table(call):
    def of(name, query="", **params):
        status, body, _ = call("GET", f"/api/now/table/{name}", sysparm_query=query, **params)
        assert status == 200, body
        return body["result"]

    return of


@pytest.fixture
def post(call):
    def make(**fields):
        status, body, _ = call("POST", "/api/now/table/incident", json=fields)
        assert status == 201, body
        return body["result"]

    return make


# ----------------------------------------------------------------------------------------------------------------- queries
@pytest.fixture
def four(post, now):
    rows = []
    for title, impact, corr in (("Alpha", "1", "a"), ("beta", "2", ""), ("Gamma ray", "3", "c"), ("delta", "3", "d")):
        rows.append(post(short_description=title, impact=impact, urgency="1", correlation_id=corr))
        now.advance(timedelta(seconds=10))
    return rows


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("short_description=ALPHA", "Alpha"),  # the database compares without case
        ("short_descriptionLIKEta", "beta delta"),
        ("short_descriptionSTARTSWITHgam", "Gamma ray"),
        ("short_descriptionENDSWITHray", "Gamma ray"),
        ("short_description*amm", "Gamma ray"),  # legacy spelling of contains
        ("impactIN1,2", "Alpha beta"),
        ("impactNOT IN1,2", "Gamma ray delta"),
        ("impact!=3", "Alpha beta"),
        ("impact>=2", "Gamma ray beta delta"),
        ("impactBETWEEN1@2", "Alpha beta"),
        ("correlation_idISEMPTY", "beta"),
        ("correlation_idISNOTEMPTY", "Alpha Gamma ray delta"),
        ("correlation_id!=a", "Gamma ray delta"),  # empty columns are left out
        ("impact=3^short_description=delta", "delta"),
        ("impact=3^short_description=delta^ORshort_description=Gamma ray", "Gamma ray delta"),  # OR binds to its neighbour
        ("impact=1^NQimpact=2", "Alpha beta"),
        ("^^impact=1^EQ", "Alpha"),
        ("priority=1^opened_by.user_name=admin", "Alpha"),  # dot-walk
        ("opened_by.user_name=nobody", ""),
        ("state==1", ""),  # a bad value on a good column finds nothing
        ("sys_updated_on>=2026-11-22 08:00:20", "Gamma ray delta"),
        ("sys_updated_on>=javascript:gs.dateGenerate('2026-11-22','08:00:20')", "Gamma ray delta"),
        ("no_such_column=1", "Alpha Gamma ray beta delta"),  # the term is dropped: the whole table
        ("no_such_column=1^impact=1", "Alpha"),
        ("impact>1^ORno_such_column=x", "Gamma ray beta delta"),
    ],
)
def test_encoded_queries(four, table, query, titles):
    wanted = [part.replace("_", " ") for part in titles.replace("Gamma ray", "Gamma_ray").split()]
    assert sorted(row["short_description"] for row in table("incident", query)) == sorted(wanted)


@pytest.mark.parametrize(("mode", "status", "rows"), [("no_rows", 200, 0), ("forbidden", 403, None), ("dropped", 200, 4)])
def test_what_an_unknown_column_does_is_a_switch(four, call, emulator, mode, status, rows):
    emulator.platform.unknown_field = mode
    got, body, _ = call("GET", "/api/now/table/incident", sysparm_query="no_such_column=1")
    assert got == status
    if rows is not None:
        assert len(body["result"]) == rows


def test_order_without_a_unique_key_is_not_stable(post, table):
    for n in range(12):
        post(short_description=str(n))
    seen = {tuple(row["short_description"] for row in table("incident", "ORDERBYsys_updated_on")) for _ in range(5)}
    assert len(seen) > 1
    stable = {tuple(row["sys_id"] for row in table("incident", "ORDERBYsys_updated_on^ORDERBYsys_id")) for _ in range(5)}
    assert len(stable) == 1


def test_the_limit_is_applied_before_row_acls(four, call, emulator):
    emulator.platform.hide("admin", [four[0]["sys_id"], four[1]["sys_id"]])
    status, body, headers = call(
        "GET", "/api/now/table/incident", sysparm_query="ORDERBYsys_updated_on^ORDERBYsys_id", sysparm_limit=3
    )
    assert (status, len(body["result"]), headers["X-Total-Count"]) == (200, 1, "4")


def test_headers_of_a_listing(four, call, now):
    _, _, headers = call("GET", "/api/now/table/incident", sysparm_limit=1, sysparm_offset=1)
    rels = [part.rpartition("rel=")[2].strip('"') for part in headers["Link"].split(",<")]
    assert rels == ["first", "prev", "next", "last"]
    assert headers["X-Is-Logged-In"] == "true"
    assert len(headers["X-Transaction-ID"]) == 12
    assert "JSESSIONID" in headers["Set-Cookie"]
    assert headers["Date"] == "Sun, 22 Nov 2026 08:00:40 GMT"  # its own clock, not the machine's
    _, _, bare = call("GET", "/api/now/table/incident", sysparm_limit=1, sysparm_no_count="true")
    assert "X-Total-Count" not in bare


def test_value_shapes(post, call, emulator):
    caller = emulator.platform.user("wang.fang")["sys_id"]
    row = post(short_description="x", caller_id=caller)
    path = f"/api/now/table/incident/{row['sys_id']}"

    def shape(display, bare, field="caller_id"):
        _, body, _ = call("GET", path, sysparm_display_value=display, sysparm_exclude_reference_link=bare)
        return body["result"][field]

    link = f"{emulator.address}/api/now/table/sys_user/{caller}"
    assert shape("false", "false") == {"link": link, "value": caller}
    assert shape("False", "True") == caller
    assert shape("true", "false") == {"display_value": "王芳", "link": link}
    assert shape("true", "true") == "王芳"
    assert shape("all", "true") == {"display_value": "王芳", "value": caller}
    assert shape("all", "true", "state") == {"display_value": "New", "value": "1"}
    assert shape("all", "true", "close_code") == {"display_value": None, "value": ""}
    assert shape("all", "false", "assigned_to") == {"display_value": "", "value": ""}
    _, body, _ = call("GET", path, sysparm_fields="sys_id,caller_id.email,no_such_column")
    assert body["result"] == {"sys_id": row["sys_id"], "caller_id.email": "wang.fang@acme.example"}


# ------------------------------------------------------------------------------------------------------------------ writes
def test_a_create_is_not_idempotent_and_drops_what_it_does_not_know(call, post):
    one, two = (post(short_description="x", correlation_id="same", u_nothing="y", impact="9", number="INC1") for _ in range(2))
    assert one["sys_id"] != two["sys_id"]
    assert one["number"] != two["number"]
    assert "u_nothing" not in one
    assert one["impact"] == "3"
    chosen = post(sys_id="a" * 32, short_description="x")
    assert chosen["sys_id"] == "a" * 32


def test_priority_follows_from_impact_and_urgency(post, call):
    row = post(impact="1", urgency="2", priority="5")
    assert row["priority"] == "2"


def test_the_life_of_an_incident(post, call, now):
    row = post(short_description="x")
    path = f"/api/now/table/incident/{row['sys_id']}"

    def patch(**fields):
        status, body, _ = call("PATCH", path, json=fields)
        return status, body.get("result", body.get("error"))

    status, error = patch(state="6", close_code="Solved (Permanently)", close_notes="x")
    assert (status, error["message"]) == (403, "Operation Failed")
    assert error["detail"].endswith("mandatory: Resolution code")
    now.advance(timedelta(minutes=1))
    _, resolved = patch(state="6", close_code="Solution provided", close_notes="x")
    assert (resolved["incident_state"], resolved["resolved_at"], resolved["active"]) == ("6", "2026-11-22 08:01:00", "true")
    assert resolved["sys_mod_count"] == "1"
    _, same = patch(close_notes="x")
    assert same["sys_mod_count"] == "1"  # nothing changed, nothing counted
    _, closed = patch(state="7")
    assert (closed["closed_at"], closed["active"]) == ("2026-11-22 08:01:00", "false")
    _, again = patch(state="2")
    assert (again["reopen_count"], again["resolved_at"], again["closed_at"]) == ("1", "", "")
    _, held = patch(state="3", hold_reason="4")
    assert held["hold_reason"] == "4"
    _, back = patch(state="2")
    assert back["hold_reason"] == ""
    _, kept = patch(impact="")  # a choice is not emptied that way
    assert kept["impact"] == "3"


def test_journals_take_and_never_give(post, call, table):
    row = post(short_description="x", comments="hello")
    path = f"/api/now/table/incident/{row['sys_id']}"
    assert row["comments"] == ""
    _, body, _ = call("GET", path, sysparm_display_value="true")
    assert body["result"]["comments"].startswith("2026-11-22 08:00:00 - System Administrator (Additional comments)\nhello")
    (entry,) = table("sys_journal_field", f"element_id={row['sys_id']}")
    assert (entry["element"], entry["value"], entry["sys_created_by"]) == ("comments", "hello", "admin")


def test_deletes_are_listed_for_admins(post, call, table):
    row = post(short_description="x")
    status, _, _ = call("DELETE", f"/api/now/table/incident/{row['sys_id']}")
    assert status == 204
    assert call("GET", f"/api/now/table/incident/{row['sys_id']}")[0] == 404
    assert [one["documentkey"] for one in table("sys_audit_delete")] == [row["sys_id"]]


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "message"),
    [
        ("GET", "/api/now/table/no_such_table", {}, None, 400, "Invalid table no_such_table"),
        ("GET", "/api/now/nothing", {}, None, 400, "Requested URI does not represent any resource"),
        ("GET", "/api/now/table/incident/" + "0" * 32, {}, None, 404, "No Record found"),
        ("GET", "/api/now/v1/table/incident", {}, None, 404, "No Record found"),  # v1: an empty listing is not found
        ("GET", "/api/now/table/incident", {"Accept": "text/csv"}, None, 406, "Invalid media type"),
        ("POST", "/api/now/table/incident", {"Content-Type": "text/plain"}, b"x", 415, "Unsupported media type"),
        ("POST", "/api/now/table/incident", {}, b"x", 400, "Exception while reading request"),  # no content type
        ("POST", "/api/now/table/incident", {"Content-Type": "application/json"}, b"{", 400, "Exception while reading request"),
    ],
)
def test_error_envelopes(emulator, method, path, headers, body, status, message):
    got = requests.request(
        method, emulator.address + path, headers={"Accept": "application/json", **headers}, data=body, auth=ADMIN, timeout=5
    )
    assert got.status_code == status
    assert got.json()["error"]["message"] == message
    assert got.json()["status"] == "failure"


# ------------------------------------------------------------------------------------------------------------- smaller APIs
def test_stats(four, call):
    _, body, _ = call("GET", "/api/now/stats/incident", sysparm_count="true", sysparm_query="impact=3")
    assert body["result"]["stats"]["count"] == "2"
    _, body, _ = call(
        "GET", "/api/now/stats/incident", sysparm_count="true", sysparm_group_by="impact", sysparm_avg_fields="urgency"
    )
    grouped = {one["groupby_fields"][0]["value"]: one["stats"] for one in body["result"]}
    assert grouped["3"] == {"count": "2", "avg": {"urgency": "1.0000"}}


def test_batch_runs_each_by_itself(four, call, emulator):
    body = base64.b64encode(b'{"short_description":"from a batch"}').decode()
    kind = [{"name": "Content-Type", "value": "application/json"}]
    items = [
        {"id": 1, "method": "GET", "url": "/api/now/table/incident?sysparm_limit=1", "headers": []},
        {"id": 2, "method": "POST", "url": "/api/now/table/incident", "headers": kind, "body": body},
        {"id": 3, "method": "GET", "url": "/api/now/table/no_such_table", "headers": [], "exclude_response_headers": True},
    ]
    status, got, _ = call("POST", "/api/now/v1/batch", json={"batch_request_id": "9", "rest_requests": items})
    assert status == 200
    assert [(one["id"], one["status_code"]) for one in got["serviced_requests"]] == [("1", 200), ("2", 201), ("3", 400)]
    assert "headers" not in got["serviced_requests"][2]
    emulator.faults.arm("quota", path="/batch-item", skip=1)
    _, got, _ = call("POST", "/api/now/v1/batch", json={"batch_request_id": "9", "rest_requests": items})
    assert got["unserviced_requests"] == ["2", "3"]


def test_tokens_want_a_form(emulator):
    from deskweave_servicenow.emulator import seed

    form = {"grant_type": "client_credentials", "client_id": seed.CLIENT_ID, "client_secret": seed.CLIENT_SECRET}
    url = f"{emulator.address}/oauth_token.do"
    first, second = (requests.post(url, data=form, timeout=5).json() for _ in range(2))
    assert (first["access_token"], first["expires_in"]) == (second["access_token"], 1800)
    assert requests.post(url, json=form, timeout=5).json() == {"error_description": "access_denied", "error": "server_error"}
    emulator.platform.client_credentials = False
    assert requests.post(url, data=form, timeout=5).status_code == 401


def test_a_cookie_session_with_a_full_queue_drops_requests(emulator):
    """Requests of one session wait for each other; what does not fit is answered 202 and not carried out."""
    emulator.platform.session_queue = 3
    answers = []

    def send():
        headers = {"Accept": "application/json", "Cookie": "JSESSIONID=ABC"}
        body = {"short_description": "x"}
        answers.append(
            requests.post(
                f"{emulator.address}/api/now/table/incident", json=body, headers=headers, auth=ADMIN, timeout=10
            ).status_code
        )

    with emulator.platform.lock:
        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        deadline = threading.Event()
        for _ in range(200):
            if len(answers) >= 5:
                break
            deadline.wait(0.02)
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201] * 3 + [202] * 5
    assert len(emulator.platform.tables["incident"].rows) == 3


def test_a_rate_rule_counts_by_the_hour(emulator, call, now):
    emulator.platform.rate_limit = 2
    assert [call("GET", "/api/now/table/incident")[0] for _ in range(3)] == [200, 200, 429]
    _, body, headers = call("GET", "/api/now/table/incident")
    assert int(headers["Retry-After"]) == 3601
    assert headers["X-RateLimit-Limit"] == "2"
    assert body["error"]["message"] == "Rate limit exceeded"
    now.advance(timedelta(hours=1))
    assert call("GET", "/api/now/table/incident")[0] == 200


# ------------------------------------------------------------------------------------------------------------------- hands
def test_hands_work_under_the_rules_of_the_form(hands, emulator):
    ref = hands.create("incident", {"title": "x", "user": "新同事", "skill_group": "A new group"}, "zhang.min")
    row = emulator.platform.tables["incident"].rows[ref.rid]
    assert emulator.platform.tables["sys_user"].rows[row["caller_id"]]["name"] == "新同事"  # joined the company
    assert row["sys_created_by"] == "zhang.min"
    hands.edit(ref, {"status": "closed", "solution": "done"}, "zhang.min")
    with pytest.raises(ValueError, match="ACL"):
        hands.edit(ref, {"title": "y"}, "zhang.min")
    hands.edit(ref, {"title": "y"}, "admin")
    for later in (lambda: hands.attach(ref, None, "a", b"", "x"), lambda: hands.answer("c", "rated", 1, "x")):
        with pytest.raises(NotImplementedError, match="later"):
            later()


def test_two_people_never_share_a_user_name(hands, emulator):
    hands.create("incident", {"title": "x"}, "new.one@acme.example")
    hands.create("incident", {"title": "y"}, "new.one@desk.acme.example")
    names = [row["user_name"] for row in emulator.platform.tables["sys_user"].rows.values()]
    assert len(names) == len(set(names))
    assert {"new.one", "new.one@desk.acme.example"} <= set(names)


def test_the_same_seed_is_the_same_instance(emulator, now):
    from deskweave_servicenow import ServiceNow

    twin = ServiceNow().emulator.start(port=0, seed=7, now=now)
    other = ServiceNow().emulator.start(port=0, seed=8, now=now)
    try:
        mine, same, not_same = (one.platform.user("admin")["sys_id"] for one in (emulator, twin, other))
        assert mine == same != not_same
    finally:
        twin.stop()
        other.stop()
