"""Calendars of other platforms: read, compared, written down as nights that nobody can have."""
