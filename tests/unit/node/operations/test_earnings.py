"""What the ledger says equals what the contracts hold, and a reorganisation corrects itself."""

from __future__ import annotations

from tests.unit.node.conftest import CLIENT, OWNER, STAKE_WEI, Station

from neurovoyance.node.operations import earnings
from neurovoyance.node.operations.earnings import Earnings
from neurovoyance.node.operations.ledger import Pocket, Reason
from neurovoyance.protocol.units import nvy


async def test_the_ledger_equals_the_balances_and_follows_the_chain(station: Station) -> None:
    contracts = station.contracts
    reader = Earnings(contracts, OWNER.address)
    first = await reader.ledger()
    assert first.pockets_wei()[Pocket.STAKE] == STAKE_WEI
    assert sum(first.income_wei().values()) == 0
    assert all(not check.gap_wei for check in await reader.checked(first))

    more_wei = nvy("3")
    await contracts.token.transfer(CLIENT, OWNER.address, 0)
    await contracts.stakes.request_unbonding(OWNER, more_wei)
    again = await reader.ledger()
    assert all(not check.gap_wei for check in await reader.checked(again)), "unbonding is stake"
    [staked] = [row for row in await reader.timed(again.rows) if row.reason is Reason.STAKE]
    assert staked.time_s > 1_000_000_000


async def test_blocks_that_can_change_are_read_again(station: Station) -> None:
    reader = Earnings(station.contracts, OWNER.address)
    snapshot = await station.control.snapshot()
    before = await reader.ledger()
    await station.contracts.token.transfer(CLIENT, OWNER.address, 0)
    await station.control.mine(3)
    await reader.ledger()
    await station.control.revert(snapshot)
    after = await reader.ledger()
    assert [row.tx_hash for row in after.rows] == [row.tx_hash for row in before.rows]
    await station.control.mine(earnings.UNSETTLED_BLOCKS + 2)
    assert [row.tx_hash for row in (await reader.ledger()).rows] == [
        row.tx_hash for row in before.rows
    ]
    assert reader._settled, "old blocks are not read twice"
