"""people.csv: who is who where no rule can tell, and who has which skills (practice J4). It stands beside the practice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from deskweave.documents import problem, shown
from deskweave.documents.sheet import Line
from deskweave.findings import Finding, Place
from deskweave.practice import Practice
from deskweave.practice.tables import PEOPLE, Column, Entry, Table, Words, normal, read_table
from deskweave.practice.tables.slugs import new_slug
from deskweave.practice.tables.words import truth

FILE: Final = "people.csv"
_EMAIL: Final = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPerson:
    """One row: a person, by a key that stays. `accounts` is by connection; what nobody knows is empty."""

    key: str
    name: str = ""
    email: str = ""
    accounts: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    beside: Mapping[str, str] = field(default_factory=dict)  #: columns of the file's own, by heading: kept as they are
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """What a people file says, and what is wrong with it."""

    people: tuple[ListedPerson, ...]
    table: Table
    said: frozenset[str]  #: which of name, email, groups, skills and `account:<connection>` the file has columns for
    findings: tuple[Finding, ...] = ()


def read_people(
    lines: Sequence[Line],
    practice: Practice,
    connections: Iterable[str],
    reader: str,
    source: str,
    *,
    known: Sequence[ListedPerson] = (),
) -> Register:
    """The people of a table: of people.csv, or of a client's own list or skill matrix (a column for each skill, ticked).

    Args:
        lines: every row of the sheet.
        practice: whose groups and skills are named.
        connections: of the folder; each may have a column of accounts.
        reader: the language of findings' words.
        source: the file, for places.
        known: people already listed: a row without a key is one of them by e-mail, else by a name only one has.

    Raises:
        DocumentError: no row names the columns. Everything else that is wrong stands in the answer.
    """
    words, names = Words(practice, reader), list(connections)
    extra = {**_matrix(practice), **{heading: _account(name) for name in names for heading in _account_headings(name)}}
    table = read_table(lines, PEOPLE, practice.languages, source, names="person", extra=extra)
    findings: list[Finding] = list(table.findings)
    titles = {one.place.column: one.text for one in table.columns_left_out}
    cells = dict(lines)
    people: dict[str, ListedPerson] = {}
    holders: dict[tuple[str, str], str] = {}
    for entry in table.entries:
        one = _person(entry, names, words, findings, known, people)
        beside = {
            title: cells[entry.line][column - 1].strip()
            for column, title in titles.items()
            if column is not None and column <= len(cells[entry.line]) and cells[entry.line][column - 1].strip()
        }
        place = entry.place("person", "key" if entry.text("person", "key") else "name")
        if one.key in people:
            message = f"{shown(one.key)!r} stands in row {getattr(people[one.key].place, 'line', '')} already"
            findings.append(problem("row-twice", place, shown(one.key), message, remedy="keep one of the rows"))
            continue
        for kind, value in [("e-mail", one.email.casefold()), *((name, account) for name, account in one.accounts.items())]:
            if value and holders.setdefault((kind, value), one.key) != one.key:
                message = f"{shown(value)!r} is {holders[kind, value]!r} already: an account and an address belong to one person"
                findings.append(problem("person-twice", place, shown(value), message))
        people[one.key] = ListedPerson(
            key=one.key, name=one.name, email=one.email, accounts=one.accounts, groups=one.groups, skills=one.skills,
            beside=beside, place=place,
        )  # fmt: skip
    said = {column.key for column, _ in table.columns.values()}
    if any(key.startswith("skill:") for key in said):
        said.add("skills")
    return Register(people=tuple(people.values()), table=table, said=frozenset(said), findings=tuple(findings))


def _matrix(practice: Practice) -> dict[str, Column]:
    """A column for each skill, by its slug or any of its names (J4: people x skills)."""
    return {
        normal(word): Column(key=f"skill:{slug}", term="person", title={"en": slug})
        for slug, skill in practice.routing.skills.items()
        for word in (slug, *skill.label.values())
    }


def _account(name: str) -> Column:
    return Column(key=f"account:{name}", term="person", title={"en": f"Account {name}", "zh": f"{name} 账号"})


def _account_headings(name: str) -> list[str]:
    forms = ("account {0}", "{0} account", "{0}", "{0}账号", "{0}帐号", "{0}账户", "账号{0}", "帐号{0}")
    return [normal(form.format(name)) for form in forms]


def _person(
    entry: Entry,
    connections: Sequence[str],
    words: Words,
    findings: list[Finding],
    known: Sequence[ListedPerson],
    taken: Mapping[str, ListedPerson],
) -> ListedPerson:
    name, email = entry.text("person", "name"), entry.text("person", "email")
    named: dict[str, list[str]] = {}
    for key, what in (("groups", "group"), ("skills", "skill")):
        cell = entry.cells.get(("person", key, None))
        named[key] = words.many(what, cell.text, cell.place, findings) if cell is not None and cell.text else []
    for (_, key, _), cell in entry.cells.items():
        if key.startswith("skill:") and cell.text and truth(cell.text, cell.place, findings):
            slug = key.removeprefix("skill:")
            named["skills"] += [slug] if slug not in named["skills"] else []
    if email and not _EMAIL.match(email):
        place = entry.place("person", "email")
        findings.append(problem("wrong-form", place, shown(email), f"{shown(email)!r} is not an e-mail address"))
    return ListedPerson(
        key=entry.text("person", "key") or _key(name, email, known, taken),
        name=name,
        email=email,
        accounts={connection: text for connection in connections if (text := entry.text("person", f"account:{connection}"))},
        groups=tuple(named["groups"]),
        skills=tuple(named["skills"]),
    )


def _key(name: str, email: str, known: Sequence[ListedPerson], taken: Mapping[str, ListedPerson]) -> str:
    """The key of somebody the table gives none: that of the same address or name, else a new one that can be read."""
    by_mail = [one.key for one in known if email and one.email.casefold() == email.casefold()]
    by_name = [one.key for one in known if name and normal(one.name) == normal(name) and not (email and one.email)]
    for found in (by_mail, by_name):
        if len(found) == 1:
            return found[0]
    local = email.partition("@")[0]
    return new_slug({"en": local} if local else {"zh": name}, "person", {*taken, *(one.key for one in known)})


def people_rows(
    people: Sequence[ListedPerson], practice: Practice, connections: Iterable[str], reader: str
) -> tuple[list[str], list[list[str]]]:
    """Heading and rows for a reader, groups and skills by name."""
    words, names = Words(practice, reader), list(connections)
    beside = tuple(dict.fromkeys(title for one in people for title in one.beside))
    heading = [column.heading(reader) for column in PEOPLE[:3]]
    heading += [_account(name).heading(reader) for name in names] + [column.heading(reader) for column in PEOPLE[3:]] + [*beside]
    rows = [
        [
            one.key, one.name, one.email, *(one.accounts.get(name, "") for name in names),
            words.joined("group", one.groups), words.joined("skill", one.skills), *(one.beside.get(title, "") for title in beside),
        ]
        for one in people
    ]  # fmt: skip
    return heading, rows


def file_rows(people: Sequence[ListedPerson], connections: Iterable[str]) -> tuple[list[str], list[list[str]]]:
    """Heading and rows of people.csv itself: keys and slugs, the same in every language."""
    names = [*dict.fromkeys([*connections, *sorted({name for one in people for name in one.accounts})])]
    beside = tuple(dict.fromkeys(title for one in people for title in one.beside))
    heading = ["key", "name", "email", *(f"account {name}" for name in names), "groups", "skills", *beside]
    rows = [
        [
            one.key, one.name, one.email, *(one.accounts.get(name, "") for name in names),
            ", ".join(one.groups), ", ".join(one.skills), *(one.beside.get(title, "") for title in beside),
        ]
        for one in people
    ]  # fmt: skip
    return heading, rows
