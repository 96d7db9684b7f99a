"""What is told of the runs: gates, figures, one page, and a short copy for the documentation.

Place: reads runs, changes none. Data flow: ``gates`` judges outcomes; ``figures`` draws; ``page``
and ``markdown`` write. Matplotlib is loaded by the drawing modules alone.
Never: a failed gate below a passed one.
"""
