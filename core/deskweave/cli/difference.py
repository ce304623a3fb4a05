"""A practice's changes in words a service manager reads: one sentence each, by whom they touch, long lists summed up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from deskweave.cli.difference_names import ASPECTS, NOUNS
from deskweave.cli.difference_sentences import SENTENCES
from deskweave.cli.difference_things import find
from deskweave.cli.difference_words import WORDS
from deskweave.model import say_label
from deskweave.model.practice import WEEKDAYS
from deskweave.practice import wording

if TYPE_CHECKING:
    from deskweave.findings import Place
    from deskweave.model import ClockEdge, MetricTarget, Threshold
    from deskweave.practice import Practice
    from deskweave.practice.difference import Change, Difference, Touches

TOGETHER: Final = 6  #: so many changes of one kind become one line
NAMED: Final = 5  #: of which so many are named
MARKS: Final = {"added": "+", "removed": "-", "renamed": ">", "changed": "~"}
_LISTS: Final = (
    "roles",
    "statuses",
    "channels",
    "groups",
    "skills",
    "texts",
    "words",
    "templates",
    "fields",
    "columns",
    "clocks",
    "dates",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One sentence, and the changes it is about."""

    mark: str
    text: str
    place: Place | None
    changes: tuple[Change, ...]


class Teller:
    """Says the changes from one practice to another in one language."""

    def __init__(self, old: Practice, new: Practice, language: str) -> None:
        self.old, self.new = old, new
        self.language = "zh" if language == "zh" else "en"

    # --------------------------------------------------------------------------------------------------------------- all
    def lines(self, difference: Difference, *, every: bool = False) -> Mapping[Touches, list[Line]]:
        """Sentences by whom they touch; `every`: no summing up."""
        return {touches: list(self._lines(changes, every)) for touches, changes in difference.sections.items()}

    def _lines(self, changes: Sequence[Change], every: bool) -> Iterable[Line]:
        alike: dict[tuple[object, ...], list[Change]] = {}
        for change in changes:
            within = change.within if change.subject != "calendar" else ()
            alike.setdefault((change.key, change.sort, within), []).append(change)
        for found in alike.values():
            if every or len(found) < TOGETHER:
                for change in found:
                    yield Line(mark=MARKS[change.sort], text=self.sentence(change), place=change.place, changes=(change,))
            else:
                yield Line(mark=MARKS[found[0].sort], text=self._summed(found), place=found[0].place, changes=tuple(found))

    def _summed(self, changes: Sequence[Change]) -> str:
        first = changes[0]
        names = [self.name(one) for one in changes]
        shown = self._list(names[:NAMED])
        if len(names) > NAMED:
            shown = self._word("and_more", names=shown, n=len(names) - NAMED)
        one, many = NOUNS[self.language][first.subject]
        parent = self._parent(first)
        key = f"many_{first.sort}" + ("_of" if parent else "")
        return _begun(self._word(key, n=len(names), nouns=many or one, names=shown, aspect=self._aspect(first), parent=parent))

    # ------------------------------------------------------------------------------------------------------- one sentence
    def sentence(self, change: Change) -> str:
        """One change in words."""
        if not change.aspect:
            return _begun(self._thing(change))
        old, new = change.old, change.new
        if change.says in ("label", "labels") and change.aspect == "label":
            return _begun(self._called(change))
        variant, values = self._variant(change, old, new)
        values |= self._about(change)
        sentences = SENTENCES[self.language]
        for key in (f"{change.key}:{variant}", change.key if variant in ("change", "reworded") else ""):
            if key in sentences:
                return _begun(sentences[key].format(**values))
        if change.says == "label":  # whole sentences of theirs are not repeated: that they are there, or are not, is the change
            variant = {"set": "stated", "unset": "unstated"}.get(variant, variant)
        return _begun(self._word(f"aspect_{variant}", aspect=self._aspect(change), **values))

    def _thing(self, change: Change) -> str:
        values = self._about(change)
        sentences = SENTENCES[self.language]
        key = f"{change.subject}:{change.sort}"
        if change.sort == "renamed":
            was = self._label(change.subject, str(change.old), self.old, change.within)
            values["was"] = was
            key = "thing_renamed" if was != values["name"] else "thing_same_name"
            return self._word(key, **values, old_id=change.old, new_id=change.new)
        if change.sort == "removed" and isinstance(change.new, str):
            values["target"] = self._label(change.subject, change.new, self.new, change.within)
            return self._word("thing_replaced", **values)
        if key in sentences:
            return sentences[key].format(**values, **self._details(change))
        return self._word(f"thing_{change.sort}" + ("_of" if values["parent"] else ""), **values)

    def _called(self, change: Change) -> str:
        old, new = (value if isinstance(value, Mapping) else {} for value in (change.old, change.new))
        values = self._about(change)
        was, now = (say_label(label, change.slug, self.language) for label in (old, new))
        if was == now:
            languages = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
            return self._word("label_elsewhere", languages=self._list(languages), **values)
        return self._word("label_changed", was=was, **values)

    def _details(self, change: Change) -> dict[str, str]:
        """What a sentence about a new thing says of it."""
        thing: Any = change.new if change.sort == "added" else change.old
        practice = self.new if change.sort == "added" else self.old
        found = dict.fromkeys(("details", "goal", "value"), "")
        if change.subject == "field":
            said = []
            if thing.required_entering:
                said.append(self._word("detail_mandatory", moment=self._moment(thing.required_entering, practice)))
            if thing.writers:
                said.append(self._word("detail_writers", roles=self.said("roles", thing.writers, practice)))
            found["details"] = self._word("detail", parts=self._list(said)) if said else ""
        elif change.subject == "clock" and thing.goal is not None:
            found["goal"] = self._word(
                "detail", parts=self._word("detail_goal", goal=wording.say_duration(thing.goal, self.language))
            )
        elif change.subject == "metric":
            found["value"] = wording.say_figure(thing.value, practice, self.language, grain=thing.grain)
        elif change.subject == "goal":
            found["goal"] = self.said("duration", thing.goal, practice)
            found["details"] = wording.say_predicate(thing.when, practice, self.language)
        elif change.subject == "transition":
            found["details"] = self._word(
                "detail_step",
                sources=self.said("statuses", thing.sources, practice),
                target=self.said("status", thing.target, practice),
                roles=self.said("roles", thing.by, practice),
            )
        return found

    def _variant(self, change: Change, old: object, new: object) -> tuple[str, dict[str, str]]:
        """Which kind of sentence a change of a value asks for, and the words in it."""
        if change.says == "texts":
            old, new = _flat(old), _flat(new)
        values = {"old": self.said(change.says, old, self.old, change), "new": self.said(change.says, new, self.new, change)}
        if change.says == "flag":
            return ("yes" if new else "no"), values
        if change.says in _LISTS:
            had, has = (tuple(sorted(one)) if isinstance(one, frozenset) else tuple(one or ()) for one in (old, new))  # type: ignore[arg-type]
            moved = {self._say_one(change.says, one, self.old) for one in had}
            came = [one for one in has if self._say_one(change.says, one, self.new) not in moved]
            stay = {self._say_one(change.says, one, self.new) for one in has}
            gone = [one for one in had if self._say_one(change.says, one, self.old) not in stay]
            values["came"] = self.said(change.says, tuple(came), self.new, change)
            values["gone"] = self.said(change.says, tuple(gone), self.old, change)
            if came and not gone:
                return ("came" if had else "set"), values
            if gone and not came:
                return ("gone" if has else "unset"), values
            return "change", values
        if old is None:
            return "set", values
        if new is None:
            return "unset", values
        if change.says == "made_up" and isinstance(old, Mapping) and isinstance(new, Mapping):
            more, less = ({day: this[day] for day in this if that.get(day) != this[day]} for this, that in ((new, old), (old, new)))
            values |= {"came": self._made_up(more), "gone": self._made_up(less)}
            return ("change" if more and less else "came" if more else "gone"), values
        if change.says == "labels" and isinstance(old, Mapping) and isinstance(new, Mapping):
            fresh, lost = ({key: this[key] for key in this if key not in that} for this, that in ((new, old), (old, new)))
            values |= {"came": self._labels(fresh), "gone": self._labels(lost)}
            return ("change" if fresh and lost else "came" if fresh else "gone" if lost else "reworded"), values
        return ("reworded" if change.says == "label" else "change"), values

    def _about(self, change: Change) -> dict[str, str]:
        """The words every sentence may use."""
        practice = self.old if change.sort == "removed" else self.new
        noun, _ = NOUNS[self.language][change.subject]
        found = {"noun": noun, "name": self.name(change), "parent": self._parent(change)}
        found |= dict.fromkeys(
            ("calendar", "moment", "old_moment", "source", "target", "clock", "when", "since", "impact", "urgency"), ""
        )
        if change.key in ("field.required_entering",):
            found["moment"] = self._moment(change.new, self.new) if change.new else ""
            found["old_moment"] = self._moment(change.old, self.old) if change.old else ""
        if change.subject == "transition" and change.slug in practice.statuses.transitions:
            step = practice.statuses.transitions[change.slug]
            found["source"], found["target"] = (
                self.said("statuses", step.sources, practice),
                self.said("status", step.target, practice),
            )
        if change.subject == "clock" and change.slug in practice.clocks:
            found["calendar"] = self._calendar(practice.clocks[change.slug].calendar, practice)
        if change.subject == "goal":
            level, clock = change.within
            found["clock"] = self.said("clock", clock, practice)
            found["calendar"] = self._calendar(practice.clocks[clock].calendar if clock in practice.clocks else None, practice)
            goals = practice.service_levels[level].goals.get(clock, ()) if level in practice.service_levels else ()
            when = next((goal.when for goal in goals if goal.slug == change.slug), None)
            found["when"] = self._word("where", condition=wording.say_predicate(when, practice, self.language)) if when else ""
        if change.key == "calendar.week":
            found["since"] = wording.say_date(date.fromisoformat(change.within[0]), self.language)
        if change.key == "matrix.cell" and change.slug in practice.priority_matrices:
            matrix = practice.priority_matrices[change.slug]
            found["impact"] = wording.say_value(matrix.impact, change.within[0], practice, self.language)
            found["urgency"] = wording.say_value(matrix.urgency, change.within[1], practice, self.language)
        return found

    def _calendar(self, name: str | None, practice: Practice) -> str:
        if name is None or name not in practice.calendars:
            return self._word("around_the_clock")
        return self._word("on_calendar", calendar=say_label(practice.calendars[name].label, name, self.language))

    def _moment(self, status: object, practice: Practice) -> str:
        known = practice.statuses.statuses.get(str(status))
        if known is not None and known.phase.value in ("resolved", "closed", "cancelled"):
            alone = sum(one.phase is known.phase for one in practice.statuses.statuses.values()) == 1
            if alone:
                return self._word(f"moment_{known.phase.value}")
        return self._word("moment", status=self.said("status", status, practice))

    def _aspect(self, change: Change) -> str:
        return ASPECTS[self.language].get(change.key) or ASPECTS[self.language].get(change.aspect) or change.aspect

    # -------------------------------------------------------------------------------------------------------------- names
    def name(self, change: Change) -> str:
        """What people call the thing that changed."""
        practice = self.old if change.sort == "removed" else self.new
        return self._label(change.subject, change.slug, practice, change.within)

    def _parent(self, change: Change) -> str:
        practice = self.old if change.sort == "removed" else self.new
        if not change.within:
            return ""
        match change.subject:
            case "choice":
                return self._label("field", change.within[0], practice, ())
            case "criterion":
                return self._label("metric", change.within[0], practice, ())
            case "site" | "shift":
                return self._label("desk", change.within[0], practice, ())
            case "step" | "candidate":
                return self._label("process", change.within[0], practice, ())
            case "check":
                return self._label("step", change.within[1], practice, change.within[:1])
            case "rise":
                return self._label("matrix", change.within[0], practice, ())
            case "goal":
                return self._label("service_level", change.within[0], practice, ())
        return ""

    def _label(self, subject: str, slug: str, practice: Practice, within: tuple[str, ...]) -> str:
        found = find(subject, slug, practice, within)
        label = found if isinstance(found, Mapping) else getattr(found, "label", None)
        if subject == "service" and not label:
            slug = slug.partition("/")[2]
        return say_label(label, slug, self.language)

    # ------------------------------------------------------------------------------------------------------------- values
    def said(self, says: str, value: object, practice: Practice, change: Change | None = None) -> str:
        """A value as people read it."""
        if value is None or value in ((), ""):
            return self._word("nothing")
        if change is not None and change.key in ("item.category", "item.service", "field.group", "survey.every"):
            return self._placed(change.key, str(value), practice)
        if says in _LISTS:
            every = sorted(value) if isinstance(value, frozenset) else list(value)  # type: ignore[call-overload]
            words = [self._say_one(says, one, practice) for one in every]
            shown = words if len(words) <= TOGETHER else words[:NAMED]
            text = self._list(shown)
            return text if len(shown) == len(words) else self._word("and_more", names=text, n=len(words) - len(shown))
        say: Callable[[Any], str] | None = {
            "duration": lambda v: wording.say_duration(v, self.language),
            "days": lambda v: wording.say_duration(v, self.language, days=True),
            "share": wording.say_share,
            "shares": lambda v: self._list(wording.say_share(one) for one in v),
            "flag": lambda v: self._word("yes" if v else "no"),
            "date": lambda v: wording.say_date(v, self.language),
            "condition": lambda v: wording.say_predicate(v, practice, self.language),
            "label": lambda v: say_label(v, "", self.language),
            "labels": lambda v: self._labels(v),
            "edge": lambda v: self._edge(v, practice),
            "target": lambda v: self._target(v, practice, change),
            "totals": lambda v: self._list(self._total(one, practice) for one in v),
            "thresholds": lambda v: self._word("semicolon").join(self._threshold(one, practice, change) for one in v),
            "week": lambda v: self._week(v),
            "made_up": lambda v: self._made_up(v),
            "figure": lambda v: self._figure(v, practice, change),
            "priority": lambda v: self._priority(v, practice, change),
            "constraints": lambda v: self._list(f"{key} {one}" for key, one in v.items()),
            "computed": lambda v: self._computed(v, practice),
            "traits": lambda v: self._list(
                self._closed(key) if has else self._word("without", word=self._closed(key)) for key, has in v.items()
            ),
        }.get(says)
        return self._say_one(says, value, practice) if say is None else say(value)

    def _say_one(self, says: str, value: object, practice: Practice) -> str:
        subject = {
            "roles": "role",
            "statuses": "status",
            "channels": "channel",
            "groups": "group",
            "skills": "skill",
            "templates": "template",
            "fields": "field",
            "clocks": "clock",
        }.get(says, says)
        slug = str(value)
        if isinstance(value, date):
            return wording.say_date(value, self.language)
        if isinstance(value, timedelta):
            return wording.say_duration(value, self.language)
        if subject in ("word", "words") or (
            subject == "role" and slug not in practice.roles and f"={slug}" in WORDS[self.language]
        ):
            return self._closed(slug)
        if subject in ("column", "columns", "field"):
            return wording.say_field(slug, practice, self.language)
        if subject == "stream":
            return wording.say_value("stream", slug, practice, self.language)
        if subject == "target_of":
            for one in ("tier", "group", "role"):
                if find(one, slug, practice, ()) is not None:
                    return self._label(one, slug, practice, ())
        if isinstance(value, float):
            return f"{value:g}"
        return self._label(subject, slug, practice, ()) if subject in NOUNS["en"] else slug

    def _closed(self, word: str) -> str:
        """A word of a closed list of the format, as people say it."""
        from deskweave.model import OCCASIONS

        if word in OCCASIONS:
            return say_label(OCCASIONS[word].label, word, self.language)
        return WORDS[self.language].get(f"={word}", word.replace("_", " "))

    def _labels(self, value: Mapping[str, Any]) -> str:
        """The labels of terms, or of terms within terms, a few of them."""
        words: list[str] = []
        for slug, one in value.items():
            label = one if isinstance(one, Mapping) else getattr(one, "label", None)
            if isinstance(label, Mapping) and label and not all(isinstance(word, str) for word in label.values()):
                words += [say_label(getattr(inner, "label", None), name, self.language) for name, inner in label.items()]
            else:
                words.append(say_label(label if isinstance(label, Mapping) else None, slug, self.language))
        if len(words) <= TOGETHER:
            return self._list(words)
        return self._word("and_more", names=self._list(words[:NAMED]), n=len(words) - NAMED)

    def _placed(self, key: str, slug: str, practice: Practice) -> str:
        """Where a thing belongs, and how often it comes round."""
        if key == "survey.every":
            number, unit = slug[1:-1], slug[-1:].lower()
            return self._word(f"every_{unit}", n=number) if f"every_{unit}" in WORDS[self.language] and number.isdigit() else slug
        labels: Iterable[tuple[str, Mapping[str, str]]] = practice.groups.items()
        if key == "item.category":
            labels = ((item.category, item.category_label) for item in practice.catalog.values())
        elif key == "item.service":
            labels = ((item.service, item.service_label) for item in practice.catalog.values())
        return say_label(dict(labels).get(slug), slug, self.language)

    def _edge(self, edge: ClockEdge, practice: Practice) -> str:
        if edge.submitted:
            return self._word("edge_submitted")
        what = (
            self.said("status", edge.status, practice) if edge.status else wording.say_phase(str(edge.phase or ""), self.language)
        )
        text = self._word("edge_last" if edge.pick == "last" else "edge_first", what=what)
        text = self._word("edge_person", edge=text) if edge.by_person else text
        return self._word("edge_current", edge=text) if edge.require_current else text

    def _target(self, target: MetricTarget, practice: Practice, change: Change | None) -> str:
        if target.goal is None:
            return self._word(f"target_{target.better}")
        metric = practice.metrics.get(change.slug) if change is not None else None
        unit = metric.unit if metric is not None else "number"
        goal, warn = (self._amount(one, unit) for one in (target.goal, target.warn))
        text = self._word("at_least" if target.better == "higher" else "at_most", goal=goal)
        return text if target.warn is None else self._word("warned", target=text, warn=warn)

    def _total(self, names: Iterable[str], practice: Practice) -> str:
        said = [wording.say_field(one, practice, self.language) for one in names]
        return self._word("total_by", names=self._list(said)) if said else self._word("total_all")

    def _threshold(self, one: Threshold, practice: Practice, change: Change | None) -> str:
        metric = practice.metrics.get(change.slug) if change is not None else None
        bound = self._word(f"bound_{one.operator}", bound=self._amount(one.value, metric.unit if metric is not None else "number"))
        text = self._word("threshold", level=self._closed(one.level), bound=bound)
        return text if one.notify is None else self._word("notified", threshold=text, role=self.said("role", one.notify, practice))

    def _amount(self, value: float | None, unit: str) -> str:
        if value is None:
            return ""
        if unit == "ratio":
            return wording.say_share(value)
        return wording.say_duration(value, self.language) if unit == "duration" else f"{value:g}"

    def _figure(self, value: Mapping[str, Any], practice: Practice, change: Change | None) -> str:
        metric = practice.metrics.get(change.slug) if change is not None else None
        return wording.say_figure(value, practice, self.language, grain=metric.grain if metric else "inquiry")

    def _priority(self, value: object, practice: Practice, change: Change | None) -> str:
        matrix = practice.priority_matrices.get(change.slug) if change is not None else None
        return str(value) if matrix is None else wording.say_value(matrix.sets, value, practice, self.language)

    def _computed(self, value: Mapping[str, Any], practice: Practice) -> str:
        ((how, what),) = value.items()
        if how == "clock":
            return self._word("computed_clock", of=self.said("clock", what, practice))
        if how == "differs":
            return self._word("computed_differs", of=self.said("fields", tuple(what), practice))
        ((name, only),) = what.items()
        if how == "linked":
            field, link = (wording.say_field(one, practice, self.language) for one in (only, name))
            return self._word("computed_linked", of=field, link=link)
        values = wording.say_value(name, list(only), practice, self.language)
        return self._word("computed_only", of=wording.say_field(name, practice, self.language), values=values)

    def _week(self, week: Mapping[str, Any]) -> str:
        """Days of the same hours together: `Monday to Friday 09:00-12:00, 13:00-18:00`."""
        runs: list[list[str]] = []
        before: object = None
        for day in WEEKDAYS:
            hours = week.get(day)
            if hours and hours == before:
                runs[-1].append(day)
            elif hours:
                runs.append([day])
            before = hours
        said = []
        for run in runs:
            first, final = (wording.say_weekday(day, self.language) for day in (run[0], run[-1]))
            spell = first if len(run) == 1 else self._word("from_to", first=first, last=final)
            said.append(f"{spell} {wording.say_windows(week[run[0]], self.language)}")
        return self._word("semicolon").join(said) or self._word("nothing")

    def _made_up(self, days: Mapping[date, str]) -> str:
        words = [
            self._word("works_as", day=wording.say_date(day, self.language), weekday=wording.say_weekday(weekday, self.language))
            for day, weekday in sorted(days.items())
        ]
        shown = self._list(words if len(words) <= TOGETHER else words[:NAMED])
        return shown if len(words) <= TOGETHER else self._word("and_more", names=shown, n=len(words) - NAMED)

    # -------------------------------------------------------------------------------------------------------------- small
    def _word(self, key: str, **values: object) -> str:
        return WORDS[self.language][key].format(**values)

    def _list(self, words: Iterable[str]) -> str:
        return wording.say_list(words, self.language)


def _flat(value: object) -> object:
    """Words by language as words."""
    if not isinstance(value, Mapping):
        return value
    return tuple(dict.fromkeys(word for words in value.values() for word in words))


def _begun(text: str) -> str:
    """A sentence that begins with a capital."""
    return text[:1].upper() + text[1:]
