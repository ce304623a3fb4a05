"""The practice: composed from packs, plugins and a client's files; every value knows where it came from.

`compose` answers a `Practice` or raises `DocumentError` with every finding at once. `builtin` is the practice that ships. `lint`
says what is allowed and yet makes little sense. `check_binding` and `check_workspace` hold other documents against a practice.
"""

from deskweave.practice.binding import check_binding, check_workspace
from deskweave.practice.build import duration
from deskweave.practice.compose import PRACTICE_KINDS, builtin, compose, compose_layers, overlay_layers
from deskweave.practice.inquiry_schema import InquiryCheck, check_inquiry, inquiry_check, inquiry_schema
from deskweave.practice.lint import lint
from deskweave.practice.packs import builtin_pack, practice_files, resolve
from deskweave.practice.practice import OVERLAY_KINDS, DocumentKey, Layer, Origin, Overlay, Pack, Practice

__all__ = [
    "OVERLAY_KINDS",
    "PRACTICE_KINDS",
    "DocumentKey",
    "InquiryCheck",
    "Layer",
    "Origin",
    "Overlay",
    "Pack",
    "Practice",
    "builtin",
    "builtin_pack",
    "check_binding",
    "check_inquiry",
    "check_workspace",
    "compose",
    "compose_layers",
    "duration",
    "inquiry_check",
    "inquiry_schema",
    "lint",
    "overlay_layers",
    "practice_files",
    "resolve",
]
