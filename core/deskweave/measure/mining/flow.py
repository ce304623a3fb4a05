"""What follows what, which paths there are, and how often work goes round: counted, never sampled."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from deskweave.measure.mining.traces import Trace
from deskweave.measure.sources import Rulebook
from deskweave.model import Phase


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` followed `source` directly. `median`: seconds by the wall clock from entering one to entering the other."""

    source: str
    target: str
    count: int
    median: float


@dataclass(frozen=True, slots=True)
class Variant:
    """A path of statuses, and how many inquiries took it."""

    path: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Loop:
    """How often something came round, in how many inquiries."""

    times: int = 0
    inquiries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Edges and variants, the most frequent first.

    Attributes:
        ping_pong: a group gave an inquiry away and got it straight back (A, B, A); None: no group is known.
        reopened: an inquiry left a closed status for one that is not.
        rejected: it was resolved and taken up again.
    """

    inquiries: int
    changes: int
    edges: tuple[Edge, ...]
    variants: tuple[Variant, ...]
    ping_pong: Loop | None
    reopened: Loop
    rejected: Loop


def flow(practice: Rulebook, traces: Iterable[Trace]) -> Flow:
    """Count the paths of inquiries. Those without a status are no path."""
    phases = {slug: status.phase for slug, status in practice.statuses.statuses.items()}
    spans: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    paths: Counter[tuple[str, ...]] = Counter()
    pongs, reopened, rejected = Counter[str](), Counter[str](), Counter[str]()
    changes, grouped = 0, False
    for trace in traces:
        if not trace.turns:
            continue
        paths[tuple(turn.status for turn in trace.turns)] += 1
        changes += len(trace.turns)
        for before, after in pairwise(trace.turns):
            spans[before.status, after.status].append((after.at - before.at).total_seconds())
            was, now = phases.get(before.status), phases.get(after.status)
            if was is Phase.CLOSED and now not in (Phase.CLOSED, Phase.CANCELLED):
                reopened[trace.inquiry] += 1
            if was is Phase.RESOLVED and now in (Phase.NEW, Phase.ACTIVE, Phase.WAITING):
                rejected[trace.inquiry] += 1
        grouped = grouped or bool(trace.groups)
        back = sum(one == three for one, three in zip(trace.groups, trace.groups[2:], strict=False))
        if back:
            pongs[trace.inquiry] += back
    edges = [Edge(source, target, len(some), median(some)) for (source, target), some in spans.items()]
    return Flow(
        inquiries=paths.total(),
        changes=changes,
        edges=tuple(sorted(edges, key=lambda edge: (-edge.count, edge.source, edge.target))),
        variants=tuple(Variant(path, count) for path, count in sorted(paths.items(), key=lambda pair: (-pair[1], pair[0]))),
        ping_pong=_loop(pongs) if grouped else None,
        reopened=_loop(reopened),
        rejected=_loop(rejected),
    )


def _loop(counts: Counter[str]) -> Loop:
    return Loop(counts.total(), len(counts))
