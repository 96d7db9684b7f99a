"""L1: content-addressed storage; the only IPFS client."""
