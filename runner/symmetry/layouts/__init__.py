"""From orbits to pixels: sparse gathers and textures, computed once for each phase."""
