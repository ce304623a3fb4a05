"""The emulator is not kinder than Feishu: what its own tests of the connector would otherwise rest on."""

from __future__ import annotations

import threading
import uuid

import pytest
import requests

from deskweave_feishu.auth import helpdesk_header
from deskweave_feishu.config import HelpdeskSettings


@pytest.fixture
def call(ready):
    """Raw calls of one app, without our connector."""
    session = requests.Session()
    app = ready.apps["admin"]
    answer = session.post(
        f"{ready.address}/open-apis/auth/v3/tenant_access_token/internal", json={"app_id": app.app_id, "app_secret": app.secret}
    ).json()
    helpdesk = ready.platform.helpdesk
    headers = {
        "Authorization": f"Bearer {answer['tenant_access_token']}",
        **helpdesk_header(HelpdeskSettings(id=helpdesk.helpdesk_id, token=helpdesk.token)),
    }
    table = ready.platform.base.table_named("服务台账")
    root = f"{ready.address}/open-apis/bitable/v1/apps/{ready.platform.base.app_token}/tables/{table.table_id}"

    def send(method, path, body=None, **query):
        url = path if path.startswith("http") else root + path if not path.startswith("/open-apis") else ready.address + path
        reply = session.request(method, url, json=body, params=query, headers=headers)
        return reply.status_code, reply.json(), reply.headers

    yield send
    session.close()


def test_three_shapes_of_one_cell(call):
    _, made, headers = call(
        "POST", "/records", {"fields": {"标题": "见 https://x.example/ 好", "问题是否重复": False, "工时": None}}
    )
    assert made["data"]["record"]["fields"] == {"标题": "见 https://x.example/ 好", "问题是否重复": False}  # the echo
    assert headers["X-Tt-Logid"]
    _, found, _ = call("POST", "/records/search", {"field_names": ["标题", "问题是否重复", "工时"]})
    (item,) = found["data"]["items"]
    assert [part["type"] for part in item["fields"]["标题"]] == ["text", "url", "text"]
    assert set(item) == {"record_id", "fields"}  # no times unless asked for
    assert set(item["fields"]) == {"标题"}  # neither the empty nor the unticked


def test_an_unknown_option_becomes_one_without_a_word(call, ready):
    status, body, _ = call("POST", "/records", {"fields": {"优先级": "P9"}})
    assert (status, body["code"]) == (200, 0)
    assert "P9" in [option["name"] for option in ready.platform.base.table_named("服务台账").named("优先级").options]


def test_a_batch_is_all_or_nothing(call, ready):
    rows = [{"fields": {"标题": "gut"}}, {"fields": {"没有": "x"}}]
    status, body, _ = call("POST", "/records/batch_create", {"records": rows})
    assert (status, body["code"]) == (200, 1254045)
    assert not ready.platform.base.table_named("服务台账").rows


def test_a_type_mismatch_is_400(call):
    status, body, _ = call("POST", "/records", {"fields": {"工时": "five"}})
    assert (status, body["code"]) == (400, 1254015)


def test_keys(call, ready):
    token = str(uuid.uuid4())
    first = call("POST", "/records", {"fields": {"标题": "a"}}, client_token=token)[1]
    assert call("POST", "/records", {"fields": {"标题": "a"}}, client_token=token)[:2][0] == 403
    assert call("POST", "/records", {"fields": {"标题": "a"}}, client_token=token)[1]["code"] == 1254608
    assert call("POST", "/records", {"fields": {"标题": "b"}}, client_token=token)[1]["code"] == 1255006
    assert call("POST", "/records", {"fields": {"标题": "b"}}, client_token="not-a-uuid")[1]["code"] == 1254037
    assert call("POST", "/records", {"fields": {"标题": "b"}}, client_token=str(uuid.uuid1()))[1]["code"] == 1254037
    ready.platform.token_repeats = "same"
    assert call("POST", "/records", {"fields": {"标题": "a"}}, client_token=token)[1]["data"] == first["data"]
    assert len(ready.platform.base.table_named("服务台账").rows) == 1


