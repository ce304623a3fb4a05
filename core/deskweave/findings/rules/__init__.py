"""The catalogue of rules: what a finding means, why it matters and how it is mended, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from deskweave.findings.rules.folder import FOLDER
from deskweave.findings.rules.layers import LAYERS
from deskweave.findings.rules.log import LOG
from deskweave.findings.rules.platform import PLATFORM
from deskweave.findings.rules.reading import READING
from deskweave.findings.rules.reference import REFERENCE
from deskweave.findings.rules.rule import Rule
from deskweave.findings.rules.sense import SENSE
from deskweave.findings.rules.shape import SHAPE
from deskweave.findings.rules.sheet import SHEET
from deskweave.findings.rules.table import TABLE
from deskweave.findings.rules.words import UNKNOWN

__all__ = ["CHAPTERS", "RULES", "Rule"]

CHAPTERS: Final[Mapping[str, tuple[Rule, ...]]] = {
    "reading": READING,
    "shape": SHAPE,
    "unknown": UNKNOWN,
    "reference": (*REFERENCE, *LAYERS),
    "sense": SENSE,
    "folder": FOLDER,
    "sheet": (*SHEET, *TABLE),
    "log": LOG,
    "platform": PLATFORM,
}
"""Rules by where they are found: reading a file, its shape, words nothing answers to, the whole practice, its sense, the folder,
tables, logs; and those that speak of platforms and runs, which `deskweave practice lint` never meets.
"""

RULES: Final[Mapping[str, Rule]] = {rule.slug: rule for chapter in CHAPTERS.values() for rule in chapter}
