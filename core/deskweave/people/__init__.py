"""Who an account is, and by which rule we know."""

from deskweave.people.directory import Directory, MatchPolicy, Resolution

__all__ = ["Directory", "MatchPolicy", "Resolution"]
