"""Before any test imports torch: keep it from instructions that this machine only claims to have."""

from runner.arithmetic import protect

protect()
