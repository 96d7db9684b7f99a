"""L3: what a client of the market imports (the SDK)."""
