"""References of what an inquiry is: fields, catalog, statuses, feedback."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from deskweave.documents import as_list, as_map, problem, shown
from deskweave.findings import Finding
from deskweave.practice.references.constraint import check_constraints
from deskweave.practice.references.terms import References, asked, record_of


def check_fields(r: References) -> Iterator[Finding]:
    terms, seen = r.terms, dict[tuple[str, str], str]()
    for name, body in terms.of("Fields"):
        record = record_of(body)
        groups = list(as_map(body.get("groups"))) or [
            slug for _, other in terms.of("Fields") if record_of(other) == record for slug in as_map(other.get("groups"))
        ]
        for field, spec in as_map(body.get("fields")).items():
            path = ("Fields", name, "fields", field)
            spec = as_map(spec)
            if (record, field) in seen:
                message = f"the field stands in Fields/{seen[record, field]} already"
                yield problem("field-twice", r.place(*path, key=True), field, message)
            seen.setdefault((record, field), name)
            if field in terms.clocks:
                message = "a field and a clock cannot share a name: rules would not know which is meant"
                yield problem("field-is-clock", r.place(*path, key=True), field, message, remedy="rename one of them")
            yield from r.known("group", spec.get("group"), groups, *path, "group")
            yield from r.all_known("role", spec.get("writers"), terms.roles, *path, "writers")
            yield from r.known(
                "status", as_map(spec.get("required")).get("entering"), terms.statuses, *path, "required", "entering"
            )
            yield from _computed(r, record, as_map(spec.get("computed")), *path, "computed")
            yield from check_constraints(r, spec, *path)
            yield from _only_of_inquiries(r, record, spec, *path)
            if spec.get("type") in ("choice", "choices") and not terms.choices_of(spec):
                message = "a choice field needs choices"
                yield problem("no-choices", r.place(*path, key=True), field, message, remedy="add `choices:` or `choices_of:`")
            yield from _becomes(r, "choice", spec.get("becomes"), terms.choices_of(spec), *path, "becomes")


def _computed(r: References, record: str, spec: Mapping[str, Any], *path: str | int) -> Iterator[Finding]:
    fields = r.terms.fields if record == "inquiry" else r.terms.records.get(record, {})
    yield from r.known("clock", spec.get("clock"), r.terms.clocks, *path, "clock")
    yield from r.all_known("field", spec.get("differs"), fields, *path, "differs")
    for field, values in as_map(spec.get("only")).items():
        yield from r.known("field", field, fields, *path, "only", field)
        if field in fields:
            yield from r.all_known("choice", values, r.terms.choices_of(fields[field]), *path, "only", field)
    linked = as_map(spec.get("linked"))
    if linked and record == "inquiry":
        message = "an inquiry shows nothing of another: 'linked' is said of contacts and answers"
        yield problem("linked-inquiry", r.place(*path, "linked", key=True), "linked", message, remedy="take it out")
        return
    links = [name for name, one in fields.items() if as_map(one).get("type") == "link"] if linked else []
    for link, shown_ in linked.items():
        yield from r.known("field", link, links, *path, "linked", link)
        yield from r.known("field", shown_, r.terms.fields, *path, "linked", link)


def _only_of_inquiries(r: References, record: str, spec: Mapping[str, Any], *path: str | int) -> Iterator[Finding]:
    """What has a status, and is sent to platforms, is an inquiry."""
    for key in ("required", "never_send"):
        if record != "inquiry" and key in spec:
            message = f"{key!r} is said of fields of the inquiry only; these are those of a {record}"
            yield problem("inquiry-only", r.place(*path, key, key=True), key, message, remedy="take it out")


def _becomes(r: References, what: str, becomes: Any, words: Iterable[str], *path: str | int) -> Iterator[Finding]:
    """What takes the place of a removed term is there, and the removed one is not."""
    present = list(words)
    for old, new in as_map(becomes).items():
        yield from r.known(what, new, present, *path, old)
        if old in present:
            message = f"{old!r} is still a {what}: only what was removed becomes another"
            remedy = f"remove {old!r}, or take this line out"
            yield problem("becomes-still-there", r.place(*path, old, key=True), old, message, remedy=remedy)


def check_catalog(r: References) -> Iterator[Finding]:
    terms, seen = r.terms, dict[str, str]()
    for name, category, service, slug, item in terms.catalog():
        path = ("Catalog", name, "categories", category, "services", service, "items", slug)
        if slug in seen:
            message = f"the item stands under {seen[slug]} already; an item's slug is its own in the whole catalog"
            yield problem("item-twice", r.place(*path, key=True), slug, message)
        seen.setdefault(slug, f"{category}/{service}")
        yield from r.known("classification", item.get("classification"), terms.classifications, *path, "classification")
        yield from r.known("role", item.get("served"), terms.roles, *path, "served")
        yield from r.known("calendar", item.get("hours"), terms.calendars, *path, "hours")
        yield from r.known("value stream", item.get("stream"), terms.choices("stream"), *path, "stream")
        yield from r.all_known("channel", item.get("channels"), terms.channels, *path, "channels")
        yield from r.known("service level", item.get("service_level"), terms.service_levels, *path, "service_level")
        yield from _asks(r, item.get("asks"), *path, "asks")
        yield from _entitled(r, item.get("entitled"), *path, "entitled")
    for name, body in terms.of("Catalog"):
        yield from _becomes(r, "service item", body.get("becomes"), terms.items, "Catalog", name, "becomes")


def _asks(r: References, fields: Any, *path: str | int) -> Iterator[Finding]:
    """F6: a form asks what a person can answer; what the system writes is not asked."""
    yield from r.all_known("field", fields, r.terms.fields, *path)
    for number, field in enumerate(as_list(fields)):
        entry = as_map(r.terms.fields.get(field) if isinstance(field, str) else None).get("entry")
        if entry in ("system", "computed"):
            message = f"{field!r} is written by the system: no form can ask it"
            remedy = "take it out, or name a field that people fill in"
            yield problem("asks-of-system", r.place(*path, number), field, message, remedy=remedy)


def _entitled(r: References, tree: Any, *path: str | int) -> Iterator[Finding]:
    """B4: an offer is made before there is an inquiry, so it asks for what is known of the person and nothing else."""
    yield from r.predicate(tree, *path, clocks=False)
    people = [field for field, spec in r.terms.fields.items() if spec.get("group") == "people"]
    for where, field in asked(tree, *path):
        if field in r.terms.fields and field not in people:
            message = f"{field!r} says nothing about the person; an offer is made before there is an inquiry"
            remedy = "ask for fields of group `people`"
            yield problem(
                "entitled-by-inquiry", r.place(*where, key=True), field, message, allowed=people, word=field, remedy=remedy
            )


def check_statuses(r: References) -> Iterator[Finding]:
    terms = r.terms
    for name, body in terms.of("StatusModel"):
        own = list(as_map(body.get("statuses")))
        yield from r.known("status", body.get("initial"), own, "StatusModel", name, "initial")
        yield from _becomes(r, "status", body.get("becomes"), own, "StatusModel", name, "becomes")
        for slug, status in as_map(body.get("statuses")).items():
            if as_map(status).get("waits_on") and as_map(status).get("phase") != "waiting":
                message = "only a status of phase waiting says whom it waits on"
                yield problem(
                    "waits-on",
                    r.place("StatusModel", name, "statuses", slug, "waits_on"),
                    shown(as_map(status)["waits_on"]),
                    message,
                )
        for slug, transition in as_map(body.get("transitions")).items():
            path, spec = ("StatusModel", name, "transitions", slug), as_map(transition)
            yield from r.all_known("status", spec.get("from"), own, *path, "from")
            yield from r.known("status", spec.get("to"), own, *path, "to")
            yield from r.all_known("role", spec.get("by"), terms.roles, *path, "by")
        yield from _confirmation(r, body, "StatusModel", name, "confirmation")
        yield from _stale(r, as_map(body.get("stale")), "StatusModel", name, "stale")


def _confirmation(r: References, model: Mapping[str, Any], *path: str) -> Iterator[Finding]:
    """C4: silence makes a transition that leads from where the user is asked to a closed status."""
    spec, terms = as_map(model.get("confirmation")), r.terms
    statuses, transitions = as_map(model.get("statuses")), as_map(model.get("transitions"))
    status, transition = spec.get("status"), spec.get("transition")
    yield from r.known("status", status, statuses, *path, "status")
    yield from r.known("transition", transition, transitions, *path, "transition")
    yield from r.known("calendar", spec.get("calendar"), terms.calendars, *path, "calendar")
    yield from r.known("template", spec.get("template"), terms.templates, *path, "template")
    if status not in list(statuses) or transition not in list(transitions):
        return

    def closes(slug: Any) -> bool:
        target = as_map(statuses.get(str(as_map(transitions[slug]).get("to"))))
        return target.get("phase") == "closed"

    leads = [slug for slug in transitions if status in as_list(as_map(transitions[slug]).get("from"))]
    fitting = [slug for slug in leads if closes(slug)]
    place = r.place(*path, "transition")
    if transition not in leads:
        message = f"the transition {transition!r} does not lead from {status!r}"
        yield problem("confirmation-from", place, shown(transition), message, allowed=fitting)
    elif not closes(transition):
        message = f"silence counts as solved, and {transition!r} does not lead to a closed status"
        yield problem("confirmation-to", place, shown(transition), message, allowed=fitting)


def _stale(r: References, spec: Mapping[str, Any], *path: str) -> Iterator[Finding]:
    yield from r.known("calendar", spec.get("calendar"), r.terms.calendars, *path, "calendar")
    yield from r.all_known("role", spec.get("tells"), r.terms.roles, *path, "tells")
    yield from r.known("template", spec.get("template"), r.terms.templates, *path, "template")


def check_feedback(r: References) -> Iterator[Finding]:
    seen: dict[int, str] = {}
    for name, body in r.terms.of("Feedback"):
        for slug, rating in as_map(body.get("scale")).items():
            code = as_map(rating).get("code")
            if not isinstance(code, int):
                continue
            if code in seen:
                message = f"the code belongs to {seen[code]!r} already"
                yield problem("code-twice", r.place("Feedback", name, "scale", slug, "code"), shown(code), message)
            seen.setdefault(code, slug)
