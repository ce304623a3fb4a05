"""中文。"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from deskweave.cli.messages.zh import data, figures, folder, help, inquiries, platforms, practice, trouble, words, workshop

PARTS: Final = (data, figures, folder, help, inquiries, platforms, practice, trouble, words, workshop)
MESSAGES: Final[Mapping[str, str]] = {key: text for part in PARTS for key, text in part.MESSAGES.items()}
