"""Records over real HTTP: keyset listing, strong and weak reads, creates, patches and what the platform did not keep."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deskweave.connector import Absent, Draft, Patch, Ref, View
from deskweave.errors import (
    ConfigurationError,
    CredentialError,
    Executed,
    PermissionMissing,
    RateLimited,
    Rejected,
    SafetyStop,
    Scope,
    TransientError,
)
from deskweave.model import FieldId

CORR = "01JD0000000000000000000000:01JD0000000000000000000001"


def draft(**fields):
    return Draft(collection="incident", corr=CORR, key="k", fields={"correlation_id": CORR, **fields})


# --------------------------------------------------------------------------------------------------------------- listing
def test_lists_everything_page_by_page_and_ends_with_an_empty_page(open_connection, hands, now, everything, emulator):
    connection = open_connection(page_size=4)
    refs = [hands.create("incident", {"title": f"No {n}"}, "wang.fang") for n in range(10)]  # all in one second
    items, pages = everything(lambda resume: connection.records.changes("incident", None, resume))
    assert [record.ref for record in items] == sorted(refs, key=lambda ref: ref.rid)
    assert [len(page.items) for page in pages] == [4, 4, 2, 0]
    assert [page.expected for page in pages] == [10, 10, 10, 10]


def test_since_is_inclusive_of_its_whole_second(agent, hands, now, everything):
    hands.create("incident", {"title": "old"}, "li.wei")
    edge = now.advance(timedelta(seconds=90))
    hands.create("incident", {"title": "on the edge"}, "li.wei")
    now.advance(timedelta(seconds=1))
    items, _ = everything(lambda resume: agent.records.changes("incident", edge + timedelta(milliseconds=900), resume))
    assert [record.fields["short_description"] for record in items] == ["on the edge"]


def test_covers_until_stays_behind_the_servers_clock_by_a_transactions_length(agent, hands, now, everything):
    hands.create("incident", {"title": "a"}, "li.wei")
    now.advance(timedelta(hours=1))
    _, pages = everything(lambda resume: agent.records.changes("incident", None, resume))
    assert pages[0].covers_until == now() - timedelta(hours=1)  # more of that second may follow
    assert pages[-1].covers_until == now() - timedelta(seconds=60)


def test_a_commit_that_appears_late_is_not_passed_by_the_watermark(agent, hands, now, emulator, everything):
    emulator.faults.arm("late_commit", seconds=30)
    stamped = now()
    outcome = agent.sink.create([draft(short_description="slow")])[0]
    assert outcome.executed is Executed.YES
    now.advance(timedelta(seconds=20))
    items, pages = everything(lambda resume: agent.records.changes("incident", None, resume))
    assert items == []
    assert pages[-1].covers_until <= stamped
    now.advance(timedelta(seconds=20))
    items, _ = everything(lambda resume: agent.records.changes("incident", pages[-1].covers_until, resume))
    assert [record.ref for record in items] == [outcome.ref]


def test_a_page_of_rows_hidden_by_acl_does_not_end_the_listing(open_connection, hands, emulator, everything):
    connection = open_connection(page_size=3)
    refs = sorted((hands.create("incident", {"title": str(n)}, "li.wei") for n in range(9)), key=lambda ref: ref.rid)
    emulator.platform.hide("deskweave.agent", [ref.rid for ref in refs[3:7]])  # the whole second page and one more
    items, pages = everything(lambda resume: connection.records.changes("incident", None, resume))
    assert [record.ref for record in items] == [*refs[:3], *refs[7:]]
    assert pages[0].expected == 9  # the host sees that four are missing


def test_rows_without_any_readable_field_are_skipped(agent, hands, emulator, everything):
    hands.create("incident", {"title": "x"}, "li.wei")
    emulator.faults.arm("empty_rows", times=None)
    items, pages = everything(lambda resume: agent.records.changes("incident", None, resume))
    assert items == []
    assert pages[-1].covers_until is None  # nothing is claimed to be covered


def test_a_keyset_that_is_not_honoured_stops_instead_of_looping(open_connection, hands, emulator):
    connection = open_connection(page_size=2)
    for n in range(4):
        hands.create("incident", {"title": str(n)}, "li.wei")
    first = connection.records.changes("incident", None, None)
    emulator.faults.arm("page_twice")
    with pytest.raises(ConfigurationError, match="not honoured"):
        connection.records.changes("incident", None, first.resume)


def test_a_quota_error_halves_the_page(open_connection, hands, emulator):
    connection = open_connection(page_size=200)
    hands.create("incident", {"title": "x"}, "li.wei")
    emulator.faults.arm("quota", times=2, method="GET")
    assert len(connection.records.changes("incident", None, None).items) == 1
    asked = [one.query["sysparm_limit"][0] for one in emulator.platform.traffic if one.path.endswith("/incident")]
    assert [limit for limit in asked if limit != "1"] == ["200", "100", "50"]


def test_a_saved_position_that_is_garbage_is_refused(agent):
    with pytest.raises(Rejected, match="saved position"):
        agent.records.changes("incident", None, "not json")


@pytest.mark.parametrize(
    ("fault", "how", "error", "text"),
    [
        ("truncated", {}, TransientError, "cut"),  # 200 and JSON that ends in the middle
        ("half_result", {}, TransientError, "error inside"),  # 200 with result and error
        ("hibernating", {}, ConfigurationError, "hibernating"),  # 200 HTML of a sleeping developer instance
        ("sso_page", {}, CredentialError, "sign-in page"),  # 200 HTML of a login page
        ("not_executed", {}, TransientError, "202"),  # the session queue was full
        ("unavailable", {"status": 502}, TransientError, "502"),  # HTML error page
        ("semaphore", {}, RateLimited, "pool"),  # 429 without Retry-After
    ],
)
def test_answers_that_are_no_pages_fail_the_page(agent, hands, emulator, fault, how, error, text):
    assert agent.capabilities.collections["incident"].reads
    hands.create("incident", {"title": "x"}, "li.wei")
    emulator.faults.arm(fault, times=None, path="incident", **how)
    with pytest.raises(error, match=text):
        agent.records.changes("incident", None, None)


def test_a_rate_rule_says_when_to_come_back(agent, emulator, now):
    assert agent.capabilities
    emulator.faults.arm("rate_limited", retry_after=120)
    with pytest.raises(RateLimited) as caught:
        agent.records.changes("incident", None, None)
    assert caught.value.retry_at == now() + timedelta(seconds=120)
    assert caught.value.scope is Scope.RATE_CLASS
    assert caught.value.executed is Executed.NO


def test_a_semaphore_rejection_stops_the_connection_without_a_time(agent, emulator):
    assert agent.capabilities
    emulator.faults.arm("semaphore")
    with pytest.raises(RateLimited) as caught:
        agent.records.changes("incident", None, None)
    assert (caught.value.scope, caught.value.retry_at) == (Scope.CONNECTION, None)


def test_a_field_acl_leaves_the_key_out(agent, hands, emulator, mapper):
    ref = hands.create("incident", {"title": "x", "symptom": "y"}, "li.wei")
    emulator.platform.deny("deskweave.agent", "incident", "description")
    record = agent.records.fetch([ref])[0]
    assert "description" not in record.fields
    assert "symptom" not in mapper.read(record).values


def test_a_query_right_that_is_missing_is_named(agent, emulator):
    emulator.platform.accounts["deskweave.agent"].matched_only.add(("incident", "sys_updated_on"))
    with pytest.raises(PermissionMissing, match="query_range"):
        agent.records.changes("incident", None, None)
    assert not agent.capabilities.collections["incident"].reads
    assert any(finding.rule == "servicenow-unreadable" for finding in agent.capabilities.lost)


# ---------------------------------------------------------------------------------------------------------- fetch and find
def test_fetch_keeps_the_order_asked_and_fits_into_an_address(agent, hands, emulator):
    refs = [hands.create("incident", {"title": str(n)}, "li.wei") for n in range(230)]
    asked = [*reversed(refs), Ref("incident", "f" * 32)]
    got = agent.records.fetch(asked)
    assert [one.ref for one in got] == asked
    assert got[-1] == Absent(asked[-1], "unclear")
    assert max(len(one.path) + sum(len(v[0]) for v in one.query.values()) for one in emulator.platform.traffic) < 8192


def test_an_address_that_is_too_long_would_be_refused(emulator):
    import requests

    answer = requests.get(f"{emulator.address}/api/now/table/incident?sysparm_query={'x' * 9000}", timeout=5)
    assert answer.status_code == 414


def test_only_an_admin_learns_that_a_record_is_gone(agent, admin, hands):
    ref = hands.create("incident", {"title": "x"}, "li.wei")
    hands.remove(ref)
    assert agent.records.fetch([ref]) == [Absent(ref, "unclear")]
    assert admin.records.fetch([ref]) == [Absent(ref, "gone")]


def test_find_returns_every_record_with_our_mark_and_no_other(agent, hands, now):
    hands.create("incident", {"title": "somebody else's"}, "li.wei")
    for _ in range(2):
        agent.sink.create([draft(short_description="twice")])
    found = agent.records.find("incident", CORR, now() - timedelta(minutes=5))
    assert [record.corr for record in found] == [CORR, CORR]
    assert agent.records.find("incident", "01JD0000000000000000000000:other", now()) == []


def test_find_looks_again_where_the_term_was_dropped(agent, hands, emulator, now):
    hands.create("incident", {"title": "somebody else's"}, "li.wei")
    assert agent.records.find("incident", CORR, now()) == []
    del emulator.platform.tables["incident"].columns["correlation_id"]  # from now on the whole table answers
    assert agent.records.find("incident", CORR, now()) == []
    assert len(emulator.platform.tables["incident"].rows) == 1


def test_census_lists_ids_with_the_count(open_connection, hands, everything):
    connection = open_connection(page_size=2)
    refs = {hands.create("interaction", {"title": str(n)}, "li.wei") for n in range(5)}
    stubs, pages = everything(lambda resume: connection.records.census("interaction", resume))
    assert {stub.ref for stub in stubs} == refs
    assert pages[0].expected == 5


# ------------------------------------------------------------------------------------------------------------------ writing
def test_create_plants_the_mark_and_resolves_people(agent, mapper):
    document = {
        "title": "打印机坏了",
        "user": "王芳",
        "skill_group": "Network",
        "status": "new",
        "impact": "high",
    }
    outcome = agent.sink.create([mapper.draft("incident", document, corr=CORR, key="k")])[0]
    assert outcome.executed is Executed.YES
    assert outcome.record.corr == CORR
    assert outcome.dropped == frozenset()
    view = mapper.read(outcome.record)
    assert {name: view.values[name] for name in document} == document
    assert outcome.record.label.startswith("INC")
    assert outcome.record.url.endswith(f"incident.do?sys_id={outcome.ref.rid}")


def test_a_person_nobody_knows_is_dropped_and_said(agent, mapper):
    outcome = agent.sink.create([mapper.draft("incident", {"title": "x", "user": "nobody@example.com"}, corr=CORR, key="k")])[0]
    assert outcome.dropped == {"user"}
    assert mapper.read(outcome.record).values["user"] is None


def test_two_people_of_one_name_are_nobody_without_an_address(admin, mapper, emulator):
    from deskweave.connector import Element, ElementChange, ElementId
    from deskweave_servicenow.emulator.seed import add_user

    add_user(emulator.platform, "Same Name", "same.one", "one@example.com", "en")
    second = add_user(emulator.platform, "Same Name", "same.two", "two@example.com", "en")
    document = {"title": "x", "user": "Same Name"}
    outcome = admin.sink.create([mapper.draft("incident", document, corr=CORR, key="k")])[0]
    assert outcome.dropped == {"user"}
    attributes = {"label": {"en": "E-mail"}, "type": "email", "collection": "incident", "name": "u_email"}
    element = Element(id=ElementId("field", "fields/email"), native=None, attributes=attributes)
    admin.target.apply(ElementChange(verb="create", before=None, after=element), key="1")
    outcome = admin.sink.create([mapper.draft("incident", {**document, "email": "two@example.com"}, corr=CORR, key="k")])[0]
    assert outcome.dropped == frozenset()
    assert outcome.record.fields["caller_id"]["value"] == second["sys_id"]


def test_a_column_that_is_not_there_is_dropped_and_said(agent, mapper):
    outcome = agent.sink.create([mapper.draft("incident", {"title": "x", "cost_center": "CC-1"}, corr=CORR, key="k")])[0]
    assert "cost_center" in outcome.dropped
    assert "title" in outcome.applied


def test_patch_with_companions_resolves_and_counts_one_change(agent, hands, mapper):
    ref = hands.create("incident", {"title": "x"}, "wang.fang")
    seen = agent.records.fetch([ref])[0]
    want = View({**mapper.read(seen).values, "status": "resolved", "solution": "Neu gestartet"})
    outcome = agent.sink.patch([mapper.patch(want, seen, key="k")])[0]
    assert outcome.error is None
    assert outcome.applied == {"status", "solution"}
    assert int(outcome.record.version) == int(seen.version) + 1
    assert mapper.read(outcome.record).values["status"] == "resolved"


def test_a_data_policy_names_the_columns(agent, hands):
    ref = hands.create("incident", {"title": "x"}, "wang.fang")
    outcome = agent.sink.patch([Patch(ref=ref, key="k", set={"state": "6", "close_code": "Solved (Permanently)"})])[0]
    assert outcome.executed is Executed.NO
    assert isinstance(outcome.error, Rejected)
    assert outcome.error.fields == {"close_code", "close_notes"}  # the old code is no choice here and counts as empty


def test_on_hold_wants_its_reason(agent, hands):
    ref = hands.create("incident", {"title": "x"}, "wang.fang")
    outcome = agent.sink.patch([Patch(ref=ref, key="k", set={"state": "3"})])[0]
    assert outcome.error.fields == {"hold_reason"}


def test_a_business_rule_is_named(agent, hands, emulator):
    ref = hands.create("incident", {"title": "x"}, "wang.fang")
    emulator.faults.arm("business_rule")
    outcome = agent.sink.patch([Patch(ref=ref, key="k", set={"short_description": "y"})])[0]
    assert "Abort changes on group" in str(outcome.error)
    assert outcome.error.code == "business-rule"


def test_a_closed_incident_is_read_only_for_the_agent(agent, admin, hands):
    ref = hands.create("incident", {"title": "x"}, "wang.fang")
    hands.edit(ref, {"status": "closed", "solution": "done"}, "li.wei")
    patch = Patch(ref=ref, key="k", set={"short_description": "y"})
    refused = agent.sink.patch([patch])[0]
    assert isinstance(refused.error, Rejected)
    assert refused.executed is Executed.NO
    assert admin.sink.patch([patch])[0].executed is Executed.YES


def test_a_choice_the_instance_does_not_know_is_dropped(agent, hands, binding):
    ref = hands.create("incident", {"title": "x"}, "wang.fang")
    outcome = agent.sink.patch([Patch(ref=ref, key="k", set={"impact": "9"}, covers=frozenset({"impact"}))])[0]
    assert (outcome.executed, outcome.dropped, outcome.applied) == (Executed.YES, {"impact"}, frozenset())


def test_a_write_cut_off_by_the_quota_may_have_happened(agent, hands, emulator):
    emulator.faults.arm("quota", method="POST", committed=True)
    outcome = agent.sink.create([draft(short_description="committed")])[0]
    assert outcome.executed is Executed.MAYBE
    assert len(agent.records.find("incident", CORR, emulator.platform.now())) == 1


def test_a_202_was_surely_not_executed(agent, hands, emulator):
    assert agent.capabilities
    emulator.faults.arm("not_executed", method="POST")
    outcome = agent.sink.create([draft(short_description="x")])[0]
    assert outcome.executed is Executed.NO
    assert agent.records.find("incident", CORR, emulator.platform.now()) == []


def test_our_own_write_is_not_unread_by_a_lagging_replica(agent, hands, emulator, now):
    ref = hands.create("incident", {"title": "before"}, "wang.fang")
    emulator.faults.arm("late_commit", seconds=3)
    agent.sink.patch([Patch(ref=ref, key="k", set={"short_description": "after"})])
    assert agent.records.fetch([ref])[0].fields["short_description"] == "after"
    assert agent.records.changes("incident", None, None).items[0].fields["short_description"] == "after"
    now.advance(timedelta(seconds=5))
    hands.edit(ref, {"title": "later"}, "li.wei")
    assert agent.records.fetch([ref])[0].fields["short_description"] == "later"


def test_one_limit_in_a_batch_leaves_the_rest_unsent(agent, hands, emulator):
    refs = [hands.create("incident", {"title": str(n)}, "li.wei") for n in range(3)]
    assert agent.capabilities
    emulator.faults.arm("rate_limited", method="PATCH", skip=1, times=None)
    outcomes = agent.sink.patch([Patch(ref=ref, key="k", set={"short_description": "new"}) for ref in refs])
    assert [one.executed for one in outcomes] == [Executed.YES, Executed.NO, Executed.NO]
    assert emulator.faults.played["rate_limited"] == 1


def test_a_connection_that_may_only_read_sends_no_write(open_connection, hands, emulator):
    reader = open_connection("admin", access="read")
    with pytest.raises(SafetyStop, match="access: write"):
        reader.sink.create([draft(short_description="x")])
    assert emulator.platform.traffic.writes == 0 or not any(
        one.method in ("POST", "PATCH") and "table" in one.path for one in emulator.platform.traffic
    )


def test_a_person_is_read_and_written_by_account_where_one_name_is_two_people(admin, mapper, emulator):
    from dataclasses import replace

    from deskweave_servicenow.emulator.seed import add_user

    first = add_user(emulator.platform, "Same Name", "same.one", "one@example.com", "en")
    add_user(emulator.platform, "Same Name", "same.two", "two@example.com", "en")
    user = FieldId("user")
    assert set(mapper.takes_accounts("incident")) == {user, "agent_name"}, "a column of text takes none"
    draft = mapper.draft("incident", {"title": "x", "user": "Same Name"}, corr=CORR, key="k")
    by_account = replace(draft, fields={**draft.fields, **mapper.spell("incident", {user: ("same.one", "Same Name")})})
    (outcome,) = admin.sink.create([by_account])
    assert outcome.dropped == frozenset()
    assert outcome.record.fields["caller_id"]["value"] == first["sys_id"]
    view = mapper.read(outcome.record)
    assert (view.values[user], view.accounts) == ("Same Name", {user: "same.one"})
    gone = replace(draft, corr="c2", fields={**draft.fields, **mapper.spell("incident", {user: ("left.us", "王芳")})})
    (outcome,) = admin.sink.create([gone])
    assert outcome.dropped == {"user"}, "an account that is not there is never looked for by its name"
