"""Writing back into a person's file: values at paths, everything else as it stood."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, Final

from deskweave.documents.document import problem, split
from deskweave.errors import DocumentError
from deskweave.findings import Place
from deskweave.model import Json

_WIDTH: Final = 4096


def amend(path: Path, changes: Mapping[str, Json], *, document: tuple[str, str] | None = None, remove: Iterable[str] = ()) -> bool:
    """Set values at JSON Pointers of one document of a file, keeping comments, order, quotes and line ends.

    A mapping on the way that is missing is made. A value that already stands there changes nothing, and a file in which nothing
    changes keeps every byte. The file is replaced in one step.

    Args:
        path: the file.
        changes: JSON Pointer to new value.
        document: kind and id; by default the file's only document.
        remove: JSON Pointers of keys to take out; one that is not there is left alone.

    Returns:
        Whether the file changed.

    Raises:
        DocumentError: the file cannot be read, has no such document, or a path leads through something that is no mapping.
    """
    from deskweave.documents.read import read

    read(path)  # what we would refuse to read we do not write
    data = path.read_bytes()
    bom = data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig")
    newline = "\r\n" if "\r\n" in text else "\n"
    yaml = _round_trip(text)
    documents = [found for found in yaml.load_all(text.replace("\r\n", "\n"))]
    target = _document(documents, document, path)
    changed = False
    for where, value in changes.items():
        changed |= _put(target, split(where), value, path)
    for where in remove:
        changed |= _take(target, split(where))
    if not changed:
        return False
    out = StringIO()
    yaml.dump_all(documents, out)
    result = out.getvalue()
    if text.startswith("---") and not result.startswith("---"):
        result = "---\n" + result
    _replace(path, (b"\xef\xbb\xbf" if bom else b"") + result.replace("\n", newline).encode("utf-8"))
    return True


def _round_trip(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.util import load_yaml_guess_indent

    _, indent, offset = load_yaml_guess_indent(text.replace("\r\n", "\n").split("\n---")[0])
    yaml = YAML(typ="rt")
    yaml.version = None
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    yaml.allow_unicode = True
    step = indent if isinstance(indent, int) and indent >= 2 else 2
    dash = offset if isinstance(offset, int) else 0
    yaml.indent(mapping=2, sequence=max(step, dash + 2), offset=dash)
    yaml.constructor.yaml_constructors = {
        key: value for key, value in yaml.constructor.yaml_constructors.items() if key != "tag:yaml.org,2002:timestamp"
    }
    return yaml


def _document(documents: list[Any], wanted: tuple[str, str] | None, path: Path) -> Any:
    found = [doc for doc in documents if isinstance(doc, Mapping) and (wanted is None or (doc.get("kind"), doc.get("id")) == wanted)]
    if len(found) == 1:
        return found[0]
    names = tuple(f"{doc.get('kind')}/{doc.get('id')}" for doc in documents if isinstance(doc, Mapping))
    what = "no such document in the file" if wanted else "the file holds several documents: say which"
    raise DocumentError([problem("no-such-document", Place(str(path), ""), "/".join(wanted or ()), what, allowed=names)])


def _put(target: Any, parts: tuple[str, ...], value: Json, path: Path) -> bool:
    if not parts:
        raise DocumentError([problem("bad-path", Place(str(path), ""), "", "the whole document cannot be set")])
    for part in parts[:-1]:
        if isinstance(target, list) and part.isdecimal() and int(part) < len(target):
            target = target[int(part)]
            continue
        if not isinstance(target, dict):
            break
        if target.get(part) is None:
            target[part] = type(target)()
        target = target[part]
    last: str | int = parts[-1]
    if isinstance(target, list) and parts[-1].isdecimal() and int(parts[-1]) < len(target):
        last = int(parts[-1])
    elif not isinstance(target, dict):
        raise DocumentError([problem("bad-path", Place(str(path), "/" + "/".join(parts)), parts[-1], "the path leads through something that is no mapping")])
    elif last in target and type(target[last]) is type(value) and target[last] == value:
        return False
    if (isinstance(last, int) or last in target) and target[last] == value and isinstance(target[last], bool) == isinstance(value, bool):
        return False
    target[last] = value
    return True


def _take(target: Any, parts: tuple[str, ...]) -> bool:
    for part in parts[:-1]:
        target = target.get(part) if isinstance(target, dict) else None
    if not isinstance(target, dict) or not parts or parts[-1] not in target:
        return False
    del target[parts[-1]]
    return True


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, path.stat().st_mode & 0o777)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
