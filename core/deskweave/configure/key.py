"""What an element is called in lock files, plans and journals, and how its attributes are compared leaf by leaf."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deskweave.connector import Element, ElementId
from deskweave.model import Json


@dataclass(frozen=True, slots=True, order=True)
class ElementKey:
    """One element of one connection. A field bound in two collections is two elements with one path."""

    kind: str
    path: str
    collection: str = ""

    def __str__(self) -> str:
        return f"{self.kind}/{self.path}" + (f"@{self.collection}" if self.collection else "")

    @property
    def id(self) -> ElementId:
        return ElementId(self.kind, self.path)

    def is_called(self, word: str) -> bool:
        """Whether `KIND/ID`, a path or a full key means this element or something it stands below: `field/x` means `fields/x`."""
        kind, _, rest = word.partition("/")
        candidates = {word, f"{kind}s/{rest}"} | ({rest} if kind == self.kind else set())
        return str(self) == word or any(self.path == one or self.path.startswith(f"{one}/") for one in candidates if one)

    @staticmethod
    def parse(text: str) -> ElementKey:
        """The key that `str` wrote.

        Raises:
            ValueError: there is no kind or no path in it.
        """
        kind, slash, rest = text.partition("/")
        path, _, collection = rest.partition("@")
        if not (kind and slash and path):
            message = f"{text!r} is not an element: kind/path or kind/path@collection"
            raise ValueError(message)
        return ElementKey(kind, path, collection)

    @staticmethod
    def of(element: Element) -> ElementKey:
        """The key of an element that has an id.

        Raises:
            ValueError: it is not the practice's.
        """
        if element.id is None:
            message = "an element without an id is not the practice's and has no key"
            raise ValueError(message)
        return ElementKey(element.id.kind, element.id.path, text_of(element, "collection"))


def text_of(element: Element, attribute: str) -> str:
    """An attribute as text, "" where it is absent, empty or something else than text or a number."""
    value = element.attributes.get(attribute)
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def plain(value: object) -> Json:
    """The value as JSON has it: tuples become lists, mappings dicts with text keys, what JSON does not know its text."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [plain(part) for part in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(part) for part in value), key=canonical)
    return str(value)


def canonical(value: object) -> str:
    """One spelling for equal values, for digests and comparisons."""
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(value: object) -> str:
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def leaves(attributes: Mapping[str, Json], prefix: str = "") -> dict[str, Json]:
    """Attributes flattened to `label/zh`: a platform that shows one language only is compared in that language only."""
    flat: dict[str, Json] = {}
    for name, value in attributes.items():
        if isinstance(value, Mapping):
            flat.update(leaves(value, f"{prefix}{name}/"))
        else:
            flat[f"{prefix}{name}"] = plain(value)
    return flat


def element_json(element: Element | None) -> Json:
    """An element for a plan file: what it is and what it says, without when and by whom it was changed."""
    if element is None:
        return None
    return {
        "kind": element.id.kind if element.id else None,
        "path": element.id.path if element.id else None,
        "native": element.native,
        "attributes": plain(element.attributes),
        "needs": [[need.kind, need.path] for need in element.needs],
        "locked": element.locked,
    }


def element_from_json(value: Mapping[str, Json]) -> Element:
    """The element that `element_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is not one.
    """
    kind, path, attributes, needs = value["kind"], value["path"], value["attributes"], value["needs"]
    if not isinstance(attributes, Mapping) or not isinstance(needs, Sequence) or isinstance(needs, str):
        message = "attributes or needs of an element have another shape"
        raise TypeError(message)
    native, locked = value["native"], value["locked"]
    pairs = [need for need in needs if isinstance(need, Sequence) and not isinstance(need, str) and len(need) == 2]
    return Element(
        id=ElementId(str(kind), str(path)) if kind is not None else None,
        native=None if native is None else str(native),
        attributes=attributes,
        needs=tuple(ElementId(str(pair[0]), str(pair[1])) for pair in pairs),
        locked=None if locked is None else str(locked),
    )
