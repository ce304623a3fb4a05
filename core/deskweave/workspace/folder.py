"""The user's folder: `deskweave.yaml` read, checked and brought to one environment. Reads files; knows no platform."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from deskweave import __version__
from deskweave.documents import Document, Spot, as_map, check, in_order, problem, read
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place
from deskweave.model import PERSON_TOOK_PART, ConnectionName, FieldId, Json, Route
from deskweave.practice.build.parts import duration

FILE: Final = "deskweave.yaml"
DEFAULT_ENVIRONMENT: Final = "dev"
DEFAULT_ZONE: Final = "UTC"
EVERY: Final = timedelta(minutes=2)
EVERY_LEAST: Final = timedelta(seconds=10)
LISTEN: Final = ("127.0.0.1", 8080)
_LISTEN: Final = re.compile(r"(\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<host>[A-Za-z0-9.-]*)):(?P<port>[0-9]{1,5})")
ALWAYS: Final = "always"  #: of a route: every inquiry, chats that only a bot handled too


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One of `connections:` as it stands in the file, environment merged in; secrets are still references."""

    name: ConnectionName
    plugin: str
    address: str
    access: Literal["read", "write"]
    proxy: str | None
    ca_bundle: str | None
    place: Place  #: of the entry
    access_place: Place  #: the line to change for `access: write`


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """One client's folder in one environment. Two environments share every file but `.env.<name>`, lock files and the store."""

    root: Path
    document: Document  #: the Workspace document, the environment's overlay merged over it, places kept
    environment: str
    environments: tuple[str, ...]
    protected: bool

    @property
    def id(self) -> str:
        return self.document.id

    @property
    def language(self) -> str | None:
        value = self.document.body.get("language")
        return value if isinstance(value, str) else None

    @property
    def zone(self) -> str:
        return str(self.document.body.get("zone") or DEFAULT_ZONE)

    @property
    def practice_folder(self) -> Path:
        return self.root / str(self.document.body.get("practice") or "practice")

    @property
    def bindings_folder(self) -> Path:
        return self.root / "bindings"

    @property
    def state_folder(self) -> Path:
        """Everything that is never committed: store, facts, crash files."""
        return self.root / ".deskweave" / self.environment

    @property
    def store_path(self) -> Path:
        """The store's file. `store: sqlite:<path>` moves it; the path is read from the folder."""
        stated = self.document.body.get("store")
        if isinstance(stated, str):
            return self.root / stated.removeprefix("sqlite:").replace("<environment>", self.environment)
        return self.state_folder / "state.db"

    @property
    def facts(self) -> str | None:
        """The address of a PostgreSQL database that facts stand in too, as written: secrets are still references."""
        stated = self.document.body.get("facts")
        return stated if isinstance(stated, str) else None

    @property
    def since(self) -> datetime | None:
        """Counterparts are made only for inquiries opened from then on; None: not said, so from this store's first day on."""
        stated = as_map(self.document.body.get("sync")).get("since")
        return datetime.fromisoformat(stated) if isinstance(stated, str) else None

    @property
    def every(self) -> timedelta:
        """How often `serve` runs."""
        stated = as_map(self.document.body.get("sync")).get("every")
        return duration(stated) if isinstance(stated, str) else EVERY

    @property
    def listen(self) -> tuple[str, int]:
        """Where `serve` listens: host and port."""
        stated = as_map(self.document.body.get("serve")).get("listen")
        return (address_of(stated) if isinstance(stated, str) else None) or LISTEN

    @property
    def public_url(self) -> str | None:
        """Where platforms reach what `serve` listens at."""
        stated = as_map(self.document.body.get("serve")).get("public_url")
        return stated if isinstance(stated, str) else None

    @property
    def connections(self) -> Mapping[ConnectionName, Entry]:
        found: dict[ConnectionName, Entry] = {}
        for name, body in as_map(self.document.body.get("connections")).items():
            entry = as_map(body)
            found[ConnectionName(name)] = Entry(
                name=ConnectionName(name),
                plugin=str(entry.get("plugin") or name),
                address=str(entry.get("address") or ""),
                access="write" if entry.get("access") == "write" else "read",
                proxy=entry.get("proxy") if isinstance(entry.get("proxy"), str) else None,
                ca_bundle=entry.get("ca_bundle") if isinstance(entry.get("ca_bundle"), str) else None,
                place=self.document.place(["connections", name], key=True),
                access_place=self.document.place(["connections", name, "access"], key=True),
            )
        return found

    @property
    def routes(self) -> tuple[Route, ...]:
        """As written. A route without `when` takes what a person took part in, and `when: always` everything.

        No routes with two or more connections means one route over all of them.
        """
        stated = as_map(self.document.body.get("routes"))
        if not stated:
            names = tuple(self.connections)
            return (Route(id="everything", when=PERSON_TOOK_PART, among=names),) if len(names) > 1 else ()
        return tuple(
            Route(
                id=name,
                when=_condition(as_map(body)),
                among=tuple(ConnectionName(str(one)) for one in as_map(body).get("among") or self.connections),
                afterwards="freeze" if as_map(body).get("afterwards") == "freeze" else "keep",
                withhold={
                    ConnectionName(connection): frozenset(FieldId(str(field)) for field in fields or ())
                    for connection, fields in as_map(as_map(body).get("withhold")).items()
                },
            )
            for name, body in stated.items()
        )

    def guard(self, word: str) -> Mapping[str, Any]:
        """What `guard:` says of one word (`max_changes`), or nothing."""
        return as_map(as_map(self.document.body.get("guard")).get(word))

    @property
    def max_notices(self) -> int | None:
        value = as_map(self.document.body.get("guard")).get("max_notices")
        return value if isinstance(value, int) else None


