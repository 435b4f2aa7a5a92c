"""Loading what selling needs from files."""
