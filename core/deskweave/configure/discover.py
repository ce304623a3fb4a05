"""Whether the names of a binding exist on its platform: what `check` says of a binding, without changing anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deskweave.configure.elements import CHOICE, FIELD
from deskweave.configure.key import ElementKey, text_of
from deskweave.configure.plan import Mark
from deskweave.configure.survey import Survey
from deskweave.configure.workflow import Gap, gaps, workflows_of
from deskweave.findings import Finding, Place, Severity
from deskweave.model import StatusModel


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingReport:
    """What was found of one connection's bound fields and choices; keys as in plan and lock file."""

    connection: str
    fields: int = 0  #: bound
    found: tuple[ElementKey, ...] = ()
    missing: tuple[ElementKey, ...] = ()  #: neither there nor to be made
    planned: tuple[ElementKey, ...] = ()  #: not there yet; `apply` makes them
    findings: tuple[Finding, ...] = ()
    failed: str | None = None  #: the connection could not be read

    @property
    def is_whole(self) -> bool:
        """Whether every bound name is there."""
        return self.failed is None and not self.missing and not self.planned


def report_binding(found: Survey, model: StatusModel | None = None) -> BindingReport:
    """Hold a binding against what was read. What the connector does not hold as elements is left to its own probe.

    A bound field that is not there is an error if `apply` does not make it, else a note. A choice missing in a field that is not
    ours is a warning: writing it would be refused or lost. So is a status that the platform's own workflow does not let us bring
    about (`model`: the practice's).
    """
    steps = {step.key: step for step in found.part.steps if step.mark is not Mark.BY_HAND}
    there: list[ElementKey] = []
    missing: list[ElementKey] = []
    planned: list[ElementKey] = []
    findings: list[Finding] = []
    fields = 0
    for element in found.wanted.elements:
        key = ElementKey.of(element)
        if key.kind not in (FIELD, CHOICE) or key not in found.expressed:
            continue
        fields += key.kind == FIELD
        step, name = steps.get(key), text_of(element, "name")
        place = Place(f"connection:{found.side.name}", str(key))
        if found.matching.wanted[key].live is not None:
            there.append(key)
        elif step is not None and step.mark is Mark.ADD:
            planned.append(key)
            if key.kind == FIELD:
                message = "not there yet; apply makes it"
                findings.append(_finding("field-not-yet-there", Severity.NOTE, place, name, message, "deskweave apply"))
        elif key.kind == FIELD:
            missing.append(key)
            message = step.reason if step is not None else "the platform lists no such field"
            remedy = step.remedy if step is not None else "correct `at:` in the binding, or make the field there"
            findings.append(_finding("field-missing", Severity.ERROR, place, name, message, remedy))
        elif _field_is_there(found, key):
            missing.append(key)
            message = f"no such option in {text_of(element, 'field')}, a field that is not ours to change"
            remedy = "add the option there, or say in the binding under `choices:` which one it is"
            findings.append(_finding("choice-missing", Severity.WARNING, place, name, message, remedy))
    return BindingReport(
        connection=found.side.name,
        fields=fields,
        found=tuple(there),
        missing=tuple(missing),
        planned=tuple(planned),
        findings=(*findings, *found.part.findings, *_out_of_reach(found, model)),
    )


def _out_of_reach(found: Survey, model: StatusModel | None) -> list[Finding]:
    workflows = workflows_of(found.live)
    if model is None or not workflows:
        return []
    fields = {
        text_of(element, "name").casefold(): element.native
        for element, kind in zip(found.live.elements, found.live.kinds, strict=True)
        if kind == FIELD and element.native is not None
    }
    called = {native: name for name, native in fields.items()}
    told: dict[tuple[str, str, str], Finding] = {}
    for gap in gaps(model, found.side.document, workflows, fields):
        finding = _gap(found.side.name, gap, called)
        told.setdefault((finding.rule, finding.place.path, finding.message), finding)
    return list(told.values())


def _gap(connection: str, gap: Gap, called: Mapping[str, str]) -> Finding:
    place = Place(f"connection:{connection}", f"collections/{gap.collection}/statuses")
    statuses, targets = ", ".join(gap.statuses), ", ".join(gap.targets)
    onward, fields = ", ".join(gap.onward), ", ".join(called.get(name, name) for name in gap.fields)
    values = {"source": gap.source, "targets": targets, "onward": onward or "-", "workflow": gap.workflow, "fields": fields}
    match gap.kind:
        case "nowhere":
            return Finding(
                rule="status-out-of-reach",
                severity=Severity.WARNING,
                place=place,
                found=statuses,
                message=f"no transition of workflow {gap.workflow!r} leads to {targets!r}: it can never be set there",
                remedy=f"add a transition to {targets!r}, or bind the status to one that can be reached",
                values={"form": "nowhere", **values},
            )
        case "way":
            return Finding(
                rule="status-out-of-reach",
                severity=Severity.WARNING,
                place=place,
                found=statuses,
                message=(
                    f"workflow {gap.workflow!r} has no way from {gap.source!r} to {targets}; "
                    f"from there one gets to: {onward or 'nowhere'}"
                ),
                remedy=f"add a transition out of {gap.source!r}, or bind the statuses to others",
                values=values,
            )
        case "demand":
            return Finding(
                rule="status-demands-field",
                severity=Severity.WARNING,
                place=place,
                found=statuses,
                message=f"the way from {gap.source!r} to {targets} demands {fields}, and the status map gives none",
                remedy=f"say under the status what to put there: sets: {{{gap.fields[0]}: ...}}",
                values=values,
            )
        case "trap":
            return Finding(
                rule="state-without-way-back",
                severity=Severity.WARNING,
                place=place,
                found=gap.source,
                message=f"no status is bound to {gap.source!r}, and workflow {gap.workflow!r} has no way from it to one that is",
                remedy="read it as a status (`reads:`), or add a transition out of it",
                values=values,
            )


def _field_is_there(found: Survey, key: ElementKey) -> bool:
    parent = ElementKey(FIELD, key.path.partition("/choices/")[0], key.collection)
    matched = found.matching.wanted.get(parent)
    return matched is not None and matched.live is not None


def _finding(rule: str, severity: Severity, place: Place, found: str, message: str, remedy: str) -> Finding:
    return Finding(rule=rule, severity=severity, place=place, found=found[:80], message=message, remedy=remedy)
