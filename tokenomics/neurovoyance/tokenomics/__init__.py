"""L1: exact integer twins of the money rules in the contracts."""
