"""Tests of the command line; their networks end with the package, and not with the run."""
