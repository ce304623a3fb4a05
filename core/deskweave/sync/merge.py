"""The merge of one record into its inquiry, in the platform's own view. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from deskweave.mapping.mapper import STATUS
from deskweave.model import CollectionBinding, FieldId, Policy, Value

EMPTY: tuple[Value, ...] = (None, "", ())


@dataclass(frozen=True, slots=True)
class Clash:
    """A field on which both sides moved. Values as the platform says them."""

    field: FieldId
    base: Value
    ours: Value
    theirs: Value
    winner: Literal["ours", "theirs"]


@dataclass(slots=True)
class Merged:
    taken: dict[FieldId, Value] = field(default_factory=dict)  #: goes into the inquiry
    clashes: list[Clash] = field(default_factory=list)


def merge(
    *,
    projected: Mapping[FieldId, Value],
    base: Mapping[FieldId, Value],
    observed: Mapping[FieldId, Value],
    inflight: Mapping[FieldId, Collection[Value]],
    owned: Collection[FieldId],
    doubtful: Collection[FieldId] = (),
) -> Merged:
    """Compare what a platform says with what both last agreed on and with what it would say if it agreed with us now.

    Args:
        projected: the inquiry in the platform's words. A field that is missing cannot be said there.
        base: what both last agreed on.
        observed: what the platform says now: readable fields with a word only. What is missing is neither compared nor changed.
        inflight: values we may have written without learning of it: seeing one is our own word coming back.
        owned: fields this platform decides: its value wins.
        doubtful: fields of `inflight` where our value may have stood there in the meantime: the old value, seen again, may be a
            person's word against it, so both are kept. Sent in vain looks the same, and only a history could tell.

    A platform that can say less never changes the inquiry by saying it: a value that is the inquiry's own, shortened or with
    statuses folded together, is agreement.
    """
    result = Merged()
    for name, seen in observed.items():
        agreed = base.get(name)
        if name in doubtful and same(seen, agreed):
            agreed = next((sent for sent in inflight.get(name, ()) if not same(sent, agreed)), agreed)
            if same(seen, agreed) or seen in EMPTY or same(seen, projected.get(name)):
                continue
            _clash(result, name, agreed, projected.get(name), seen, name in owned)
            continue
        if any(same(seen, sent) for sent in inflight.get(name, ())):
            agreed = seen
        if same(seen, agreed):
            continue
        ours = projected.get(name) if name in projected else agreed
        if same(seen, ours):
            continue
        if same(ours, agreed):
            result.taken[name] = seen
            continue
        _clash(result, name, agreed, ours, seen, name in owned)
    return result


def _clash(result: Merged, name: FieldId, base: Value, ours: Value, theirs: Value, owned: bool) -> None:
    result.clashes.append(Clash(name, base, ours, theirs, "theirs" if owned else "ours"))
    if owned:
        result.taken[name] = theirs


def wanted(
    *,
    projected: Mapping[FieldId, Value],
    base: Mapping[FieldId, Value],
    readable: Collection[FieldId],
    policies: Mapping[FieldId, Policy],
    withheld: Collection[FieldId],
    dropped: Mapping[FieldId, Value],
) -> dict[FieldId, Value]:
    """What has to be written so that the platform says what the inquiry says: only fields that may be, and that differ.

    Args:
        projected: the inquiry in the platform's words, without what is withheld from it.
        base: what stands there.
        readable: fields that could be read, with a word: others are never written, so that no guess replaces what stands there.
        policies: whose word counts, by field.
        withheld: fields that never go there.
        dropped: values it answered to with success and did not keep: not sent again until they change.
    """
    found: dict[FieldId, Value] = {}
    for name, value in projected.items():
        if name not in readable or name in withheld or same(value, base.get(name)):
            continue
        policy = policies.get(name, Policy.SHARED)
        if policy is Policy.READ_ONLY or (policy is Policy.WRITE_IF_EMPTY and base.get(name) not in EMPTY):
            continue
        if name in dropped and same(dropped[name], value):
            continue
        found[name] = value
    return found


def shared(collection: CollectionBinding, name: FieldId, word: str) -> bool:
    """Whether a collection spells another status or choice just as this one."""
    at = collection.fields.get(name)
    spelled: dict[str, object] = {} if at is None else dict(at.choices)
    if name == STATUS:
        spelled = {slug: one.is_ for slug, one in collection.statuses.items()}
    return word in spelled and any(raw == spelled[word] for slug, raw in spelled.items() if slug != word)


def held(seen: Value, said: Iterable[Value], says: Callable[[str], Value]) -> Value:
    """What the inquiry takes where a platform has one word for several of ours: the one it last held, else the word's own.

    An inquiry that waited on the user, was closed and is opened again by a platform that only knows "in progress" waits again.

    Args:
        seen: what the platform says.
        said: what the inquiry has held, the newest first.
        says: what the platform would say of a word of ours.
    """
    words = dict.fromkeys(one for one in said if isinstance(one, str))
    return next((word for word in words if same(says(word), seen)), seen)


def same(one: Value, other: Value) -> bool:
    """Equal as values: None, "" and () are one emptiness, True is not 1."""
    if one in EMPTY and other in EMPTY and not isinstance(one, bool) and not isinstance(other, bool):
        return True
    return one == other and isinstance(one, bool) == isinstance(other, bool)
