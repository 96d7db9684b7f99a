// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Redemption, Side} from "../../contracts/types/Channel.sol";
import {ChannelBase} from "../contracts/ChannelBase.sol";
import {ChannelHandler} from "./ChannelHandler.sol";

/// @notice The numbered invariants of docs/spec/channels.md.
contract ChannelInvariantTest is ChannelBase {
    ChannelHandler private handler;

    function setUp() public override {
        super.setUp();
        _fundProvider(other, makeAddr("hot"));
        handler = new ChannelHandler(channels, [provider, other]);
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: _actions()}));
    }

    function _actions() private view returns (bytes4[] memory all) {
        all = new bytes4[](12);
        all[0] = handler.open.selector;
        all[1] = handler.topUp.selector;
        all[2] = handler.requestClose.selector;
        all[3] = handler.reclaim.selector;
        all[4] = handler.redeem.selector;
        all[5] = handler.closeSide.selector;
        all[6] = handler.settle.selector;
        all[7] = handler.passTime.selector;
        all[8] = handler.passDay.selector;
        // The common path again, so that channels get far within a run.
        all[9] = handler.redeem.selector;
        all[10] = handler.topUp.selector;
        all[11] = handler.settleBatch.selector;
    }

    function invariant_TheBooksAgree() public view {
        uint256 reserve;
        for (uint256 j; j < 2; ++j) {
            address payee = handler.payees(j);
            uint256 locks;
            for (uint256 i; i < handler.idCount(); ++i) {
                bytes32 id = handler.ids(i);
                Side memory side = channels.sideOf(id, payee);
                Redemption memory last = channels.redemptionOf(id, payee);
                assertLe(side.redeemed, handler.signed(id, payee), "2: redeemed <= signed");
                assertLe(side.redeemed, side.allotment, "2: redeemed <= allotment");
                reserve += uint256(side.allotment) - side.redeemed + last.amount + last.due;
                locks += 5 * uint256(last.amount) + channels.openLockOf(id, payee);
            }
            assertEq(stakes.stakeOf(payee).locked, locks, "3: locks");
        }
        assertEq(market.freeOf(address(channels)), reserve, "1: the reserve is what is owed");
        uint256 out = handler.returned() + handler.paid();
        assertEq(handler.put(), out + reserve, "4: put in = returned + paid + reserve");
        uint256 earned = market.earnedOf(handler.payees(0)) + market.earnedOf(handler.payees(1));
        assertEq(earned, handler.paid(), "4: paid to payees");
    }

    function afterInvariant() public {
        handler.drain();
        invariant_TheBooksAgree();
    }

    /// @notice The campaign is not empty: a walk of fixed steps reaches every action.
    function test_AWalkReachesEveryAction() public {
        bytes4[] memory actions = _actions();
        for (uint256 step; step < 400; ++step) {
            uint256 seed = uint256(keccak256(abi.encode("channels", step)));
            bytes4 action = actions[seed % actions.length];
            bytes memory words = abi.encode(seed >> 8, seed >> 16);
            (bool ok, bytes memory reason) = address(handler).call(bytes.concat(action, words));
            assertTrue(ok, vm.toString(reason));
            invariant_TheBooksAgree();
        }
        bytes32[10] memory names = [
            bytes32("open"), "topUp", "requestClose", "reclaim", "redeem", "closeSide", "settle",
            "settleBatch", "passTime", "passDay"
        ];
        for (uint256 i; i < names.length; ++i) {
            assertGt(handler.count(names[i]), 0, vm.toString(names[i]));
        }
        handler.drain();
        invariant_TheBooksAgree();
    }
}
