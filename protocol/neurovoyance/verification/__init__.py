"""L2: is this the output that was paid for? Pure, no I/O."""
