"""The demonstration destination: fictional hosts in real communes, with calendars from today on.

The catalogue is data (`catalogue/*.toml`), `shapes` reads it, `dates` reads its seasons, `rows`
turns both into rows, `loading` writes them once and later only extends the dates.
"""
