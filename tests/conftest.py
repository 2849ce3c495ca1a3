"""Before any test imports torch: keep it from instructions that this machine only claims to have."""

from loopback import published_site, seaweed

from runner.arithmetic import protect

protect()

__all__ = ["published_site", "seaweed"]  # fixtures of more than one folder
