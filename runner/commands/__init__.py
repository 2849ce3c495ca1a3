"""What the commands of `cli.py` do, one module for each kind of work."""
