"""Comparing two practices, chapter by chapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from deskweave.model import ClockEdge, Field, FieldId
from deskweave.practice.difference.aspects import ASPECTS
from deskweave.practice.difference.change import Change, Difference, Effect, Says, Sort, Touches
from deskweave.practice.difference.places import (
    Find,
    Path,
    Places,
    beneath,
    of_document,
    of_field,
    of_own_choice,
    of_part,
    of_service,
    of_shared_choice,
    of_term,
)
from deskweave.practice.difference.terms import (
    NAMES,
    Paired,
    attribute,
    by_slug,
    categories,
    follows,
    labelled,
    narrowed,
    own_choices,
    services,
)
from deskweave.practice.practice import Practice

_HARMLESS, _REJUDGES, _STRANDS = Effect.HARMLESS, Effect.REJUDGES, Effect.STRANDS


def compare(old: Practice, new: Practice) -> Difference:
    """Everything about `new` that is otherwise than in `old`.

    A term whose `was` names an old slug is that term renamed, and whatever refers to it is not another for that. Going back to a
    practice that does not know the new name yet is the same rename the other way round.
    """
    return Difference(changes=tuple(_Comparison(old, new).all()))


class _Comparison:
    def __init__(self, old: Practice, new: Practice) -> None:
        self.old, self.new = old, new
        self.before, self.after = Places(old), Places(new)
        self.changes: list[Change] = []
        self.renames: dict[str, Mapping[str, str]] = {}

    def all(self) -> list[Change]:
        self._name_everything()
        self._head()
        self._fields()
        self._catalog()
        self._statuses()
        self._organisation()
        self._notices()
        self._processes()
        self._time()
        self._figures()
        return self.changes

    # ------------------------------------------------------------------------------------------------------------ pairing
    def _name_everything(self) -> None:
        """Renames of every kind of term first: references to them are read through it."""
        old, new = self.old, self.new
        for subject, kind, key, was, now in (
            ("role", "Routing", "roles", old.roles, new.roles),
            ("tier", "Routing", "tiers", old.routing.tiers, new.routing.tiers),
            ("skill", "Routing", "skills", old.routing.skills, new.routing.skills),
            ("group", "Routing", "groups", old.routing.groups, new.routing.groups),
            ("status", "StatusModel", "statuses", old.statuses.statuses, new.statuses.statuses),
            ("transition", "StatusModel", "transitions", old.statuses.transitions, new.statuses.transitions),
            ("classification", "Catalog", "classifications", old.classifications, new.classifications),
            ("system", "Catalog", "systems", old.systems, new.systems),
            ("channel", "Channels", "channels", old.channels, new.channels),
            ("rating", "Feedback", "scale", old.feedback, new.feedback),
            ("factor", "Practice", "factors", old.factors, new.factors),
        ):
            self._pair(subject, was, now, of_term(kind, key))
        self._pair("field", old.fields, new.fields, of_field("inquiry"))
        self._pair("item", old.catalog, new.catalog, lambda places, slug: places.item(slug))
        documents: tuple[tuple[str, str, Mapping[str, Any], Mapping[str, Any]], ...] = (
            ("clock", "Clock", old.clocks, new.clocks),
            ("calendar", "Calendar", old.calendars, new.calendars),
            ("holidays", "Holidays", old.holidays, new.holidays),
            ("template", "Template", old.templates, new.templates),
            ("service_level", "ServiceLevel", old.service_levels, new.service_levels),
        )
        for subject, kind, had, has in documents:
            self._pair(subject, had, has, of_document(kind))
        for name, field in new.fields.items():
            former = next((was for was, now in self._same("field").items() if now == name), None)
            if former is not None:
                self._pair(
                    f"choice:{name}", old.fields[FieldId(former)].choices, field.choices, of_shared_choice(former, name, field)
                )

    def _pair(self, subject: str, old: Mapping[Any, Any], new: Mapping[Any, Any], find: Find) -> Paired:
        paired = self._paired(old, new, find)
        self.renames[subject] = paired.same
        return paired

    def _paired(self, old: Mapping[Any, Any], new: Mapping[Any, Any], find: Find) -> Paired:
        same = {str(slug): str(slug) for slug in old if slug in new}
        gone = [str(slug) for slug in old if slug not in new]
        came = [str(slug) for slug in new if slug not in old]
        for slug in list(came):
            former = self._was(self.after, new, slug, find)
            match = next((one for one in gone if one in former), None)
            match = match or next((one for one in gone if slug in self._was(self.before, old, one, find)), None)
            if match is not None:
                same[match] = slug
                gone.remove(match)
                came.remove(slug)
        return Paired(same, tuple(gone), tuple(came))

    @staticmethod
    def _was(places: Places, terms: Mapping[Any, Any], slug: str, find: Find) -> tuple[str, ...]:
        typed = getattr(terms[slug], "was", None)
        return tuple(typed) if typed else places.was(find(places, slug))

    def _same(self, subject: str) -> Mapping[str, str]:
        return self.renames.get(subject, {})

    # ------------------------------------------------------------------------------------------------------------- things
    def terms(
        self,
        subject: str,
        old: Mapping[Any, Any],
        new: Mapping[Any, Any],
        find: Find,
        *,
        touches: Touches = Touches.PEOPLE,
        within: tuple[str, ...] = (),
        effect: Effect = _HARMLESS,
        gone: Effect | None = None,
        held: Sequence[FieldId] = (),
        becomes: Mapping[str, str] | None = None,
    ) -> Paired:
        """Compare things of one kind: which came, went, changed their name, and what about the others is otherwise.

        Args:
            subject: what they are.
            old: those there were, by slug.
            new: those there are, by slug.
            find: where a practice says one.
            touches: whom a new or a vanished one concerns.
            within: what they belong to.
            effect: of one that came.
            gone: of one that went; default: as of one that came.
            held: fields of the old practice whose values they are.
            becomes: what takes the place of removed ones.
        """
        paired = self._paired(old, new, find)
        for slug in paired.came:
            self._note(subject, slug, "added", touches, effect, find(self.after, slug), within=within, new=new[slug])
        for was, now in paired.same.items():
            path = find(self.after, now)
            if was != now:
                at = tuple((name, was) for name in held)
                known = was in self._was(self.after, new, now, find)
                lost = _HARMLESS if known or gone is None else gone  # going back: the new practice does not know the later word
                self._note(subject, now, "renamed", touches, lost, path, within=within, old=was, new=now, held=at)
            self.aspects(subject, now, old[was], new[now], find(self.before, was), path, within=within)
        for slug in paired.gone:
            target = (becomes or {}).get(slug)
            target = target or next((now for now in new if slug in self._was(self.after, new, now, find)), None)
            at = tuple((name, slug) for name in held)
            lost = gone or effect
            if lost is _STRANDS and target is not None:
                lost = _REJUDGES if subject == "status" else _HARMLESS
            path = find(self.before, slug)
            self._note(subject, slug, "removed", touches, lost, path, within=within, old=old[slug], new=target, held=at)
        return paired

    def aspects(
        self, subject: str, slug: str, old: object, new: object, was: Path, path: Path, *, within: tuple[str, ...] = ()
    ) -> None:
        """What about one thing is otherwise."""
        before, after = self.before.spec(was), self.after.spec(path)
        for aspect in ASPECTS[subject]:
            had, has = attribute(old, aspect.name, before), attribute(new, aspect.name, after)
            if self._alike(aspect.says, had, has) or follows(aspect, before, after):
                continue
            effect = aspect.effect
            held: tuple[tuple[FieldId, str], ...] = ()
            if effect is _STRANDS and isinstance(old, Field):
                held = ((old.id, ""),)
            where = narrowed((*path, *(aspect.keys or (aspect.name,))), was, self.before, self.after)
            self._note(
                subject, slug, "changed", aspect.touches, effect, where,
                within=within, aspect=aspect.name, old=had, new=has, says=aspect.says, held=held,
            )  # fmt: skip

    def _alike(self, says: Says, old: object, new: object) -> bool:
        if says in ("roles", "channels", "groups", "skills", "statuses", "texts", "words", "columns") and isinstance(old, tuple):
            moved = self.translated(says, old)
            if says in ("channels", "columns", "words"):
                return moved == new  # their order says something
            return isinstance(moved, tuple) and isinstance(new, tuple) and sorted(moved) == sorted(new)
        if says == "labels" and isinstance(old, Mapping) and isinstance(new, Mapping):
            return old == new or list(old.values()) == list(new.values())  # their keys follow what was renamed
        return bool(self.translated(says, old) == new)

    def translated(self, says: Says, value: object) -> object:
        """An old value in the new practice's slugs."""
        if says in ("condition", "figure", "constraints", "computed"):
            return self._tree(value)
        if says == "totals" and isinstance(value, tuple):
            return tuple(self.translated("columns", one) for one in value)
        if says == "thresholds" and isinstance(value, tuple):
            return tuple(replace(one, notify=self._same("role").get(one.notify or "", one.notify)) for one in value)
        if says == "edge" and isinstance(value, ClockEdge):
            return replace(value, status=self._same("status").get(value.status or "", value.status))
        if says == "target_of" and isinstance(value, str):
            return next((self._same(one)[value] for one in ("tier", "group", "role") if value in self._same(one)), value)
        if says not in NAMES:
            return value
        known = self._same(NAMES[says])
        if isinstance(value, tuple):
            return tuple(known.get(str(one), one) for one in value)
        return known.get(value, value) if isinstance(value, str) else value

    def _tree(self, tree: Any, field: str = "") -> Any:
        """A condition or a rule with the new names of fields, clocks and choices."""
        if isinstance(tree, Mapping):
            found = {}
            for key, body in tree.items():
                name = self._same("field").get(key) or self._same("clock").get(key) or key
                found[name] = self._tree(body, name if name in self.new.fields else field)
            return found
        if isinstance(tree, (list, tuple)):
            return [self._tree(one, field) for one in tree]
        if not isinstance(tree, str):
            return tree
        if not field:
            return self._same("clock").get(tree) or self._same("field").get(tree) or tree
        kind = self.new.fields[FieldId(field)].type
        subject = {"status": "status", "catalog_item": "item"}.get(kind, f"choice:{field}")
        return self._same(subject).get(tree, tree)

    def _note(
        self,
        subject: str,
        slug: str,
        sort: Sort,
        touches: Touches,
        effect: Effect,
        path: Path,
        *,
        within: tuple[str, ...] = (),
        aspect: str = "",
        old: object = None,
        new: object = None,
        says: Says = "text",
        held: tuple[tuple[FieldId, str], ...] = (),
    ) -> None:
        places = self.before if sort == "removed" else self.after
        self.changes.append(
            Change(
                subject=subject, slug=slug, sort=sort, touches=touches, effect=effect, path=path, within=within, aspect=aspect,
                old=old, new=new, says=says, place=places.place(path), held=held,
            )
        )  # fmt: skip

    # ----------------------------------------------------------------------------------------------------------- chapters
    def _head(self) -> None:
        old, new = self.old, self.new
        self.aspects("practice", new.id, old, new, self.before.head(), self.after.head())
        self.terms("factor", old.factors, new.factors, of_term("Practice", "factors"), touches=Touches.FIGURES)
        self.terms("term", old.glossary, new.glossary, of_term("Practice", "glossary"), touches=Touches.WORDS)

    def _fields(self) -> None:
        old, new = self.old, self.new
        groups = of_term("Fields", "groups")
        self.terms("field_group", labelled(old.groups), labelled(new.groups), groups, touches=Touches.WORDS)
        self._fields_of("inquiry", old.fields, new.fields)
        for record in sorted(old.records.keys() | new.records.keys()):
            self._fields_of(record, old.records.get(record, {}), new.records.get(record, {}))

    def _fields_of(self, record: str, old: Mapping[FieldId, Field], new: Mapping[FieldId, Field]) -> None:
        find = of_field(record)
        inquiry = record == "inquiry"
        touches = Touches.PEOPLE if inquiry else Touches.FIGURES
        paired = self._paired(old, new, find)
        for slug in paired.came:
            self._note("field", slug, "added", touches, _HARMLESS, find(self.after, slug), new=new[FieldId(slug)])
        for was, now in paired.same.items():
            had, has = old[FieldId(was)], new[FieldId(now)]
            path, before = find(self.after, now), find(self.before, was)
            if was != now:
                held = ((had.id, ""),) if inquiry else ()
                lost = _HARMLESS if was in self._was(self.after, new, now, find) or not inquiry else _STRANDS
                self._note("field", now, "renamed", touches, lost, path, old=was, new=now, held=held)
            self.aspects("field", now, had, has, before, path)
            self.terms(
                "choice",
                own_choices(self.before.spec(before), had),
                own_choices(self.after.spec(path), has),
                of_own_choice(record, was, now),
                within=(now,),
                gone=_STRANDS if inquiry else _HARMLESS,
                held=(had.id,) if inquiry else (),
                becomes=has.becomes,
            )
        for slug in paired.gone:
            field = old[FieldId(slug)]
            held = ((field.id, ""),) if inquiry else ()
            self._note(
                "field", slug, "removed", touches, _STRANDS if inquiry else _HARMLESS, find(self.before, slug), old=field, held=held
            )

    def _chosen(self, source: str, *types: str) -> tuple[tuple[FieldId, ...], Mapping[str, str]]:
        """Fields of the old practice whose values are terms of another kind, and what takes the place of removed ones."""
        held = []
        becomes: dict[str, str] = {}
        for name, field in self.old.fields.items():
            spec = self.before.spec(self.before.field("inquiry", name))
            if field.type in types or (source and spec.get("choices_of") == source):
                held.append(name)
                now = self.new.fields.get(FieldId(self._same("field").get(name, name)))
                becomes |= now.becomes if now is not None else {}
        return tuple(held), becomes

    def _catalog(self) -> None:
        old, new = self.old, self.new
        for subject, key, was, now in (
            ("classification", "classifications", old.classifications, new.classifications),
            ("system", "systems", old.systems, new.systems),
        ):
            held, becomes = self._chosen(key)
            self.terms(subject, was, now, of_term("Catalog", key), gone=_STRANDS, held=held, becomes=becomes)
        self.terms("category", categories(old), categories(new), of_term("Catalog", "categories"))
        services_old, services_new = services(old), services(new)
        self.terms("service", services_old, services_new, of_service)
        held, becomes = self._chosen("", "catalog_item")
        self.terms("item", old.catalog, new.catalog, Places.item, gone=_STRANDS, held=held, becomes=becomes)
        held, becomes = self._chosen("channels")
        self.terms(
            "channel", old.channels, new.channels, of_term("Channels", "channels"), gone=_STRANDS, held=held, becomes=becomes
        )

    def _statuses(self) -> None:
        old, new = self.old.statuses, self.new.statuses
        held, becomes = self._chosen("", "status")
        held = held or (FieldId("status"),)
        path_of = of_term("StatusModel", "statuses")
        self.terms("status", old.statuses, new.statuses, path_of, gone=_STRANDS, held=held, becomes={**new.becomes, **becomes})
        self.terms("transition", old.transitions, new.transitions, of_term("StatusModel", "transitions"))
        was, path = self.before.document("StatusModel", old.id), self.after.document("StatusModel", new.id)
        self.aspects("status_model", new.id, old, new, was, path)
        self._one("confirmation", old.confirmation, new.confirmation, was, path)
        self._one("stale", old.stale, new.stale, was, path)

    def _one(self, name: str, old: object, new: object, was: Path, path: Path) -> None:
        """A thing of which a practice has one or none."""
        if old is not None and new is not None:
            self.aspects(name, name, old, new, (*was, name), (*path, name))
        elif new is not None:
            self._note(name, name, "added", Touches.PEOPLE, _HARMLESS, (*path, name), new=new)
        elif old is not None:
            self._note(name, name, "removed", Touches.PEOPLE, _HARMLESS, (*was, name), old=old)

    def _organisation(self) -> None:
        old, new = self.old, self.new
        self.terms("role", old.roles, new.roles, of_term("Routing", "roles"))
        for subject, key, had, has in (
            ("tier", "tiers", old.routing.tiers, new.routing.tiers),
            ("skill", "skills", old.routing.skills, new.routing.skills),
            ("group", "groups", old.routing.groups, new.routing.groups),
        ):
            held, becomes = self._chosen(key)
            self.terms(subject, had, has, of_term("Routing", key), gone=_STRANDS if held else None, held=held, becomes=becomes)
        rules_old, rules_new = by_slug(old.routing.assignment), by_slug(new.routing.assignment)
        self.terms("assignment", rules_old, rules_new, of_term("Routing", "assignment"))
        self.terms("escalation", old.routing.escalations, new.routing.escalations, of_term("Routing", "escalations"))
        desks = self.terms("desk", old.desks, new.desks, of_document("Desk"))
        for was, now in desks.same.items():
            one, other = old.desks[was], new.desks[now]
            self.terms("site", one.sites, other.sites, of_part("Desk", was, now, "sites"), within=(now,))
            self.terms("shift", one.shifts, other.shifts, of_part("Desk", was, now, "shifts"), within=(now,))
        matrices = self.terms("matrix", old.priority_matrices, new.priority_matrices, of_document("PriorityMatrix"))
        for was, now in matrices.same.items():
            self._matrix(was, now)

    def _matrix(self, was: str, now: str) -> None:
        old, new = self.old.priority_matrices[was], self.new.priority_matrices[now]
        impacts, urgencies, priorities = (self._same(f"choice:{name}") for name in (new.impact, new.urgency, new.sets))
        had = {
            (impacts.get(impact, impact), urgencies.get(urgency, urgency)): priorities.get(priority, priority)
            for impact, row in old.matrix.items()
            for urgency, priority in row.items()
        }
        has = {(impact, urgency): priority for impact, row in new.matrix.items() for urgency, priority in row.items()}
        for cell in dict.fromkeys((*has, *had)):
            if had.get(cell) != has.get(cell):
                path = ("PriorityMatrix", now, "matrix", *cell)
                self._note(
                    "matrix", now, "changed", Touches.PEOPLE, _HARMLESS, path,
                    within=cell, aspect="cell", old=had.get(cell), new=has.get(cell), says="priority",
                )  # fmt: skip
        self.terms("rise", old.rises, new.rises, of_part("PriorityMatrix", was, now, "rises"), within=(now,))

    def _notices(self) -> None:
        old, new = self.old, self.new
        self.terms("template", old.templates, new.templates, of_document("Template"))
        self.terms("delivery", by_slug(old.delivery), by_slug(new.delivery), of_term("Channels", "delivery"))
        self.terms("survey", old.surveys, new.surveys, of_term("Feedback", "surveys"))
        held, becomes = self._chosen("feedback")
        find = of_term("Feedback", "scale")
        self.terms("rating", old.feedback, new.feedback, find, gone=_STRANDS, held=held, becomes=becomes)

    def _processes(self) -> None:
        old, new = self.old.processes, self.new.processes
        for was, now in self.terms("process", old, new, of_document("Process")).same.items():
            find = of_part("Process", was, now, "steps")
            steps = self.terms("step", old[was].steps, new[now].steps, find, within=(now,))
            for former, step in steps.same.items():
                checks_old, checks_new = old[was].steps[former].checks, new[now].steps[step].checks
                part = beneath((*find(self.before, former), "checks"), (*find(self.after, step), "checks"), self.before)
                self.terms("check", checks_old, checks_new, part, within=(now, step))
            candidates = of_part("Process", was, now, "candidates")
            self.terms("candidate", old[was].candidates, new[now].candidates, candidates, within=(now,))

    def _time(self) -> None:
        old, new = self.old, self.new
        clocks = Touches.CLOCKS
        calendars = self.terms("calendar", old.calendars, new.calendars, of_document("Calendar"), touches=clocks, gone=_REJUDGES)
        for was, now in calendars.same.items():
            self._versions(was, now)
        self.terms("holidays", old.holidays, new.holidays, of_document("Holidays"), touches=clocks, gone=_REJUDGES)
        self.terms("clock", old.clocks, new.clocks, of_document("Clock"), touches=clocks, gone=_REJUDGES)
        find = of_document("ServiceLevel")
        levels = self.terms("service_level", old.service_levels, new.service_levels, find, touches=clocks, effect=_REJUDGES)
        for was, now in levels.same.items():
            self._goals(was, now)

    def _versions(self, was: str, now: str) -> None:
        had = {version.since: version.week for version in self.old.calendars[was].versions}
        has = {version.since: version.week for version in self.new.calendars[now].versions}
        for since in sorted(had.keys() | has.keys()):
            if had.get(since) != has.get(since):
                self._note(
                    "calendar", now, "changed", Touches.CLOCKS, _REJUDGES, ("Calendar", now, "versions"),
                    within=(since.isoformat(),), aspect="week", old=had.get(since), new=has.get(since), says="week",
                )  # fmt: skip

    def _goals(self, was: str, now: str) -> None:
        old, new = self.old.service_levels[was], self.new.service_levels[now]
        clocks = self._same("clock")
        had = {clocks.get(clock, clock): by_slug(goals) for clock, goals in old.goals.items()}
        former = {clocks.get(clock, clock): clock for clock in old.goals}
        for clock in dict.fromkeys((*had, *new.goals)):
            before, after = had.get(clock, {}), by_slug(new.goals.get(clock, ()))
            if clock in former and clock in self.new.clocks:
                own = self.old.clocks[former[clock]].goal, self.new.clocks[clock].goal
                if own[0] != own[1]:  # said once, of the clock: a goal that only follows its clock is no change of its own
                    before = {
                        slug: replace(goal, goal=own[1])
                        if goal.goal == own[0] and slug in after and after[slug].goal == own[1]
                        else goal
                        for slug, goal in before.items()
                    }
            part = beneath(
                ("ServiceLevel", was, "goals", former.get(clock, clock)), ("ServiceLevel", now, "goals", clock), self.before
            )
            self.terms("goal", before, after, part, touches=Touches.CLOCKS, within=(now, clock), effect=_REJUDGES)

    def _figures(self) -> None:
        old, new = self.old.metrics, self.new.metrics
        for was, now in self.terms("metric", old, new, of_document("Metric"), touches=Touches.FIGURES).same.items():
            part = of_part("Metric", was, now, "criteria")
            criteria = old[was].criteria, new[now].criteria
            self.terms("criterion", *criteria, part, touches=Touches.FIGURES, within=(now,), effect=_REJUDGES)
