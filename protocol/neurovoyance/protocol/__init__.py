"""L0: the shared vocabulary of the market; pure, no I/O."""
