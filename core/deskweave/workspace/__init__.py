"""Opens the user's folder and composes everything: documents, practice, plugins, connections, engines.

    with workspace.open("acme", "test", now=now) as space:
        space.lint()                      # files only
        plan, failures = space.plan()     # reads platforms
        report = space.apply(plan)
        report, failures = space.sync()
        results = space.kpi([period])

`scaffold` writes a folder (`deskweave init`, the demo). Nothing heavy is imported before it is used.
"""

from deskweave.workspace.folder import DEFAULT_ENVIRONMENT, FILE, Entry, Folder, find_root, read_folder, version_fits
from deskweave.workspace.stop import Stopped
from deskweave.workspace.workspace import Failure, Workspace, open

__all__ = [
    "DEFAULT_ENVIRONMENT",
    "FILE",
    "Entry",
    "Failure",
    "Folder",
    "Stopped",
    "Workspace",
    "find_root",
    "open",
    "read_folder",
    "version_fits",
]