def test_two_writes_at_once_conflict(call, ready):
    """The base takes one write at a time: one that arrives while another is under way is refused."""
    codes = []
    with ready.platform.lock:  # the first one is held up inside
        first = threading.Thread(target=lambda: codes.append(call("POST", "/records", {"fields": {"标题": "1"}})[1]["code"]))
        first.start()
        while not ready.platform._writing:
            pass
        assert call("POST", "/records", {"fields": {"标题": "2"}})[1]["code"] == 1254291
    first.join()
    assert codes == [0]


def test_a_full_replace_forgets_what_is_left_out(call, ready):
    column = ready.platform.base.table_named("服务台账").named("优先级")
    call("POST", "/records", {"fields": {"优先级": "P1 紧急"}})
    body = {"field_name": "优先级", "type": 3, "property": {"options": [{"name": "P1 紧急"}]}}
    call("PUT", f"/fields/{column.field_id}", body)
    _, found, _ = call("POST", "/records/search", {"field_names": ["优先级"]})
    assert found["data"]["items"][0]["fields"] == {}  # the option without its id was a new one


SEARCHES = [
    # body, HTTP, code
    ({"field_names": ["没有"]}, 200, 1254045),
    ({"filter": {"conjunction": "and", "conditions": [{"field_name": "标题", "operator": "like", "value": ["x"]}]}}, 200, 1254018),
    ({"filter": {"conjunction": "and", "conditions": [{"field_name": "标题", "operator": "is", "value": "x"}]}}, 200, 1254018),
    (
        {"filter": {"conjunction": "and", "conditions": [{"field_name": "标题", "operator": "isEmpty", "value": ["x"]}]}},
        200,
        1254018,
    ),
    (
        {
            "filter": {
                "conjunction": "and",
                "conditions": [{"field_name": "期限", "operator": "isGreaterEqual", "value": ["ExactDate", "1"]}],
            }
        },
        200,
        1254018,
    ),
    ([], 200, 1254001),
]


@pytest.mark.parametrize(("body", "status", "code"), SEARCHES)
def test_searches_that_are_refused(call, body, status, code):
    call("POST", "/records", {"fields": {"标题": "a"}})
    found = call("POST", "/records/search", body)
    assert (found[0], found[1]["code"]) == (status, code)


def test_a_date_filter_knows_only_days(call):
    noon = 1794801600000  # 2026-11-16 12:00 in Shanghai
    for offset in (-3_600_000, 0, 3_600_000, 86_400_000):
        call("POST", "/records", {"fields": {"用户登记时间": noon + offset}})
    rule = {"field_name": "用户登记时间", "operator": "isGreater", "value": ["ExactDate", str(noon)]}
    _, found, _ = call("POST", "/records/search", {"filter": {"conjunction": "and", "conditions": [rule]}})
    assert found["data"]["total"] == 1  # not the one an hour later: the time of the date is cut off


GATE = [
    # path, headers, HTTP, code
    ("/open-apis/helpdesk/v1/tickets", {"Authorization": None}, 400, 99991661),
    ("/open-apis/helpdesk/v1/tickets", {"Authorization": "Bearer x"}, 400, 99991671),
    ("/open-apis/helpdesk/v1/tickets", {"Authorization": "Bearer t-old"}, 400, 99991663),
    ("/open-apis/helpdesk/v1/tickets", {"X-Lark-Helpdesk-Authorization": None}, 401, 154001),
    ("/open-apis/helpdesk/v1/tickets?update_time_start=1", {}, 400, 154000),
    ("/open-apis/helpdesk/v1/tickets?page_size=201", {}, 400, 154000),
    ("/open-apis/helpdesk/v1/tickets/1", {}, 404, 154004),
]


