"""Pages where one looks and buys, the bank's messages, the hosts' space."""
