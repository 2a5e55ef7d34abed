"""What distinguishes one installation from all others, however similar their configurations.

It is made when it is first needed and kept in the database. No backup contains it, so a restored backup is another
installation.
"""

from __future__ import annotations

import secrets
from typing import Final

from sqlalchemy import String, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from forecast.store.database import Database
from forecast.store.schema import check_schema
from forecast.store.tables.core import Base
from forecast.store.upsert import insert_into

ONLY_ROW: Final = 1
BYTES: Final = 8


class InstallationRow(Base):
    """The installation that a database belongs to. There is one row, made when it is first needed."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    identity: Mapped[str] = mapped_column(String(32))


def find_identity(session: Session) -> str | None:
    """The identity of the installation; None when it has not got one yet."""
    return session.scalar(select(InstallationRow.identity).where(InstallationRow.id == ONLY_ROW))


def identity_of(database: Database) -> str:
    """The identity of the installation, made if it has none; concurrent callers get the same one.

    Raises
    ------
    SchemaError
        When the database is of a version that knows of none.
    """
    try:
        with database.read() as session:
            found = find_identity(session)
        if found is not None:
            return found
        with database.write() as session:
            values = {"id": ONLY_ROW, "identity": secrets.token_hex(BYTES)}
            session.execute(insert_into(session, InstallationRow).values(values).on_conflict_do_nothing())
        with database.read() as session:
            found = find_identity(session)
    except SQLAlchemyError:
        check_schema(database)
        raise
    assert found is not None, "it was just made"
    return found
