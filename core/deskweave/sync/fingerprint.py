"""What a record said when last seen, in a few bytes: an echo, an overlap or a repeated page costs no write and no mapping."""

from __future__ import annotations

import hashlib

import orjson

from deskweave.connector import Mapper, RemoteRecord, View


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
        Exception: whatever a mapper raises at a record it cannot read.
    """
    if seen_fp is not None and seen_fp[:12] == mapper.digest[:12] and seen_fp.rsplit(":", 1)[1] == _raw(record):
        return None
    view = mapper.read(record)
    return None if says_the_same(seen_fp, view, mapper.digest) else view


def _raw(record: RemoteRecord) -> str:
    try:
        body = orjson.dumps(record, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return ""  # a connector's value that is no JSON: the mapper has to look each time
    return hashlib.blake2b(body, digest_size=8).hexdigest()
