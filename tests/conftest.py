"""Before any test imports torch: keep it from instructions that this machine only claims to have."""

import os

from loopback import published_site, seaweed
from real_browser import browser

from runner.arithmetic import protect

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run side by side; threads of each would only wait for others
protect()

__all__ = ["browser", "published_site", "seaweed"]  # fixtures of more than one folder
