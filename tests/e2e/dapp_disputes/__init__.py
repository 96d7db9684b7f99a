"""Journeys with a liar, its audit and its dispute, and with a node that dies."""
