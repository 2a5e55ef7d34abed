"""Removes what an operation that failed leaves behind: files, folders, a new SQLite database."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from sqlalchemy import make_url

from forecast.runtime.settings import Settings
from forecast.store.errors import NotEmptyError


@dataclass
class Traces:
    """What was not there before."""

    files: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    """The outermost last."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those that making an installation leaves."""
        made = cls()
        made._note_folders(settings.home)
        url = make_url(settings.database)
        if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
            made._note_folders(Path(url.database).parent)
            made.files += [Path(url.database + suffix) for suffix in ("", "-wal", "-shm", "-journal")]
        return made

    def will_make(self, file: Path) -> None:
        """Remember a file that is about to be made.

        Raises
        ------
        NotEmptyError
            When it is there already.
        """
        if file.exists():
            raise NotEmptyError(
                f"{file} is there already, expected a new installation; nothing was changed; use an empty FORECAST_HOME"
            )
        self._note_folders(file.parent)
        self.files.append(file)

    def remove(self) -> None:
        """Remove it all; folders that hold something else by now stay."""
        for file in self.files:
            with suppress(OSError):
                file.unlink(missing_ok=True)
        for folder in sorted(set(self.folders), key=lambda each: len(each.parts), reverse=True):
            with suppress(OSError):
                folder.rmdir()

    def _note_folders(self, folder: Path) -> None:
        while not folder.exists():
            self.folders.append(folder)
            folder = folder.parent
