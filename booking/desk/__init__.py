"""The office's desk: what its staff enters, sees and does about offers and orders."""
