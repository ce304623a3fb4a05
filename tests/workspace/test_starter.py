"""What a new folder's files show in their comments is true: without the `# ` it is a practice that loads."""

from __future__ import annotations

import re

import pytest

from deskweave.documents import read
from deskweave.errors import DocumentError
from deskweave.practice import compose
from deskweave.workspace.starter import practice_texts


def documents(texts: dict[str, str]) -> list[object]:
    return [document for name, text in texts.items() for document in read(text, name)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_files_load_as_they_are_written(language: str) -> None:
    texts = practice_texts("acme", language, "Asia/Shanghai", {})
    practice = compose(documents(texts))  # type: ignore[arg-type]
    assert practice.id == "acme"
    assert practice.languages[0] == language


def uncommented(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("##")]
    return "\n".join(re.sub(r"^# (?!yaml-language-server)", "", line) for line in lines) + "\n"


def test_every_example_counts_once_its_comment_signs_are_gone() -> None:
    texts = {name: uncommented(text) for name, text in practice_texts("acme", "en", "Asia/Shanghai", {}).items()}
    try:
        practice = compose(documents(texts))  # type: ignore[arg-type]
    except DocumentError as error:
        raise AssertionError([(one.place, one.message) for one in error.findings]) from None
    assert practice.fields["cost_center"].label["zh"] == "成本中心"  # type: ignore[index]
    assert "user_scenario" not in practice.fields
    assert practice.catalog["slow_computer"].hours == "cn_5x8"
    assert practice.statuses.statuses["waiting_on_supplier"].counts_as_waiting
    assert practice.clocks["first_response"].goal.total_seconds() == 600  # type: ignore[union-attr]
    assert len(practice.calendars["cn_5x8"].versions) == 2
    assert practice.metrics["first_response_on_time"].target.goal == 0.95  # type: ignore[union-attr]
    assert practice.routing.groups["erp_support"].tier == "second_line"


def test_comments_speak_the_desks_language() -> None:
    assert "工作时间" in practice_texts("acme", "zh", "Asia/Shanghai", {})["calendars.yaml"]
    assert "Working hours" in practice_texts("acme", "en", "Asia/Shanghai", {})["calendars.yaml"]
