"""What is proven of bindings as a whole: their status maps, and that a field has one owner at most. Reads files only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from deskweave.documents import Document, problem
from deskweave.findings import Finding, Place, Severity
from deskweave.model import Binding, Policy, Route

if TYPE_CHECKING:
    from deskweave.connector import Connection
    from deskweave.practice import Practice
    from deskweave.sync.proof import Counterexample, Step, Voice


def status_findings(documents: Sequence[Document], practice: Practice, routes: Iterable[Route], language: str) -> Iterator[Finding]:
    """Counterexamples to the status maps of these bindings, each at the line of the binding it is about."""
    from deskweave.configure import Lock
    from deskweave.sync.proof import prove
    from deskweave.workspace.binding import join

    voices: list[Voice] = []
    for document in documents:
        binding = join(document, practice, Lock(connection=document.id, environment=""), connection=document.id, language=language)
        voices += _voices(binding)
    shares = [frozenset(map(str, route.among)) for route in routes]
    by_name = {document.id: document for document in documents}
    for one in prove(practice.statuses, voices, shares):
        yield _finding(one, by_name)


def spoken_findings(
    document: Document, practice: Practice, binding: Binding, connection: Connection, language: str
) -> list[Finding]:
    """What only the connector's own mapper shows of a binding: `check` asks for it where files have shown nothing.

    Args:
        document: the binding as it is written.
        practice: composed.
        binding: the same, joined with the lock file.
        connection: probed.
        language: whose labels stand for choices.
    """
    from deskweave.sync.proof import Voice, prove

    told = {(one.rule, one.place) for one in status_findings([document], practice, (), language)}
    try:
        mapper, can = connection.mapper(binding), connection.capabilities.collections
        voices = [
            Voice(connection=str(binding.connection), collection=one, mapper=mapper, written=name in can and can[name].patches)
            for name, one in binding.collections.items()
        ]
        found = [_finding(one, {document.id: document}) for one in prove(practice.statuses, voices)]
    except Exception as error:  # noqa: BLE001  a connector's mapper is a stranger's code
        message = f"a check did not run: the mapper of {document.id} raised {type(error).__name__} at a status of its binding"
        place = Place(f"connection:{document.id}", "mapper")
        remedy = "mend the plugin: a mapper reads any record and writes any status of its binding"
        return [problem("check-did-not-run", place, document.id, message, remedy=remedy)]
    return [one for one in found if (one.rule, one.place) not in told]


def _voices(binding: Binding) -> Iterator[Voice]:
    """As files tell: what is not created by us is only read there (a helpdesk's tickets)."""
    from deskweave.mapping import BoundMapper, Dialect
    from deskweave.sync.proof import Voice

    words = [
        value
        for collection in binding.collections.values()
        for spelled in collection.statuses.values()
        for part in (spelled.is_, *spelled.reads)
        for value in part.values()
    ]
    # how the platform spells "empty" is its connector's word; a map that names the empty text means that
    mapper = BoundMapper(binding, Dialect(codecs={}, digest="", empty="" if "" in words else None))
    for collection in binding.collections.values():
        yield Voice(connection=str(binding.connection), collection=collection, mapper=mapper, written=collection.creates)


def _finding(one: Counterexample, documents: Mapping[str, Document]) -> Finding:
    place = place_of(one, documents)
    about, becomes = one.voices[0], one.becomes or ""
    beside = f" beside {', '.join(one.voices[1:])}" if one.voices[1:] else ""
    path = in_words(one.steps, zh=False)
    values = {"path_zh": in_words(one.steps, zh=True), "about": about, "becomes": becomes}
    match one.kind:
        case "moves":
            message = f"{one.status!r} becomes {becomes!r} by itself on {about}{beside}: {path}"
            remedy = f"let `is` and `sets` of {one.status!r} and {becomes!r} differ in what is read back"
            return problem("status-moves-itself", place, one.status, message, remedy=remedy, values=values)
        case "flaps":
            message = f"{one.status!r} goes to and fro on {about}{beside} and never comes to rest: {path}, and so on"
            remedy = "let each `is` be read back as its own status, also beside what other statuses leave there"
            return problem("status-flaps", place, one.status, message, remedy=remedy, values=values)
        case "differs":
            rest = repr(becomes) if becomes else "a state that is read as no status"
            message = f"{about} comes to rest at {rest} where the inquiry is {one.status!r}{beside}: {path}"
            remedy = f"let writing {one.status!r} change what is read there"
            form = {} if becomes else {"form": "unreadable"}
            return problem("status-not-shown", place, one.status, message, remedy=remedy, values={**values, **form})
        case "unread":
            message = f"it is read as {becomes!r}, not as {one.status!r}" if becomes else f"it is never read as {one.status!r}"
            return Finding(
                rule="status-read-otherwise",
                severity=Severity.WARNING,
                place=place,
                found=one.steps[0].words,
                message=message,
                remedy="name fields that some `is` of the collection names, and values that no other status claims",
                values={"form": "otherwise" if becomes else "never", "status": one.status, "becomes": becomes},
            )


def place_of(one: Counterexample, documents: Mapping[str, Document]) -> Place:
    """The line of the status the counterexample is about."""
    connection, _, collection = one.voices[0].partition("/")
    path: list[str | int] = ["collections", collection, "statuses", one.status]
    if one.kind == "unread":
        path += ["reads", one.entry]
    return documents[connection].place(path, key=one.kind != "unread")


def in_words(steps: Sequence[Step], *, zh: bool) -> str:
    """A way as people read it."""
    return ("；" if zh else "; ").join(_step(step, zh=zh) for step in steps)


def _step(step: Step, *, zh: bool) -> str:
    reads = step.status or ("无对应状态" if zh else "no word")
    match step.does:
        case "is":
            return f"问询为 {reads}" if zh else f"an inquiry is {reads}"
        case "elsewhere":
            return f"在别处变为 {reads}" if zh else f"it becomes {reads} elsewhere"
        case "becomes":
            return f"问询变为 {reads}" if zh else f"the inquiry becomes {reads}"
        case "sets":
            if zh:
                return f"有人在 {step.where} 设置 {step.words}（{reads}）"
            return f"a person sets {step.words} on {step.where} ({reads})"
        case "writes":
            if zh:
                return f"向 {step.where} 写入 {step.wanted}（{step.words}），读回 {reads}"
            return f"{step.where} is given {step.wanted} ({step.words}) and reads {reads}"


def owners(documents: Sequence[Document], routes: Iterable[Route]) -> Iterator[Finding]:
    """Fields that two connections of one route both decide: whichever was read last would win a conflict."""
    owned: dict[str, dict[str, Place]] = {}
    for document in documents:
        collections = document.body.get("collections")
        for name, body in collections.items() if isinstance(collections, Mapping) else ():
            fields = body.get("fields") if isinstance(body, Mapping) else None
            for slug, bound in fields.items() if isinstance(fields, Mapping) else ():
                if isinstance(bound, Mapping) and bound.get("policy") == Policy.OWNER:
                    place = document.place(["collections", name, "fields", slug, "policy"])
                    owned.setdefault(str(slug), {}).setdefault(document.id, place)
    told: set[tuple[str, str, str]] = set()
    for route in routes:
        for slug, places in owned.items():
            names = [str(name) for name in route.among if str(name) in places]
            for first, second in pairwise(names):
                if (slug, first, second) in told:
                    continue
                told.add((slug, first, second))
                there = places[first]
                message = (
                    f"{first!r} owns {slug!r} as well ({there.source}:{there.line}), and inquiries of route {route.id!r} are on "
                    "both: whichever is read last would win"
                )
                yield Finding(
                    rule="two-owners",
                    severity=Severity.WARNING,
                    place=places[second],
                    found=slug,
                    message=message,
                    remedy=f"leave it to one of them: `policy: shared` for {slug!r} here",
                    values={"first": first, "second": second, "route": route.id, "where": f"{there.source}:{there.line}"},
                )
