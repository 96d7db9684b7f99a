"""Labels files with the magika package itself: ``python -m ...cli.direct_labels FILE...``.

Place: the demo's independent check, in a process of its own, since only a node's runtime may load
an inference engine. Shares no code with the client's preprocessing. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    """Print ``{path: label}`` for the files named on the command line."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    from magika import Magika

    paths = sys.argv[1:]
    results = Magika().identify_paths(paths)
    labels = {path: str(result.output.label) for path, result in zip(paths, results, strict=True)}
    sys.stdout.write(json.dumps(labels) + "\n")


if __name__ == "__main__":
    main()
