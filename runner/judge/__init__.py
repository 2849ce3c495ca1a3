"""A judge: (finished picture, what it should be like) -> one number, by eyes that no recipe looks through."""
