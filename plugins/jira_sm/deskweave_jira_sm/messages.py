"""The exchange on a request: customer-visible comments and internal notes.

On the platform API a comment is public unless the property `sd.public.comment` says otherwise, so every write states it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, TypeAlias

from deskweave.connector import Outcome, Page, Ref, RemoteMessage
from deskweave.errors import Executed, Rejected, RequestError
from deskweave.model import InternalMessage, Json, PublicMessage, Visibility
from deskweave_jira_sm.adf import LIMIT, from_adf, to_adf
from deskweave_jira_sm.instant import read_instant
from deskweave_jira_sm.records import Desk

MESSAGE: Final = "deskweave.message"  #: key of the comment property that carries our message id
_VISIBILITY: Final = "sd.public.comment"
_Side: TypeAlias = Literal["user", "agent", "bot", "us", "unknown"]


class Comments:
    """`connector.Messages`, per record."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteMessage]:
        """Jira has no feed of comments over all requests; they are read per request.

        Raises:
            Rejected: always.
        """
        message = "Jira lists comments per request only; messages are read with each changed request"
        raise Rejected(message)

    def of(self, parent: Ref, resume: str | None) -> Page[RemoteMessage]:
        """One page of a request's comments, oldest first, with our own ids from their properties.

        The request is read first: a request hidden from us answers with no comments instead of an error.
        """
        client = self._desk.client
        start, reporter = 0, ""
        if resume is None:
            fields = client.issue(parent, fields=["reporter"]).get("fields")
            person = fields.get("reporter") if isinstance(fields, Mapping) else None
            reporter = str(person.get("accountId") or "") if isinstance(person, Mapping) else ""
        else:
            offset, _, reporter = resume.partition(":")
            start = int(offset)
        answer = client.comments(parent, start, 100)
        listed = answer.get("comments")
        comments = [comment for comment in listed if isinstance(comment, Mapping)] if isinstance(listed, list) else []
        ours = self._ours(comments)
        found = [self._message(parent, comment, ours, reporter) for comment in comments]
        total = answer.get("total")
        after = start + len(comments)
        more = bool(comments) and isinstance(total, int) and after < total
        return Page(items=[message for message in found if message is not None], resume=f"{after}:{reporter}" if more else None)

    def _ours(self, comments: list[Mapping[str, Json]]) -> dict[str, str]:
        """Comment id to our message id, for comments of our own account: nobody else's can be ours."""
        mine = []
        for comment in comments:
            author = comment.get("author")
            if (
                isinstance(author, Mapping)
                and author.get("accountId") == self._desk.site.account
                and str(comment.get("id")).isdigit()
            ):
                mine.append(int(str(comment["id"])))
        if not mine:
            return {}
        values = self._desk.client.comment_list(mine).get("values")
        found = {}
        for comment in values if isinstance(values, list) else ():
            if isinstance(comment, Mapping):
                mark = _property(comment, MESSAGE)
                if isinstance(mark, Mapping) and mark.get("id"):
                    found[str(comment.get("id"))] = str(mark["id"])
        return found

    def _message(self, parent: Ref, comment: Mapping[str, Json], ours: Mapping[str, str], reporter: str) -> RemoteMessage | None:
        at = read_instant(comment.get("created"))
        if at is None or comment.get("id") is None:
            return None
        id_ = str(comment["id"])
        edited = read_instant(comment.get("updated"))
        author = comment.get("author")
        account = str(author.get("accountId") or "") if isinstance(author, Mapping) else ""
        return RemoteMessage(
            ref=Ref("comment", id_),
            parent=parent,
            visibility=Visibility.INTERNAL if comment.get("jsdPublic") is False else Visibility.PUBLIC,
            body=from_adf(comment.get("body")),
            author=account or None,
            author_side=self._side(author, ours.get(id_), reporter),
            at=at,
            edited_at=edited if edited and edited > at else None,
            corr=ours.get(id_),
        )

    @staticmethod
    def _side(author: Json, corr: str | None, reporter: str) -> _Side:
        """Who speaks. Never "us" by account alone: a person may use the integration's account."""
        if corr is not None:
            return "us"
        if not isinstance(author, Mapping):
            return "unknown"
        kind = author.get("accountType")
        if kind == "customer" or (reporter and author.get("accountId") == reporter):
            return "user"
        return "bot" if kind == "app" else "agent" if kind == "atlassian" else "unknown"

    # -------------------------------------------------------------------------------------------------------------- writing
    def say(self, parent: Ref, message: PublicMessage, *, corr: str, key: str) -> Outcome:
        """A comment the customer sees, and is mailed by Jira."""
        return self._write(parent, message.body, internal=False, corr=corr)

    def note(self, parent: Ref, message: InternalMessage, *, corr: str, key: str) -> Outcome:
        """An internal note."""
        return self._write(parent, message.body, internal=True, corr=corr)

    def _write(self, parent: Ref, body: str, *, internal: bool, corr: str) -> Outcome:
        if len(body) > LIMIT:
            error = Rejected(f"the message has {len(body)} characters, a Jira comment holds {LIMIT}")
            return Outcome(executed=Executed.NO, error=error)
        properties: list[Mapping[str, Json]] = [
            {"key": _VISIBILITY, "value": {"internal": internal}},
            {"key": MESSAGE, "value": {"id": corr}},
        ]
        try:
            made = self._desk.client.add_comment(parent, to_adf(body), properties)
        except RequestError as error:
            return Outcome(executed=error.executed, error=error)
        id_ = str(made.get("id"))
        if internal and made.get("jsdPublic") is not False:
            return self._withdraw(parent, id_)
        return Outcome(executed=Executed.YES, ref=Ref("comment", id_))

    def _withdraw(self, parent: Ref, comment: str) -> Outcome:
        """An internal note that came out public is taken back at once: the project is no service project."""
        text = "Jira made an internal note public, which it does outside service projects"
        try:
            self._desk.client.delete_comment(parent, comment)
        except RequestError:
            error = Rejected(f"{text}, and it could not be withdrawn: delete comment {comment} by hand", executed=Executed.YES)
            return Outcome(executed=Executed.YES, ref=Ref("comment", comment), error=error)
        error = Rejected(f"{text}; it was withdrawn. Bind messages.internal only on a service project.", executed=Executed.NO)
        return Outcome(executed=Executed.NO, error=error)


def _property(comment: Mapping[str, Json], key: str) -> Json:
    properties = comment.get("properties")
    for entry in properties if isinstance(properties, list) else ():
        if isinstance(entry, Mapping) and entry.get("key") == key:
            return entry.get("value")
    return None
