"""What the emulated site holds: accounts, fields, workflow, issues. Plain data and the few rules that keep it whole."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from deskweave_jira_sm.emulator.richtext import plain_text


@dataclass(slots=True, kw_only=True)
class Account:
    id: str
    email: str
    name: str
    kind: str = "atlassian"  #: atlassian, customer, app
    zone: str = "UTC"
    locale: str = "en_US"
    token: str | None = None
    shows_email: bool = True
    agent: bool = False  #: has a licence and the Service Desk Team role
    admin: bool = False
    permissions: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class Option:
    id: str
    value: str
    disabled: bool = False


@dataclass(slots=True, kw_only=True)
class Context:
    id: str
    name: str
    description: str = ""
    projects: tuple[str, ...] = ()  #: empty: global
    options: list[Option] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class FieldDefinition:
    id: str
    name: str
    type: str
    custom: str = ""  #: schema.custom
    items: str = ""
    description: str = ""
    searcher: str = ""
    names: Mapping[str, str] = field(default_factory=dict)  #: language -> translated name
    contexts: list[Context] = field(default_factory=list)
    locked: bool = False
    trashed: bool = False

    @property
    def is_custom(self) -> bool:
        return self.id.startswith("customfield_")

    @property
    def number(self) -> int:
        return int(self.id.removeprefix("customfield_"))

    @property
    def kind(self) -> str:
        return self.custom.rpartition(":")[2]

    def option(self, id_: object) -> Option | None:
        return next((option for context in self.contexts for option in context.options if option.id == str(id_)), None)

    def option_called(self, value: object) -> Option | None:
        return next((option for context in self.contexts for option in context.options if option.value == str(value)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A status, priority, resolution, issue type: an id and names by language."""

    id: str
    names: Mapping[str, str]
    category: str = ""
    description: str = ""

    def called(self, language: str) -> str:
        return self.names.get(language, self.names["en"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A transition of the workflow.

    `screen` names the required fields of its screen, `clears` what a post function empties, `validates` what a validator requires
    without a word on the screen.
    """

    id: str
    names: Mapping[str, str]
    sources: tuple[str, ...]
    to: str
    screen: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()
    validates: tuple[str, ...] = ()
    customer: bool = False  #: shown on the portal


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestType:
    id: str
    name: str
    issue_type: str
    group: str
    description: str
    form: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Comment:
    id: str
    author: str
    body: dict[str, Any]
    public: bool
    created: datetime
    updated: datetime
    editor: str
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class ChangeItem:
    field: str
    kind: str  #: jira or custom
    field_id: str
    old: str | None
    old_text: str | None
    new: str | None
    new_text: str | None


@dataclass(slots=True, kw_only=True)
class ChangeGroup:
    id: str
    author: str
    at: datetime
    items: list[ChangeItem]


@dataclass(slots=True, kw_only=True)
class Issue:
    """`values` are stored forms: ids for options, terms and people, ADF for rich text, None for empty."""

    id: int
    key: str
    project: str
    issue_type: str
    status: str
    creator: str
    created: datetime
    updated: datetime
    values: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    history: list[ChangeGroup] = field(default_factory=list)
    status_since: datetime
    hidden_from: set[str] = field(default_factory=set)  #: accounts that issue security keeps out
    index: list[tuple[datetime, Issue | None]] = field(default_factory=list)

    @property
    def number(self) -> int:
        return int(self.key.rpartition("-")[2])

    def snapshot(self) -> Issue:
        """What the index keeps of it; comments and history are read elsewhere."""
        twin = copy.copy(self)
        twin.values, twin.properties = dict(self.values), copy.deepcopy(self.properties)
        twin.index = []
        return twin


class State:
    """The site. The platform's lock guards it; `now` is the only clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.index_lag = timedelta(seconds=20)
        self.accounts: dict[str, Account] = {}
        self.fields: dict[str, FieldDefinition] = {}
        self.statuses: dict[str, Named] = {}
        self.priorities: dict[str, Named] = {}
        self.resolutions: dict[str, Named] = {}
        self.issue_types: dict[str, Named] = {}
        self.steps: list[Step] = []
        self.initial = ""
        self.request_types: dict[str, RequestType] = {}
        self.groups: dict[str, str] = {}
        self.screens: dict[int, tuple[str, dict[int, tuple[str, list[str]]]]] = {}  #: id -> name, tabs: id -> name, field ids
        self.project_screen = 0
        self.project_properties: dict[str, Any] = {}
        self.issues: dict[int, Issue] = {}
        self.keys: dict[str, int] = {}  #: every key an issue has or had
        self.version = 0  #: rises with every write
        self.gone: dict[int, Issue] = {}
        self.next_id = 10_001
        self.next_number = 1
        self.next_comment = 10_001
        self.next_change = 10_001
        self.next_field = 10_101
        self.next_option = 10_201
        self.next_context = 10_301
        self.project_id, self.project_key, self.project_name = "10010", "ITH", "IT Help"
        self.desk_id = "4"
        self._last = datetime.min.replace(tzinfo=UTC)
        self.at: datetime | None = None  #: while a log is lived through again, its moment

    # ----------------------------------------------------------------------------------------------------------------- time
    def stamp(self) -> datetime:
        """The site's own time in milliseconds, never twice the same: two writes at one turned moment still have an order."""
        now = (self.at or self.now()).astimezone(UTC)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        if self.at is None:
            now = self._last = max(now, self._last + timedelta(milliseconds=1))
        return now

    def reindex(self, issue: Issue, at: datetime) -> None:
        """The index learns of a write later; of some issues much later: newer ones are then listed before older ones."""
        self.version += 1
        lag = self.index_lag * (4 if issue.id % 5 == 0 else 1)
        present = self.issues.get(issue.id)
        issue.index.append((at + lag, present.snapshot() if present is not None else None))
        now = self.now()
        settled = [entry for entry in issue.index if entry[0] <= now]
        issue.index = settled[-1:] + [entry for entry in issue.index if entry[0] > now]

    def indexed(self, reconcile: frozenset[int]) -> Iterator[Issue]:
        """Issues as the index shows them; those of `reconcile` as they are."""
        now = self.now()
        for issue in [*self.issues.values(), *self.gone.values()]:
            if issue.id in reconcile:
                if issue.id in self.issues:
                    yield issue
                continue
            shown: Issue | None = None
            for visible_at, snapshot in issue.index:
                if visible_at <= now:
                    shown = snapshot
            if shown is not None:
                yield shown

    # -------------------------------------------------------------------------------------------------------------- lookups
    def find_issue(self, id_or_key: str) -> Issue | None:
        """By id, by key, or by a key it had before it was moved."""
        if id_or_key.isdigit():
            return self.issues.get(int(id_or_key))
        return self.issues.get(self.keys.get(id_or_key.upper(), 0))

    def screen_fields(self, screen: int) -> list[str]:
        return [field_id for _, fields in self.screens[screen][1].values() for field_id in fields]

    def field_in_project(self, definition: FieldDefinition) -> bool:
        if definition.trashed:
            return False
        if not definition.is_custom or definition.locked:
            return True
        return any(not context.projects or self.project_id in context.projects for context in definition.contexts)

    def steps_from(self, status: str) -> list[Step]:
        return [step for step in self.steps if status in step.sources]

    # --------------------------------------------------------------------------------------------------------------- writes
    def add_issue(self, *, issue_type: str, values: dict[str, Any], creator: str, properties: dict[str, Any]) -> Issue:
        at = self.stamp()
        issue = Issue(
            id=self.next_id,
            key=f"{self.project_key}-{self.next_number}",
            project=self.project_id,
            issue_type=issue_type,
            status=self.initial,
            creator=creator,
            created=at,
            updated=at,
            values=values,
            properties=properties,
            status_since=at,
        )
        self.next_id, self.next_number = self.next_id + 1, self.next_number + 1
        self.issues[issue.id] = issue
        self.keys[issue.key] = issue.id
        self.reindex(issue, at)
        return issue

    def change(self, issue: Issue, author: str, values: Mapping[str, Any], status: str | None = None) -> None:
        """Set values and, at once, the status; one group of history lines, nothing where nothing differs."""
        at = self.stamp()
        items = [
            self._item(name, issue.values.get(name), value) for name, value in values.items() if issue.values.get(name) != value
        ]
        if status is not None and status != issue.status:
            old, new = self.statuses[issue.status], self.statuses[status]
            items.insert(0, _status_item(old, new))
            issue.status, issue.status_since = status, at
        issue.values.update(values)
        if items:
            issue.history.append(ChangeGroup(id=str(self.next_change), author=author, at=at, items=items))
            self.next_change += 1
        issue.updated = at
        self.reindex(issue, at)

    def add_comment(self, issue: Issue, *, author: str, body: dict[str, Any], public: bool, properties: dict[str, Any]) -> Comment:
        at = self.stamp()
        comment = Comment(
            id=str(self.next_comment),
            author=author,
            body=body,
            public=public,
            created=at,
            updated=at,
            editor=author,
            properties=properties,
        )
        self.next_comment += 1
        issue.comments.append(comment)
        issue.updated = at
        self.reindex(issue, at)
        return comment

    def delete(self, issue: Issue) -> None:
        del self.issues[issue.id]
        self.gone[issue.id] = issue
        self.reindex(issue, self.stamp())

    def move(self, issue: Issue, key: str) -> None:
        """Another project's key; the id stays, the old key still finds it."""
        issue.key = key
        self.keys[key] = issue.id
        issue.updated = self.stamp()
        self.reindex(issue, issue.updated)

    def _item(self, name: str, old: Any, new: Any) -> ChangeItem:
        definition = self.fields[name]
        (old_id, old_text), (new_id, new_text) = self.told(definition, old), self.told(definition, new)
        return ChangeItem(
            field=definition.name if definition.is_custom else name,
            kind="custom" if definition.is_custom else "jira",
            field_id=name,
            old=old_id,
            old_text=old_text,
            new=new_id,
            new_text=new_text,
        )

    def told(self, definition: FieldDefinition, value: Any) -> tuple[str | None, str | None]:
        """A stored value as history tells it: id and words. Text has no id, an empty value is null or an empty text."""
        if value is None or value == []:
            return None, None
        terms = {"priority": self.priorities, "resolution": self.resolutions}.get(definition.id)
        if terms is not None:
            return str(value), terms[str(value)].called("en")
        if definition.type == "user":
            return str(value), self.accounts[str(value)].name
        if definition.type == "option":
            option = definition.option(value)
            return str(value), option.value if option else str(value)
        if definition.type == "array" and definition.items == "option":
            options = [definition.option(item) for item in value]
            return f"[{', '.join(str(item) for item in value)}]", ",".join(option.value for option in options if option)
        if definition.type == "array":
            return None, " ".join(map(str, value))
        if definition.custom.endswith(":vp-origin"):
            return str(value), self.request_types[str(value)].name
        if isinstance(value, Mapping):
            return None, plain_text(value)
        if isinstance(value, datetime):
            return value.isoformat(), value.strftime("%d/%b/%y %I:%M %p")
        if definition.type == "date":
            return str(value), str(value)
        return None, f"{value:g}" if isinstance(value, float) else str(value)

    def people(self, words: str) -> Account | None:
        """A person by account id, e-mail or name."""
        folded = words.casefold()
        return next(
            (
                account
                for account in self.accounts.values()
                if folded in (account.id.casefold(), account.email.casefold(), account.name.casefold())
            ),
            None,
        )


def _status_item(old: Named, new: Named) -> ChangeItem:
    return ChangeItem(
        field="status", kind="jira", field_id="status", old=old.id, old_text=old.called("en"), new=new.id, new_text=new.called("en")
    )


def paged(items: Sequence[Any], start: int, limit: int) -> Sequence[Any]:
    return items[start : start + limit]
