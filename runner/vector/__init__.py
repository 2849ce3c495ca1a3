"""Lines on paper: paths, their order, and the files of pen plotters; what drawings and paintings share."""
