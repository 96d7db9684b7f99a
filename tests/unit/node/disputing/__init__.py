"""Tests of disputes; their chain ends with the package, and not with the run."""
