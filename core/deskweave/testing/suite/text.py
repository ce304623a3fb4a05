"""Every language, and what people paste: it arrives as it was, or is refused clearly, and never means something else."""

from __future__ import annotations

from typing import Final

import pytest

from deskweave.connector import Absent, Ref
from deskweave.errors import Executed, Rejected, RequestError
from deskweave.model import FieldId, Value, Visibility
from deskweave.sync.merge import same
from deskweave.testing.suite.ground import START, Ground
from deskweave.testing.suite.guarantee import guarantee
from deskweave.testing.suite.values import TITLE

#: One line each; a comment says what it has broken somewhere.
TEXTS: Final = (
    "打印机坏了，请尽快处理。",  # Chinese: bytes counted as characters, GBK on the way
    "Ünïcödé, naïve façade, Straße",  # Latin with marks: normal forms
    "e\u0301 and \u00e9",  # the same letter in two normal forms: a hash that normalises
    "😀👩‍👩‍👧‍👦🇨🇳",  # astral planes, joiners, flags: surrogates counted, cut in half
    "שלום مرحبا",  # right to left
    "ไม่สามารถพิมพ์ได้",  # marks without spaces
    "He said \"no\" and 'yes'",  # quotes
    "C:\\temp\\new \\n \\u0041",  # backslashes: unescaped twice
    "<script>alert(1)</script> & <b>bold</b> &amp; &lt;",  # markup: interpreted, or escaped twice
    "${HOME} {{7*7}} #{1+1} %s %(x)s {0}",  # templates of half a dozen engines
    "'; DROP TABLE incident; --",  # SQL
    'a" OR text ~ "b',  # JQL
    "x^NQsys_idISNOTEMPTY^ORactive=true",  # an encoded query
    '=HYPERLINK("http://example.com")',  # a formula
    "*bold* _under_ ~strike~ `code` # head [link](http://example.com)",  # Markdown
    "https://example.com/?a=1&b=2#c and mail kit@example.com",  # becomes a link
    "null",  # words that are values elsewhere
    "0012",  # a number that is none
    "a\u00a0b\u2003c\u200bd",  # spaces that are not spaces
)
LINES: Final = "first\nsecond\r\nthird\n\n  indented\n- a\n- b\n1. c\n> quoted"
#: Marks and ids that no well-behaved engine sends: they must find nothing.
HOSTILE_IDS: Final = (
    'x" OR "1"="1',
    "x^NQsys_idISNOTEMPTY",
    "../../etc/passwd",
    "%00",
    "'; --",
    "工单",
    "a/b?c#d",
    "x\ny",
    "*",
)


def folded(text: str) -> str:
    """A text without regard to how its spaces and lines are broken."""
    return " ".join(text.split())


