"""The part of JQL that integrations send: clauses, and, or, not, brackets, ORDER BY. Dates are read in the caller's zone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from deskweave_jira_sm.emulator.richtext import plain_text
from deskweave_jira_sm.emulator.state import Account, FieldDefinition, Issue, State

UNBOUNDED: Final = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<op>!=|!~|>=|<=|=|~|>|<)|(?P<mark>[(),])|(?P<word>[^\s()=!~<>,"']+))"""
)
_KEYWORDS: Final = frozenset({"and", "or", "not", "in", "is", "empty", "null", "order", "by", "asc", "desc"})
_PERIOD = re.compile(r"^-?(\d+)([mhdw])$")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MAX_ORDER: Final = 7

Test = Callable[[Issue], bool]


class JqlError(ValueError):
    """The query is wrong; the message is Jira's."""


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: a test (None: no restriction), sort keys, and the field names it uses."""

    test: Test | None
    order: tuple[tuple[str, bool], ...]
    fields: tuple[str, ...]

    def sort_key(self, issue: Issue) -> list[Any]:
        return [_sort_value(issue, name) for name, _ in self.order]


def parse(jql: str, state: State, account: Account, *, epochs: bool) -> Query:
    """Parse for one caller.

    Args:
        jql: the query.
        state: the site, for field names.
        account: whose profile zone dates are read in.
        epochs: whether epoch milliseconds are taken as a date.

    Raises:
        JqlError: with Jira's message.
    """
    return _Parser(jql, state, account, epochs).run()


class _Parser:
    def __init__(self, jql: str, state: State, account: Account, epochs: bool) -> None:
        self.state, self.zone, self.epochs = state, ZoneInfo(account.zone), epochs
        self.fields: list[str] = []
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(jql.rstrip()):
            found = _TOKEN.match(jql, at)
            if found is None or found.end() == at:
                message = (
                    f"Error in the JQL Query: The character '{jql[at : at + 1]}' is not expected here. (line 1, character {at + 1})"
                )
                raise JqlError(message)
            kind = str(found.lastgroup)
            text = found.group(kind)
            self.tokens.append((kind, re.sub(r"\\(.)", r"\1", text[1:-1]) if kind == "text" else text))
            at = found.end()
        self.at = 0

    def run(self) -> Query:
        test = None if self._peek("order") or not self.tokens else self._or()
        order: list[tuple[str, bool]] = []
        if self._take("order"):
            self._expect("by")
            while True:
                name = self._resolve(self._next()[1])
                descending = bool(self._take("desc"))
                if not descending:
                    self._take("asc")
                order.append((name, descending))
                if not self._mark(","):
                    break
        if self.at < len(self.tokens):
            message = f"Error in the JQL Query: Expecting either 'OR' or 'AND' but got '{self.tokens[self.at][1]}'."
            raise JqlError(message)
        if len(order) > _MAX_ORDER:
            message = f"The maximum number of ORDER BY fields is {_MAX_ORDER}."
            raise JqlError(message)
        return Query(test, tuple(order), tuple(dict.fromkeys(self.fields)))

    # -------------------------------------------------------------------------------------------------------------- grammar
    def _or(self) -> Test:
        tests = [self._and()]
        while self._take("or"):
            tests.append(self._and())
        return tests[0] if len(tests) == 1 else lambda issue: any(test(issue) for test in tests)

    def _and(self) -> Test:
        tests = [self._not()]
        while self._take("and"):
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else lambda issue: all(test(issue) for test in tests)

    def _not(self) -> Test:
        if self._take("not"):
            inner = self._not()
            return lambda issue: not inner(issue)
        if self._mark("("):
            inner = self._or()
            if not self._mark(")"):
                message = "Error in the JQL Query: Expecting ')' before the end of the query."
                raise JqlError(message)
            return inner
        return self._clause()

    def _clause(self) -> Test:
        name = self._resolve(self._next()[1])
        self.fields.append(name)
        if self._take("is"):
            negative = bool(self._take("not"))
            if not (self._take("empty") or self._take("null")):
                message = "Error in the JQL Query: Expecting 'EMPTY' or 'NULL' after 'is'."
                raise JqlError(message)
            return lambda issue: (not _values(self.state, issue, name)) is not negative
        negative = bool(self._take("not"))
        if self._take("in"):
            wanted = self._list()
            tests = [self._compare(name, "=", value) for value in wanted]
            return lambda issue: any(test(issue) for test in tests) is not negative
        kind, operator = self._next()
        if kind != "op" or negative:
            message = f"Error in the JQL Query: Expecting operator but got '{operator}'."
            raise JqlError(message)
        if self._take("empty") or self._take("null"):
            return lambda issue: (not _values(self.state, issue, name)) is (operator == "=")
        return self._compare(name, operator, self._next())

    def _list(self) -> list[tuple[str, str]]:
        if not self._mark("("):
            message = "Error in the JQL Query: Expecting '(' after 'in'."
            raise JqlError(message)
        found = [self._next()]
        while self._mark(","):
            found.append(self._next())
        if not self._mark(")"):
            message = "Error in the JQL Query: Expecting ')' before the end of the query."
            raise JqlError(message)
        return found

    # -------------------------------------------------------------------------------------------------------------- clauses
    def _resolve(self, word: str) -> str:
        name = word.casefold()
        known = {"issuekey": "key", "issue": "key", "type": "issuetype", "resolved": "resolutiondate", "due": "duedate"}
        name = known.get(name, name)
        if name in ("key", "id", "text", "statuscategory") or (name in self.state.fields and not name.startswith("customfield")):
            return name
        found = re.fullmatch(r"cf\[(\d+)\]", name)
        custom = f"customfield_{found[1]}" if found else None
        if custom is None:
            matching = [f.id for f in self.state.fields.values() if f.is_custom and not f.trashed and f.name.casefold() == name]
            custom = matching[0] if matching else None
        if custom is None or custom not in self.state.fields or self.state.fields[custom].trashed:
            # an issue property nobody declared for indexing is as unknown to JQL as a word that was made up
            message = f"Field '{word}' does not exist or you do not have permission to view it."
            raise JqlError(message)
        return custom

    def _compare(self, name: str, operator: str, token: tuple[str, str]) -> Test:
        value = token[1]
        definition = self.state.fields.get(name)
        if definition is not None and definition.type in ("datetime", "date"):
            moment = self._moment(name, value, quoted=token[0] == "text")
            return _ordered(lambda issue: _instant(issue, name), operator, moment)
        if definition is not None and definition.type == "number":
            return _ordered(lambda issue: issue.values.get(name), operator, float(value))
        if name == "key":
            number = int(value.rpartition("-")[2]) if value.rpartition("-")[2].isdigit() else -1
            if operator in (">", ">=", "<", "<="):
                return _ordered(lambda issue: issue.number, operator, number)
        folded = value.casefold()

        def matches(issue: Issue) -> bool:
            found = _values(self.state, issue, name)
            if operator in ("~", "!~"):
                words = folded.strip('"').split()
                return all(any(word in text for text in found) for word in words)
            return folded in found

        if operator not in ("=", "!=", "~", "!~"):
            message = f"The operator '{operator}' is not supported by the '{name}' field."
            raise JqlError(message)
        return lambda issue: matches(issue) is not operator.startswith("!")

    def _moment(self, name: str, value: str, *, quoted: bool) -> datetime:
        period = _PERIOD.match(value)
        if period is not None:
            return self.state.now() - timedelta(**{_UNITS[period[2]]: int(period[1])})
        if self.epochs and not quoted and value.isdigit():
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        for form in ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y-%m-%d"):
            try:
                return datetime.strptime(value, form).replace(tzinfo=self.zone).astimezone(UTC)
            except ValueError:
                continue
        message = (
            f"Date value '{value}' for field '{name}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', "
            "'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
        )
        raise JqlError(message)

    # --------------------------------------------------------------------------------------------------------------- tokens
    def _next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            message = "Error in the JQL Query: The query ends where a value or field name was expected."
            raise JqlError(message)
        token = self.tokens[self.at]
        self.at += 1
        return token

    def _peek(self, word: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at][0] == "word" and self.tokens[self.at][1].casefold() == word

    def _take(self, word: str) -> bool:
        if self._peek(word):
            self.at += 1
            return True
        return False

    def _mark(self, mark: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == ("mark", mark):
            self.at += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._take(word):
            message = f"Error in the JQL Query: Expecting '{word}'."
            raise JqlError(message)


def _ordered(read: Callable[[Issue], Any], operator: str, wanted: Any) -> Test:
    tests: Mapping[str, Callable[[Any], bool]] = {
        "=": lambda have: bool(have == wanted),
        "!=": lambda have: bool(have != wanted),
        ">": lambda have: bool(have > wanted),
        ">=": lambda have: bool(have >= wanted),
        "<": lambda have: bool(have < wanted),
        "<=": lambda have: bool(have <= wanted),
    }
    test = tests[operator]
    return lambda issue: (have := read(issue)) is not None and test(have)


def _instant(issue: Issue, name: str) -> datetime | None:
    if name in ("created", "updated"):
        return issue.created if name == "created" else issue.updated
    value = issue.values.get(name)
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value if isinstance(value, datetime) else None


def _values(state: State, issue: Issue, name: str) -> Sequence[str]:
    """Everything a clause may compare with, folded: ids and names alike."""
    found: list[str] = []
    if name == "project":
        found = (
            [state.project_id, state.project_key, state.project_name]
            if issue.key.startswith(state.project_key + "-")
            else [issue.key.rpartition("-")[0]]
        )
    elif name in ("key", "id"):
        found = [issue.key, str(issue.id)]
    elif name == "status":
        found = [issue.status, *state.statuses[issue.status].names.values()]
    elif name == "statuscategory":
        found = [{"new": "to do", "indeterminate": "in progress", "done": "done"}[state.statuses[issue.status].category]]
    elif name == "issuetype":
        found = [issue.issue_type, *state.issue_types[issue.issue_type].names.values()]
    elif name == "text":
        found = [str(issue.values.get("summary") or ""), plain_text(issue.values.get("description"))]
    elif name == "creator":
        found = [issue.creator]
    elif name == "resolution" and issue.values.get("resolution") is None:
        return []
    elif name in state.fields:
        found = _told(state, state.fields[name], issue.values.get(name))
    return [text.casefold() for text in found if text]


def _told(state: State, definition: FieldDefinition, value: Any) -> list[str]:
    if value is None or value == []:
        return []
    if definition.type == "array":
        items = [
            _told(state, FieldDefinition(id=definition.id, name="", type=definition.items, contexts=definition.contexts), item)
            for item in value
        ]
        return [text for item in items for text in item]
    id_, text = state.told(definition, value)
    return [part for part in (id_, text) if part]


def _sort_value(issue: Issue, name: str) -> Any:
    if name in ("created", "updated", "resolutiondate", "duedate"):
        at = _instant(issue, name)
        return at.timestamp() if at else 0.0
    if name in ("key", "id"):
        return issue.number if name == "key" else issue.id
    if name == "status":
        return issue.status
    return str(issue.values.get(name) or "")
