"""Tests of governance; their network ends with the package, and not with the run."""
