"""The devnet as a process of its own: ``python -m neurovoyance.cli.devnet_process --port N``.

Place: started by :mod:`.local_network`, so that the chain's work does not share a core's lock with
the client. Ends on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import asyncio
import signal

from neurovoyance.chain.devnet import Devnet


async def _serve(port: int, interval_s: float) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with Devnet(port, block_interval_s=interval_s):
        await stop.wait()


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--block-interval-s", type=float, default=1.0)
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.port, arguments.block_interval_s))


if __name__ == "__main__":
    main()
