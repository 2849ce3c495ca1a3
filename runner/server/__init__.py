"""The control page: a small web server that chooses recipes, takes pictures, queues runs and shows them as they go."""
