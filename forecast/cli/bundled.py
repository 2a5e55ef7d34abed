"""Which study document an argument of the command line names."""

from __future__ import annotations

from pathlib import Path

from priors import bundled_studies, study_path


def find_study_file(name: str) -> Path:
    """The file that a command line argument names: a path, a folder with a `study.yaml`, or a bundled study's name.

    Raises
    ------
    FileNotFoundError
        When it is none of them.
    """
    path = Path(name)
    if path.is_dir() and (path / "study.yaml").is_file():
        return path / "study.yaml"
    if path.is_file():
        return path
    if name in bundled_studies():
        return study_path(name)
    raise FileNotFoundError(
        f"{name} is neither a file nor a bundled study; expected a path, or one of {', '.join(bundled_studies())}"
    )
