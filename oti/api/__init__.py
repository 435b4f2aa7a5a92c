"""The API, version 1: the same use cases as the pages, in JSON (`README.md` shows a whole stay)."""
