"""Custom fields and their options, made and changed; the rest of a desk's configuration, read and told from what is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Final

from deskweave.connector import Artifact, Element, ElementChange, ElementId, Expression, Outcome, Page, Ref
from deskweave.errors import Executed, Missing, PermissionMissing, Rejected, RequestError
from deskweave.findings import Finding, Place, Severity
from deskweave.model import Json
from deskweave_jira_sm.losses import LABELS, lost
from deskweave_jira_sm.probe import pages
from deskweave_jira_sm.records import COLLECTION, Desk
from deskweave_jira_sm.site import FieldInfo
from deskweave_jira_sm.workflow import read_edges

_TYPES: Final = "com.atlassian.jira.plugin.system.customfieldtypes:"
#: Our type -> Jira's type and searcher. What Jira has no type for is held by the nearest one.
FIELD_TYPES: Final[Mapping[str, tuple[str, str]]] = {
    "text": ("textfield", "textsearcher"),
    "long_text": ("textarea", "textsearcher"),
    "email": ("textfield", "textsearcher"),
    "phone": ("textfield", "textsearcher"),
    "person": ("textfield", "textsearcher"),
    "link": ("textfield", "textsearcher"),
    "number": ("float", "exactnumber"),
    "integer": ("float", "exactnumber"),
    "duration": ("float", "exactnumber"),
    "boolean": ("select", "multiselectsearcher"),
    "choice": ("select", "multiselectsearcher"),
    "catalog_item": ("select", "multiselectsearcher"),
    "choices": ("multiselect", "multiselectsearcher"),
    "date": ("datepicker", "daterange"),
    "datetime": ("datetime", "datetimerange"),
}
_OURS: Final[Mapping[str, str]] = {
    "textfield": "text",
    "textarea": "long_text",
    "float": "number",
    "select": "choice",
    "multiselect": "choices",
    "datepicker": "date",
    "datetime": "datetime",
}
_CHOSEN: Final = ("select", "multiselect", "radiobuttons", "multicheckboxes")
_MARK: Final = "Deskweave "  #: begins the description of every field we made: path and type follow
ADMIN: Final = (
    "it takes the global permission Administer Jira: run `deskweave apply` with the API token of a Jira administrator, or have it "
    "granted at Settings > System > Global permissions"
)
KINDS: Final = frozenset({"field", "choice", "status", "transition", "request_type", "request_type_group", "priority"})
MADE: Final = frozenset({"field", "choice"})


@dataclass(slots=True)
class _Known:
    """What an apply has read and only we change meanwhile. A new listing, an error and any other change than a create forget it."""

    tabs: dict[tuple[str, str], set[str]] | None = None  #: first tab of each of the project's screens -> the fields on it
    options: dict[str, tuple[str, list[Mapping[str, Json]]] | None] = dataclass_field(default_factory=dict)  #: of a field's context


COUNTERPARTS: Final = "Counterparts"  #: where agents read the numbers of the same inquiry on other platforms
_COUNTERPARTS_PATH: Final = "fields/counterparts"


class Configuration:
    """`connector.ConfigurationSource` and `connector.ConfigurationTarget`."""

    kinds = KINDS

    def __init__(self, desk: Desk, on_change: Callable[[], None]) -> None:
        self._desk, self._on_change = desk, on_change
        self._made: dict[str, str] = {}  # path of a field we made in this process -> its id
        self._known = _Known()

    # -------------------------------------------------------------------------------------------------------------- reading
    def elements(self, kind: str, resume: str | None) -> Page[Element]:
        """What the desk has of one kind. All of a kind fit one page: they are tens or hundreds."""
        self._known = _Known()  # what was known of before is not what is there now
        listed: Mapping[str, Callable[[], Iterator[Element]]] = {
            "field": self._fields,
            "choice": self._choices,
            "status": self._statuses,
            "transition": self._transitions,
            "request_type": self._request_types,
            "request_type_group": self._groups,
            "priority": self._priorities,
        }
        return Page(items=list(listed[kind]()) if kind in listed else [], resume=None)

    def _fields(self) -> Iterator[Element]:
        """System fields go by their id, which is what a binding names; custom fields by the name people gave them."""
        marks = self._marks()
        for info in self._desk.site.fields.values():
            attributes: dict[str, Json] = {"name": info.name if info.custom else info.id, "collection": COLLECTION}
            if not info.custom:
                attributes["label"] = {"en": info.name}
            kind = info.kind.removeprefix(_TYPES)
            mark = marks.get(info.id)
            ours = mark.split() if mark else []
            if len(ours) == 2:
                attributes["type"] = ours[1]
            elif marks or not info.custom:
                attributes["type"] = _OURS.get(kind, "text") if info.custom else info.type or "text"
            yield Element(id=None, native=info.id, attributes=attributes, locked=_locked(info))
        for name, type_, locked in (
            ("reporter.email", "email", "it is the person's own, shown where their profile shows it"),
            ("assignee.email", "email", "it is the person's own, shown where their profile shows it"),
            ("opened", "datetime", "when the request was raised in Jira"),
        ):
            yield Element(id=None, native=name, attributes={"name": name, "type": type_, "collection": COLLECTION}, locked=locked)

    def _marks(self) -> Mapping[str, str]:
        """Field id to our mark (path and type) in its description; empty for all who may not read descriptions."""
        if "ADMINISTER" not in self._desk.site.permissions:
            return {}
        found = {}
        try:
            for field in pages(lambda start: self._desk.client.find_fields(None, start)):
                text = str(field.get("description") or "")
                found[str(field.get("id"))] = text.removeprefix(_MARK) if text.startswith(_MARK) else ""
        except (PermissionMissing, RequestError):
            return {}
        return found

    def _choices(self) -> Iterator[Element]:
        """Options of select fields (an administrator sees them) and priorities; `native` is field/context/option."""
        for term in self._desk.site.priorities.by_id.values():
            attributes: dict[str, Json] = {"name": term.name, "field": "priority", "collection": COLLECTION}
            locked = "priorities are an administrator's: Settings > Issues > Priorities"
            yield Element(id=None, native=f"priority/{term.id}", attributes=attributes, locked=locked)
        if "ADMINISTER" not in self._desk.site.permissions:
            return
        for info in self._desk.site.fields.values():
            if not info.custom or info.kind.removeprefix(_TYPES) not in _CHOSEN:
                continue
            for context in self._contexts(info.id):
                for option in self._options(info.id, context):
                    if option.get("optionId"):
                        continue  # the second step of a cascading field
                    yield Element(
                        id=None,
                        native=f"{info.id}/{context}/{option.get('id')}",
                        attributes={"name": str(option.get("value")), "field": info.id, "collection": COLLECTION},
                        locked=_locked(info),
                    )

    def _contexts(self, field: str) -> list[str]:
        try:
            return [str(context.get("id")) for context in pages(lambda start: self._desk.client.contexts(field, start))]
        except Missing:
            return []

    def _options(self, field: str, context: str) -> Iterator[Mapping[str, Json]]:
        return pages(lambda start: self._desk.client.options(field, context, start))

    def _statuses(self) -> Iterator[Element]:
        for term in self._desk.site.statuses.by_id.values():
            yield Element(
                id=None,
                native=term.id,
                attributes={"name": term.name, "names": list(term.names), "category": term.category},
                locked="a status belongs to its workflow: Space settings > Workflows",
            )

    def _priorities(self) -> Iterator[Element]:
        for term in self._desk.site.priorities.by_id.values():
            locked = "priorities are an administrator's: Settings > Issues > Priorities"
            yield Element(id=None, native=term.id, attributes={"name": term.name}, locked=locked)

    def _request_types(self) -> Iterator[Element]:
        for term in self._desk.site.request_types.by_id.values():
            attributes: dict[str, Json] = {"name": term.name, "issue_type": term.issue_type}
            locked = "no public API changes a request type: Space settings > Request types"
            yield Element(id=None, native=term.id, attributes=attributes, locked=locked)

    def _groups(self) -> Iterator[Element]:
        desk = self._desk.site.desk_id
        if desk is None:
            return
        for group in pages(lambda start: self._desk.client.request_type_groups(desk, start), last="isLastPage"):
            locked = "no public API changes a portal group: Space settings > Request types"
            yield Element(id=None, native=str(group.get("id")), attributes={"name": str(group.get("name"))}, locked=locked)

    def _transitions(self) -> Iterator[Element]:
        """The transitions of the workflows that requests go through, for an administrator: an agent may not read them."""
        site = self._desk.site
        if not site.permissions & {"ADMINISTER", "ADMINISTER_PROJECTS"}:
            return
        try:
            used = {term.issue_type for term in site.request_types.by_id.values() if term.issue_type}
            answer = self._desk.client.workflows(site.project_id, sorted(used or site.issue_types))
        except (PermissionMissing, RequestError):
            return
        for edge in read_edges(answer):
            yield Element(
                id=None,
                native=f"{edge.workflow}/{edge.id}",
                attributes={
                    "name": edge.name,
                    "workflow": edge.called,
                    "from": list(edge.sources),
                    "to": edge.target,
                    "demands": list(edge.demands),
                },
                locked="a transition belongs to its workflow: Space settings > Workflows",
            )

    def usage(self, elements: Sequence[Element]) -> Sequence[int | None]:
        """How many requests hold a field or an option, by Jira's own estimate; None where it cannot say."""
        return [self._used(element) for element in elements]

    def _used(self, element: Element) -> int | None:
        parts = (element.native or "").split("/")
        if not parts[0].startswith("customfield_"):
            return None
        clause = f"cf[{parts[0].removeprefix('customfield_')}]"
        where = f"{clause} = {parts[2]}" if len(parts) == 3 else f"{clause} is not EMPTY"
        try:
            return self._desk.client.approximate_count(f'project = "{self._desk.site.project_key}" AND {where}')
        except RequestError:
            return None

    # -------------------------------------------------------------------------------------------------------------- planning
    def express(self, wanted: Sequence[Element], live: Sequence[Element]) -> Expression:
        """Fields and choices can be held; of the rest, what is there already is fine and the others are by hand.

        Labels take any word: there is no option to make for them, and none to miss.
        """
        held = [
            element
            for element in wanted
            if element.id is not None
            and (
                (element.id.kind == "field" and element.attributes.get("type") in (*FIELD_TYPES, "status"))
                or (element.id.kind == "choice" and element.attributes.get("field") != LABELS)
            )
            and not _is_status(element)
        ]
        return Expression(elements=held, losses=lost(wanted, live))

    def preflight(self, changes: Sequence[ElementChange]) -> Sequence[Finding]:
        """What stands in the way before anything is written."""
        if not changes or "ADMINISTER" in self._desk.site.permissions:
            return []
        place = Place(source=f"connection:{self._desk.settings.project}", path="configuration")
        return [
            Finding(
                rule="permission-missing",
                severity=Severity.ERROR,
                place=place,
                found="ADMINISTER",
                message=f"{len(changes)} changes to custom fields cannot be made with this account",
                remedy=ADMIN,
            )
        ]

    def artifacts(self, changes: Sequence[ElementChange]) -> Sequence[Artifact]:
        """Nothing has to be installed by hand."""
        return []

    # -------------------------------------------------------------------------------------------------------------- applying
    def apply(self, change: ElementChange, *, key: str) -> Outcome:
        """Make, rename, retire or remove one field or option.

        Raises:
            PermissionMissing: the account is no Jira administrator.
        """
        element = change.after or change.before
        if element is None or element.id is None or element.id.kind not in MADE:
            return _refused("Jira's API makes fields and options only; the rest is by hand")
        if "ADMINISTER" not in self._desk.probed.permissions:
            message = f"custom fields of {self._desk.probed.project_key} cannot be changed with this account: {ADMIN}"
            raise PermissionMissing(message)
        try:
            done = self._field(change, element) if element.id.kind == "field" else self._choice(change, element)
        except RequestError as error:
            self._known = _Known()  # what became of it is read again
            return Outcome(executed=error.executed, error=error)
        except Exception:
            self._known = _Known()
            raise
        if change.verb != "create":
            self._known = _Known()
        if element.id.kind == "field":
            self._on_change()
        return done

    def _field(self, change: ElementChange, element: Element) -> Outcome:
        client = self._desk.client
        assert element.id is not None
        if change.verb == "create":
            return self._make_field(element)
        native = _native(change)
        if native is None:
            return _refused(f"{element.id.path} has no id in the lock file")
        if change.verb == "change":
            if change.before is None or change.before.attributes.get("name") != element.attributes.get("name"):
                client.update_field(native, {"name": str(element.attributes.get("name"))})
        elif change.verb == "retire":
            for screen, tab in self._tabs():
                if native in self._on_tab(screen, tab):
                    client.remove_from_tab(screen, tab, native)
        else:
            client.trash_field(native)
        return Outcome(executed=Executed.YES, ref=Ref("field", native))

    def _make_field(self, element: Element) -> Outcome:
        """One field, and beside the first of them the field where counterparts' numbers stand, if the desk has none."""
        assert element.id is not None
        name, kind = str(element.attributes.get("name") or ""), str(element.attributes.get("type") or "text")
        bound = self._desk.bound
        counterparts = (bound.cross_reference if bound is not None else None) or COUNTERPARTS
        known = {info.name.casefold() for info in self._desk.probed.fields.values()}
        if counterparts.casefold() not in known and _COUNTERPARTS_PATH not in self._made:
            beside = self._make(_COUNTERPARTS_PATH, counterparts, "text")
            if beside.error is not None:
                return beside
        return self._make(element.id.path, name, kind)

    def _make(self, path: str, name: str, kind: str) -> Outcome:
        """Field, context, options of a flag, screens: each step looks first, so that a second run finishes a broken first one."""
        client, site = self._desk.client, self._desk.probed
        if kind not in FIELD_TYPES or not name:
            return _refused(f"{path}: Jira has no field for type {kind!r}")
        mark = f"{_MARK}{path} {kind}"
        native = None
        for field in pages(lambda start: client.find_fields(name, start)):
            if str(field.get("name")).casefold() != name.casefold():
                continue
            if field.get("description") != mark:
                return _refused(f"a custom field called {name!r} is there already and is not ours: bind it, or name ours otherwise")
            native = str(field.get("id"))
        if native is None:
            type_, searcher = FIELD_TYPES[kind]
            body = {"name": name, "description": mark, "type": _TYPES + type_, "searcherKey": _TYPES + searcher}
            native = str(client.create_field(body).get("id"))
        self._made[path] = native
        contexts = self._contexts(native)
        if not contexts:
            made = client.create_context(native, f"Deskweave {site.project_key}", [site.project_id])
            contexts = [str(made.get("id"))]
        if kind == "boolean":
            there = {str(option.get("value")) for option in self._options(native, contexts[0])}
            if missing := [text for text in ("Yes", "No") if text not in there]:
                client.create_options(native, contexts[0], missing)
        self._show(native)
        return Outcome(executed=Executed.YES, ref=Ref("field", native))

    def _show(self, field: str) -> None:
        """Put the field on the project's screens; the default screen is not theirs in a service project."""
        if self._known.tabs is None:
            self._known.tabs = {(screen, tab): self._on_tab(screen, tab) for screen, tab in self._tabs()}
        tabs = self._known.tabs
        if not tabs:
            try:
                self._desk.client.add_to_default_screen(field)
            except Rejected:
                return  # it is there
        for (screen, tab), there in tabs.items():
            if field not in there:
                self._desk.client.add_to_tab(screen, tab, field)
                there.add(field)

    def _on_tab(self, screen: str, tab: str) -> set[str]:
        return {str(item.get("id")) for item in self._desk.client.tab_fields(screen, tab) if isinstance(item, Mapping)}

    def _tabs(self) -> Iterator[tuple[str, str]]:
        """The first tab of every screen that requests of this project are made, edited and viewed on."""
        client, site = self._desk.client, self._desk.probed
        schemes: list[str] = []
        for entry in _values(client.screen_scheme_of_project(site.project_id)):
            scheme = entry.get("issueTypeScreenScheme")
            if isinstance(scheme, Mapping):
                schemes += [
                    str(item.get("screenSchemeId")) for item in _values(client.screen_scheme_mappings(str(scheme.get("id"))))
                ]
        screens: list[str] = []
        if schemes:
            for entry in _values(client.screen_schemes(list(dict.fromkeys(schemes)))):
                used = entry.get("screens")
                if isinstance(used, Mapping):
                    screens += [str(screen) for screen in used.values() if screen is not None]
        for screen in dict.fromkeys(screens):
            for tab in client.screen_tabs(screen)[:1]:
                if isinstance(tab, Mapping):
                    yield screen, str(tab.get("id"))

    def _choice(self, change: ElementChange, element: Element) -> Outcome:
        client = self._desk.client
        assert element.id is not None
        text = str(element.attributes.get("name") or "")
        if change.verb == "create":
            field = self._parent(element)
            if field is None:
                return _refused(f"{element.id.path}: its field {element.attributes.get('field')!r} is not on the site")
            if field not in self._known.options:
                first = self._contexts(field)[:1]
                self._known.options[field] = (first[0], list(self._options(field, first[0]))) if first else None
            known = self._known.options[field]
            if known is None:
                return _refused(f"{element.id.path}: field {field} has no context in {self._desk.probed.project_key}")
            context, options = known
            for option in options:
                if str(option.get("value")).casefold() == text.casefold() and not option.get("optionId"):
                    if option.get("disabled") is True:
                        client.update_option(field, context, {"id": str(option["id"]), "disabled": False})
                        del self._known.options[field]
                    return Outcome(executed=Executed.YES, ref=Ref("choice", f"{field}/{context}/{option.get('id')}"))
            made = client.create_options(field, context, [text])
            options += [item for item in made if isinstance(item, Mapping)]
            id_ = next((item.get("id") for item in made if isinstance(item, Mapping)), None)
            return Outcome(executed=Executed.YES, ref=Ref("choice", f"{field}/{context}/{id_}"))
        native = _native(change)
        parts = (native or "").split("/")
        if native is None or len(parts) != 3:
            return _refused(f"{element.id.path} has no id in the lock file")
        field, context, option_id = parts
        if change.verb == "change":
            client.update_option(field, context, {"id": option_id, "value": text, "disabled": False})
        elif change.verb == "retire":
            client.update_option(field, context, {"id": option_id, "disabled": True})
        else:
            client.delete_option(field, context, option_id)
        return Outcome(executed=Executed.YES, ref=Ref("choice", native))

    def _parent(self, element: Element) -> str | None:
        """The id of a choice's field: what the change says, what was made in this run, what our mark says."""
        said = element.attributes.get("field")
        if isinstance(said, str) and (info := self._desk.site.field_named(said)) is not None:
            return info.id
        for need in element.needs:
            if need.path in self._made:
                return self._made[need.path]
            for field, mark in self._marks().items():
                if mark.split()[:1] == [need.path]:
                    return field
        return None


def _is_status(element: Element) -> bool:
    """The field `status` and its choices: Jira has statuses of its own, which the losses speak of."""
    path = element.id.path if element.id else ""
    return element.attributes.get("type") == "status" or path.startswith("fields/status/")


def _locked(info: FieldInfo) -> str | None:
    if not info.custom:
        return "a system field of Jira"
    return None if info.kind.startswith(_TYPES) else "a field of an app or of Jira Service Management itself"


def _native(change: ElementChange) -> str | None:
    found = (change.after.native if change.after else None) or (change.before.native if change.before else None)
    return found or None


def _values(answer: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    values = answer.get("values")
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []


def _refused(message: str) -> Outcome:
    return Outcome(executed=Executed.NO, error=Rejected(message))


__all__ = ["ADMIN", "FIELD_TYPES", "KINDS", "Configuration", "ElementId"]
