"""What Jira Service Management cannot hold through its public API, and what a person does instead, in English and Chinese (M2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from deskweave.connector import Element, Loss

#: The vendor's API reference has no operation for any of these.
_MENU_STATUS: Final = "Space settings > Workflows (formerly Project settings)"
_MENU_TYPES: Final = "Space settings > Request types"
_MENU_SLA: Final = "Space settings > SLAs"
_MENU_CSAT: Final = "Space settings > Satisfaction settings"
LABELS: Final = "labels"
_MENU_FIELD: Final = "Settings > Issues > Custom fields"


def lost(wanted: Sequence[Element], live: Sequence[Element]) -> list[Loss]:
    """The losses of a practice on a desk with these live elements. Pure."""
    names = _names(live)
    found: list[Loss] = []
    for element in wanted:
        if element.id is not None:
            found += _of(element, element.id.kind, names)
    return found


def _names(live: Sequence[Element]) -> frozenset[str]:
    names: set[str] = set()
    for element in live:
        said = element.attributes.get("names")
        for name in said if isinstance(said, (list, tuple)) else [element.attributes.get("name")]:
            names.add(str(name).casefold())
        if element.native:
            names.add(element.native.casefold())
    return frozenset(names)


def _of(element: Element, kind: str, names: frozenset[str]) -> Iterator[Loss]:
    assert element.id is not None
    if kind == "status":
        missing = sorted(name for name in _spelled(element) if name.casefold() not in names)
        if missing or not _spelled(element):
            yield _status(element, missing)
        else:
            yield Loss(
                element=element.id,
                degree="narrowed",
                what="the status is there already; Deskweave reads it and walks to it, and keeps no phase of it",
                steps={},
                where=_MENU_STATUS,
                verify=False,
            )
    elif kind == "choice" and element.attributes.get("field") == LABELS:
        yield Loss(
            element=element.id,
            degree="narrowed",
            what="labels take any word: there is no option to be made, and none can be missing",
            steps={},
            where=None,
            verify=False,
        )
    elif kind == "transition":
        yield Loss(
            element=element.id,
            degree="narrowed",
            what="Deskweave leaves Jira's workflow as it is and walks its transitions, several where none leads there directly",
            steps={},
            where=_MENU_STATUS,
            verify=False,
        )
    elif kind == "catalog_item" and any(label.casefold() in names for label in _labels(element).values()):
        yield Loss(
            element=element.id,
            degree="narrowed",
            what="a request type of that name is there already; the service item is an option of the field Service item beside it",
            steps={},
            where=_MENU_TYPES,
            verify=False,
        )
    elif kind == "catalog_item":
        yield Loss(
            element=element.id,
            degree="by_hand",
            what="a service item is an option of the field Service item; on the portal it is no request type of its own",
            steps={
                "en": "Only if customers are to pick it on the portal: open Request types, Create request type, give it the item's "
                "name, choose issue type and portal group, and add the field Service item to its form with the item preset.",
                "zh": "仅当客户要在门户中选择时：打开“请求类型”，新建请求类型并以服务项命名，选择工作类型与门户分组，"
                "在表单中加入“服务项”字段并预设为该项。",
            },
            where=_MENU_TYPES,
            verify=True,
        )
    elif kind == "clock":
        yield Loss(
            element=element.id,
            degree="by_hand",
            what="Jira's API reads SLA measurements and neither reads nor sets conditions and goals; Deskweave has its own clocks",
            steps={
                "en": "Open SLAs, Add SLA, name it like the clock, set start, pause and stop conditions by status, then the goal "
                "and its calendar.",
                "zh": "打开“SLA”，添加 SLA，名称与时钟一致，按状态设置开始、暂停和停止条件，再设置目标时长与日历。",
            },
            where=_MENU_SLA,
            verify=False,
        )
    elif kind == "calendar":
        yield Loss(
            element=element.id,
            degree="by_hand",
            what="Jira's API has no working calendars; Deskweave counts by its own",
            steps={
                "en": "Open SLAs, Calendars, Add calendar: time zone, working hours and holidays as the practice states them. "
                "Make-up working days have no place there.",
                "zh": "打开“SLA”中的“日历”，添加日历：按实践填写时区、工作时间与节假日。调休补班日在那里无法填写。",
            },
            where=_MENU_SLA,
            verify=False,
        )
    elif kind == "metric":
        yield Loss(
            element=element.id,
            degree="impossible",
            what="Jira has no place for KPI rules or their results; they are computed and shown by Deskweave",
            steps={},
            where=None,
            verify=False,
        )
    elif kind == "field":
        yield from _field(element)


def _field(element: Element) -> Iterator[Loss]:
    assert element.id is not None
    held, path = str(element.attributes.get("type")), element.id.path
    if held in ("person", "email", "phone", "link"):
        yield Loss(
            element=element.id,
            degree="narrowed",
            what="Jira holds it as a line of text of at most 255 characters",
            steps={},
            where=None,
            verify=False,
        )
    elif held == "boolean":
        yield Loss(
            element=element.id,
            degree="narrowed",
            what="Jira has no yes/no field: it is a list with the options Yes and No",
            steps={},
            where=None,
            verify=False,
        )
    elif held == "duration":
        yield Loss(
            element=element.id, degree="narrowed", what="Jira holds it as a number of seconds", steps={}, where=None, verify=False
        )
    if path == "fields/user_satisfaction":
        yield Loss(
            element=element.id,
            degree="by_hand",
            what="only the customer can rate in Jira's own survey; Deskweave keeps satisfaction in a field of its own beside it",
            steps={
                "en": "Open Satisfaction settings and turn the survey off where another platform asks: nobody is asked twice.",
                "zh": "打开“满意度设置”，若由其他平台发起满意度调查，请关闭此处的调查，避免重复询问客户。",
            },
            where=_MENU_CSAT,
            verify=False,
        )
    if len(_labels(element)) > 1 and not str(element.attributes.get("name") or "a")[:1].islower():
        yield Loss(
            element=element.id,
            degree="narrowed",
            what="Jira takes one name of a field; names in other languages are entered by hand",
            steps={
                "en": "Open Custom fields, the field's menu, Translate, and enter its name in the other languages.",
                "zh": "打开“自定义字段”，在字段菜单中选择“翻译”，填写其他语言的名称。",
            },
            where=_MENU_FIELD,
            verify=False,
        )


def _status(element: Element, missing: Sequence[str]) -> Loss:
    assert element.id is not None
    name = ", ".join(missing) or next(iter(_labels(element).values()), element.id.path)
    return Loss(
        element=element.id,
        degree="by_hand",
        what=f"the workflow has no status {name!r}; this release changes no workflow",
        steps={
            "en": f"Open Workflows, edit the workflow of the request's work type, add the status {name} with transitions to and "
            "from it, publish; then name it in the binding: is: {status: ...}.",
            "zh": f"打开“工作流”，编辑请求所用的工作流，添加状态“{name}”及其进出转换并发布；"
            "然后在对应文件中写明 is: {status: ...}。",
        },
        where=_MENU_STATUS,
        verify=True,
    )


def _spelled(element: Element) -> list[str]:
    """The status names the binding uses for a status of the practice."""
    spelled = element.attributes.get("is")
    found = []
    for words in spelled.values() if isinstance(spelled, Mapping) else ():
        if isinstance(words, Mapping):
            found += [str(value) for key, value in words.items() if key == "status"]
    return found


def _labels(element: Element) -> dict[str, str]:
    label = element.attributes.get("label")
    return {str(language): str(text) for language, text in label.items()} if isinstance(label, Mapping) else {}
