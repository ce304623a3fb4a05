"""Who an account is, and by which rule we know."""

from deskweave.people.directory import Directory, Resolution, name_in, names_of, places
from deskweave.people.matching import Account, Matched, MatchPolicy

__all__ = ["Account", "Directory", "MatchPolicy", "Matched", "Resolution", "name_in", "names_of", "places"]
