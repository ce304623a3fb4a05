"""people.csv: who is who where no rule can tell, accounts by connection, groups and skills by name (practice J4)."""

from __future__ import annotations

from typing import Any

import pytest

from deskweave.documents.sheet import Format, read_grid, write_sheet
from deskweave.people.register import ListedPerson, file_rows, people_rows, read_people
from deskweave.practice import builtin

CONNECTIONS = ("servicenow", "feishu")
SKILL, OTHER = list(builtin().routing.skills)[:2]
GROUP = next(iter(builtin().routing.groups))
PEOPLE = (
    ListedPerson(
        key="1001",
        name="李雷",
        email="li.lei@acme.cn",
        accounts={"servicenow": "li.lei", "feishu": "ou_1"},
        groups=(GROUP,),
        skills=(SKILL, OTHER),
    ),
    ListedPerson(key="1002", name="=1+1", accounts={"feishu": "+86"}),
    ListedPerson(key="han", email="han@acme.cn", skills=(OTHER,)),
)


def read(rows: list[list[str]], **options: Any) -> Any:
    return read_people(list(enumerate(rows, 1)), builtin(), CONNECTIONS, "zh", "people.csv", **options)


@pytest.mark.parametrize("form", ["xlsx", "csv", "csv-gbk"])
@pytest.mark.parametrize("reader", ["en", "zh", None])
def test_out_and_in_again_is_equal(form: Format, reader: str | None) -> None:
    table = file_rows(PEOPLE, CONNECTIONS) if reader is None else people_rows(PEOPLE, builtin(), CONNECTIONS, reader)
    found = read_people(list(read_grid(write_sheet(*table, form))), builtin(), CONNECTIONS, "en", "t")
    assert (found.people, found.findings, found.table.columns_left_out) == (PEOPLE, (), ())


@pytest.mark.parametrize(
    "heading", ["servicenow 账号", "账号 servicenow", "ServiceNow Account", "account servicenow", "servicenow"]
)
def test_accounts_stand_in_a_column_for_each_connection(heading: str) -> None:
    (one,) = read([["编号", "姓名", heading], ["1001", "李雷", "li.lei"]]).people
    assert one.accounts == {"servicenow": "li.lei"}


def test_a_matrix_ticks_skills() -> None:
    skills = builtin().routing.skills
    rows = [["姓名", skills[SKILL].label["zh"], OTHER], ["李雷", "√", "否"], ["韩梅梅", "", "x"]]
    assert [one.skills for one in read(rows).people] == [(SKILL,), (OTHER,)]
    (told,) = read([*rows, ["老王", "熟练", ""]]).findings
    assert (told.rule, told.found, told.place.line, told.place.column) == ("wrong-form", "熟练", 4, 2)


@pytest.mark.parametrize(
    ("row", "key"),
    [
        (["", "李雷", "LI.LEI@acme.cn"], "1001"),  # an address finds who is listed
        (["", "李雷", ""], "1001"),  # so does a name that only one has
        (["", "李雷", "other@acme.cn"], "other"),  # the name, and another address: somebody else
        (["", "韩 梅梅", ""], "han_mei_mei"),  # nobody is listed: a key that can be read
    ],
)
def test_who_a_row_without_a_key_is(row: list[str], key: str) -> None:
    (one,) = read([["编号", "姓名", "邮箱"], row], known=PEOPLE).people
    assert one.key == key


def test_two_people_share_no_account_and_no_address() -> None:
    rows = [
        ["编号", "姓名", "邮箱", "feishu"],
        ["1", "甲", "a@acme.cn", "ou_1"],
        ["2", "乙", "A@acme.cn", "ou_2"],
        ["3", "丙", "", "ou_1"],
    ]
    assert [(one.rule, one.found, one.place.line) for one in read(rows).findings] == [
        ("person-twice", "a@acme.cn", 3),
        ("person-twice", "ou_1", 4),
    ]