class Text:
    """Text in fields, in messages, and where an id is expected."""

    @guarantee(
        "text/fields",
        en="Text of any language and any mischief reads as it was written, or is refused clearly.",
        zh="任何语言、任何古怪内容的文本都原样读回，或被明确拒绝。",
        needs="hands creates fetch",
    )
    def test_text_reads_as_it_was_written(self, ground: Ground, collection: str) -> None:
        longs = [name for name in ground.editable(collection) if ground.binding.fields[name].type == "long_text"]
        refused = 0
        for number, text in enumerate((*TEXTS, LINES)):
            values: dict[FieldId, Value] = {**ground.values(collection), TITLE: folded(text)}
            if longs:
                values[longs[0]] = f"{text}\n{number}"
            draft = ground.draft(collection, values)
            outcome = ground.insist(draft)
            if outcome.executed is Executed.NO and isinstance(outcome.error, Rejected):
                assert str(outcome.error), "refused, and nothing is said about it"
                refused += 1
                continue
            assert outcome.executed is Executed.YES, f"{text!r}: {outcome.error}"
            ref = outcome.ref or ground.whose(collection, draft)[0].ref
            try:
                ground.agrees(ref, {name: values[name] for name in (TITLE, *longs[:1])}, except_=outcome.dropped)
            except AssertionError as error:
                raise AssertionError(f"text no. {number}: {error}") from None
        assert refused < len(TEXTS) // 3, f"{refused} of {len(TEXTS) + 1} texts were refused"

    @guarantee(
        "text/messages",
        en="A message of any language and any mischief keeps its words.",
        zh="任何语言、任何古怪内容的消息都保住原话。",
        needs="hands messages speaks",
    )
    def test_a_message_keeps_its_words(self, ground: Ground, collection: str) -> None:
        from deskweave.testing.suite.messages import heard, speak

        visibility = Visibility.INTERNAL if Visibility.INTERNAL in ground.of(collection).visibilities else Visibility.PUBLIC
        ref = ground.raise_one(collection)
        sent: list[str] = []
        for number, text in enumerate((*TEXTS, LINES)):
            body = f"Kit text {number}: {text}"
            outcome = speak(ground, ref, visibility, body, ground.mark())
            while outcome.executed is Executed.NO and not isinstance(outcome.error, Rejected):
                ground.later()  # a limit on writes to one record
                outcome = speak(ground, ref, visibility, body, ground.mark())
            if outcome.executed is Executed.YES:
                sent.append(body)
        assert len(sent) > len(TEXTS) * 2 // 3, f"only {len(sent)} of {len(TEXTS) + 1} messages were taken"
        told = {folded(one.body) for one in heard(ground, ref)}
        lost = [body for body in sent if folded(body) not in told]
        assert not lost, f"{len(lost)} messages read otherwise than they were written, the first: {lost[0]!r}"

    @guarantee(
        "text/ids",
        en="A hostile id or mark finds nothing, reads nothing and is nobody's query.",
        zh="恶意的编号或标记什么也查不到、读不到，也不会变成查询。",
        needs="hands fetch",
    )
    def test_a_hostile_id_finds_nothing(self, ground: Ground, collection: str) -> None:
        source = ground.connection.records
        assert source is not None
        ref = ground.raise_one(collection)
        ground.later()
        for hostile in HOSTILE_IDS:
            try:
                found = ground.patiently(lambda: source.fetch([Ref(collection, hostile), ref]))  # noqa: B023
            except RequestError as error:
                pytest.fail(f"the id {hostile!r} keeps the record from being read that was asked for with it: {error}")
            assert isinstance(found[0], Absent), f"the id {hostile!r} is answered with a record"
            assert not isinstance(found[1], Absent), f"the id {hostile!r} hid the record that was asked for with it"
            if ground.of(collection).find == "none":
                continue
            try:
                records = ground.patiently(lambda: source.find(collection, hostile, START))  # noqa: B023
            except RequestError:
                continue  # refused: that is clear enough
            assert not records, f"the mark {hostile!r} finds {len(records)} records"

    @guarantee(
        "text/long",
        en="Text beyond a limit is cut where the binding says, or refused; it is never cut in silence.",
        zh="超长文本按绑定声明截断或被拒绝，绝不无声截断。",
        needs="hands creates fetch",
    )
    def test_long_text_is_not_cut_in_silence(self, ground: Ground, collection: str) -> None:
        longs = [name for name in ground.editable(collection) if ground.binding.fields[name].type == "long_text"]
        for size in (1000, 20_000):
            values: dict[FieldId, Value] = {**ground.values(collection), TITLE: "Kit " + "标" * size}
            if longs:
                values[longs[0]] = "Kit " + "长" * size
            outcome = ground.create(ground.draft(collection, values))
            if outcome.executed is Executed.NO:
                assert isinstance(outcome.error, Rejected), f"{size} characters: {outcome.error!r}"
                continue
            assert outcome.ref is not None
            ground.agrees(outcome.ref, {name: values[name] for name in (TITLE, *longs[:1])}, except_=outcome.dropped)
            told = ground.says(outcome.ref)
            assert same(told.get(TITLE), ground.mapper.project(collection, values).values.get(TITLE)) or TITLE in outcome.dropped
