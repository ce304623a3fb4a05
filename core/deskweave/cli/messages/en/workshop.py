"""The workshop, in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MESSAGES: Final[Mapping[str, str]] = {
    "plugins-none": "No plugin is installed.",
    "emulate-running": "{name} runs at {address}",
    "emulate-entry": "Entry for deskweave.yaml (put the secrets into .env):",
    "emulate-faults": "faults: {names}",
    "emulate-stop": "Ctrl-C ends it.",
    "emulate-stopped": "Stopped.",
    "render-head": "practice {version}",
    "render-written-text": "Written to {file}: {chapters} chapters, as Markdown.",
    "render-written": "Written to {file}: {chapters} chapters. It opens offline, prints on A4, and opens in Word or LibreOffice.",
    "render-no-git": "Not under version control: the document names the practice's own version and no earlier revisions.",
    "render-changed": "Files differ from {version}, and the cover says so. Commit and tag before somebody signs.",
    "render-unplanned": "Not planned yet, so the document cannot say what they do not hold: {names}",
    "written": "Written to {file}",
}
