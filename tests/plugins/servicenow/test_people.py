"""Who is who: look-ups that find nobody, one or several, and a requester made once."""

from __future__ import annotations

import pytest

from deskweave.connector import PersonKey
from deskweave.errors import Executed, Rejected


def test_look_up_by_every_key(agent):
    by_mail, by_name, nobody = agent.people.look_up(
        [PersonKey("email", "WANG.FANG@acme.example"), PersonKey("user_name", "li.wei"), PersonKey("email", "x@example.com")]
    )
    assert [person.name for person in by_mail.people] == ["王芳"]
    assert [person.account for person in by_name.people] == ["li.wei"]
    assert (nobody.people, nobody.complete) == ((), True) or nobody.people == []


def test_a_key_cannot_widen_its_query(agent):
    (match,) = agent.people.look_up([PersonKey("email", "x^ORuser_nameISNOTEMPTY")])
    assert (list(match.people), match.complete) == ([], False)


def test_groups_with_their_members(admin, emulator, everything):
    from deskweave_servicenow.emulator.seed import base_row

    tables = emulator.platform.tables
    group = next(row for row in tables["sys_user_group"].rows.values() if row["name"] == "Network")
    user = emulator.platform.user("zhang.min")
    tables["sys_user_grmember"].put(base_row(emulator.platform, {"group": group["sys_id"], "user": user["sys_id"]}))
    groups, _ = everything(admin.people.groups)
    assert {one.name: list(one.members) for one in groups}["Network"] == ["zhang.min"]
    assert len(groups) == 4


def test_enrol_makes_one_person_however_often(admin, agent):
    keys = [PersonKey("email", "new.one@example.com")]
    first, second = (admin.people.enrol("New One", keys, key="k") for _ in range(2))
    assert (first.executed, first.ref) == (Executed.YES, second.ref)
    (match,) = admin.people.look_up(keys)
    assert len(match.people) == 1
    with pytest.raises(Rejected, match="ACL"):
        agent.people.enrol("Other", [PersonKey("email", "other@example.com")], key="k")
