"""Revisions of the tables, run by Alembic inside the caller's transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

HEAD: Final = "0009"


def revisions() -> frozenset[str]:
    """Every revision this program knows. Listing files is enough: Alembic is loaded only when something has to be migrated."""
    return frozenset(path.name.split("_")[0] for path in (Path(__file__).parent / "versions").glob("[0-9]*.py"))


def revision_of(tx: sa.Connection) -> str | None:
    """The revision of a store; None where it is empty."""
    if tx.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").first() is None:
        return None
    found = tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def stamp(tx: sa.Connection) -> None:
    """Write down that freshly made tables are those of HEAD."""
    tx.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY)")
    tx.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (HEAD,))


def migrate(tx: sa.Connection, target: str = HEAD) -> None:
    """Bring the tables to `target` by every revision between; all of it in the caller's transaction, or nothing."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)

    def steps(have: Any, _context: MigrationContext) -> list[Any]:
        return list(script._upgrade_revs(target, have))

    with EnvironmentContext(config, script) as environment:
        environment.configure(connection=tx, fn=steps)
        environment.run_migrations()
