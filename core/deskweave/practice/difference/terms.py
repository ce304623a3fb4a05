"""The terms that two practices are compared by, and what of them is compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from deskweave.model import Choice, Field, Phase
from deskweave.practice.difference.aspects import Aspect
from deskweave.practice.difference.places import Path, Places
from deskweave.practice.practice import Practice

_MISSING: Final = object()
#: how a value's slugs follow renames: what it is said as -> subject whose terms it names
NAMES: Final[Mapping[str, str]] = {
    "role": "role",
    "roles": "role",
    "field": "field",
    "fields": "field",
    "status": "status",
    "statuses": "status",
    "transition": "transition",
    "clock": "clock",
    "clocks": "clock",
    "calendar": "calendar",
    "holidays": "holidays",
    "channels": "channel",
    "classification": "classification",
    "stream": "choice:stream",
    "tier": "tier",
    "group": "group",
    "groups": "group",
    "skills": "skill",
    "template": "template",
    "templates": "template",
    "service_level": "service_level",
    "factor": "factor",
    "site": "site",
    "columns": "field",
    "column": "field",
}


@dataclass(frozen=True, slots=True)
class Paired:
    """Terms of one kind in both practices: which old slug is which new one, and what came and went."""

    same: Mapping[str, str]  #: old slug -> new slug
    gone: tuple[str, ...]
    came: tuple[str, ...]


def follows(aspect: Aspect, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether what is worked out from elsewhere is only otherwise because that is: it is said there."""
    return aspect.name == "sum_statuses" and bool(after.get("sum_of")) and before.get("sum_of") == after.get("sum_of")


def narrowed(path: Path, was: Path, before: Places, after: Places) -> Path:
    """Of a mapping that is otherwise, the key that is: a layer that sets one of its keys is the one to be shown."""
    old, new = before.spec((*was, *path[len(was) :])), after.spec(path)
    while new:
        key = next((name for name in new if old.get(name) != new[name]), None)
        if key is None:
            return path
        path, inner = (*path, str(key)), new[key]
        if not isinstance(inner, Mapping) or not isinstance(old.get(key), Mapping):
            return path
        old, new = old[key], inner
    return path


def attribute(term: object, name: str, spec: Mapping[str, Any]) -> object:
    """An attribute of the typed thing; what the model leaves out (a description) as the files say it."""
    value = getattr(term, name, _MISSING)
    if value is _MISSING:
        value = spec.get(name)
    if isinstance(value, Phase):
        return value.value
    if isinstance(value, Mapping) and not value:
        return None
    return None if value in ("", ()) else value


def own_choices(spec: Mapping[str, Any], field: Field) -> Mapping[str, Choice]:
    """A field's own choices, without those of another kind of term."""
    stated = spec.get("choices")
    return {slug: field.choices[slug] for slug in stated if slug in field.choices} if isinstance(stated, Mapping) else {}


def by_slug(rules: Iterable[Any]) -> dict[str, Any]:
    return {rule.slug: rule for rule in rules}


@dataclass(frozen=True, slots=True)
class Called:
    label: Mapping[str, str]


def labelled(labels: Mapping[str, Mapping[str, str]]) -> dict[str, Called]:
    return {slug: Called(label) for slug, label in labels.items()}


def categories(practice: Practice) -> dict[str, Called]:
    return {item.category: Called(item.category_label) for item in practice.catalog.values()}


def services(practice: Practice) -> dict[str, Called]:
    return {f"{item.category}/{item.service}": Called(item.service_label) for item in practice.catalog.values()}
