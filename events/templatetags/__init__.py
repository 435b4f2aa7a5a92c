"""Live content of the programme for the pages of the floors below."""
