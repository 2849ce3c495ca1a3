"""orbifolio: recipe-driven reports for generative art; `api` lists what can be done from Python.

Its import loads nothing of the program yet.
"""

from __future__ import annotations

from pathlib import Path

# In a checkout, `runner` and `reports` beside this file are links to the folders at the top. Where Git could not make
# links (Windows without developer mode), it wrote short text files instead: then the folders are found where they are.
if not Path(__file__).with_name("runner").is_dir():
    __path__.append(str(Path(__file__).resolve().parents[1]))

from orbifolio.api import CheckedRecipe, FinishedRun, check, gallery, measure, run, tile

__all__ = ["CheckedRecipe", "FinishedRun", "__version__", "check", "gallery", "measure", "run", "tile"]


def __getattr__(name: str) -> str:
    """`__version__`, looked up when it is asked for: the installed one, or `source` in a checkout that is not."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(__name__)
    except PackageNotFoundError:
        return "source"
