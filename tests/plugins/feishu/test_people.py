"""Who is who in the tenant: members by open_id, e-mail and mobile, as far as range and scopes show them."""

from __future__ import annotations

import pytest

from deskweave.connector import PersonKey
from deskweave.errors import Executed, PermissionMissing, RateLimited
from deskweave_feishu.emulator.platform import AGENT_SCOPES, CONTACT_SCOPES

BATCH = "/open-apis/contact/v3/users/batch"


def rules(connection):
    return {finding.rule.removeprefix("feishu-") for finding in connection.capabilities.lost}


def account(running, name):
    return running.platform.person(name).open_id


@pytest.fixture
def people(running, connect):
    return connect("agent").people


def test_members_are_told_by_name_and_email(running, people):
    (person,) = people.fetch([account(running, "王芳")])
    assert (person.name, person.active, person.side) == ("王芳", True, "unknown")
    assert person.keys == [PersonKey("account", person.account), PersonKey("email", "wang.fang@acme.example")]
    assert person.profile == {}  # no scope for it


@pytest.mark.parametrize("refused", [True, False])
def test_strangers_take_nobody_along(running, people, refused):
    running.platform.strangers_refused = refused
    known = [running.platform.add_person(f"员工{number}").open_id for number in range(120)]
    strangers = [f"ou_{number:032x}" for number in range(3)]
    other = account(running, "李伟")
    running.platform.foreign_ids.add(other)
    asked = [*known[:60], strangers[0], "7012345678901234567", "ou_short", other, *known[60:], strangers[1], known[0], strangers[2]]
    told = [None if one is None else one.name for one in people.fetch(asked)]
    assert told == [running.platform.people[one].name if one in known else None for one in asked]


def asked_for(running):
    return [call for call in running.platform.traffic if call.path.partition("?")[0] == BATCH]


def test_fifty_are_asked_for_at_once(running, people):
    known = [running.platform.add_person(f"员工{number}").open_id for number in range(101)]
    assert all(people.fetch([*known, *known]))
    assert len(asked_for(running)) == 3


def test_what_is_no_open_id_is_not_sent(running, people):
    assert people.fetch(["", "ou_a\n", "ou_1&user_ids=x", "7012345678901234567"]) == [None] * 4
    assert asked_for(running) == []


def test_who_is_out_of_range_is_nobody(running, connect):
    app = running.platform.add_app("edit", AGENT_SCOPES)
    shown, hidden = account(running, "王芳"), account(running, "李伟")
    app.contact_range = {shown}
    connection = connect(app=app)
    assert [None if one is None else one.name for one in connection.people.fetch([hidden, shown])] == [None, "王芳"]
    keys = [PersonKey("email", "li.wei@desk.acme.example"), PersonKey("account", hidden)]
    assert [(list(one.people), one.complete) for one in connection.people.look_up(keys)] == [([], False), ([], False)]
    assert not {rule for rule in rules(connection) if rule.startswith("people")}


def test_keys_are_looked_up_in_the_order_asked(running, people):
    running.platform.add_person("周婷", "Zhou.Ting@acme.example", mobile="+8613800138000")
    keys = [
        PersonKey("mobile", "+86 138-0013-8000"),
        PersonKey("email", "nobody@acme.example"),
        PersonKey("email", "ZHOU.TING@acme.example "),
        PersonKey("user_name", "zhou.ting"),
        PersonKey("email", "not an address"),
        PersonKey("account", account(running, "王芳")),
    ]
    found = people.look_up(keys)
    assert [one.key for one in found] == keys
    assert [[person.name for person in one.people] for one in found] == [["周婷"], [], ["周婷"], [], [], ["王芳"]]
    assert [one.complete for one in found] == [False, False, False, False, False, True]


def test_more_fields_come_with_more_scopes(running, connect):
    scopes = AGENT_SCOPES | {"contact:user.phone:readonly", "contact:user.employee:readonly"}
    member = running.platform.add_person("周婷", mobile="+8613800138000", employee_no="E-7", city="上海")
    member.resigned = True
    (person,) = connect(app=running.platform.add_app("edit", scopes)).people.fetch([member.open_id])
    assert [(key.kind, key.value) for key in person.keys[1:]] == [("mobile", "+8613800138000"), ("employee_number", "E-7")]
    assert (person.active, person.profile) == (False, {"city": "上海"})


def test_without_the_scope_the_error_and_the_check_name_it(running, connect):
    connection = connect(app=running.platform.add_app("edit", AGENT_SCOPES - CONTACT_SCOPES))
    with pytest.raises(PermissionMissing, match=r"99991672.*contact:contact\.base:readonly"):
        connection.people.fetch([account(running, "王芳")])
    with pytest.raises(PermissionMissing, match=r"contact:user\.id:readonly"):
        connection.people.look_up([PersonKey("email", "wang.fang@acme.example")])
    finding = next(one for one in connection.capabilities.lost if one.rule == "feishu-people-unreadable")
    assert "contact:contact.base:readonly" in finding.message
    assert "authors stay ids" in finding.message
    assert connection.capabilities.collections["ledger"].reads is True


def test_without_names_nobody_is_told(running, connect):
    connection = connect(app=running.platform.add_app("edit", AGENT_SCOPES - {"contact:user.base:readonly"}))
    with pytest.raises(PermissionMissing, match=r"contact:user\.base:readonly"):
        connection.people.fetch([account(running, "王芳")])
    assert "people-nameless" in rules(connection)


@pytest.mark.parametrize("some", [False, True])
def test_without_emails_there_are_names(running, connect, some):
    app = running.platform.add_app("edit", AGENT_SCOPES - {"contact:user.email:readonly"})
    app.contact_range = {account(running, "王芳")} if some else None
    connection = connect(app=app)
    (person,) = connection.people.fetch([account(running, "王芳")])
    assert (person.name, [key.kind for key in person.keys]) == ("王芳", ["account"])
    assert "people-unmatched" in rules(connection)


def test_an_empty_range_is_said(running, connect):
    app = running.platform.add_app("edit", AGENT_SCOPES)
    app.contact_range = set()
    connection = connect(app=app)
    assert connection.people.fetch([account(running, "王芳")]) == [None]
    assert "people-out-of-range" in rules(connection)
    for finding in connection.capabilities.lost:
        (finding.message + finding.remedy).encode("gbk")


def test_the_limit_is_that_of_contacts(running, people):
    running.faults.arm("rate_limited")
    with pytest.raises(RateLimited) as caught:
        people.fetch([account(running, "王芳")])
    assert caught.value.rate_class == "contact"


def test_nobody_is_made(people):
    outcome = people.enrol("王芳", [PersonKey("email", "wang.fang@acme.example")], key="k")
    assert outcome.executed is Executed.NO
    assert "成员与部门" in str(outcome.error)
    assert (list(people.groups(None).items), people.groups(None).resume) == ([], None)


@pytest.mark.parametrize("fault", ["rate_limited", "unavailable"])
def test_a_directory_that_is_away_takes_no_collection_along(running, connect, fault):
    running.faults.arm(fault, path="contact", times=None)
    connection = connect()
    assert all(one.reads for one in connection.capabilities.collections.values())
    finding = next(one for one in connection.capabilities.lost if one.rule == "feishu-people-unreadable")
    assert finding.remedy == "check again later"
