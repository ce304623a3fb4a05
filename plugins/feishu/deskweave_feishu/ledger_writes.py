"""Writing rows of the ledger: one write at a time, each create under an idempotency key of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from deskweave.connector import Draft, Kit, Outcome, Patch, Ref
from deskweave.errors import Executed, Missing, Rejected, RequestError, TransientError
from deskweave.model import Json
from deskweave_feishu.cells import Unwritable
from deskweave_feishu.client import REPLICA_LAG, WRITE_BATCH, uuid4_of
from deskweave_feishu.errors import KEY_CONFLICT, NAME_UNKNOWN, RECORD_NOT_FOUND, RESUBMITTED
from deskweave_feishu.ledger import LEDGER, Ledger

_Item = TypeVar("_Item", Draft, Patch)
SETTLE: Final = timedelta(minutes=2)  #: after this a lost request can no longer take effect


class LedgerWriter:
    """Creates, patches and deletes rows. Batches are all-or-nothing there, so a refused one is halved to the culprit."""

    def __init__(self, ledger: Ledger, kit: Kit, create_batch: int) -> None:
        self._ledger, self._kit, self._create_batch = ledger, kit, create_batch
        self._conflicts: dict[str, datetime] = {}  #: draft key -> when its idempotency key first met a conflict

    # ------------------------------------------------------------------------------------------------------------- creating
    def create(self, drafts: Sequence[Draft]) -> list[Outcome]:
        """One outcome per draft.

        Raises:
            RemoteError: the very first call failed as a whole.
        """
        outcomes: list[Outcome] = []
        for at in range(0, len(drafts), self._create_batch):
            part = drafts[at : at + self._create_batch]
            try:
                outcomes += self._create_alone(part[0]) if len(part) == 1 else self._create_together(part)
            except TransientError as error:
                if not outcomes:
                    raise
                outcomes += [Outcome(executed=error.executed, error=error) for _ in part]
                stopped = TransientError(str(error), executed=Executed.NO, retry_at=error.retry_at, code=error.code)
                outcomes += [Outcome(executed=Executed.NO, error=stopped) for _ in drafts[at + len(part) :]]
                break
        return outcomes

    def _create_alone(self, draft: Draft) -> list[Outcome]:
        try:
            cells = self._cells(draft.fields)
            return [self._submit(draft, cells, uuid4_of(draft.key))]
        except Rejected as error:
            return [Outcome(executed=error.executed, error=error)]

    def _submit(self, draft: Draft, cells: Mapping[str, Json], token: str) -> Outcome:
        try:
            with self._ledger.writing:
                record = self._ledger.client.create_record(self._ledger.table, cells, token)
        except RequestError as error:
            if error.code == RESUBMITTED:
                return self._found(draft) or self._later(draft, "was carried out before and is not to be seen yet")
            if error.code == KEY_CONFLICT:
                return self._after_conflict(draft, cells)
            if error.code in NAME_UNKNOWN:
                return self._renamed(draft, cells, token, error)
            raise
        return self._made(draft, record)

    def _made(self, draft: Draft, record: Mapping[str, Json]) -> Outcome:
        record_id = record.get("record_id") or record.get("id")
        if not isinstance(record_id, str):
            return self._found(draft) or self._later(draft, "was answered without an id")
        self._ledger.created(record_id)
        self._conflicts.pop(draft.key, None)
        return Outcome(executed=Executed.YES, ref=Ref(LEDGER, record_id))  # the echo is in another shape: to be read again

    def _found(self, draft: Draft) -> Outcome | None:
        seen = self._ledger.find(draft.corr)
        return Outcome(executed=Executed.YES, ref=seen[0].ref, record=seen[0]) if seen else None

    def _later(self, draft: Draft, why: str) -> Outcome:
        error = TransientError(
            f"the create of {draft.corr} {why}", executed=Executed.MAYBE, retry_at=self._kit.now() + REPLICA_LAG, code=RESUBMITTED
        )
        return Outcome(executed=Executed.MAYBE, error=error)

    def _after_conflict(self, draft: Draft, cells: Mapping[str, Json]) -> Outcome:
        """The key was used for another request. That may have been this very row, so a new one waits until we would see it."""
        found = self._found(draft)
        if found is not None:
            return found
        since = self._conflicts.setdefault(draft.key, self._kit.now())
        if self._kit.now() - since < SETTLE:
            return self._later(draft, "met a used idempotency key")
        with self._ledger.writing:
            record = self._ledger.client.create_record(self._ledger.table, cells, uuid4_of(f"{draft.key}/{since.isoformat()}"))
        return self._made(draft, record)

    def _renamed(self, draft: Draft, cells: Mapping[str, Json], token: str, error: RequestError) -> Outcome:
        """A column changed its name since we looked: look again, and try once more if that explains it."""
        self._ledger.columns(fresh=True)
        again = self._cells(draft.fields)
        if again.keys() == cells.keys():
            raise error
        with self._ledger.writing:
            return self._made(draft, self._ledger.client.create_record(self._ledger.table, again, token))

    def _create_together(self, drafts: Sequence[Draft]) -> list[Outcome]:
        """One call for several rows. Its key is that of these rows in this order, so another batch is no repetition of it."""
        ready, outcomes = self._ready([(draft, draft.fields) for draft in drafts])
        if ready:
            for draft, outcome in self._create_halving(ready):
                outcomes[id(draft)] = outcome
        return [outcomes[id(draft)] for draft in drafts]

    def _create_halving(self, ready: Sequence[tuple[Draft, Mapping[str, Json]]]) -> list[tuple[Draft, Outcome]]:
        token = uuid4_of("|".join(draft.key for draft, _ in ready))
        try:
            with self._ledger.writing:
                records = self._ledger.client.batch_create(self._ledger.table, [cells for _, cells in ready], token)
        except RequestError as error:
            if error.code in (RESUBMITTED, KEY_CONFLICT):
                return [(draft, self._found(draft) or self._later(draft, "met a used idempotency key")) for draft, _ in ready]
            if not isinstance(error, Rejected) or error.executed is not Executed.NO:
                raise
            if len(ready) == 1:
                return [(ready[0][0], Outcome(executed=Executed.NO, error=error))]
            half = len(ready) // 2
            return self._create_halving(ready[:half]) + self._create_halving(ready[half:])
        if len(records) != len(ready):
            return [(draft, self._found(draft) or self._later(draft, "was answered without an id")) for draft, _ in ready]
        return [(draft, self._made(draft, record)) for (draft, _), record in zip(ready, records, strict=True)]

    # ------------------------------------------------------------------------------------------------------------- patching
    def patch(self, patches: Sequence[Patch]) -> list[Outcome]:
        """One outcome per patch; the echo is in the written shape, so no record comes back."""
        ready, outcomes = self._ready([(patch, patch.set) for patch in patches])
        for at in range(0, len(ready), WRITE_BATCH):
            for patch, outcome in self._patch_halving(ready[at : at + WRITE_BATCH]):
                outcomes[id(patch)] = outcome
        return [outcomes[id(patch)] for patch in patches]

    def _patch_halving(self, ready: Sequence[tuple[Patch, Mapping[str, Json]]]) -> list[tuple[Patch, Outcome]]:
        todo = [(patch.ref.rid, cells) for patch, cells in ready if cells]
        try:
            if todo:
                with self._ledger.writing:
                    self._ledger.client.batch_update(self._ledger.table, todo)
        except (Rejected, Missing) as error:
            if error.executed is not Executed.NO:
                raise
            if len(ready) > 1:
                half = len(ready) // 2
                return self._patch_halving(ready[:half]) + self._patch_halving(ready[half:])
            return [(ready[0][0], self._refused(ready[0][0], error))]
        return [(patch, Outcome(executed=Executed.YES, ref=patch.ref, applied=patch.covers)) for patch, _ in ready]

    def _refused(self, patch: Patch, error: Rejected | Missing) -> Outcome:
        if error.code in NAME_UNKNOWN:
            self._ledger.columns(fresh=True)  # the next attempt speaks the columns' new names
            return self._not_yet(patch.ref, error)
        if error.code == RECORD_NOT_FOUND and self._ledger.is_recent(patch.ref.rid):
            return self._not_yet(patch.ref, error)
        error.record = f"{LEDGER}/{patch.ref.rid}"
        return Outcome(executed=Executed.NO, ref=patch.ref, error=error)

    def _not_yet(self, ref: Ref, error: RequestError) -> Outcome:
        retry_at = self._kit.now() + REPLICA_LAG
        later = TransientError(str(error), executed=Executed.NO, retry_at=retry_at, code=error.code, request_id=error.request_id)
        return Outcome(executed=Executed.NO, ref=ref, error=later)

    # ------------------------------------------------------------------------------------------------------------- deleting
    def delete(self, refs: Sequence[Ref]) -> list[Outcome]:
        """One outcome per row; one that is gone already counts as deleted."""
        outcomes: list[Outcome] = []
        for at in range(0, len(refs), WRITE_BATCH):
            outcomes += self._delete_halving(refs[at : at + WRITE_BATCH])
        return outcomes

    def _delete_halving(self, refs: Sequence[Ref]) -> list[Outcome]:
        try:
            with self._ledger.writing:
                self._ledger.client.batch_delete(self._ledger.table, [ref.rid for ref in refs])
        except Missing as error:
            if error.code != RECORD_NOT_FOUND:
                raise
            if len(refs) > 1:
                half = len(refs) // 2
                return self._delete_halving(refs[:half]) + self._delete_halving(refs[half:])
            if self._ledger.is_recent(refs[0].rid):
                return [self._not_yet(refs[0], error)]
        return [Outcome(executed=Executed.YES, ref=ref) for ref in refs]

    # --------------------------------------------------------------------------------------------------------------- common
    def _cells(self, fields: Mapping[str, Json]) -> dict[str, Json]:
        """Cells to write; an option we do not know may have been added since, so the columns are read once more.

        Raises:
            Rejected: a value does not fit.
        """
        try:
            return self._ledger.cells(fields)
        except Unwritable:
            self._ledger.columns(fresh=True)
        try:
            return self._ledger.cells(fields)
        except Unwritable as error:
            raise Rejected(str(error), code="unwritable") from None

    def _ready(
        self, items: Sequence[tuple[_Item, Mapping[str, Json]]]
    ) -> tuple[list[tuple[_Item, Mapping[str, Json]]], dict[int, Outcome]]:
        """What can be sent, and the outcomes of what cannot."""
        ready: list[tuple[_Item, Mapping[str, Json]]] = []
        outcomes: dict[int, Outcome] = {}
        for item, fields in items:
            try:
                ready.append((item, self._cells(fields)))
            except Rejected as error:
                ref = getattr(item, "ref", None)  # a draft has none
                error.record = f"{LEDGER}/{ref.rid if ref else item.key}"
                outcomes[id(item)] = Outcome(executed=Executed.NO, ref=ref, error=error)
        return ready, outcomes
