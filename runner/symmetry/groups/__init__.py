"""Symmetry groups as mathematics: generators, presentations, and which colour actions are legal."""