def _condition(route: Mapping[str, Any]) -> Mapping[str, Json] | None:
    stated = route.get("when", PERSON_TOOK_PART)
    return None if stated == ALWAYS else stated


def address_of(text: str) -> tuple[str, int] | None:
    """`127.0.0.1:8080`, `[::1]:8080`, or `:8080` for every address of this machine; None: it is none of these."""
    match = _LISTEN.fullmatch(text.strip())
    if match is None or int(match["port"]) > 65535:
        return None
    return match["six"] or match["host"] or "0.0.0.0", int(match["port"])


def find_root(start: Path) -> Path | None:
    """The folder `start` lies in: the nearest one upwards that holds `deskweave.yaml`."""
    start = start.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / FILE).is_file()), None)


def read_folder(start: Path, environment: str | None = None, *, must_choose: bool = False) -> Folder:
    """Read `deskweave.yaml` at or above `start`, in one environment.

    Args:
        start: the folder, or one inside it.
        environment: whose overlay counts. None: the only one there is, else `dev` for reading.
        must_choose: the caller is about to write: with two environments and none named it is refused.

    Raises:
        DocumentError: the file is missing or wrong, it wants another version, or the environment is not one of its own; all
            findings at once.
    """
    root = find_root(start)
    if root is None:
        raise DocumentError(
            [
                problem(
                    "no-folder", Place(FILE, ""), str(start),
                    "there is no deskweave.yaml here or in a folder above", remedy="deskweave init",
                )
            ]
        )  # fmt: skip
    documents = read(root / FILE, FILE)
    if len(documents) != 1 or documents[0].kind != "Workspace":
        found = ", ".join(document.name for document in documents)
        raise DocumentError(
            [problem("one-workspace", Place(FILE, "", 1), found, "deskweave.yaml holds exactly one document, of kind Workspace")]
        )
    document = documents[0]
    findings = list(check(document))
    wanted = document.body.get("deskweave")
    if isinstance(wanted, str) and not findings and not version_fits(wanted, __version__):
        findings.append(
            problem(
                "version-wanted", document.place("/deskweave"), wanted,
                f"this folder is written for deskweave {wanted}; this is {__version__}",
                remedy=f'pip install "deskweave{wanted}"',
            )
        )  # fmt: skip
    if findings:
        raise DocumentError(in_order(findings))
    declared = tuple(as_map(document.body.get("environments")))
    chosen = _choose(document, declared, environment, must_choose)
    overlay = as_map(as_map(document.body.get("environments")).get(chosen))
    merged = _merged(document, ("environments", chosen), overlay) if overlay else document
    folder = Folder(
        root=root,
        document=merged,
        environment=chosen,
        environments=declared or (DEFAULT_ENVIRONMENT,),
        protected=overlay.get("protected") is True,
    )
    findings = _references(folder)
    if findings:
        raise DocumentError(in_order(findings))
    return folder


def _choose(document: Document, declared: tuple[str, ...], asked: str | None, must_choose: bool) -> str:
    known = declared or (DEFAULT_ENVIRONMENT,)
    if asked is not None:
        if asked in known:
            return asked
        place = document.place("/environments", key=True)
        message = f"{asked!r} is no environment of this folder"
        raise DocumentError([problem("unknown-environment", place, asked, message, allowed=known, word=asked)])
    if len(known) == 1:
        return known[0]
    if must_choose:
        place = document.place("/environments", key=True)
        message = "there are several environments, and this command writes: say which one"
        remedy = f"--env {known[0]}"
        raise DocumentError([problem("environment-needed", place, "--env", message, allowed=known, remedy=remedy)])
    return DEFAULT_ENVIRONMENT if DEFAULT_ENVIRONMENT in known else known[0]


def _merged(document: Document, where: tuple[str, str], overlay: Mapping[str, Json]) -> Document:
    """The overlay over its document: maps merge, everything else replaces; each value keeps the place it was written at."""
    spot = document.spot
    inner = spot
    for part in where:
        inner = inner.parts.get(part) if inner is not None else None
    body, merged = _over(dict(document.body), spot, {key: value for key, value in overlay.items() if key != "protected"}, inner)
    return Document(kind=document.kind, id=document.id, body=body, source=document.source, spot=merged)


