"""Studies that come with the package: each is a folder with `study.yaml`, its tables and a README of its sources.

The package holds documents and tables only; tests/contract/test_bundled_studies.py proves that every one of them
loads and passes the checks of a submitted study.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def bundled_studies() -> tuple[str, ...]:
    """Names of the studies that come with the package, in alphabetical order."""
    folders = (Path(str(entry)) for entry in files(__name__).iterdir() if entry.is_dir())
    return tuple(sorted(folder.name for folder in folders if (folder / "study.yaml").is_file()))


def study_path(name: str) -> Path:
    """The `study.yaml` of the bundled study called `name`.

    Raises
    ------
    LookupError
        When no bundled study has this name; the message lists those there are.
    """
    names = bundled_studies()
    if name not in names:
        raise LookupError(f"no bundled study is called {name!r}; expected one of {', '.join(names)}")
    return Path(str(files(__name__).joinpath(name, "study.yaml")))
