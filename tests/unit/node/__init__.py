"""Tests of the node; their chains end with the package, and not with the run."""
