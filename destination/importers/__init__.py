"""Loading the territory from files."""
