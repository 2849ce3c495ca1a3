"""A module for each kind of page: finished data to parts."""
