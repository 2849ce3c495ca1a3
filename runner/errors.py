"""Every error this program raises on purpose, as one tree.

    OrbifolioError            exit 1   anything foreseen; shown as one message, never as a traceback
    +-- InputError            exit 2   the recipe or the arguments are wrong
    |   +-- RecipeError               one or more `Problem`s in a recipe, each with its place
    |   +-- IllegalSymmetry           a colour action or aspect that the group cannot have (witness word)
    |   +-- ImageError                a picture that cannot be found, read or accepted
    |   +-- PathTaken                 something else lies where files belong (an OSError, too)
    +-- MissingWeights        exit 1   a network's weights are not here and could not be fetched
    +-- MissingProgram        exit 1   a program or library of the system is missing
    +-- ShapeMismatch         exit 1   a tensor of the wrong shape (expected, actual)
    +-- RunFailed             exit 1   the computation could not continue (NaN, out of memory, disk full)
    +-- PublishError          exit 1   the gallery could not be copied to its target
    +-- CloudError            exit 1   a rented machine could not be started, reached or ended
    +-- MailError             exit 1   a mail could not be sent; a run only warns of it

A message says place, value, rule and cure, in this order, separated by semicolons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class OrbifolioError(Exception):
    """An error that was foreseen: its text is all the user needs."""

    exit_code = 1


class InputError(OrbifolioError):
    """The recipe or the arguments are wrong."""

    exit_code = 2


@dataclass(frozen=True)
class Problem:
    """One fault of a recipe and its place.

    Attributes:
        message: "what; rule; cure".
        path: dotted place in the recipe (`renderer.phases.0.size`), empty for the whole file.
        file: the file's name as the user gave it, or `override` for a command-line override.
        line: 1-based line, or None where there is no text to point at.
        column: 1-based column.
        source: the line's text, shown with a caret.
        severity: `error` or `warning`.
    """

    message: str
    path: str = ""
    file: str = ""
    line: int | None = None
    column: int | None = None
    source: str | None = None
    severity: str = "error"

    def __str__(self) -> str:
        """`file:line:col: error: path: message`, then the source line and a caret."""
        position = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        head = ": ".join(part for part in (position, self.severity, self.path, self.message) if part)
        if self.source is None or self.column is None:
            return head
        return f"{head}\n    {self.source}\n    {' ' * (self.column - 1)}^"


class RecipeError(InputError):
    """All the problems of a recipe, at once, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class IllegalSymmetry(InputError):
    """A colour action or an aspect that the symmetry group cannot have.

    Attributes:
        witness: the relation that fails, as a word in the generators (`r2 r2 = 1`), or "".
        suggestions: legal replacements, nearest first, as a recipe would spell them.
        where: path below the symmetry's own settings (`colours.r2`), or "".
    """

    def __init__(self, message: str, *, witness: str = "", suggestions: Sequence[str] = (), where: str = "") -> None:
        self.witness = witness
        self.suggestions = tuple(suggestions)
        self.where = where
        super().__init__(message)


class ImageError(InputError):
    """A picture that cannot be found, read or accepted."""


class PathTaken(InputError, OSError):
    """Something else lies where files belong: a folder, a pipe, or what is no folder where one should be.

    An `OSError` like any other, too, so that whoever writes many files can go on with the rest.

    Attributes:
        faults: where it lies, and what is wrong with it: "what; cure".
    """

    def __init__(self, faults: Sequence[str] | Mapping[str, str]) -> None:
        super().__init__("something else lies in the way")
        why = "in the way of a file that is written here; move it away"
        self.faults = dict(faults) if isinstance(faults, Mapping) else dict.fromkeys(faults, why)
        self.filename, self.strerror = next(iter(self.faults.items()), (None, why))

    @property
    def paths(self) -> tuple[str, ...]:
        """Where it lies."""
        return tuple(self.faults)

    def __str__(self) -> str:
        """A line for each path."""
        return "\n".join(f"{path}: {why}" for path, why in self.faults.items())

    def __reduce__(self) -> tuple[type[PathTaken], tuple[dict[str, str]]]:
        """For processes that hand it on."""
        return PathTaken, (self.faults,)


class MissingWeights(OrbifolioError):
    """A network's weights are not in the cache and no source could be reached."""


class MissingProgram(OrbifolioError):
    """A program or library of the system is missing; the message says how to get it."""


class ShapeMismatch(OrbifolioError):
    """A tensor of the wrong shape."""

    def __init__(self, what: str, *, expected: Sequence[object], actual: Sequence[int]) -> None:
        self.expected = tuple(expected)
        self.actual = tuple(actual)
        super().__init__(f"{what}: expected shape {self.expected}; got {self.actual}")


class RunFailed(OrbifolioError):
    """The computation could not continue."""


class PublishError(OrbifolioError):
    """The gallery could not be copied to its target."""


class CloudError(OrbifolioError):
    """A rented machine could not be started, reached or ended."""


class MailError(OrbifolioError):
    """A mail could not be sent."""
