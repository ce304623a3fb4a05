"""Writing: create both ways, patch, the walk through the workflow, what was applied and what was dropped."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deskweave.connector import Ref, View
from deskweave.errors import Executed, Missing, RateLimited, Rejected, Scope, Stale, TransientError
from deskweave.model import FieldId

TITLE, STATUS = FieldId("title"), FieldId("status")
CUSTOMER, AGENT = "zhang.min@example.com", "li.wei@example.com"


def told(connection, desk, ref):
    (record,) = connection.records.fetch([ref])
    return connection.mapper(desk.binding()).read(record).values


# ------------------------------------------------------------------------------------------------------------------ create
@pytest.mark.parametrize("way", ["issue", "request"])
def test_a_create_says_what_the_document_says(desk, way: str) -> None:
    connection = desk.connect(create_by=way)
    document = {
        "title": "VPN is down",
        "symptom": "It **fails**\n\n- at home\n- on the road",
        "priority": "p1",
        "tags": ("first_line",),
        "problem_category": "hardware",
        "is_repeat": False,
        "occurred_at": desk.now() - timedelta(hours=1),
        "contact_duration": 90,
        "solution": "none yet",
    }
    outcome = desk.create(connection, "c-1", **document)
    assert (outcome.executed, outcome.error) == (Executed.YES, None)
    assert outcome.record is not None
    assert outcome.record.corr == "c-1"
    values = connection.mapper(desk.binding()).read(outcome.record).values
    if way == "request":  # the form has no custom fields: they are left to the first patch, which the engine then sees to
        assert values["problem_category"] is None
        desk.patch(connection, outcome.ref, **document)
        values = told(connection, desk, outcome.ref)
    assert {name: values[name] for name in document} == document
    issue = desk.state.issues[int(outcome.ref.rid)]
    assert issue.values["customfield_10010"] == "11"


def test_our_id_rides_in_the_creating_call(desk) -> None:
    connection = desk.connect()
    before = desk.site.platform.traffic.writes
    desk.create(connection)
    assert desk.site.platform.traffic.writes == before + 1


def test_an_answer_lost_on_create_is_found_again(desk) -> None:
    connection = desk.connect()
    began = desk.now()
    _ = connection.capabilities
    desk.site.faults.arm("lost_answer", method="POST", path="/rest/api/3/issue", writes=True)
    outcome = desk.create(connection, "c-lost")
    assert (outcome.executed, outcome.ref) == (Executed.MAYBE, None)
    assert isinstance(outcome.error, TransientError)
    (record,) = connection.records.find("request", "c-lost", began)
    assert record.label == "ITH-1"


def test_a_request_that_never_arrived_is_not_found(desk) -> None:
    connection = desk.connect()
    began = desk.now()
    _ = connection.capabilities
    desk.site.faults.arm("lost_request", method="POST", path="/rest/api/3/issue", writes=True)
    assert desk.create(connection, "c-lost").executed is Executed.MAYBE
    assert connection.records.find("request", "c-lost", began) == []


@pytest.mark.parametrize("way", ["issue", "request"])
def test_the_requester_is_named_where_the_account_is_known(desk, way: str) -> None:
    from dataclasses import replace

    connection = desk.connect(create_by=way)
    customer = desk.state.people(CUSTOMER)
    (outcome,) = connection.sink.create([replace(desk.draft(connection, "c-1"), on_behalf_of=customer.id)])
    assert outcome.record is not None
    assert outcome.record.fields["reporter"] == "Zhang Min"


def test_the_binding_names_the_request_type(desk) -> None:
    from dataclasses import replace

    connection = desk.connect()
    draft = desk.draft(connection, "c-1")
    (outcome,) = connection.sink.create([replace(draft, fields={**draft.fields, "requesttype": "Report a system problem"})])
    assert outcome.record is not None
    assert outcome.record.fields["issuetype"] == "[System] Incident"
    (wrong,) = connection.sink.create([replace(draft, fields={**draft.fields, "requesttype": "Order lunch"})])
    assert wrong.executed is Executed.NO
    assert isinstance(wrong.error, Rejected)
    assert "Get IT help" in str(wrong.error), "it says what there is"


def test_content_jira_refuses_is_rejected_by_name(desk) -> None:
    from dataclasses import replace

    connection = desk.connect()
    draft = desk.draft(connection, "c-1")
    (outcome,) = connection.sink.create([replace(draft, fields={**draft.fields, "summary": "x" * 300})])
    assert outcome.executed is Executed.NO
    assert isinstance(outcome.error, Rejected)
    assert outcome.error.fields == {"summary"}


def test_a_field_that_is_not_there_yet_is_left_out(bench) -> None:
    """Before `apply` has run nothing of ours exists; requests are still carried with what Jira has."""
    connection = bench.connect()
    outcome = bench.create(connection, "c-1", problem_category="hardware")
    assert (outcome.executed, outcome.error) == (Executed.YES, None)
    outcome = bench.patch(connection, outcome.ref, title="other", problem_category="hardware")
    assert (outcome.applied, outcome.dropped) == ({TITLE}, {FieldId("problem_category")})


# ------------------------------------------------------------------------------------------------------------------- patch
def test_a_patch_reads_back_what_it_wrote(desk) -> None:
    connection = desk.connect()
    ref = desk.create(connection).ref
    outcome = desk.patch(connection, ref, title="renamed", problem_category="software", symptom=None, tags=("second_line",))
    assert outcome.applied == {TITLE, FieldId("problem_category"), FieldId("tags")}
    assert outcome.dropped == frozenset()
    assert outcome.record is not None
    assert outcome.record.fields["summary"] == "renamed"
    cleared = desk.patch(connection, ref, problem_category=None, tags=())
    assert cleared.error is None
    assert told(connection, desk, ref)["problem_category"] is None


def test_what_an_automation_puts_back_is_dropped(desk) -> None:
    connection = desk.connect()
    ref = desk.create(connection).ref
    field = connection.site.field_named("Problem category")
    desk.site.faults.arm("dropped_field", field=field.id)
    outcome = desk.patch(connection, ref, title="renamed", problem_category="software")
    assert (outcome.applied, outcome.dropped) == ({TITLE}, {FieldId("problem_category")})


@pytest.mark.parametrize(
    ("words", "assigned"),
    [
        ("Emma Larsen", "Emma Larsen"),
        ("emma.larsen@example.com", "Emma Larsen"),
        ("Emma", None),  # a part of a name is a guess
        ("Zhang Min", None),  # a customer cannot be assigned
        ("Doctor No", None),
        ("Jonas Wolf", None),  # two people of that name
    ],
)
def test_an_assignee_is_set_where_one_person_is_surely_meant(desk, words: str, assigned: str | None) -> None:
    from deskweave_jira_sm.emulator.state import Account

    desk.state.accounts["twin"] = Account(id="twin", email="other@example.com", name="Jonas Wolf", agent=True)
    connection = desk.connect()
    ref = desk.create(connection).ref
    outcome = desk.patch(connection, ref, agent_name=words, title="x")
    name = FieldId("agent_name")
    assert (outcome.applied, outcome.dropped) == (({TITLE, name}, set()) if assigned else ({TITLE}, {name}))
    assert outcome.record is not None
    assert outcome.record.fields["assignee"] == assigned
    if assigned:
        assert desk.patch(connection, ref, agent_name=None).applied == {name}
        assert desk.state.issues[int(ref.rid)].values["assignee"] is None


def test_a_reporter_is_never_written_from_a_name(desk) -> None:
    connection = desk.connect()
    ref = desk.create(connection).ref
    outcome = desk.patch(connection, ref, user="Emma Larsen", title="x")
    assert (outcome.applied, outcome.dropped) == ({TITLE}, {FieldId("user")})


def test_a_cross_reference_is_one_line_within_the_limit(desk) -> None:
    from dataclasses import replace

    from deskweave.connector import Patch

    connection = desk.connect()
    ref = desk.create(connection).ref
    short = "INC0010042 https://acme.service-now.com/x | FS-7 https://acme.feishu.cn/y"
    patch = Patch(ref=ref, key="k", set={"Counterparts": short})
    (outcome,) = connection.sink.patch([patch])
    assert outcome.record is not None
    assert outcome.record.fields["Counterparts"] == short
    long = " | ".join(f"INC{number:07d} https://acme.service-now.com/{number}" for number in range(20))
    (outcome,) = connection.sink.patch([replace(patch, set={"Counterparts": long})])
    assert outcome.record is not None
    held = str(outcome.record.fields["Counterparts"])
    assert len(held) <= 255
    assert long.startswith(held)
    assert not held.endswith("|")


# ------------------------------------------------------------------------------------------------------------------ the walk
@pytest.mark.parametrize("account", ["agent", "admin"])
@pytest.mark.parametrize(
    ("start", "end", "hops"),
    [
        ("awaiting_acceptance", "in_progress", 1),
        ("awaiting_acceptance", "waiting_on_user", 2),
        ("awaiting_acceptance", "resolved", 2),  # needs a resolution on the last screen
        ("awaiting_acceptance", "closed", 3),  # the practice would close from in progress, Jira only from resolved
        ("waiting_on_user", "resolved", 2),
        ("waiting_on_user", "waiting_on_third_party", 2),
        ("resolved", "waiting_on_user", 2),
        ("closed", "in_progress", 2),  # by way of waiting for support
        ("awaiting_acceptance", "cancelled", 1),
    ],
)
def test_the_way_to_a_status(desk, account: str, start: str, end: str, hops: int) -> None:
    ref = desk.hands().create("request", {TITLE: "walk", STATUS: start}, CUSTOMER)
    connection = desk.connect(account)
    already = len(desk.state.issues[int(ref.rid)].history)
    outcome = desk.patch(connection, ref, status=end)
    assert (outcome.error, outcome.applied) == (None, {STATUS})
    assert told(connection, desk, ref)["status"] == end
    assert len(desk.state.issues[int(ref.rid)].history) == already + hops
    finished = desk.state.statuses[desk.state.issues[int(ref.rid)].status].category == "done"
    assert (desk.state.issues[int(ref.rid)].values.get("resolution") is not None) is finished


def test_the_way_is_learned_from_other_requests_where_nothing_else_tells(desk) -> None:
    """No workflow for an agent, no statuses in the practice: requests in each status show what leads on from there."""
    from dataclasses import replace

    hands = desk.hands()
    for status in ("in_progress", "resolved", "waiting_on_user"):
        hands.create("request", {TITLE: status, STATUS: status}, CUSTOMER)
    ref = hands.create("request", {TITLE: "walk"}, CUSTOMER)
    desk.later(minutes=5)
    connection = desk.connect()
    mapper = connection.mapper(replace(desk.binding(), statuses=None))
    (record,) = connection.records.fetch([ref])
    from deskweave.connector import View

    (outcome,) = connection.sink.patch([mapper.patch(View({STATUS: "closed"}), record, key="k")])
    assert outcome.error is None
    assert desk.state.issues[int(ref.rid)].status == "6"


def test_fields_that_took_effect_before_the_walk_broke_off_are_applied(desk) -> None:
    connection = desk.connect()
    ref = desk.create(connection).ref
    _ = connection.capabilities
    desk.site.faults.arm("unavailable", path="/transitions", method="POST", skip=1)
    outcome = desk.patch(connection, ref, title="renamed", status="closed")
    assert outcome.applied == {TITLE}
    assert outcome.executed is Executed.MAYBE, "the second step may have been taken"
    assert desk.state.issues[int(ref.rid)].status == "3", "it stands half-way, and the next patch goes on from there"
    assert desk.patch(connection, ref, status="closed").applied == {STATUS}


def test_a_finished_request_is_reopened_before_its_fields_are_edited(desk) -> None:
    ref = desk.hands().create("request", {TITLE: "done", STATUS: "closed"}, CUSTOMER)
    connection = desk.connect()
    desk.site.platform.traffic.clear()
    outcome = desk.patch(connection, ref, title="not done", status="in_progress")
    assert outcome.applied == {TITLE, STATUS}
    writes = [exchange.method for exchange in desk.site.platform.traffic if exchange.writes]
    assert writes == ["POST", "POST", "PUT"]


def test_no_way_says_where_one_can_go(desk) -> None:
    ref = desk.hands().create("request", {TITLE: "over", STATUS: "cancelled"}, CUSTOMER)
    outcome = desk.patch(desk.connect(), ref, status="in_progress")
    assert (outcome.executed, outcome.applied) == (Executed.NO, frozenset())
    assert isinstance(outcome.error, Rejected)
    assert "'Canceled'" in str(outcome.error)


def test_a_screen_that_asks_for_more_names_the_field(desk) -> None:
    from dataclasses import replace

    ref = desk.hands().create("request", {TITLE: "bare", STATUS: "in_progress"}, CUSTOMER)
    connection = desk.connect()
    bound = desk.binding()
    bare = {slug: replace(status, sets={}) for slug, status in bound.collections["request"].statuses.items()}
    mapper = connection.mapper(replace(bound, collections={"request": replace(bound.collections["request"], statuses=bare)}))
    from deskweave.connector import View

    (record,) = connection.records.fetch([ref])
    (outcome,) = connection.sink.patch([mapper.patch(View({STATUS: "resolved"}), record, key="k")])
    assert outcome.executed is Executed.NO
    assert isinstance(outcome.error, Rejected)
    assert outcome.error.fields == {"resolution"}
    assert "sets:" in str(outcome.error)


# ------------------------------------------------------------------------------------------------------------------- faults
@pytest.mark.parametrize(
    ("reason", "scope"),
    [
        ("jira-burst-based", Scope.RATE_CLASS),
        ("jira-per-issue-on-write", Scope.RECORD),
        ("jira-quota-global-based", Scope.CONNECTION),
        ("jira-quota-tenant-based", Scope.CONNECTION),
        ("something new", Scope.CONNECTION),
    ],
)
def test_each_rate_limit_stops_what_it_covers(desk, reason: str, scope: Scope) -> None:
    connection = desk.connect()
    ref = desk.create(connection).ref
    desk.site.faults.arm("rate_limited", reason=reason, retry_after=7, method="PUT")
    outcome = desk.patch(connection, ref, title="renamed")
    error = outcome.error
    assert isinstance(error, RateLimited)
    assert (error.scope, error.retry_at) == (scope, desk.now() + timedelta(seconds=7))
    assert outcome.executed is Executed.NO
    if scope is Scope.RATE_CLASS:  # the endpoint is left alone until then, others go on
        again = desk.patch(connection, ref, title="renamed")
        assert isinstance(again.error, RateLimited)
        assert not [one for one in desk.site.platform.traffic if one.method == "PUT" and one.status == 204]
        desk.later(seconds=8)
        assert desk.patch(connection, ref, title="renamed").applied == {TITLE}


def test_our_own_budget_keeps_below_the_issues_limit(desk) -> None:
    """The site allows 20 writes in two seconds; the budget says no before the site has to."""
    connection = desk.connect()
    ref = desk.create(connection).ref
    errors = [desk.patch(connection, ref, title=f"edit {number}").error for number in range(22)]
    assert [error for error in errors if error is None] == [None] * 20
    limited = errors[20]
    assert isinstance(limited, RateLimited)
    assert limited.scope is Scope.RECORD
    assert not [exchange for exchange in desk.site.platform.traffic if exchange.status == 429]


@pytest.mark.parametrize(
    ("fault", "how", "kind", "executed"),
    [
        ("conflict", {}, Stale, Executed.NO),
        ("unavailable", {"method": "PUT", "status": 502}, TransientError, Executed.MAYBE),
        ("lost_answer", {"method": "PUT"}, TransientError, Executed.MAYBE),
        ("lost_request", {"method": "PUT"}, TransientError, Executed.MAYBE),
        ("not_json", {"method": "PUT"}, TransientError, Executed.MAYBE),
    ],
)
def test_trouble_on_a_write(desk, fault: str, how: dict, kind: type, executed: Executed) -> None:
    connection = desk.connect()
    ref = desk.create(connection).ref
    desk.site.faults.arm(fault, **how)
    outcome = desk.patch(connection, ref, title="renamed")
    assert isinstance(outcome.error, kind)
    assert outcome.executed is executed
    assert outcome.applied == frozenset()
    assert "renamed" not in str(outcome.error)


def test_a_read_is_asked_again_at_once_and_a_write_is_not(desk) -> None:
    connection = desk.connect()
    ref = desk.create(connection).ref
    desk.site.faults.arm("lost_answer", path="/bulkfetch")
    assert len(connection.records.fetch([ref])) == 1
    desk.site.platform.traffic.clear()
    desk.site.faults.arm("lost_answer", method="PUT")
    desk.patch(connection, ref, title="renamed")
    assert sum(exchange.method == "PUT" for exchange in desk.site.platform.traffic) == 1


def test_delete_takes_the_right(desk) -> None:
    agent, admin = desk.connect("agent"), desk.connect("admin")
    ref = desk.create(agent).ref
    assert agent.capabilities.collections["request"].deletes is False
    assert admin.capabilities.collections["request"].deletes is True
    (outcome,) = agent.sink.delete([ref])
    assert (outcome.executed, type(outcome.error)) == (Executed.NO, Rejected)
    (outcome,) = admin.sink.delete([ref])
    assert (outcome.executed, outcome.error) == (Executed.YES, None)
    (outcome,) = admin.sink.delete([Ref("request", ref.rid)])
    assert isinstance(outcome.error, Missing)


def test_people_are_read_and_written_by_account_where_one_name_is_two_people(desk) -> None:
    from dataclasses import replace

    from deskweave_jira_sm.emulator.state import Account

    desk.state.accounts["twin"] = Account(id="twin", email="other@example.com", name="Jonas Wolf", agent=True)
    connection = desk.connect()
    mapper = connection.mapper(desk.binding())
    agent_name, user = FieldId("agent_name"), FieldId("user")
    assert set(mapper.takes_accounts("request")) == {agent_name, user}
    customer = desk.state.people(CUSTOMER)
    draft = desk.draft(connection, "c-1")
    spelled = mapper.spell("request", {user: (customer.id, "Zhang Min")})
    (outcome,) = connection.sink.create([replace(draft, fields={**draft.fields, **spelled})])
    assert outcome.record is not None
    assert (outcome.record.fields["reporter"], mapper.read(outcome.record).accounts) == ("Zhang Min", {user: customer.id})
    spelled = mapper.spell("request", {agent_name: ("twin", "Jonas Wolf")})
    patch = mapper.patch(View({agent_name: "Jonas Wolf"}), outcome.record, key="k")
    (outcome,) = connection.sink.patch([replace(patch, set={**patch.set, **spelled})])
    assert (outcome.applied, outcome.dropped) == ({agent_name}, set())
    assert outcome.record is not None
    assert mapper.read(outcome.record).accounts[agent_name] == "twin"
    spelled = mapper.spell("request", {agent_name: (customer.id, "Zhang Min")})
    (outcome,) = connection.sink.patch([replace(patch, set={**patch.set, **spelled})])
    assert outcome.executed is Executed.NO, "a customer cannot be assigned, however surely known"
