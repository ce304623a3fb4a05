"""The planner: pure, three-way, deterministic. File (wanted, as the connector says it can be held), last applied, live."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from deskweave.configure.elements import CHOICE, FIELD, Wanted
from deskweave.configure.key import ElementKey, digest, leaves, plain
from deskweave.configure.live import Live
from deskweave.configure.lock import Lock, LockEntry
from deskweave.configure.match import Match, Matching
from deskweave.configure.plan import Difference, Mark, Step, entry_json
from deskweave.connector import Element
from deskweave.findings import Finding, Place, Severity
from deskweave.model import Json

#: say where an element belongs, not what it is like: how a platform spells them is the connector's own business
WHERE: Final = frozenset(("collection", "field", "kind"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the planner is told beside the three witnesses.

    `removed` are paths taken out of the practice by `remove:` (an element below one is taken out with it); `ours` are elements
    whose change on both sides a person has decided for the file; `pending` are creates that were sent and never answered; `usage`
    says how many records hold an element that shall go.
    """

    connection: str
    removed: frozenset[str] = frozenset()
    ours: frozenset[ElementKey] = frozenset()
    pending: frozenset[ElementKey] = frozenset()
    usage: Mapping[ElementKey, int | None] = field(default_factory=dict)
    origin: Callable[[str], Place | None] = lambda path: None


@dataclass(frozen=True, slots=True)
class Drafted:
    """Steps in the order they would be done, lock entries that change without a write, and what to tell a person."""

    steps: tuple[Step, ...]
    edits: Mapping[ElementKey, LockEntry | None]
    findings: tuple[Finding, ...]


def draft(wanted: Wanted, expressed: Sequence[Element], live: Live, lock: Lock, matching: Matching, terms: Terms) -> Drafted:
    """Plan one connection.

    Args:
        wanted: what practice and binding want.
        expressed: of these, what the platform can hold and how it says it.
        live: what the platform holds.
        lock: as last applied.
        matching: `match(wanted, live, lock)`.
        terms: removals, decisions, unanswered creates, usage.
    """
    return _Draft(wanted, expressed, live, lock, matching, terms).run()


