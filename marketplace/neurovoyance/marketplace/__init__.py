"""L4: services around the market; every job settles without them."""
