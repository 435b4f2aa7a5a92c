"""`make bench`: the platform's own speed, on a copy of its own, one JSON line a scenario."""
