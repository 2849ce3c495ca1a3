"""What the program says on stderr: records of the logger tree `orbifolio` -> lines.

| level | what is said at it | shown |
| --- | --- | --- |
| debug | what was decided, and why | with `-v`, with the seconds since the start and where it was decided |
| info | what a user waits for | unless `-q` |
| warning | what a user should know | unless `-q` |

Every module has `logging.getLogger(__name__)`. Who imports the package from Python sees what their own `logging` shows;
only the command line calls `show_records`. Records of other packages are not shown: they tell of their insides.
"""

from __future__ import annotations

import logging
import os
import sys

LEVEL = "ORBIFOLIO_LOG"
"""Environment variable: `debug`, `info` or `error`, where neither `-v` nor `-q` is given; for child processes, too."""
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "error": logging.ERROR}

_tree = logging.getLogger("orbifolio")


class _Lines(logging.Handler):
    """Writes to whatever is stderr at that moment, so that a progress bar can stay below the lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record's line; a reader that has gone away is none of the program's trouble."""
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            pass


class _Wording(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if record.levelno == logging.DEBUG:
            return f"{record.relativeCreated / 1000:7.2f} s  {record.name.removeprefix('orbifolio.')}: {text}"
        return f"warning: {text}" if record.levelno == logging.WARNING else text


def show_records(level: int | None = None) -> None:
    """Show the program's records from a level on, and no other package's.

    Args:
        level: of `logging`; None for what the environment says, else `INFO`.
    """
    if level is None:
        level = LEVELS.get(os.environ.get(LEVEL, ""), logging.INFO)
    if not any(isinstance(handler, _Lines) for handler in _tree.handlers):
        lines = _Lines()
        lines.setFormatter(_Wording())
        _tree.addHandler(lines)
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())  # else Python prints what other packages warn of
    _tree.setLevel(level)


def level_name() -> str:
    """The level as `LEVEL` has it, for child processes."""
    return next((name for name, level in LEVELS.items() if level == _tree.level), "info")


def is_quiet() -> bool:
    """Whether only results and errors are wanted."""
    return _tree.level > logging.WARNING
