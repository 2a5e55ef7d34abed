"""The key that an embedded service makes for its own user, in a file that only that user can read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from forecast.access.keys import create_key, find_principal
from forecast.access.scopes import Scope
from forecast.runtime.private_files import write_private
from forecast.store import DEFAULT_WORKSPACE, Database

NAME: Final = "this machine"


def ensure_local_key(database: Database, path: Path, now: datetime) -> str:
    """The key of the default workspace that lies in the file; a new one when there is none that holds."""
    known = path.read_text("ascii", errors="replace").strip() if path.is_file() else None
    if known:
        with database.read() as session:
            if find_principal(session, known, now) is not None:
                path.chmod(0o600)
                return known
    with database.write() as session:
        made = create_key(session, DEFAULT_WORKSPACE, NAME, list(Scope), now)
        write_private(path, made.text + "\n")
    return made.text
