"""The emulated instance: its tables, its users, its clock, and how a query runs over it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final, Literal
from zoneinfo import ZoneInfo

from deskweave.emulation import Platform
from deskweave_servicenow.emulator import dictionary
from deskweave_servicenow.emulator.query import MATCHES, Condition, Query, Row, compile_condition, parse
from deskweave_servicenow.emulator.table import ORDERED, Stored, Table

STAMP: Final = "%Y-%m-%d %H:%M:%S"
METRIC_LAG: Final = timedelta(seconds=30)
FAULTS: Final = frozenset(
    {
        "rate_limited",  # 429 by a rate rule: Retry-After, X-RateLimit-*
        "semaphore",  # 429 of an exhausted pool: HTML, no Retry-After
        "unavailable",  # 503 HTML (how: status=502|503|504)
        "quota",  # 500 after 60 s; committed=True: the write took effect all the same
        "truncated",  # 200, JSON cut off, an error object behind it
        "half_result",  # 200, valid JSON with both result and error
        "hibernating",  # 200 HTML of a sleeping developer instance
        "sso_page",  # 200 HTML of a login page
        "not_executed",  # 202 without a body: the session's queue was full
        "expired_token",  # 401 although the token was good a moment ago
        "late_commit",  # the write is stamped now and seen by readers only after `seconds` (20): slow commit, lagging replica
        "empty_rows",  # every row of a listing comes as {}
        "business_rule",  # 403: a rule aborts the write
        "small_pages",  # no fault: a listing gives at most `size` rows, whatever sysparm_limit says
        "page_twice",  # the next page is answered with the rows of the first: the keyset was not honoured
    }
)
#: The shared words of `connector.FAULT_WORDS` that are called otherwise here.
WORDS: Final[Mapping[str, str]] = {"down": "unavailable", "unauthorised": "expired_token"}


class Refused(Exception):
    """The instance's own error answer."""

    def __init__(self, status: int, message: str, detail: str | None) -> None:
        super().__init__(f"{status} {message}: {detail}")
        self.status, self.message, self.detail = status, message, detail


@dataclass(slots=True)
class Account:
    """Somebody who can call. `denied` holds (table, column) pairs that a field ACL hides from it."""

    user_name: str
    sys_id: str
    password: str
    roles: frozenset[str]
    zone: str = "GMT"
    tables: set[str] = field(default_factory=set)  #: granted by hand, over what its roles give
    denied: set[tuple[str, str]] = field(default_factory=set)
    matched_only: set[tuple[str, str]] = field(default_factory=set)  #: without query_range: equality only, no ORDERBY

    @property
    def is_admin(self) -> bool:
        return "admin" in self.roles


@dataclass(frozen=True, slots=True)
class Access:
    roles: frozenset[str]
    denied: Literal["empty", "forbidden"]  #: how a table says no to a listing


_STAFF: Final = frozenset({"admin", "itil"})
ACCESS: Final[Mapping[str, Access]] = {
    "incident": Access(_STAFF | {"sn_incident_read"}, "empty"),
    "interaction": Access(frozenset({"admin", "interaction_agent", "interaction_admin"}), "empty"),
    "metric_instance": Access(_STAFF, "forbidden"),
    "metric_definition": Access(_STAFF, "forbidden"),
    "sys_db_object": Access(_STAFF, "forbidden"),
    "sys_audit": Access(frozenset({"admin"}), "forbidden"),
    "sys_audit_delete": Access(frozenset({"admin"}), "forbidden"),
    "sys_journal_field": Access(frozenset({"admin"}), "empty"),
    "sys_dictionary": Access(frozenset({"admin"}), "empty"),
    "sys_properties": Access(frozenset({"admin"}), "empty"),
}
WRITERS: Final[Mapping[str, frozenset[str]]] = {
    "incident": _STAFF,
    "interaction": frozenset({"admin", "interaction_agent", "interaction_admin"}),
}


