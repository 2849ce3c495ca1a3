"""Many runs at once: a sweep (recipes x values) -> its members, each a run in a process of its own."""
