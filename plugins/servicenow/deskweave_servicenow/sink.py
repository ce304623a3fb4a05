"""Records written: created with our mark, changed with a look at what was kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from deskweave.connector import Draft, Outcome, Patch, Ref
from deskweave.errors import ConfigurationError, Executed, RateLimited, Rejected, RequestError, TransientError
from deskweave.mapping.codec import normalise_text
from deskweave.model import FieldId, Json
from deskweave_servicenow.client import Client, Row
from deskweave_servicenow.layout import Layout
from deskweave_servicenow.mapping import JOURNALS, REFERENCES, read_record
from deskweave_servicenow.people import Directory
from deskweave_servicenow.records import Answers

_Item = TypeVar("_Item")
EMAIL: Final = FieldId("email")
#: Where the requester stands whom a draft is made for.
ON_BEHALF: Final[Mapping[str, str]] = {"incident": "caller_id", "interaction": "opened_for"}


class Sink:
    """`connector.RecordSink`. One record a request; deleting is not offered."""

    def __init__(self, client: Client, layout: Layout, answers: Answers, directory: Directory) -> None:
        self._client, self._layout, self._answers, self._directory = client, layout, answers, directory

    def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        return _each(drafts, self._create)

    def patch(self, patches: Sequence[Patch]) -> Sequence[Outcome]:
        return _each(patches, self._patch)

    def delete(self, refs: Sequence[Ref]) -> Sequence[Outcome]:
        message = "this connector deletes no records in ServiceNow; close or cancel them there"
        return [Outcome(executed=Executed.NO, ref=ref, error=Rejected(message, code="delete")) for ref in refs]

    def _create(self, draft: Draft) -> Outcome:
        fields = dict(draft.fields)
        behalf = ON_BEHALF.get(draft.collection)
        if draft.on_behalf_of and behalf and not fields.get(behalf):
            fields[behalf] = draft.on_behalf_of
        body, unresolved = self._body(draft.collection, fields)
        row = self._client.create(draft.collection, body, self._layout.asked(draft.collection))
        ids = self._layout.field_ids(draft.collection)
        covers = frozenset(ids[name] for name in fields if name in ids)
        return self._outcome(draft.collection, fields, body, unresolved, row, covers)

    def _patch(self, patch: Patch) -> Outcome:
        fields = dict(patch.set) | {name: "" for name in patch.clear}
        if not fields:
            return Outcome(executed=Executed.NO, ref=patch.ref, applied=patch.covers)
        body, unresolved = self._body(patch.ref.collection, fields)
        if not body:
            return Outcome(executed=Executed.NO, ref=patch.ref, dropped=patch.covers)
        row = self._client.update(patch.ref.collection, patch.ref.rid, body, self._layout.asked(patch.ref.collection))
        return self._outcome(patch.ref.collection, fields, body, unresolved, row, patch.covers)

    def _body(self, collection: str, fields: Mapping[str, Json]) -> tuple[dict[str, Json], frozenset[str]]:
        """What is sent: people and groups by their id there. One that cannot be told for sure is not sent at all.

        A requester whose name is nobody's, or several people's, is found by the e-mail that comes with it.
        """
        ids = self._layout.field_ids(collection)
        email = next((value for name, value in fields.items() if ids.get(name) == EMAIL and value), None)
        body: dict[str, Json] = {}
        unresolved: set[str] = set()
        for name, value in fields.items():
            if value is None:
                value = ""
            if name in REFERENCES and value != "":
                found = self._directory.resolve(REFERENCES[name][0], value)
                if found is None and email is not None and name == ON_BEHALF.get(collection):
                    found = self._directory.resolve(REFERENCES[name][0], email)
                if found is None:
                    unresolved.add(name)
                    continue
                value = found
            body[name] = value
        return body, frozenset(unresolved)

    def _outcome(
        self,
        collection: str,
        fields: Mapping[str, Json],
        body: Mapping[str, Json],
        unresolved: frozenset[str],
        row: Row,
        covers: frozenset[FieldId],
    ) -> Outcome:
        ids = self._layout.field_ids(collection)
        lost = {name for name in fields if name in unresolved or not _kept(name, body.get(name), row)}
        dropped = frozenset(ids[name] for name in lost if name in ids) & (covers or frozenset(ids.values()))
        correlation = self._layout.correlation(collection)
        record = read_record(collection, row, correlation=correlation, address=self._client.address)
        if record is not None:
            self._answers.keep(record)
        return Outcome(
            executed=Executed.YES,
            ref=Ref(collection, str(row["sys_id"])),
            record=record,
            applied=covers - dropped,
            dropped=dropped,
        )


def _kept(name: str, sent: Json, row: Row) -> bool:
    """Whether the answer holds what was sent: columns that are not there, values that are no choice and cut text do not."""
    if name in JOURNALS:
        return True
    if name not in row:
        return False
    held = row[name]
    if isinstance(held, Mapping):
        held = held.get("value")
    want, have = str("" if sent is None else sent), str("" if held is None else held)
    if want == have or normalise_text(want, lines=True, limit=None) == normalise_text(have, lines=True, limit=None):
        return True
    try:
        return float(want) == float(have)
    except ValueError:
        return False


def _each(items: Sequence[_Item], write: Callable[[_Item], Outcome]) -> list[Outcome]:
    """One after the other. What stops the connection or a limit ends it; items not reached say that they were not sent."""
    outcomes: list[Outcome] = []
    stopped: RequestError | None = None
    for item in items:
        if stopped is not None:
            outcomes.append(Outcome(executed=Executed.NO, error=stopped))
            continue
        try:
            outcomes.append(write(item))
        except RequestError as error:
            outcomes.append(Outcome(executed=error.executed, ref=getattr(item, "ref", None), error=error))
            if isinstance(error, RateLimited):
                stopped = error
        except ConfigurationError as error:
            if not outcomes:
                raise
            stopped = TransientError(str(error), executed=Executed.NO, code="stopped")
            outcomes.append(Outcome(executed=Executed.NO, ref=getattr(item, "ref", None), error=stopped))
    return outcomes
