"""Duties in disputes: defend, challenge, judge, and keep every dispute moving to its end.

Place: beside the executions of the node. ``rules`` decides and ``duty`` obeys; ``casebook``
remembers what must not change; ``court_side`` reads and sends; ``hearing`` works: ``tracing`` for
the defendant, ``seeking`` for the challenger, ``judging`` for the referee, both of which look at
hostile tensors in the confined child of ``examiner``. Start reading at ``rules``.
"""
