"""How one step is evaluated: the seam behind which speed lives."""
