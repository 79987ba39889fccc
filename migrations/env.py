"""What alembic runs: connect, take a lock so that two upgrades wait for each other, migrate."""

from alembic import context
from sqlalchemy import create_engine, text

from app.store.models import Base

_LOCK = 7_361_224  # any number; all who migrate use the same


def run() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    assert url is not None
    engine = create_engine(url)
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=Base.metadata, transactional_ddl=True
        )
        with context.begin_transaction():
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            context.run_migrations()
    engine.dispose()


run()
