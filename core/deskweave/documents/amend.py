"""Writing back into a person's file: values at paths, everything else as it stood."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from io import StringIO
from pathlib import Path
from typing import Any, Final

from deskweave.documents.document import pointer, problem, split
from deskweave.errors import DocumentError
from deskweave.findings import Place
from deskweave.model import Json

_WIDTH: Final = 4096
Opcodes = Sequence[tuple[str, int, int, int, int]]


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
    plain = text.replace("\r\n", "\n")
    yaml = _round_trip(plain)
    documents = list(yaml.load_all(plain))
    before = _dumped(yaml, documents)
    target = _document(documents, document, path)
    changed = False
    for where, value in changes.items():
        changed |= _put(target, split(where), value, path)
    for where in remove:
        changed |= _take(target, split(where))
    if not changed:
        return False
    result = _merged(plain, before, _dumped(yaml, documents))
    _replace(path, (b"\xef\xbb\xbf" if bom else b"") + result.replace("\n", newline).encode("utf-8"))
    return True


def _dumped(yaml: Any, documents: list[Any]) -> str:
    out = StringIO()
    yaml.dump_all(documents, out)
    return out.getvalue()


def _merged(text: str, before: str, after: str) -> str:
    """The file's own lines wherever nothing changed, ruamel's where something did.

    ruamel spells untouched lines anew (it joins long flow mappings, drops braces of single pairs). What differs between its
    spelling before and after the change is the change; only that is carried over into the person's text. If the outcome does not
    read as what was meant, ruamel's own text is taken.
    """
    from deskweave.documents.read import read

    own, old, new = (part.splitlines(keepends=True) for part in (text, before, after))
    spelling = SequenceMatcher(None, old, own, autojunk=False).get_opcodes()
    result: list[str] = []
    done = 0
    changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    hunks = [change[1:] for change in changes if change[0] != "equal"]
    for index, (first, last, start, end) in enumerate(hunks):
        where = _widen(spelling, first, last)
        limit = hunks[index + 1][0] if index + 1 < len(hunks) else len(old)
        if where[0] < done or where[1] > limit:
            return after
        low, high = where
        result += own[_own(spelling, done) : _own(spelling, low)] + new[start - (first - low) : end + (high - last)]
        done = high
    result += own[_own(spelling, done) :]
    merged = "".join(result)
    try:
        same = [doc.body for doc in read(merged)] == [doc.body for doc in read(after)]
    except DocumentError:
        same = False
    return merged if same else after


def _widen(spelling: Opcodes, first: int, last: int) -> tuple[int, int]:
    """Lines `first` to `last` of ruamel's text, widened to whole stretches that it spells unlike the person."""
    low, high = first, last
    for tag, start, end, _, _ in spelling:
        if tag != "equal" and start < max(high, low + 1) and end > low:
            low, high = min(low, start), max(high, end)
    return low, high


def _own(spelling: Opcodes, line: int) -> int:
    """The line of the person's text that stands for one of ruamel's; for one past a stretch, the line past that stretch."""
    for tag, start, end, own_start, own_end in spelling:
        if start <= line < end or (start == end == line):
            return own_start + (line - start) if tag == "equal" else own_start
        last = own_end
    return last


def _round_trip(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.util import load_yaml_guess_indent

    _, indent, offset = load_yaml_guess_indent(text.split("\n---")[0])
    yaml = YAML(typ="rt")
    yaml.version = None
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    yaml.allow_unicode = True
    yaml.brace_single_entry_mapping_in_flow_sequence = True  # without its braces an anchor would move to the key
    step = indent if isinstance(indent, int) and indent >= 2 else 2
    dash = offset if isinstance(offset, int) else 0
    yaml.indent(mapping=2, sequence=max(step, dash + 2), offset=dash)
    yaml.constructor.yaml_constructors = {
        key: value for key, value in yaml.constructor.yaml_constructors.items() if key != "tag:yaml.org,2002:timestamp"
    }
    return yaml


def _document(documents: list[Any], wanted: tuple[str, str] | None, path: Path) -> Any:
    found = [
        doc for doc in documents if isinstance(doc, Mapping) and (wanted is None or (doc.get("kind"), doc.get("id")) == wanted)
    ]
    if len(found) == 1:
        return found[0]
    names = tuple(f"{doc.get('kind')}/{doc.get('id')}" for doc in documents if isinstance(doc, Mapping))
    what = "no such document in the file" if wanted else "the file holds several documents: say which"
    raise DocumentError([problem("no-such-document", Place(str(path), ""), "/".join(wanted or ()), what, allowed=names)])


def _put(target: Any, parts: tuple[str, ...], value: Json, path: Path) -> bool:
    bad = problem(
        "bad-path", Place(str(path), pointer(parts)), "/".join(parts), "the path leads through something that is no mapping"
    )
    if not parts:
        raise DocumentError([bad])
    here: Any
    last: Any
    for part in parts[:-1]:
        here = _step(target, part)
        if here is None:
            raise DocumentError([bad])
        if isinstance(target, dict) and target.get(here) is None:
            target[here] = type(target)()
        target = target[here]
    last = _step(target, parts[-1])
    if last is None:
        raise DocumentError([bad])
    if (isinstance(target, list) or last in target) and _same(target[last], value):
        return False
    target[last] = value
    return True


def _step(target: Any, part: str) -> str | int | None:
    """The key or index a part of a path means here; None where it cannot mean one."""
    if isinstance(target, list):
        return int(part) if part.isdecimal() and int(part) < len(target) else None
    return part if isinstance(target, dict) else None


def _same(old: Any, new: Any) -> bool:
    """Equal as JSON: 1, 1.0 and true are three values."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(_same(old[key], new[key]) for key in old)
    if isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)):
        return len(old) == len(new) and all(map(_same, old, new))
    return bool(old == new) and (isinstance(old, bool), isinstance(old, float)) == (isinstance(new, bool), isinstance(new, float))


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
