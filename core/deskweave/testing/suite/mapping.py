"""The binding is interpreted truly: what was said reads as it was said, and what has no word is kept and never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Final, TypeAlias

from deskweave.connector import Ref, RemoteRecord, View
from deskweave.documents import check
from deskweave.model import FieldId, Json, Value
from deskweave.practice import check_binding
from deskweave.sync.merge import same
from deskweave.testing.suite.ground import Ground
from deskweave.testing.suite.guarantee import guarantee
from deskweave.testing.suite.values import STATUS, value_for, writable

Fields: TypeAlias = Mapping[str, Json]
STRANGE: Final = "kit-no-such-word"
#: Raw values that no field of any type is made for.
HOSTILE: Final[tuple[Json, ...]] = (
    {"x": [1, {"y": None}]},
    [],
    [None, {}, "a"],
    -1,
    10**30,
    1e308,
    True,
    "",
    "\x00",
    "9999-99-99T99:99:99Z",
    STRANGE,
)


class Mappings:
    """Between a record and a document: pure, both ways."""

    @guarantee(
        "mapping/template",
        en="The connector's own binding is sound, and says words of the built-in practice only.",
        zh="连接器自带的绑定合法，且只用内置实践中的词。",
    )
    def test_the_template_is_a_sound_binding(self, ground: Ground) -> None:
        findings = [*check(ground.document), *check_binding(ground.document, ground.practice)]
        assert not findings, "\n".join(f"{one.place}: {one.message}" for one in findings)

    @guarantee(
        "mapping/projection",
        en="What the platform would say, said again, is the same: a projection is stable.",
        zh="平台会说的话再说一遍仍然一样：投影是稳定的。",
    )
    def test_a_projection_is_stable(self, ground: Ground, collection: str) -> None:
        for document in self._documents(ground, collection):
            once = ground.mapper.project(collection, document).values
            twice = ground.mapper.project(collection, once).values
            wrong = [name for name in document if name in once and not same(once[name], twice.get(name))]
            assert not wrong, f"said twice it is another value: {[(name, once[name], twice.get(name)) for name in wrong]}"

    @guarantee(
        "mapping/round-trip",
        en="A record made of a draft reads as the document the draft was made of.",
        zh="由草稿生成的记录读回来就是原来的文档。",
    )
    def test_a_draft_reads_as_its_document(self, ground: Ground, collection: str) -> None:
        for document in self._documents(ground, collection):
            draft = ground.mapper.draft(collection, document, corr=ground.mark(), key=ground.key())
            record = self._record(ground, collection, draft.fields)
            told, wanted = ground.mapper.read(record).values, ground.mapper.project(collection, document).values
            wrong = [name for name in document if name in told and name in wanted and not same(told[name], wanted[name])]
            assert not wrong, f"drafted and read: {[(name, wanted[name], told[name]) for name in wrong]}"

    @guarantee(
        "mapping/patch",
        en="A patch leads from any record to any document, and from a record to itself there is nothing to do.",
        zh="修改能把任一记录变成任一文档；记录变成自己则无事可做。",
    )
    def test_a_patch_leads_from_one_document_to_another(self, ground: Ground, collection: str) -> None:
        documents = self._documents(ground, collection)
        for before, after in pairwise(documents):
            fields = ground.mapper.draft(collection, before, corr="", key="").fields
            record = self._record(ground, collection, fields)
            nothing = ground.mapper.patch(ground.mapper.read(record), record, key=ground.key())
            assert not nothing.covers, f"a record that says what is wanted is patched all the same: {sorted(nothing.covers)}"
            patch = ground.mapper.patch(View(after), record, key=ground.key())
            reached = ground.mapper.read(self._record(ground, collection, {**fields, **patch.set})).values
            wanted = ground.mapper.project(collection, after).values
            wrong = [name for name in patch.covers if name != STATUS and not same(reached.get(name), wanted[name])]
            assert not wrong, f"patched and read: {[(name, wanted[name], reached.get(name)) for name in wrong]}"
            left = [name for name in after if name in reached and name in wanted and not same(reached[name], wanted[name])]
            assert not [name for name in left if name not in patch.covers and name != STATUS], f"the patch leaves out {left}"

    @guarantee(
        "mapping/unreadable",
        en="What a record does not show is not read as empty, and is not written.",
        zh="记录没有给出的字段不会被当成空，也不会被写。",
    )
    def test_what_is_not_shown_is_not_empty(self, ground: Ground, collection: str) -> None:
        view = ground.mapper.read(self._record(ground, collection, {}))
        assert not view.values, f"a record that shows nothing reads as {dict(view.values)}"

    @guarantee(
        "mapping/unknown",
        en="A value without a word is kept raw, is never guessed, and is not overwritten.",
        zh="没有对应词的值保持原样，绝不猜测，也不会被覆盖。",
    )
    def test_a_value_without_a_word_is_kept(self, ground: Ground, collection: str) -> None:
        bound = ground.binding.collections[collection]
        for name in writable(ground.binding, collection):
            if ground.binding.fields[name].type not in ("choice", "catalog_item"):
                continue
            record = self._record(ground, collection, {bound.fields[name].native: STRANGE})
            view = ground.mapper.read(record)
            assert name not in view.values, f"{name}: {STRANGE!r} was read as {view.values.get(name)!r}"
            assert view.unknown.get(name) == STRANGE, f"{name}: a value without a word is not kept raw"
            wanted: dict[FieldId, Value] = {name: value_for(ground.binding.fields[name], bound.fields[name], 1)}
            patch = ground.mapper.patch(View(wanted), record, key=ground.key())
            assert name not in patch.covers, f"{name}: a value without a word would be overwritten"

    @guarantee(
        "mapping/hostile",
        en="No raw value of any shape breaks the reading of a record.",
        zh="任何形状的原始值都不会使记录读取失败。",
    )
    def test_no_raw_value_breaks_a_record(self, ground: Ground, collection: str) -> None:
        bound = ground.binding.collections[collection]
        natives = [at.native for at in bound.fields.values()] + [key for one in bound.statuses.values() for key in one.is_]
        for native in dict.fromkeys(natives):
            for raw in HOSTILE:
                record = self._record(ground, collection, {native: raw})
                view = ground.mapper.read(record)
                ground.mapper.project(collection, view.values)

    @guarantee(
        "mapping/digest",
        en="The same binding has the same digest for ever, another binding another one: a new mapping is never taken for an edit.",
        zh="同一绑定永远是同一摘要，不同绑定摘要不同：新的映射不会被当成修改。",
    )
    def test_the_digest_is_of_the_binding(self, ground: Ground) -> None:
        again = ground.connect(bound=False)
        assert again.mapper(ground.binding).digest == ground.mapper.digest, "the same binding, and another digest"
        other = ground.connect(bound=False).mapper(replace(ground.binding, digest="another"))
        assert other.digest != ground.mapper.digest, "another binding, and the same digest"

    # --------------------------------------------------------------------------------------------------------------- inside
    @staticmethod
    def _documents(ground: Ground, collection: str) -> list[dict[FieldId, Value]]:
        """Documents that between them say every choice there is, one of them empty."""
        most = max((len(at.choices) for at in ground.binding.collections[collection].fields.values()), default=1)
        every = [ground.values(collection, number, whole=True) for number in range(min(max(most, 3), 40))]
        return [*every, {name: None for name in every[0]}]

    @staticmethod
    def _record(ground: Ground, collection: str, fields: Fields) -> RemoteRecord:
        return RemoteRecord(
            ref=Ref(collection, "kit"),
            fields=dict(fields),
            corr=None,
            updated_at=ground.now(),
            version=None,
            updated_by=None,
            label="KIT",
        )
