"""Runs the migrations on the connection that the store hands in, inside its transaction."""

from alembic import context

from vitruvian.platform.store.schema import metadata

connection = context.config.attributes.get("connection")
if connection is None:  # --sql: only prints the statements
    context.configure(
        dialect_name=context.config.get_main_option("dialect"),
        target_metadata=metadata,
        output_buffer=context.config.output_buffer,
        literal_binds=True,
    )
else:
    context.configure(
        connection=connection, target_metadata=metadata, transactional_ddl=True, render_as_batch=True, compare_type=True
    )
with context.begin_transaction():
    context.run_migrations()
