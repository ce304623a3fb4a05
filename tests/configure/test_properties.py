"""Whatever practice, platform and lock file say: after an apply nothing is left to do, and what is not ours is as it was."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.configure import ElementKey, Lock, LockEntry, Mark, read_lock, write_lock
from deskweave.connector import InstanceIdentity

SLUGS = ("alpha", "beta", "gamma", "delta")
LABELS = st.sampled_from(["High", "Low", "高", "其他", "Other: yes", " #no"])
CHOICES = st.dictionaries(st.sampled_from(["a", "b", "c"]), LABELS, max_size=3)
PRACTICE = st.dictionaries(st.sampled_from(SLUGS), st.one_of(LABELS, st.tuples(LABELS, CHOICES)), max_size=4)
FAULTS = st.lists(
    st.sampled_from(["", "", "lost_answer", "lost_request", "busy", "silent", "refused", "forbidden", "bug"]), max_size=8
)


def build(lab: SimpleNamespace, described: dict[str, Any]) -> tuple[Any, Any]:
    fields = {}
    for slug, said in described.items():
        if isinstance(said, tuple):
            # two choices of one field with one text are one option to any platform: the practice's lint refuses them
            unique = {text: name for name, text in said[1].items()}
            fields[slug] = lab.choice_field(slug, said[0], {name: text for text, name in unique.items()})
        else:
            fields[slug] = lab.text_field(slug, said)
    return lab.Terms(fields=fields), lab.bound({slug: f"u_{slug}" for slug in described})


@st.composite
def platforms(draw: Any) -> list[tuple[str, dict[str, Any]]]:
    """Elements other people made, some under the very names the practice wants."""
    found = []
    for slug in draw(st.lists(st.sampled_from([*SLUGS, "theirs", "others"]), max_size=5, unique=True)):
        found.append(("field", {"name": f"u_{slug}", "label": {"en": draw(LABELS)}, "type": "text", "collection": "ledger"}))
        for text in draw(st.lists(LABELS, max_size=2, unique=True)):
            found.append(("choice", {"name": text, "collection": "ledger", "field": f"u_{slug}"}))
    return found


def quiet(desk: Any) -> Any:
    """Apply as often as a person would: until nothing fails for a passing reason."""
    for _ in range(12):
        report = desk.apply()
        desk.now.wait(report.retry_at) if report.retry_at is not None else None
        if report.is_clean:
            return report
    return report


@settings(max_examples=40)
@given(data=st.data())
def test_apply_then_plan_is_empty(lab: SimpleNamespace, data: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first, document = build(lab, data.draw(PRACTICE))
        platform = lab.Platform(page=data.draw(st.integers(1, 5)))
        foreign = {platform.put(kind, **attributes): (kind, attributes) for kind, attributes in data.draw(platforms())}
        kept = copy.deepcopy(foreign)
        desk = lab.bench(Path(folder), first, document, platform, waits=data.draw(st.booleans()))
        platform.faults = data.draw(FAULTS)
        report = quiet(desk)
        assert report.after.is_empty
        assert desk.plan().is_empty

        # the practice moves on; some of it is removed; people have changed things meanwhile
        described = data.draw(PRACTICE)
        desk.practice, desk.documents["here"] = build(lab, described)
        gone = sorted({slug for slug in first.fields} - set(described))
        desk.removed = frozenset(f"fields/{slug}" for slug in data.draw(st.sets(st.sampled_from(gone)) if gone else st.just(set())))
        ours = sorted(set(platform.held) - set(foreign))
        for native in data.draw(st.sets(st.sampled_from(ours), max_size=3)) if ours else ():
            platform.held[native][1]["label"] = {"en": "changed there"}
        for native in ours:
            platform.counts[native] = data.draw(st.sampled_from([0, 0, 3, None]))
        platform.faults = data.draw(FAULTS)
        quiet(desk)
        assert desk.plan().is_empty
        assert {native: platform.held.get(native) for native in foreign} == kept

        before = desk.lock_file().read_bytes() if desk.lock_file().exists() else b""
        writes = len(platform.writes)
        desk.apply()
        assert len(platform.writes) == writes
        assert (desk.lock_file().read_bytes() if desk.lock_file().exists() else b"") == before
        # nothing is there twice
        names = [(kind, a.get("field"), a["name"]) for n, (kind, a) in platform.held.items() if n not in foreign]
        live = [entry for entry in names if entry[0] == "field"]
        assert len(live) == len(set(live))


@settings(max_examples=40)
@given(data=st.data())
def test_any_lock_file_is_survived(lab: SimpleNamespace, data: Any) -> None:
    """A lock file that knows too much, too little or nonsense never lets us touch what it does not call ours."""
    with tempfile.TemporaryDirectory() as folder:
        practice, document = build(lab, data.draw(PRACTICE))
        platform = lab.Platform()
        natives = [platform.put(kind, **attributes) for kind, attributes in data.draw(platforms())]
        desk = lab.bench(Path(folder), practice, document, platform)
        keys = st.sampled_from([ElementKey("field", f"fields/{slug}", "ledger") for slug in SLUGS])
        entries = data.draw(
            st.dictionaries(
                keys,
                st.builds(
                    LockEntry,
                    native=st.sampled_from([*natives, "nowhere"]),
                    made=st.booleans(),
                    attributes=st.just({"label": {"en": "High"}}),
                ),
            )
        )
        write_lock(desk.lock_file(), Lock(connection="here", environment="test", elements=entries))
        claimed = {entry.native for entry in entries.values() if entry.made}
        before = copy.deepcopy({native: platform.held[native] for native in natives if native not in claimed})
        desk.apply()
        # known elements of which none could be read are made again only once something is readable there
        assert desk.apply().after.is_empty
        assert {native: platform.held.get(native) for native in before} == before


TEXT = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False, width=32) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(
    elements=st.dictionaries(
        st.builds(
            ElementKey,
            st.sampled_from(["field", "choice"]),
            st.from_regex(r"fields/[a-z_]{1,8}", fullmatch=True),
            st.sampled_from(["", "incident"]),
        ),
        st.builds(
            LockEntry,
            native=TEXT,
            made=st.booleans(),
            attributes=st.dictionaries(TEXT, JSON, max_size=4),
            shown=st.dictionaries(st.from_regex(r"label/[a-z]{2}", fullmatch=True), TEXT, max_size=2),
            retired=st.booleans(),
            unseen=st.booleans(),
        ),
        max_size=4,
    ),
    identity=st.none() | st.builds(InstanceIdentity, TEXT, TEXT, st.none() | TEXT, st.none() | TEXT),
)
def test_a_lock_file_says_what_was_written_and_the_same_bytes_again(elements: Any, identity: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.lock.yaml"
        lock = Lock(connection="on", environment="prod", identity=identity, elements=elements)
        assert write_lock(path, lock)
        again = read_lock(path, "on", "prod")
        assert again == lock
        assert not write_lock(path, again)
        assert [mark.value for mark in Mark] == ["+", "~", "-", ">", "?", "x", "!"]
