"""Parts that show what a run made as what it is: a globe to turn, a wallpaper, a zoom without end."""
