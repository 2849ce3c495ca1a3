"""What pages are made from: the log, cards, metrics and references, as finished frozen objects."""
