"""Service-desk practice as code: apply it to your platforms, sync the inquiries between them, measure them alike."""

from deskweave.hookspecs import hookimpl

__all__ = ["__version__", "hookimpl"]

__version__ = "0.1.0"
