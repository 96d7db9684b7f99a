"""L5: the command line; one file a command, lazy imports."""
