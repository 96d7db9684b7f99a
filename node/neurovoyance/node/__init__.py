"""L3: the provider agent."""
