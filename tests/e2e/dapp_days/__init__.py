"""Journeys of the pages that take days, which the chain is moved by."""
