"""What a record said when last seen, in a few bytes: an echo, an overlap or a repeated page costs no write and no mapping."""

from __future__ import annotations

import hashlib
from typing import Final

import orjson

from deskweave.connector import Mapper, RemoteRecord, View

UNREADABLE: Final = "it could not be read: the mapping raised an error"


def fingerprint(view: View, digest: str) -> str:
    """What a record said, with the mapping it was read by: a new mapping is never taken for an edit."""
    said = [view.values, view.unknown, view.accounts] if view.accounts else [view.values, view.unknown]
    body = orjson.dumps(said, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
    return f"{digest[:12]}:{hashlib.blake2b(body, digest_size=16).hexdigest()}"


def imprint(record: RemoteRecord, view: View, digest: str) -> str:
    """The fingerprint, and behind it one of the record as it came: by that alone most records are told to be what they were."""
    return f"{fingerprint(view, digest)}:{_raw(record)}"


def says_the_same(seen_fp: str | None, view: View, digest: str) -> bool:
    """Whether a record still says what it said, in our words."""
    return seen_fp is not None and seen_fp.rsplit(":", 1)[0] == fingerprint(view, digest)


def glance(seen_fp: str | None, record: RemoteRecord, mapper: Mapper) -> View | None:
    """The record in our words; None: it says what it said when it was last seen.

    Raises:
        Exception: whatever a mapper raises at a record it cannot read; TypeError where the store cannot hold what it says.
    """
    raw = _raw(record)
    if raw and seen_fp is not None and seen_fp[:12] == mapper.digest[:12] and seen_fp.rsplit(":", 1)[1] == raw:
        return None
    view = read(record, mapper)
    return None if says_the_same(seen_fp, view, mapper.digest) else view


def read(record: RemoteRecord, mapper: Mapper) -> View:
    """The record in our words, once it is sure that the store can hold them: half a character, or a number of 70 bits, it cannot.

    Raises:
        Exception: as `glance`.
    """
    view = mapper.read(record)
    fingerprint(view, mapper.digest)
    orjson.dumps([record.label, record.url, record.version, record.updated_by])
    return view


def legible(record: RemoteRecord, mapper: Mapper) -> View | None:
    """The same; None where it cannot be read: one bad record blocks only itself."""
    try:
        return read(record, mapper)
    except Exception:  # noqa: BLE001  hostile records and strangers' codecs
        return None


def _raw(record: RemoteRecord) -> str:
    try:
        body = orjson.dumps(record, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return ""  # a connector's value that is no JSON: the mapper has to look each time
    return hashlib.blake2b(body, digest_size=8).hexdigest()
