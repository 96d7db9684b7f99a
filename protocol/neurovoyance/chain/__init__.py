"""L1: the only package that talks to a chain."""
