"""Run by Alembic for every command; `bot.adapters.store.migrate` has opened the connection and its transaction."""

from __future__ import annotations

from alembic import context

from bot.adapters.store.migrate import configuration

connection = context.config.attributes["connection"]
context.configure(connection=connection, **configuration(connection.dialect.name))
with context.begin_transaction():
    context.run_migrations()
