"""Rules of sense about processes."""

from __future__ import annotations

from collections.abc import Iterator

from deskweave.findings import Finding
from deskweave.practice.lint.sense import Path, Sense


def processes(sense: Sense) -> Iterator[Finding]:
    """candidate-never, check-never: conditions that no inquiry fulfils."""
    practice = sense.practice
    wanted = [one.when for process in practice.processes.values() for one in process.candidates.values()]
    wanted += [
        check.when for process in practice.processes.values() for step in process.steps.values() for check in step.checks.values()
    ]
    cases = sense.cases(wanted)
    for name, process in practice.processes.items():
        for slug, candidate in process.candidates.items():
            if not cases.find(candidate.when).possible:
                message = f"the candidate rule {slug!r} never finds anything: its condition contradicts itself"
                path: Path = ("Process", name, "candidates", slug, "when")
                yield sense.warn("candidate-never", path, slug, message, "mend its `when:`")
        for step in process.steps.values():
            for slug, check in step.checks.items():
                if not cases.find(check.when).possible:
                    message = f"the check {slug!r} is never made: its condition contradicts itself"
                    path = ("Process", name, "steps", step.slug, "checks", slug, "when")
                    yield sense.warn("check-never", path, slug, message, "mend its `when:`", step=step.slug)
