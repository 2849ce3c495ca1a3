"""Fixtures of the control page's tests; accessibility is judged as in the reports' tests."""

import importlib.util
from pathlib import Path

from served import forked_jobs, forks, serving, visitor

_PAGES = Path(__file__).parents[1] / "browser" / "conftest.py"
_spec = importlib.util.spec_from_file_location("browser_fixtures", _PAGES)
assert _spec is not None
assert _spec.loader is not None
_browser = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_browser)
assert_accessible = _browser.assert_accessible

__all__ = ["assert_accessible", "forked_jobs", "forks", "serving", "visitor"]
