"""Names in Redis tell farms, engines, executions and tokens apart."""

from __future__ import annotations

from neurovoyance.node.farm.names import Names
from neurovoyance.node.runtime.config import Engine


def test_no_two_names_are_alike() -> None:
    found = [
        name
        for farm in ("a", "b")
        for names in [Names(farm)]
        for name in (
            *(names.queue(engine, device) for engine in Engine for device in ("cpu", "cuda")),
            names.mark("e"),
            names.worker("e"),
            *(
                make("e", token)
                for make in (names.claim, names.beat, names.report)
                for token in (1, 2)
            ),
        )
    ]
    assert len(set(found)) == len(found)
