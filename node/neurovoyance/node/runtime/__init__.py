"""Engines that execute models, each in a confined child process."""