@pytest.mark.parametrize(("path", "changes", "status", "code"), GATE)
def test_the_gate(ready, path, changes, status, code):
    app, helpdesk = ready.apps["agent"], ready.platform.helpdesk
    with requests.Session() as session:
        auth = f"{ready.address}/open-apis/auth/v3/tenant_access_token/internal"
        token = session.post(auth, json={"app_id": app.app_id, "app_secret": app.secret}).json()["tenant_access_token"]
        headers = {
            "Authorization": f"Bearer {token}",
            **helpdesk_header(HelpdeskSettings(id=helpdesk.helpdesk_id, token=helpdesk.token)),
            **changes,
        }
        reply = session.get(ready.address + path, headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (status, code)


def test_a_ticket_is_not_changed_with_an_apps_token(call, ready):
    ticket = ready.platform.service.open(ready.platform.person("张伟"))
    status, body, _ = call("PUT", f"/open-apis/helpdesk/v1/tickets/{ticket.ticket_id}", {"status": 51})
    assert (status, body["code"]) == (400, 99991663)
    assert ticket.status == 1


def test_start_service_tells_an_id_only_for_a_person(call, ready):
    open_id = ready.platform.person("张伟").open_id
    _, robot, _ = call("POST", "/open-apis/helpdesk/v1/start_service", {"open_id": open_id})
    assert set(robot["data"]) == {"chat_id"}
    _, human, _ = call("POST", "/open-apis/helpdesk/v1/start_service", {"open_id": open_id, "human_service": True})
    assert human["data"]["ticket_id"] in ready.platform.helpdesk.tickets
    assert len(ready.platform.helpdesk.tickets) == 2  # no key: repeating makes another


def test_ticket_messages_are_the_bots(call, ready):
    ticket = ready.platform.service.open(ready.platform.person("张伟"))
    for content in ('{"text": "a"}', {"text": "a"}):
        call("POST", f"/open-apis/helpdesk/v1/tickets/{ticket.ticket_id}/messages", {"msg_type": "text", "content": content})
    assert [(said.by, said.text) for said in ticket.said] == [(None, "a"), (None, "a")]
    ticket.status = 51
    status, body, _ = call(
        "POST", f"/open-apis/helpdesk/v1/tickets/{ticket.ticket_id}/messages", {"msg_type": "text", "content": "{}"}
    )
    assert (status, body["code"]) == (401, 154401)


def test_ticket_fields_come_with_a_page_token_of_their_own(call):
    _, page, _ = call("GET", "/open-apis/helpdesk/v1/ticket_customized_fields", page_size=1)
    assert (page["data"]["has_more"], len(page["data"]["items"])) == (False, 1)
    assert page["data"]["next_page_token"]  # although there is no next page


def test_a_listing_has_no_order(call, ready):
    guest = ready.platform.person("张伟")
    for _ in range(30):
        ready.platform.service.open(guest)
    orders = {
        tuple(one["ticket_id"] for one in call("GET", "/open-apis/helpdesk/v1/tickets", page_size=30)[1]["data"]["tickets"])
        for _ in range(3)
    }
    assert len(orders) > 1


def test_singles_and_listings_of_the_base(call, ready):
    _, made, _ = call("POST", "/records", {"fields": {"标题": "a"}})
    record_id = made["data"]["record"]["record_id"]
    assert call("GET", f"/records/{record_id}", automatic_fields="true")[1]["data"]["record"]["last_modified_time"]
    call("PUT", f"/records/{record_id}", {"fields": {"标题": None, "用户": "张伟"}})
    assert set(call("GET", f"/records/{record_id}")[1]["data"]["record"]["fields"]) == {"编号", "用户", "用户登记时间"}
    assert call("DELETE", f"/records/{record_id}")[1]["data"] == {"deleted": True, "record_id": record_id}
    assert call("GET", f"/records/{record_id}")[1]["code"] == 1254043
    base = f"/open-apis/bitable/v1/apps/{ready.platform.base.app_token}"
    page = call("GET", f"{base}/tables", page_size=2)[1]["data"]
    assert (len(page["items"]), page["has_more"]) == (2, True)
    rest = call("GET", f"{base}/tables", page_size=2, page_token=page["page_token"])[1]["data"]
    assert (rest["has_more"], bool(rest["page_token"])) == (False, True)
    assert call("POST", f"{base}/tables", {"table": {"name": "服务台账"}})[1]["code"] == 1254013
