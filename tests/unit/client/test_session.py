"""What an open client holds belongs together."""

from __future__ import annotations

from neurovoyance.client.client import AsyncClient


async def test_the_session_names_market_sources_and_files(client: AsyncClient) -> None:
    session = client.session
    assert session.market_id.address == session.deployment.market
    assert session.market_id.chain_id == 31337
    assert session.sources == [session.source_url]
    assert session.result_path(b"\x01" * 32).name == "01" * 32 + ".safetensors"
    assert session.receipt_path(b"\x01" * 32).parent.name == "receipts"
    session.source_url = ""
    assert session.sources == []
