"""Products made of the final picture."""
