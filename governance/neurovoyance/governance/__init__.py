"""L3: proposals and votes for ordinary token holders; beside ``node`` and ``client``."""