class _Draft:
    def __init__(
        self, wanted: Wanted, expressed: Sequence[Element], live: Live, lock: Lock, matching: Matching, terms: Terms
    ) -> None:
        self.wanted, self.live, self.lock, self.matching, self.terms = wanted, live, lock, matching, terms
        self.expressed = {ElementKey.of(element): element for element in expressed if element.id is not None}
        self.steps: dict[ElementKey, Step] = {}
        self.edits: dict[ElementKey, LockEntry | None] = {}
        self.findings: list[Finding] = []
        self.foreign: set[ElementKey] = set()  #: matched elements that the practice did not make
        self.elsewhere: list[tuple[ElementKey, str, bool]] = []  #: key, the id listed, locked
        self.readable: dict[tuple[str, str], int] = {}
        for element, kind in zip(live.elements, live.kinds, strict=True):
            at = element.attributes.get("collection")
            for place in {"", at if isinstance(at, str) else ""}:
                self.readable[kind, place] = self.readable.get((kind, place), 0) + 1

    def run(self) -> Drafted:
        keys = [ElementKey.of(element) for element in self.wanted.elements]
        for key in sorted(keys, key=lambda key: key.kind != FIELD):  # stable; a choice asks what became of its field
            element = self.expressed.get(key)
            if element is not None and self._may_be_ours(key, element):
                self._one(key, element, self.matching.wanted.get(key, Match()))
        self._left()
        self.findings += self._other_ids()
        writing = self._ordered([self.steps[key] for key in keys if key in self.steps and self.steps[key].mark is not Mark.REMOVE])
        removals = [step for step in self.steps.values() if step.mark is Mark.REMOVE]
        removals.sort(key=lambda step: (-step.key.path.count("/"), step.key))
        blocked = [step for key, step in sorted(self.steps.items()) if key not in set(keys) and step.mark is not Mark.REMOVE]
        return Drafted((*writing, *removals, *blocked), self.edits, tuple(self.findings))

    # ------------------------------------------------------------------------------------------------------------ wanted
    def _one(self, key: ElementKey, element: Element, match: Match) -> None:
        live = self.live.elements[match.live] if match.live is not None else None
        entry = self.lock.elements.get(match.former or key) if match.how in ("lock", "former", "none") else None
        if live is None:
            self._absent(key, element, match, self.lock.elements.get(match.former or key))
            return
        known = self.lock.elements.get(key) if entry is None else None
        if known is not None and not known.unseen and (known.made or live.locked):
            self._elsewhere(key, live)
            return
        if entry is None:
            # ours, if we asked for it and never heard: a name that was not there before
            made = key in self.terms.pending or (known is not None and known.made)
            entry = LockEntry(native=live.native or "", made=made, attributes=_known(element if made else live), unseen=made)
            self.edits[key] = entry
            if match.former is not None:
                self.edits[match.former] = None
        elif match.former is not None and not entry.made:
            self.edits[match.former], self.edits[key] = None, entry
        if not entry.made:
            self.foreign.add(key)
            return
        if key in self.wanted.looked_for:
            return
        self._compare(key, element, live, entry, match.former)

    def _elsewhere(self, key: ElementKey, live: Element) -> None:
        """Of the right name and another id than the lock file's: another account's view of ours, or made anew by somebody.

        Neither the lock file nor the platform is touched: taking it for foreign would give up what we made.
        """
        self.foreign.add(key)
        self.elsewhere.append((key, live.native or "", live.locked is not None))

    def _other_ids(self) -> Iterable[Finding]:
        """One finding for all that is locked (an account that sees less), one for each that is not."""
        locked = [key for key, _, is_locked in self.elsewhere if is_locked]
        place = f"connection:{self.terms.connection}"
        if locked:
            yield Finding(
                rule="another-id",
                severity=Severity.NOTE,
                place=Place(place, str(locked[0])),
                found=str(len(locked)),
                message=f"this account is shown {len(locked)} of our elements under other ids and locked: they are left alone",
                remedy="plan and apply with the account that made them",
            )
        for key, native, is_locked in self.elsewhere:
            if not is_locked:
                yield Finding(
                    rule="another-id",
                    severity=Severity.WARNING,
                    place=Place(place, str(key)),
                    found=native[:80],
                    message=f"listed under another id than the lock file knows ({self.lock.elements[key].native}): left alone",
                    remedy="plan with the account that made it; if it was made anew by hand, take its entry out of the lock file",
                )

    def _absent(self, key: ElementKey, element: Element, match: Match, entry: LockEntry | None) -> None:
        if match.how == "several":
            reason = (
                f"several elements on the platform are called {element.attributes.get('name')!r}; which one is meant cannot be told"
            )
            self._block(key, element, None, entry, reason, "rename the others there, or bind another name (`at:`)")
        elif key in self.wanted.looked_for:
            reason = f"{element.attributes.get('name')!r} is only read here (read_only, or never_send) and is not on the platform"
            self._block(key, element, None, entry, reason, "correct `at:` in the binding, or take the line out")
        elif entry is not None and not entry.made:
            name = element.attributes.get("name")
            reason = f"{name!r} was there before us and is no longer to be seen; what we did not make we do not make again"
            self._block(
                key, element, None, entry, reason, "look whether the account may still read it, or bind another name (`at:`)"
            )
        elif entry is not None and not entry.retired and self._out_of_sight(key, element):
            reason = "of what we made here nothing can be read any more: a lost right looks like that, and a repeat would double it"
            self._block(
                key,
                element,
                None,
                entry,
                reason,
                "look at the account's rights; if it is really gone, take the entry out of the lock file",
            )
        else:
            reason = "we had made it and it was removed there" if entry is not None and not entry.retired else ""
            after = replace(element, native=None)
            step = Step(connection=self.terms.connection, mark=Mark.ADD, key=key, verb="create", after=after, reason=reason)
            if match.former is not None:
                step = replace(step, carries=(match.former,))
            self._put(step, element, None, entry)

    def _out_of_sight(self, key: ElementKey, element: Element) -> bool:
        """Whether an account that sees less explains that an element of ours is not listed better than a removal does.

        So it does where nothing of its kind is listed there, or none of all that we made beside it, in the same field.
        """
        if not self.readable.get((key.kind, key.collection), 0):
            return True
        if any(ElementKey(need.kind, need.path, key.collection) in self.steps for need in element.needs):
            return False  # its field is being made again, or is itself in question
        beside = [
            other
            for other, entry in self.lock.elements.items()
            if entry.made and not entry.retired and other.kind == key.kind and other.collection == key.collection
            if other.path.rpartition("/")[0] == key.path.rpartition("/")[0]
        ]
        seen = [other for other in beside if self._live_of(other) is not None]
        return len(beside) > 1 and not seen

    def _live_of(self, key: ElementKey) -> int | None:
        found = self.matching.wanted.get(key)
        return found.live if found is not None else self.matching.left.get(key)

    def _compare(self, key: ElementKey, element: Element, live: Element, entry: LockEntry, former: ElementKey | None) -> None:
        said, shown = leaves(element.attributes), leaves(live.attributes)
        last = leaves(entry.attributes)
        comparable = [leaf for leaf in sorted(said) if leaf in shown and leaf.split("/")[0] not in WHERE]
        if entry.unseen:
            odd = {leaf: shown[leaf] for leaf in comparable if shown[leaf] != said[leaf] and last.get(leaf) == said[leaf]}
            entry = self.edits[key] = replace(entry, shown=odd, unseen=False)
        differences = [
            Difference(attribute=leaf, last=last.get(leaf), file=said[leaf], live=shown[leaf])
            for leaf in comparable
            if not _agree(leaf, said, last, shown, entry)
        ]
        if entry.retired:
            differences.append(Difference(attribute="retired", last=True, file=False, live=True))
        both = [
            part for part in differences if part.attribute in last and part.last not in (part.live, part.file) and not entry.retired
        ]
        both = [part for part in both if entry.shown.get(part.attribute) != part.live]
        after = replace(element, native=live.native)
        if both and key not in self.terms.ours:
            step = Step(
                connection=self.terms.connection,
                mark=Mark.BOTH,
                key=key,
                before=replace(live, id=key.id),
                after=after,
                differences=tuple(differences),
                reason="changed in the practice and on the platform since the last apply",
                remedy=f"keep ours: --ours {key.kind}/{key.path}; take theirs: write the live value into the practice",
            )
            self._put(step, element, live, entry)
        elif any(part.attribute == "type" for part in differences):
            kept = next(part for part in differences if part.attribute == "type")
            reason = f"the type would change from {kept.live} to {kept.file}, and records already hold values of it"
            self._block(
                key, element, live, entry, reason, "give the new type a slug of its own and remove the old field", differences
            )
        elif (differences or former is not None) and live.locked and differences:
            self._block(
                key, element, live, entry, f"locked there: {live.locked}", "ask its owner, or leave it as it is there", differences
            )
        elif differences or former is not None:
            there = [part.attribute for part in differences if part.last == part.file and part.attribute in last]
            step = Step(
                connection=self.terms.connection,
                mark=Mark.RENAME if former is not None else Mark.ADD if entry.retired else Mark.CHANGE,
                key=key,
                verb="change" if differences else None,
                before=replace(live, id=key.id),
                after=after,
                differences=tuple(differences),
                carries=(former,) if former is not None else (),
                reason=f"changed there: {', '.join(there)}" if there else "",
            )
            self._put(step, element, live, entry)
        elif any(last.get(leaf) != said[leaf] for leaf in comparable):
            # both came to say the same, or the file now says what the platform said all along: nothing to write but the lock
            kept_shown = {leaf: value for leaf, value in entry.shown.items() if said.get(leaf) == last.get(leaf)}
            self.edits[key] = replace(entry, attributes=_known(element), shown=kept_shown)

    def _may_be_ours(self, key: ElementKey, element: Element) -> bool:
        """Choices of a field that the practice did not make, or cannot make here, are not ours to add to or to change."""
        if key.kind != CHOICE:
            return True
        parents = [ElementKey(need.kind, need.path, key.collection) for need in element.needs if need.kind == FIELD]
        return all(
            parent in self.expressed and parent not in self.foreign and parent not in self.wanted.looked_for for parent in parents
        )

    # -------------------------------------------------------------------------------------------------------------- left
    def _left(self) -> None:
        """Lock entries that nothing wants any more: forgotten, removed, or kept until somebody says `remove:`."""
        going: list[ElementKey] = []
        for key, number in sorted(self.matching.left.items()):
            entry = self.lock.elements[key]
            if number is None:
                if not entry.made or entry.retired or self.readable.get((key.kind, key.collection), 0):
                    self.edits[key] = None
            elif not entry.made:
                self.edits[key] = None
            elif entry.retired:
                continue
            elif _below(key.path, self.terms.removed):
                going.append(key)
            else:
                self._kept(key)
        for key in going:
            if not any(key != other and key.collection == other.collection and _below(key.path, {other.path}) for other in going):
                self._remove(key, tuple(other for other in going if other != key and _below(other.path, {key.path})))

    def _remove(self, key: ElementKey, below: tuple[ElementKey, ...]) -> None:
        family = tuple(other for other in below if other.collection == key.collection)
        number = self.matching.left[key]
        assert number is not None
        live, entry = self.live.elements[number], self.lock.elements[key]
        before = replace(live, id=key.id)
        counts = [self.terms.usage.get(member) for member in (key, *family)]
        known = [count for count in counts if count is not None]
        usage = max(known) if known else None
        if live.locked:
            self._block(key, None, live, entry, f"locked there: {live.locked}", "ask its owner, or take it out of `remove:`")
        elif usage:
            reason = f"{usage} records still hold it"
            remedy = "give these records another value first, then apply again; or take it out of `remove:`"
            self._block(key, None, live, entry, reason, remedy, usage=usage)
        else:
            unknown = usage is None
            step = Step(
                connection=self.terms.connection,
                mark=Mark.REMOVE,
                key=key,
                verb="retire" if unknown else "remove",
                before=before,
                carries=family,
                usage=usage,
                reason="how many records hold it cannot be told, so it is taken out of use and not deleted" if unknown else "",
            )
            self._put(step, None, live, entry)

    def _kept(self, key: ElementKey) -> None:
        self.findings.append(
            Finding(
                rule="no-longer-wanted",
                severity=Severity.NOTE,
                place=Place(f"connection:{self.terms.connection}", str(key)),
                found=str(key),
                message="we made it, practice or binding no longer ask for it, and nothing says that it shall go: it is left alone",
                remedy=f"to remove it there: `remove: [{key.path}]`",
            )
        )

    # ------------------------------------------------------------------------------------------------------------- steps
    def _block(
        self,
        key: ElementKey,
        element: Element | None,
        live: Element | None,
        entry: LockEntry | None,
        reason: str,
        remedy: str,
        differences: Iterable[Difference] = (),
        usage: int | None = None,
    ) -> None:
        step = Step(
            connection=self.terms.connection,
            mark=Mark.BLOCKED,
            key=key,
            before=live,
            after=element,
            differences=tuple(differences),
            reason=reason,
            remedy=remedy,
            usage=usage,
        )
        self._put(step, element, live, entry)

    def _put(self, step: Step, element: Element | None, live: Element | None, entry: LockEntry | None) -> None:
        against = {
            "file": plain(element.attributes) if element is not None else None,
            "lock": entry_json(entry),
            "live": [live.native, plain(live.attributes), live.locked] if live is not None else None,
            "pending": step.key in self.terms.pending,
        }
        self.steps[step.key] = replace(
            step,
            against=digest(against),
            origin=self.terms.origin(step.key.path),
            changed_at=live.changed_at if live is not None else None,
            changed_by=live.changed_by if live is not None else None,
        )

    def _ordered(self, steps: list[Step]) -> list[Step]:
        """By needs, else in the practice's order; a step whose need is not there and not coming is blocked."""
        known = {step.key for step in steps}
        present = {key for key, found in self.matching.wanted.items() if found.live is not None}
        coming: set[ElementKey] = set()
        done: list[Step] = []
        waiting = list(steps)
        while waiting:
            rest: list[Step] = []
            for step in waiting:
                needs = self._needs(step) if step.writes else ()
                if all(need in coming or need not in known or (need in present) for need in needs):
                    missing = [need for need in needs if need not in coming and need not in present]
                    if missing:
                        reason = f"it needs {missing[0]}, which is not there and is not being made"
                        step = replace(step, mark=Mark.BLOCKED, verb=None, reason=reason, remedy="see that one first")
                    elif step.writes:
                        step = replace(step, needs=tuple(need for need in needs if need in coming))
                        coming.add(step.key)
                    done.append(step)
                    if not step.writes:
                        known.discard(step.key)
                else:
                    rest.append(step)
            if len(rest) == len(waiting):
                done += [
                    replace(
                        step, mark=Mark.BLOCKED, verb=None, reason="what it needs needs it in turn", remedy="report the connector"
                    )
                    for step in rest
                ]
                break
            waiting = rest
        return done

    def _needs(self, step: Step) -> tuple[ElementKey, ...]:
        found: list[ElementKey] = []
        for need in step.after.needs if step.after is not None else ():
            inside, outside = ElementKey(need.kind, need.path, step.key.collection), ElementKey(need.kind, need.path)
            found.append(outside if outside in self.expressed and inside not in self.expressed else inside)
        return tuple(dict.fromkeys(found))


def _agree(leaf: str, said: Mapping[str, Json], last: Mapping[str, Json], shown: Mapping[str, Json], entry: LockEntry) -> bool:
    """Whether file and platform say the same, or the platform says it the way it did right after we last said it."""
    if said[leaf] == shown[leaf]:
        return True
    return leaf in entry.shown and entry.shown[leaf] == shown[leaf] and last.get(leaf) == said[leaf]


def _known(element: Element) -> dict[str, Json]:
    return {name: plain(value) for name, value in element.attributes.items()}


def _below(path: str, roots: Iterable[str]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)
