"""What knows stays and orders of people: residents, guests, greeters (core.md 18).

Their own rows (profiles, charters) live in `members`; a meeting within a stay lives here.
"""
