"""What processes record about themselves and their clocks. It holds for this installation as it runs, and is in no
backup."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Float, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from forecast.store.tables.columns import UtcDateTime
from forecast.store.tables.core import Base


class ProcessSignRow(Base):
    """A process that lives as long as its counter grows."""

    __tablename__ = "process_sign"

    name: Mapped[str] = mapped_column(String(320), primary_key=True)
    """role@host:pid:token"""
    role: Mapped[str] = mapped_column(String(32))
    host: Mapped[str] = mapped_column(String(255))
    beats: Mapped[int] = mapped_column(default=0)
    offset_seconds: Mapped[float | None] = mapped_column(Float)
    """Of its clock, ahead of the database's; None where both are one machine's."""


class HostClockRow(Base):
    """The clock of a machine as its processes have measured it, and whether it may be relied on."""

    __tablename__ = "host_clock"

    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    boot_id: Mapped[str] = mapped_column(String(64))
    """All else is about this start of the machine."""
    offset_seconds: Mapped[float] = mapped_column(Float)
    """Wall clock minus boot clock, when a process last looked."""
    jump_seconds: Mapped[float | None] = mapped_column(Float)
    """The last jump."""
    jumped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """By the new time; for people."""
    held_until: Mapped[float | None] = mapped_column(Float)
    """Of the boot clock; None when the clock holds."""
    noted_by: Mapped[str | None] = mapped_column(Text)
    """The process that saw the jump."""


class WorkerTimeRow(Base):
    """For how long, in all, jobs have waited while there were workers. There is one row."""

    __tablename__ = "worker_time"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seconds: Mapped[float] = mapped_column(Float)
