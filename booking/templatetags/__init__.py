"""Live content of selling for the pages of the floors below."""
