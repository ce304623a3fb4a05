"""Comments and work notes: written into the record's journal fields, read back from sys_journal_field where that is allowed."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from deskweave.connector import Outcome, Page, Ref, RemoteMessage
from deskweave.errors import Executed, Rejected, RemoteError, RequestError
from deskweave.model import InternalMessage, PublicMessage, Visibility
from deskweave_servicenow.client import Client, Listing, Row, instant, term
from deskweave_servicenow.records import keyset_page

JOURNAL: Final = "sys_journal_field"
ELEMENTS: Final[Mapping[str, Visibility]] = {"comments": Visibility.PUBLIC, "work_notes": Visibility.INTERNAL}
#: Which of them each table has.
JOURNALS: Final[Mapping[str, tuple[str, ...]]] = {"incident": ("comments", "work_notes"), "interaction": ("work_notes",)}
FIELDS: Final = ("sys_id", "name", "element", "element_id", "value", "sys_created_on", "sys_created_by")
CALLERS: Final[Mapping[str, str]] = {"incident": "caller_id.user_name", "interaction": "opened_for.user_name"}
_MARK: Final = re.compile(r"\s*\[deskweave:([^\[\]\s]{1,128})\]\s*\Z")
_CODE: Final = re.compile(r"\[(/?)code\]", re.IGNORECASE)
_MARKUP: Final = re.compile(r"\[code\](.*?)\[/code\]", re.IGNORECASE | re.DOTALL)
_BREAK: Final = re.compile(r"<\s*(?:br|/p|/div|/li|/tr)\s*/?\s*>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^<>]{0,2000}>")


def write_body(body: str, corr: str) -> str:
    """A message as it is put into a journal. The platform renders what stands between [code] tags as HTML: none get through."""
    harmless = _CODE.sub(r"[ \1code]", body)
    return f"{harmless}\n\n[deskweave:{corr}]"


def read_body(value: str) -> tuple[str, str | None]:
    """A journal entry as text, and our mark where one ends it."""
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    found = _MARK.search(text)
    if found is not None:
        text = text[: found.start()]
    text = _MARKUP.sub(lambda part: html.unescape(_TAG.sub("", _BREAK.sub("\n", part[1]))), text)
    return text.strip(), found[1] if found is not None else None


class Messages:
    """`connector.Messages`. The author of everything written here is our own account: the text says who spoke."""

    def __init__(self, client: Client, account: Callable[[], str], lose: Callable[[str], None]) -> None:
        self._client, self._account, self._lose = client, account, lose
        self.readable = True

    def changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteMessage]:
        base = f"{term('name', '=', collection)}^elementIN{','.join(ELEMENTS)}"
        listing, further, covers, expected = keyset_page(
            self._client, JOURNAL, base, FIELDS, column="sys_created_on", since=since, resume=resume
        )
        if self._hidden(listing, expected, resume):
            return Page(items=(), resume=None, covers_until=None, expected=expected)
        rows = [row for row in listing.rows if row.get("name") == collection]
        return Page(items=self._messages(rows), resume=further, covers_until=covers, expected=expected)

    def of(self, parent: Ref, resume: str | None) -> Page[RemoteMessage]:
        base = f"{term('element_id', '=', parent.rid)}^elementIN{','.join(ELEMENTS)}"
        listing, further, covers, expected = keyset_page(
            self._client, JOURNAL, base, FIELDS, column="sys_created_on", since=None, resume=resume
        )
        self._hidden(listing, expected, resume)
        rows = [row for row in listing.rows if row.get("element_id") == parent.rid]
        return Page(items=self._messages(rows), resume=further, covers_until=covers, expected=expected)

    def say(self, parent: Ref, message: PublicMessage, *, corr: str, key: str) -> Outcome:
        return self._append(parent, "comments", message.body, corr)

    def note(self, parent: Ref, message: InternalMessage, *, corr: str, key: str) -> Outcome:
        return self._append(parent, "work_notes", message.body, corr)

    def _append(self, parent: Ref, element: str, body: str, corr: str) -> Outcome:
        if element not in JOURNALS.get(parent.collection, ()):
            message = f"an {parent.collection} has no {element}: what is written into them there is lost without a word"
            return Outcome(executed=Executed.NO, error=Rejected(message, code="journal"))
        try:
            self._client.update(parent.collection, parent.rid, {element: write_body(body, corr)}, ("sys_id",))
        except RequestError as error:
            return Outcome(executed=error.executed, error=error)
        return Outcome(executed=Executed.YES, ref=self._written(parent, element, corr))

    def _written(self, parent: Ref, element: str, corr: str) -> Ref | None:
        """The entry we just made: the answer to a PATCH does not name it. None where it cannot be read (yet)."""
        if not self.readable:
            return None
        query = f"{term('element_id', '=', parent.rid)}^{term('element', '=', element)}^ORDERBYDESCsys_created_on^ORDERBYDESCsys_id"
        try:
            rows = self._client.page(JOURNAL, query, FIELDS, limit=20).rows
        except RemoteError:
            return None  # it was written all the same; the feed brings it
        for row in rows:
            if read_body(str(row.get("value") or ""))[1] == corr and row.get("sys_id"):
                return Ref(JOURNAL, str(row["sys_id"]))
        return None

    def _hidden(self, listing: Listing, expected: int | None, resume: str | None) -> bool:
        """Entries are counted and none is shown: the account lost its right, or never had it."""
        if listing.rows or resume is not None or not expected:
            return False
        self.readable = False
        self._lose(JOURNAL)
        return True

    def _messages(self, rows: Sequence[Row]) -> list[RemoteMessage]:
        callers = self._callers(rows)
        found = [self._message(row, callers) for row in rows]
        return [message for message in found if message is not None]

    def _callers(self, rows: Sequence[Row]) -> Mapping[str, str]:
        """Record -> user_name of its requester, so that a requester's comment is told from an agent's."""
        mine = self._account()
        callers: dict[str, str] = {}
        for collection, column in CALLERS.items():
            ids = sorted(
                {
                    str(row["element_id"])
                    for row in rows
                    if row.get("name") == collection
                    and row.get("element") == "comments"
                    and row.get("element_id")
                    and row.get("sys_created_by") != mine
                }
            )
            if not ids:
                continue
            for row in self._client.of_ids(collection, "sys_id", ids, ("sys_id", column)):
                callers[str(row["sys_id"])] = str(row.get(column) or "")
        return callers

    def _message(self, row: Row, callers: Mapping[str, str]) -> RemoteMessage | None:
        moment, element = instant(row.get("sys_created_on")), str(row.get("element") or "")
        rid, parent = row.get("sys_id"), row.get("element_id")
        if moment is None or element not in ELEMENTS or not rid or not parent:
            return None
        body, mark = read_body(str(row.get("value") or ""))
        author = str(row["sys_created_by"]) if row.get("sys_created_by") else None
        ours = author is not None and author == self._account()
        side: Literal["user", "agent", "us", "unknown"] = "unknown"
        if ours:
            side = "us"
        elif element == "work_notes":
            side = "agent"
        elif author is not None and str(parent) in callers:
            side = "user" if callers[str(parent)] == author else "agent"
        return RemoteMessage(
            ref=Ref(JOURNAL, str(rid)),
            parent=Ref(str(row.get("name") or ""), str(parent)),
            visibility=ELEMENTS[element],
            body=body,
            author=author,
            author_side=side,
            at=moment,
            edited_at=None,
            corr=mark if ours else None,  # somebody else's copy of our text is no message of ours
        )
