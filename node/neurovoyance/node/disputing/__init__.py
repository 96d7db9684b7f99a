"""Duties in disputes: defend, challenge, judge, and keep every dispute moving to its end.

Place: beside the executions of the node; ``duty`` runs it, ``rules`` decides, ``casebook``
remembers, ``bench`` and ``defence`` compute. Start reading at ``rules``.
"""
