"""The project: settings, addresses, the developer's machine, and the floor below all others."""
