"""`forecast backup` and `forecast restore`: a whole installation as one file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forecast.cli.terminal import make_console, note
from forecast.runtime.settings import get_settings

BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="Such as backup.tar.")]


def backup(file: BackupFile) -> None:
    """Write database and draws to one file; the service may go on meanwhile."""
    from forecast.store.backup.whole import write_backup

    settings = get_settings()
    found = write_backup(settings, file)
    make_console().print(f"Written to {file}: {found.rows} rows, {found.files} files of draws", highlight=False)
    for name in found.missing:
        note(f"the file {name} is mentioned and not there")
    if not settings.secret_keys:
        note(f"keep {settings.secret_file} as well, elsewhere: without it the secrets of webhooks stay sealed")


def restore(file: BackupFile) -> None:
    """Put a backup into a new, empty installation, on SQLite or PostgreSQL, whichever it came from."""
    from forecast.store.backup.whole import restore_backup

    found = restore_backup(get_settings(), file)
    make_console().print(f"Restored: {found.rows} rows, {found.files} files of draws", highlight=False)
