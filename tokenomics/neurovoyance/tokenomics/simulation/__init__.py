"""Monte-Carlo simulator of the token economy: what the rules do to people, with its assumptions.

Place: beside the exact twins; the one package of ``tokenomics`` in which floats are allowed, since
no figure of it ever moves money. Data flow: ``assumptions`` and ``params.json`` make a ``Policy``
and a ``World``; ``engine.simulate`` plays a ``Scenario`` for every seed at once; ``outcomes`` are
judged by ``gates`` and drawn by ``figures``.
Never: an amount that is paid, a parameter that differs from ``params.json`` unsaid, or a pickle.
"""
