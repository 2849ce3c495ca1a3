"""How exact the symmetry of any picture is, measured from its pixels alone."""
