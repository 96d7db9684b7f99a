"""L2: is this the output that was paid for? Pure; the rule is "no I/O here": bytes in, values out.

Import from the modules (``canonical``, ``commitment``, ``verdict``); nothing is re-exported, so
that a confined child process which only encodes tensors does not load the chain's hash functions.
"""
