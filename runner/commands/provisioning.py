"""`orbifolio weights` and `orbifolio doctor`: what is here, what is missing, how to get it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from importlib import metadata

import click
from rich.console import Console

from runner.errors import InputError, MissingWeights
