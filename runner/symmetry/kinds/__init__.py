"""The kinds of symmetry, a settings class and its working class in each module."""
