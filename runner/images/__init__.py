"""Pictures in and out: where they come from, how they are read, prepared, finished and written."""
