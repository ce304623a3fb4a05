"""Filling templates: every built-in one, in both languages, with little and with much, and with what hostile records hold (G3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.documents import read
from deskweave.model import OCCASIONS, Template, Value
from deskweave.practice import builtin, compose
from deskweave.practice.message import FORMATS, SUBJECT_LENGTH, MessageError, carried, channels_of, check, fill, parse

WHEN = datetime(2026, 11, 22, 1, 5, tzinfo=UTC)
MINIMAL: dict[str, Value] = {"number": "INC-7", "status": "awaiting_acceptance", "title": "打印机坏了", "submitted_at": WHEN}
OF_TYPE: dict[str, Value] = {
    "text": "words",
    "long_text": "several\nlines",
    "email": "li@example.com",
    "phone": "+86 10 1234",
    "number": 1.5,
    "integer": 3,
    "boolean": False,
    "date": "2026-11-30",
    "datetime": WHEN,
    "duration": 5400,
    "person": "李伟",
    "link": "https://example.com/a?b=c",
    "catalog_item": "device_hardware_repair",
    "status": "in_progress",
}


def own(text: str, **more: Any) -> Template:
    """A template of one text."""
    spec: dict[str, Any] = {"id": "own", "label": {}, "occasion": "by_hand", "audience": ("user",), "body": {"en": text}} | more
    return Template(**spec)


def filled(body: str, language: str = "en", zone: str = "Asia/Shanghai", **values: Value) -> str:
    template = own(body, body={"en": body, "zh": body})
    return fill(template, language, values, practice=builtin(), zone=zone).body


def full() -> dict[str, Value]:
    """An inquiry in which every field has a value."""
    values: dict[str, Value] = {}
    for name, field in builtin().fields.items():
        if field.choices:
            slug = next(iter(field.choices))
            values[name] = (slug,) if field.type == "choices" else slug
        elif field.type != "messages":
            values[name] = OF_TYPE[field.type]
    return values


def data(occasion: str, *, optional: bool) -> dict[str, Value]:
    """What whoever writes on the occasion hands over."""
    kind = OCCASIONS[occasion]
    return {
        name: "p3" if name in kind.like else OF_TYPE[of] for name, of in kind.data.items() if optional or name not in kind.optional
    }


# -------------------------------------------------------------------------------------------------------------- the pack
@pytest.mark.practice("G3")
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", list(builtin().templates))
def test_every_template_fills_with_little_and_with_much(name: str, language: str) -> None:
    practice = builtin()
    one = practice.templates[name]
    bare = {name: value for name, value in MINIMAL.items() if name != "title"}  # as of a conversation nobody gave a subject
    none = fill(one, language, bare | data(one.occasion, optional=False), practice=practice)
    little = fill(one, language, MINIMAL | data(one.occasion, optional=False), practice=practice)
    much = fill(one, language, full() | data(one.occasion, optional=True), practice=practice)
    for message in (none, little, much):
        assert message.language == language
        assert message.subject
        for text in (message.subject, message.body):
            assert "{" not in text
            assert "}" not in text
            assert "  " not in text
            assert not any(line != line.strip() for line in text.splitlines())
            assert ": \n" not in text
            text.encode("gbk")
    assert fill(one, language, MINIMAL | data(one.occasion, optional=False), practice=practice) == little


@pytest.mark.practice("C4")
def test_the_message_after_resolution_as_a_user_reads_it() -> None:
    practice = builtin()
    one = practice.templates["resolved_confirmation"]
    values = MINIMAL | {"confirm_by": WHEN + timedelta(days=3)}
    assert fill(one, "en", values, practice=practice).body == (
        'Hello,\n\n"打印机坏了" is solved: the details are in the record.\n\n'
        "Please reply yes if it works for you, or no if it does not, and tell us how satisfied you are: satisfied, neutral or dissatisfied.\n"
        "If we hear nothing by 25 November 2026, 09:05 (Asia/Shanghai), we take it as solved and close the record. "
        "You can have it reopened at any time."
    )
    said = fill(one, "zh", values | {"solution": "更换硒鼓"}, practice=practice, zone="Europe/Berlin")
    assert said.subject == "INC-7 已解决，请确认"
    assert "“打印机坏了”已解决：更换硒鼓\n" in said.body
    assert "如在 2026年11月25日 02:05（Europe/Berlin） 前未收到您的回复" in said.body


# ------------------------------------------------------------------------------------------------------------ the values
@pytest.mark.parametrize(
    ("text", "language", "values", "said"),
    [
        # labels of choices, in the message's language; a slug nobody knows any more stays a word
        ("{priority}", "en", {"priority": "p1"}, "P1 critical"),
        ("{priority}", "zh", {"priority": "p1"}, "P1 紧急"),
        ("{priority}", "en", {"priority": "p9"}, "p9"),
        ("{status}", "zh", {"status": "waiting_on_user"}, "待用户反馈"),
        ("{service_item}", "zh", {"service_item": "device_hardware_repair"}, "终端硬件问题报修跟进"),
        ("{tags}", "en", {"tags": ("first_line_support", "second_line_support")}, "First-line support, Second-line support"),
        ("{tags}", "zh", {"tags": ("first_line_support", "second_line_support")}, "一线支持、二线支持"),
        # flags: no is an answer, not an empty field
        ("{is_repeat}", "en", {"is_repeat": False}, "no"),
        ("{is_repeat}", "zh", {"is_repeat": True}, "是"),
        # spans of time
        ("{resolution_duration}", "en", {"resolution_duration": 5400}, "1 hour 30 minutes"),
        ("{resolution_duration|duration}", "zh", {"resolution_duration": 5400.0}, "1小时30分钟"),
        ("{resolution_duration}", "en", {"resolution_duration": 0}, "0 minutes"),
        # instants, with the zone; a day has none
        ("{submitted_at}", "en", {"submitted_at": WHEN}, "22 November 2026, 09:05 (Asia/Shanghai)"),
        ("{submitted_at}", "zh", {"submitted_at": WHEN}, "2026年11月22日 09:05（Asia/Shanghai）"),
        ("{submitted_at|date}", "zh", {"submitted_at": WHEN}, "2026年11月22日"),
        ("{submitted_at|time}", "en", {"submitted_at": WHEN}, "09:05 (Asia/Shanghai)"),
        ("{submitted_at}", "en", {"submitted_at": "2026-11-22T01:05:00+00:00"}, "22 November 2026, 09:05 (Asia/Shanghai)"),
        # text goes in as it stands
        ("{title}", "en", {"title": "{number} {{x}} {0} %s"}, "{number} {{x}} {0} %s"),
        ("{title}", "en", {"title": "<script>alert(1)</script> &amp; *bold*"}, "<script>alert(1)</script> &amp; *bold*"),
        ("{title}", "en", {"title": "a\r\nb\rc\u2028d"}, "a\nb\nc\nd"),
        ("{title}", "en", {"title": "a\x00b\x1b[31mc\ud800"}, "ab[31mc"),
        ("{title}", "en", {"title": "家👨‍👩‍👧"}, "家👨‍👩‍👧"),
        ("{title}", "en", {"title": 42}, "42"),
        # doubled braces are braces
        ("{{title}} {{{title}}}", "en", {"title": "x"}, "{title} {x}"),
        ("{ title | text }", "en", {"title": "x"}, "x"),
    ],
)
def test_values_in_words(text: str, language: str, values: dict[str, Value], said: str) -> None:
    assert filled(text, language, **values) == said


def test_the_occasions_own_data() -> None:
    """A former priority is told by the labels of the field it is a value of; a count is a count."""
    practice = builtin()
    said = fill(practice.templates["priority_changed"], "zh", MINIMAL | {"old_priority": "p3", "priority": "p1"}, practice=practice)
    assert said.body.endswith("的优先级已由P3 中调整为P1 紧急。")
    asked = MINIMAL | {"question": "q", "attempt": 2, "attempts": 3}
    assert "attempt 2 of 3" in fill(practice.templates["reminder"], "en", asked, practice=practice).body
    with pytest.raises(MessageError, match="of the wrong form: attempt"):
        fill(practice.templates["reminder"], "en", asked | {"attempt": float("nan")}, practice=practice)


def test_a_message_in_a_log_shows_none_of_its_text() -> None:
    said = fill(own("geheim {title}", subject={"en": "geheim"}), "en", {"title": "geheim"}, practice=builtin())
    assert "geheim" not in repr(said)


def test_a_hundred_thousand_characters_go_in_whole() -> None:
    long = "{title}" + "长" * 100_000
    assert filled("<{symptom}>", symptom=long) == f"<{long}>"


@pytest.mark.parametrize(
    "empty",
    [None, "", "  \n\t", (), (None, ""), "\x00\x07", "\u200b\u200d", "\u3000", "\u2028"],
    ids=["none", "empty", "blanks", "no items", "empty items", "control", "invisible", "wide blank", "line end"],
)
def test_whatever_shows_nothing_is_empty(empty: Value) -> None:
    template = own("<{symptom}>", without={"symptom": {"en": "see {{here}}"}})
    values: dict[str, Value] = {"symptom": empty, "purpose": "p", "content": "c"}
    assert fill(template, "en", values, practice=builtin()).body == "<see {here}>"
    with pytest.raises(MessageError) as caught:
        fill(own("<{symptom}>"), "en", values, practice=builtin())
    assert caught.value.missing == ("symptom",)


def test_a_field_the_practice_does_not_have_is_empty() -> None:
    template = own("<{floor|date}>", without={"floor": {"en": "no floor"}})
    assert fill(template, "en", {"floor": "7"}, practice=builtin()).body == "<no floor>"


def test_all_that_is_missing_is_said_at_once_and_nothing_of_what_is_there() -> None:
    template = own("{symptom} {remarks} {title} {submitted_at} {nothing}", subject={"en": "{solution}"})
    with pytest.raises(MessageError) as caught:
        fill(template, "en", {"title": "geheim", "submitted_at": "yesterday"}, practice=builtin())
    error = caught.value
    assert (error.template, error.missing, error.unfit) == ("own", ("solution", "symptom", "remarks", "nothing"), ("submitted_at",))
    assert str(error) == (
        "template own cannot be filled; missing: solution, symptom, remarks, nothing; of the wrong form: submitted_at"
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("submitted_at", datetime(2026, 1, 1)),  # no zone: nobody knows when that is
        ("submitted_at", datetime.max.replace(tzinfo=UTC)),
        ("submitted_at", "2026-13-01T00:00:00Z"),
        ("submitted_at", 5),
        ("resolution_duration", "PT5M"),
        ("resolution_duration", True),
        ("resolution_duration", float("nan")),
        ("resolution_duration", float("inf")),
        ("title", 10**400),
        ("title", {"a": 1}),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_refused(field: str, value: Any) -> None:
    with pytest.raises(MessageError) as caught:
        fill(own("{" + field + "}"), "en", {field: value}, practice=builtin())
    assert caught.value.unfit == (field,)


def test_a_subject_is_one_line_of_bearable_length() -> None:
    """A line end in a subject would be a header of its own in a mail."""
    template = own("x", subject={"en": "{number}: {title}"})
    said = fill(template, "en", {"number": "1", "title": "a\r\nBcc: all@example.com\n\n" + "b" * 100_000}, practice=builtin())
    assert said.subject.startswith("1: a Bcc: all@example.com bbb")
    assert "\n" not in said.subject
    assert len(said.subject) == SUBJECT_LENGTH
    assert said.subject.endswith("...")


# ---------------------------------------------------------------------------------------------------------- the language
@pytest.mark.parametrize(
    ("asked", "languages", "has", "spoken"),
    [
        ("zh", ("en", "zh"), {"en", "zh"}, "zh"),
        ("zh-CN", ("en", "zh"), {"en", "zh"}, "zh"),
        # the practice's first language, then its others, then whatever there is
        ("fr", ("zh", "en"), {"en", "zh"}, "zh"),
        ("fr", ("zh", "en"), {"en"}, "en"),
        ("fr", ("zh",), {"de"}, "de"),
    ],
)
def test_a_language_that_is_missing(asked: str, languages: tuple[str, ...], has: set[str], spoken: str) -> None:
    practice = replace(builtin(), languages=languages)
    template = own("", body={one: one + " {priority}" for one in sorted(has)}, subject={"zh": "题", "en": "subject"})
    said = fill(template, asked, {"priority": "p4"}, practice=practice)
    assert said.language == spoken
    assert said.body.startswith(spoken)
    # labels are of the message's language where it has them, else of the practice's first
    label = {"en": "P4 low", "zh": "P4 低", "de": "P4 低"}[spoken]
    assert said.body == f"{spoken} {label}"
    assert said.subject == {"en": "subject", "zh": "题", "de": "题"}[spoken]


def test_the_zone_is_the_practices_unless_the_readers_is_given() -> None:
    template = own("{submitted_at|time}")
    assert fill(template, "en", MINIMAL, practice=builtin()).body == "09:05 (Asia/Shanghai)"
    assert fill(template, "en", MINIMAL, practice=builtin(), zone=timezone(timedelta(hours=-3))).body == "22:05 (UTC-03:00)"


# ------------------------------------------------------------------------------------------------------------ properties
ANY: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from(["", " ", "\x00", "{title}", "{{", "}", "<b>", "p1", "in_progress"]),
    st.tuples(st.text(max_size=3), st.none()),
)


@given(
    name=st.sampled_from(sorted(builtin().templates)),
    language=st.sampled_from(["en", "zh", "fr"]),
    values=st.dictionaries(st.sampled_from(sorted({*MINIMAL, "solution", "symptom", "agent_name", "priority", "content"})), ANY),
)
def test_a_message_has_no_blank_whatever_the_record_holds(name: str, language: str, values: dict[str, Value]) -> None:
    """Each slot is marked by its neighbours: between them stands something visible, or no message is made."""
    practice = builtin()
    one = practice.templates[name]
    marked = replace(one, body={"en": "".join(f"<{{{part.name}}}>" for part in parse(one.body["en"]).placeholders)})
    given = data(one.occasion, optional=False) | MINIMAL | values
    try:
        said = fill(marked, language, given, practice=practice)
    except MessageError:
        return
    hostile = any("{" in str(value) or "<" in str(value) or ">" in str(value) for value in given.values())
    if not hostile:
        slots = said.body.removeprefix("<").removesuffix(">").split("><")
        assert len(slots) == len(parse(marked.body["en"]).placeholders)
        assert all(slot.strip() for slot in slots)
        assert "{" not in said.body


@given(st.text(alphabet="{}|ab_ \n", max_size=40))
def test_reading_is_total_and_loses_nothing(text: str) -> None:
    """Any text is read: every brace is text, part of a placeholder, or a flaw; without braces the text is itself."""
    found = parse(text)
    assert [flaw.rule for flaw in found.flaws] == ["template-brace"] * len(found.flaws)
    if "{" not in text and "}" not in text:
        assert "".join(str(part) for part in found.parts) == text
    doubled = text.replace("{", "{{").replace("}", "}}")
    assert parse(doubled).flaws == ()
    assert "".join(str(part) for part in parse(doubled).parts) == text


def test_a_text_of_braces_is_read_in_one_pass() -> None:
    assert len(parse("{" * 100_001).flaws) == 1
    assert len(parse("{a" * 50_000).flaws) == 50_000


def test_every_type_of_a_field_has_its_forms() -> None:
    types = {str(field.type) for field in builtin().fields.values()}
    assert types <= set(FORMATS)
    known = carried(OCCASIONS["progress"], {name: field.type for name, field in builtin().fields.items()})
    for name, of in known.items():
        for form in FORMATS[of]:
            assert check(f"{{{name}|{form}}}", known) == []


# ------------------------------------------------------------------------------------------------------------ by which way
RULES = """\
apiVersion: deskweave/v1
kind: Practice
id: acme
version: '1'
label: {en: A, zh: 甲}
languages: [en]
zone: Asia/Shanghai
extends: [deskweave:service-desk@1]
"""


@pytest.mark.practice("G2", "G4", "G11")
@pytest.mark.parametrize(
    ("name", "role", "chosen", "channels"),
    [
        # by e-mail unless something else is said; the user's choice comes first
        ("accepted", "user", None, ("email", "feishu")),
        ("accepted", "user", "phone", ("phone", "email", "feishu")),
        ("accepted", "user", "email", ("email", "feishu")),
        # nothing goes out by a form, nor by a channel nobody knows
        ("accepted", "user", "online_form", ("email", "feishu")),
        ("accepted", "user", "pigeon", ("email", "feishu")),
        # staff, and what cannot wait
        ("assigned_handler", "second_line", None, ("feishu", "email")),
        ("breached", "manager", None, ("feishu", "phone", "email")),
        # to many
        ("outage", "user", None, ("self_service", "feishu", "email")),
        # assured: the user's choice only where it leaves proof
        ("formal_notice", "user", "email", ("courier", "registered_mail", "personal_visit")),
        ("formal_notice", "user", "personal_visit", ("personal_visit", "courier", "registered_mail")),
    ],
)
def test_the_way_a_message_goes(name: str, role: str, chosen: str | None, channels: tuple[str, ...]) -> None:
    practice = builtin()
    assert channels_of(practice.templates[name], role, practice=practice, chosen=chosen) == channels


def test_what_a_template_prescribes_stands_alone() -> None:
    """As where the service level agreement prescribes the channel."""
    text = "apiVersion: deskweave/v1\nkind: Template\nid: accepted\nchannels: [wecom]\n"
    practice = compose([*read(RULES, "practice.yaml"), *read(text, "f.yaml")])
    assert channels_of(practice.templates["accepted"], "user", practice=practice, chosen="phone") == ("wecom",)


def test_where_no_rule_fits_the_user_is_asked() -> None:
    practice = replace(builtin(), delivery=())
    assert channels_of(practice.templates["accepted"], "user", practice=practice) == ()
    assert channels_of(practice.templates["accepted"], "user", practice=practice, chosen="wecom") == ("wecom",)
