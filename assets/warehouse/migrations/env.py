"""How alembic runs the migrations: in the transaction of the connection that it is given, and in no
other.

Alembic runs this file; nothing imports it.
"""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="schema_version",
    version_table_schema="raw",
)
with context.begin_transaction():
    context.run_migrations()