class Instance(Platform):
    """State and rules of one instance. What the fact sheet could not settle is an attribute; defaults are the harder reading.

    Attributes:
        unknown_field: a query on a column that is not there: the term is "dropped" (the whole table answers), "no_rows",
            or "forbidden".
        choice_clears: whether "" empties a choice column.
        journal_denied: how sys_journal_field says no: an "empty" listing, or "forbidden".
        basic_restricted: basic authentication needs the role snc_basic_auth_api_access.
        client_credentials: whether the grant is switched on and has an application user.
        closed_is_read_only: a closed incident takes no writes but from an admin.
        rate_limit: calls per hour and user of a rate rule; None: no rule, as on a fresh instance.
        session_queue: requests of one cookie session beyond which the rest are answered 202 and not executed.
        null_in_not_equal: whether `!=` and NOT IN match empty columns.
        ui_meta: whether the undocumented /api/now/ui/meta answers.
    """

    def __init__(self, *, seed: int, now: Callable[[], datetime]) -> None:
        super().__init__(now=now, faults=FAULTS, words=WORDS)
        self.seed = seed
        self.random = random.Random(seed)
        self.tables: dict[str, Table] = {
            "incident": Table("incident", "Incident", dictionary.INCIDENT, parent="task"),
            "interaction": Table("interaction", "Interaction", dictionary.INTERACTION),
        }
        for name, (label, columns) in dictionary.OTHERS.items():
            self.tables[name] = Table(name, label, columns)
        self.accounts: dict[str, Account] = {}
        self.hidden: dict[str, set[str]] = {}  #: user_name -> sys_ids a row ACL keeps from it
        self.clients: dict[str, tuple[str, str]] = {}  #: OAuth client id -> its secret and its application user
        self.tokens: dict[str, tuple[str, datetime]] = {}  #: access token -> user_name, valid until
        self.refresh_tokens: dict[str, tuple[str, datetime]] = {}
        self.metric_definitions: dict[str, str] = {}
        self.known_people: dict[str, Stored] = {}  #: what people are called by those who file records
        self.open_spans: dict[str, dict[str, str]] = {}  #: sys_id -> field -> the metric_instance still running
        self.choices: dict[tuple[str, str], dict[str, str]] = {}  #: (table, element) -> value -> label, from sys_choice
        self.unknown_field: Literal["dropped", "no_rows", "forbidden"] = "dropped"
        self.choice_clears = False
        self.journal_denied: Literal["empty", "forbidden"] = "empty"
        self.basic_restricted = True
        self.client_credentials = True
        self.closed_is_read_only = True
        self.rate_limit: int | None = None
        self.session_queue = 10
        self.null_in_not_equal = False
        self.ui_meta = True
        self._at: datetime | None = None
        self._numbers = {"incident": 10_000, "interaction": 0}

    # --------------------------------------------------------------------------------------------------------------- clock
    def clock(self) -> datetime:
        """The instant the instance stamps: `now`, or the one a replay stands at."""
        return (self._at or self.now()).astimezone(UTC)

    def stand_at(self, instant: datetime | None) -> None:
        """Stamp `instant` until told otherwise (None: the shared clock again). A later one turns a clock that can be turned."""
        turn = getattr(self.now, "set", None)
        if instant is not None and turn is not None and instant > self.now():
            turn(instant)
            instant = None
        self._at = instant

    def stamp(self) -> str:
        return self.clock().strftime(STAMP)

    # ---------------------------------------------------------------------------------------------------------------- names
    def new_id(self) -> str:
        return f"{self.random.getrandbits(128):032x}"

    def next_number(self, table: str) -> str:
        prefix, digits = {"incident": ("INC", 7), "interaction": ("IMS", 7)}[table]
        while True:
            self._numbers[table] += 1
            number = f"{prefix}{self._numbers[table]:0{digits}d}"
            if not self.tables[table].among("number", frozenset({number.casefold()})):
                return number

    def user(self, text: str) -> Stored | None:
        """The user called `text` by sys_id, user name, e-mail or display name."""
        users = self.tables["sys_user"]
        if text in users.rows:
            return users.rows[text]
        folded = text.casefold()
        for column in ("user_name", "email", "name"):
            for row in users.rows.values():
                if row.get(column, "").casefold() == folded:
                    return row
        return None

    # --------------------------------------------------------------------------------------------------------------- access
    def may_read(self, account: Account, table: str) -> bool:
        access = ACCESS.get(table)
        return access is None or bool(access.roles & account.roles) or table in account.tables

    def says_no(self, table: str) -> Literal["empty", "forbidden"]:
        if table == "sys_journal_field":
            return self.journal_denied
        return ACCESS[table].denied

    def may_write(self, account: Account, table: str) -> bool:
        return bool(WRITERS.get(table, frozenset({"admin"})) & account.roles)

    def may_see_field(self, account: Account, table: str, column: str) -> bool:
        if (table, column) in account.denied:
            return False
        return not (table == "sys_choice" and not account.is_admin and column != "label")

    # -------------------------------------------------------------------------------------------------------------- columns
    def resolve(self, table: str, path: str) -> tuple[Table, dictionary.Column] | None:
        """The column a name or a dot-walk ends at; None where a part of it does not exist."""
        at = self.tables[table]
        *walk, last = path.split(".")
        for part in walk:
            column = at.columns.get(part)
            if column is None or column.reference not in self.tables:
                return None
            at = self.tables[column.reference]
        column = at.columns.get(last)
        return (at, column) if column is not None else None

    def reader(self, table: str, path: str) -> Callable[[Row], str]:
        """Takes the value at `path` out of a row of `table`; an empty reference on the way gives ""."""
        if "." not in path:
            return lambda row: row.get(path, "")
        first, _, rest = path.partition(".")
        target = self.tables[self.tables[table].columns[first].reference]
        onward = self.reader(target.name, rest)

        def walk(row: Row) -> str:
            there = target.rows.get(row.get(first, ""))
            return onward(there) if there is not None else ""

        return walk

    # --------------------------------------------------------------------------------------------------------------- search
    def search(
        self, account: Account, table: Table, text: str, *, offset: int, limit: int, count: bool
    ) -> tuple[list[Stored], int | None]:
        """Run an encoded query as this account: rows after row ACLs, and the count before them.

        Raises:
            Refused: a term names a column the account may not read, or (switch) one that does not exist.
        """
        query = self._admitted(account, table, parse(self._scripted(account, text)))
        if query is None:
            return [], 0 if count else None
        test = self._test(table, query)
        rows: Iterable[Stored] = self._candidates(table, query)
        if count:
            matched = [row for row in rows if test(row)]
            total, page = len(matched), matched[offset : offset + limit]
        else:
            total, page = None, list(islice((row for row in rows if test(row)), offset, offset + limit))
        hidden = self.hidden.get(account.user_name, ())
        return [row for row in page if row["sys_id"] not in hidden], total

    def _scripted(self, account: Account, text: str) -> str:
        """Replace the server-side functions a query may call; anything else after `javascript:` gives nothing."""
        text = text.replace("javascript:gs.getUserName()", account.user_name).replace("javascript:gs.getUserID()", account.sys_id)
        while "javascript:gs.dateGenerate(" in text:
            before, _, rest = text.partition("javascript:gs.dateGenerate(")
            inside, _, after = rest.partition(")")
            day, _, time = (part.strip(" '\"") for part in inside.partition(","))
            local = datetime.strptime(f"{day} {time}", STAMP).replace(tzinfo=ZoneInfo(account.zone))
            text = f"{before}{local.astimezone(UTC).strftime(STAMP)}{after}"
        return text

    def _admitted(self, account: Account, table: Table, query: Query) -> Query | None:
        named = {condition.field for condition in query.conditions} | {column for column, _ in query.order}
        unknown = frozenset(name for name in named if self.resolve(table.name, name) is None)
        for name in named - unknown:
            owner, column = self.resolve(table.name, name) or (table, None)
            if column is not None and not self.may_see_field(account, owner.name, column.name):
                raise Refused(
                    403,
                    "Insufficient rights to query records",
                    "Field(s) present in the query do not have permission to be read",
                )
        ranged = {one.field for one in query.conditions if one.operator not in MATCHES} | {column for column, _ in query.order}
        if any((table.name, name) in account.matched_only for name in ranged):
            raise Refused(
                403, "Insufficient rights to query records", "Field(s) present in the query do not have permission to be read"
            )
        if not unknown and not query.malformed:
            return query
        if self.unknown_field == "forbidden" and unknown:
            raise Refused(
                403, "Insufficient rights to query records", "Field(s) present in the query do not have permission to be read"
            )
        return None if self.unknown_field == "no_rows" and unknown else query.without(unknown)

    def _condition(self, table: Table, condition: Condition) -> Callable[[Row], bool]:
        found = self.resolve(table.name, condition.field)
        numeric = found is not None and found[1].type in ("integer", "decimal")
        other = None
        if condition.operator in ("SAMEAS", "NSAMEAS", "GT_FIELD", "LT_FIELD") and self.resolve(table.name, condition.value):
            other = self.reader(table.name, condition.value)
        test = compile_condition(condition, self.reader(table.name, condition.field), other=other, numeric=numeric)
        if self.null_in_not_equal and condition.operator in ("!=", "NOTIN"):
            read = self.reader(table.name, condition.field)
            return lambda row: read(row) == "" or test(row)
        return test

    def _test(self, table: Table, query: Query) -> Callable[[Row], bool]:
        groups = [[[self._condition(table, one) for one in alternatives] for alternatives in group] for group in query.groups]
        if len(groups) == 1 and all(len(alternatives) == 1 for alternatives in groups[0]):
            tests = [alternatives[0] for alternatives in groups[0]]
            return lambda row: all(test(row) for test in tests)
        return lambda row: any(all(any(test(row) for test in alternatives) for alternatives in group) for group in groups)

    def _candidates(self, table: Table, query: Query) -> Iterable[Stored]:
        """Rows in the order asked, taken from an index where one fits. Without a unique order the rest is left to chance."""
        keyset = self._keyset(query)
        if table.settle(self.now()):
            rows = [seen for row in table.rows.values() if (seen := table.visible(row)) is not None]
        elif (few := self._few(table, query)) is not None:
            rows = few
        elif keyset is not None:
            return table.in_order(keyset, self._lowest(query, keyset))
        else:
            rows = list(table.rows.values())
        if keyset is None and not any(column == "sys_id" for column, _ in query.order):
            self.random.shuffle(rows)
        for column, descending in reversed(query.order):
            read = self.reader(table.name, column)
            found = self.resolve(table.name, column)
            numeric = found is not None and found[1].type == "integer"
            rows.sort(key=_number_key(read) if numeric else _text_key(read), reverse=descending)
        return rows

    @staticmethod
    def _keyset(query: Query) -> str | None:
        columns = [column for column, descending in query.order if not descending]
        if len(columns) != len(query.order):
            return None
        if columns == ["sys_id"]:
            return "sys_id"
        return columns[0] if len(columns) == 2 and columns[1] == "sys_id" and columns[0] in ORDERED else None

    @staticmethod
    def _lowest(query: Query, column: str) -> str:
        lows = []
        for group in query.groups:
            bounds = [
                alternatives[0].value
                for alternatives in group
                if len(alternatives) == 1 and alternatives[0].field == column and alternatives[0].operator in (">", ">=", "=")
            ]
            lows.append(max(bounds, default=""))
        return min(lows, default="")

    @staticmethod
    def _few(table: Table, query: Query) -> list[Stored] | None:
        if len(query.groups) != 1:
            return None
        for alternatives in query.groups[0]:
            one = alternatives[0]
            if len(alternatives) == 1 and one.operator in ("=", "IN"):
                parts = one.value.split(",") if one.operator == "IN" else [one.value]
                rows = table.among(one.field, frozenset(part.strip().casefold() for part in parts))
                if rows is not None:
                    return rows
        return None

    # ------------------------------------------------------------------------------------------------------------ by hand
    def grant(self, user_name: str, *tables: str) -> None:
        """What an administrator does by hand: let an account read more tables (an ACL with a role of its own)."""
        with self.lock:
            self.accounts[user_name].tables |= set(tables)

    def hide(self, user_name: str, sys_ids: Sequence[str]) -> None:
        """A row ACL that keeps these records from an account, after the limit was applied."""
        with self.lock:
            self.hidden.setdefault(user_name, set()).update(sys_ids)

    def deny(self, user_name: str, table: str, *columns: str) -> None:
        """A field ACL: the columns are left out of every answer, silently."""
        with self.lock:
            self.accounts[user_name].denied |= {(table, column) for column in columns}


def _number_key(read: Callable[[Row], str]) -> Callable[[Row], float]:
    def key(row: Row) -> float:
        try:
            return float(read(row) or "0")
        except ValueError:
            return 0.0

    return key


def _text_key(read: Callable[[Row], str]) -> Callable[[Row], str]:
    return lambda row: read(row).casefold()