def _over(
    base: Mapping[str, Json], base_spot: Spot | None, over: Mapping[str, Json], over_spot: Spot | None
) -> tuple[dict[str, Json], Spot | None]:
    body = dict(base)
    keys = dict(base_spot.keys) if base_spot else {}
    parts = dict(base_spot.parts) if base_spot else {}
    for key, value in over.items():
        there, mine = (base_spot.parts.get(key) if base_spot else None), (over_spot.parts.get(key) if over_spot else None)
        below = body.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            body[key], spot = _over(below, there, value, mine)
        else:
            body[key], spot = value, mine
            if over_spot and key in over_spot.keys:
                keys[key] = over_spot.keys[key]
        if spot is not None:
            parts[key] = spot
    return body, Spot(base_spot.line, base_spot.column, keys, parts) if base_spot else None


def _references(folder: Folder) -> list[Finding]:
    """Names of connections in routes, and that an entry says what it is."""
    document, known = folder.document, tuple(folder.connections)
    findings = []
    for name, body in as_map(document.body.get("connections")).items():
        for key in ("plugin", "address"):
            if not as_map(body).get(key):
                place = document.place(["connections", name], key=True)
                findings.append(
                    problem("missing-key", place, key, f"connection {name!r} does not say its {key}", remedy=f"add `{key}:`")
                )
    for name, body in as_map(document.body.get("routes")).items():
        for number, one in enumerate(as_map(body).get("among") or ()):
            if one not in known:
                findings.append(_no_connection(document.place(["routes", name, "among", number]), str(one), known))
        for one in as_map(as_map(body).get("withhold")):
            if one not in known:
                findings.append(_no_connection(document.place(["routes", name, "withhold", one], key=True), one, known))
    for one in as_map(as_map(document.body.get("people")).get("connections")):
        if one not in known:
            findings.append(_no_connection(document.place(["people", "connections", one], key=True), one, known))
    listen = as_map(document.body.get("serve")).get("listen")
    if isinstance(listen, str) and address_of(listen) is None:
        message = f"{listen!r} is no address to listen at"
        allowed = ("127.0.0.1:8080", ":8080", "[::1]:8080")
        findings.append(problem("wrong-form", document.place("/serve/listen"), listen, message, allowed=allowed))
    every = as_map(document.body.get("sync")).get("every")
    if isinstance(every, str) and folder.every < EVERY_LEAST:
        message = f"a run every {every} asks more of platforms than they give"
        findings.append(problem("out-of-bounds", document.place("/sync/every"), every, message, allowed=("PT10S", "PT2M")))
    stated = document.body.get("store")
    if isinstance(stated, str) and is_address(stated):
        findings.append(
            problem(
                "store-is-no-file", document.place("/store"), stated.partition("://")[0] + "://",
                "the store is a file of SQLite; another database is no place for it",
                allowed=("sqlite:<path>", "<path>"),
                remedy="name a file; a PostgreSQL database for figures is said with `facts:`",
            )
        )  # fmt: skip
    if folder.facts is not None and _PASSWORD.search(_REFERENCE.sub("", folder.facts)):
        remedy = 'put it into .env.<environment> and write "${FACTS_PASSWORD}" here; change the secret, it may have been seen'
        message = "a secret is written into the file"
        allowed = ("${NAME}", "${file:/path}", "${keyring:name}")
        findings.append(problem("secret-literal", document.place("/facts"), "***", message, allowed=allowed, remedy=remedy))
    return findings


_REFERENCE: Final = re.compile(r"\$\{[^}]*\}")
_ADDRESS: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://|postgres", re.IGNORECASE)
_PASSWORD: Final = re.compile(r"://[^/@]*:[^@]+@|\bpassword\s*=\s*[^\s&]")


def is_address(store: str) -> bool:
    """Whether a place for a store is the address of a database server, and no file."""
    return _ADDRESS.match(store) is not None


def _no_connection(place: Place, found: str, known: Sequence[str]) -> Finding:
    return problem("unknown-connection", place, found, f"{found!r} is no connection of this folder", allowed=known, word=found)


_PART: Final = re.compile(r"\s*(==|>=|<=|!=|~=|<|>)?\s*([0-9]+(?:\.[0-9]+)*)\s*")


def version_fits(wanted: str, have: str) -> bool:
    """Whether a version lies in a range such as ">=0.1,<0.2". A bare number means that one; `~=1.4`: at least 1.4, below 2."""
    mine = _numbers(re.match(r"[0-9.]*", have)[0])  # type: ignore[index]  # it always matches
    for part in wanted.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            return False
        operator, number = match[1] or "==", _numbers(match[2])
        length = max(len(mine), len(number))
        left, right = _padded(mine, length), _padded(number, length)
        fits = {
            "==": left == right,
            "!=": left != right,
            ">=": left >= right,
            "<=": left <= right,
            ">": left > right,
            "<": left < right,
            "~=": left >= right and left[: max(1, len(number) - 1)] == right[: max(1, len(number) - 1)],
        }
        if not fits[operator]:
            return False
    return True


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part)


def _padded(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    return numbers + (0,) * (length - len(numbers))
