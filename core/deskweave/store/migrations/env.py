"""Alembic asks for this file; migrations are run by `deskweave.store.migrations.migrate` with the store's own transaction."""
