// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVestingVault} from "../../contracts/interfaces/IVestingVault.sol";
import {VestingVaultBase} from "../contracts/VestingVaultBase.sol";

/// @notice Everybody who may act on the vault, and a second set of books. See README.md.
contract VestingHandler is VestingVaultBase {
    uint256 public constant COUNT = 4;
    /// @dev The whole transaction stays under 300,000 gas; 22,000 go before the first instruction.
    uint256 public constant CALL_GAS = 278_000;

    struct Inflow {
        uint256 epoch;
        uint256 amount;
        uint256 epochs; // over which it vests at the fastest
        uint256 last; // epoch in which it has vested
    }

    address[COUNT] public accounts;
    mapping(address account => uint256) public deposited; // penalty income included
    mapping(address account => uint256) public released;
    mapping(address account => uint256) public taken; // by slashes and exits
    mapping(uint256 epoch => uint256) public caps;
    mapping(uint256 epoch => uint256) public claimableAt; // claimed or claimable, at its last look
    uint256[] public epochs; // that were looked at
    Inflow[] public inflows;
    uint256 public dust;
    uint256 public burned;
    uint256 public exited; // wei that left early, penalties included
    uint256 public penalties;
    uint256 public shared; // of them, to holders
    uint256 public slashed;
    uint256 public paidOut;
    mapping(bytes32 action => uint256) public count;

    function setUp() public override {
        super.setUp();
        for (uint256 i; i < COUNT; ++i) {
            accounts[i] = makeAddr(string.concat("account", vm.toString(i)));
            neighbours.setOperator(accounts[i], operator);
        }
        _look();
    }

    function parts() external view returns (address, address, address, address) {
        return (address(token), address(vault), address(votes), address(neighbours));
    }

    // --- actions ---

    function deposit(uint256 who, uint256 amount) external {
        address account = accounts[who % COUNT];
        amount = who % 5 == 0 ? _bound(amount, 1, 30) : _bound(amount, 1, 500_000e18);
        _noteIncome(account);
        _deposit(account, amount);
        uint256 weeks_ = neighbours.vestingWord() & 0xffff;
        _note(amount, weeks_, weeks_);
        deposited[account] += amount;
        _done("deposit");
    }

    function release(uint256 who) external {
        address account = accounts[who % COUNT];
        if (vault.releasableOf(account) == 0) return;
        _noteIncome(account);
        vm.prank(who % 2 == 0 ? account : operator);
        uint256 amount = vault.release{gas: CALL_GAS}(account);
        released[account] += amount;
        paidOut += amount;
        _done("release");
    }

    function requestExit(uint256 who, uint256 amount) external {
        address account = accounts[who % COUNT];
        if (vault.heldOf(account) == 0) return;
        vm.prank(account);
        vault.requestExit(_bound(amount, 1, 1_000_000e18));
        _done("requestExit");
    }

    function executeExit(uint256 who) external {
        address account = accounts[who % COUNT];
        (uint256 amount, uint256 readyAt,) = vault.exitOf(account);
        if (amount == 0 || vault.allowanceOf(account) == 0) return;
        vm.warp(block.timestamp < readyAt ? readyAt : block.timestamp);
        if (block.timestamp > readyAt + 72 hours || vault.allowanceOf(account) == 0) return;
        _noteIncome(account);
        _execute(account);
        _done("executeExit");
    }

    function _execute(address account) private {
        uint256 supply = token.totalSupply();
        uint256 insured = neighbours.funded();
        // The exit settles earlier income first.
        uint256 held = vault.releasableOf(account) + vault.unvestedOf(account);
        uint256 before = vault.undistributed() + vault.heldOf(account) - held;
        (uint256 paid, uint256 penalty) = _leave(account);
        uint256 amount = paid + penalty;
        assertGe(penalty * 20, amount, "at least 5 %");
        uint256 sunk = supply - token.totalSupply() + neighbours.funded() - insured;
        assertEq(sunk + vault.undistributed() - before, penalty, "sinks sum to the penalty");
        assertEq(vault.heldOf(account), held - amount, "the leaver gets none");
        assertEq(
            vault.releasableOf(account) + vault.unvestedOf(account), held - amount, "now or later"
        );
        (uint256 cap, uint256 used) = vault.windowOf(block.timestamp / EPOCH);
        assertLe(used, cap, "the window");
        caps[block.timestamp / EPOCH] = cap;
        burned += supply - token.totalSupply();
        exited += amount;
        penalties += penalty;
        shared += vault.undistributed() - before;
        taken[account] += amount;
        paidOut += paid;
        dust += 1e12;
    }

    function slash(uint256 who, uint256 bps) external {
        address account = accounts[who % COUNT];
        _noteIncome(account);
        uint256 amount = _slash(account, who % 7 == 0 ? 10_000 : _bound(bps, 0, 9_999));
        taken[account] += amount;
        slashed += amount;
        dust += 1e12;
        _done("slash");
    }

    function govern(uint256 seed) external {
        _setValue(0, 13 + seed % 14);
        _setValue(16, 500 + (seed >> 16) % 1_501);
        _setValue(32, 1_000 + (seed >> 32) % 4_501);
        _setValue(48, 2_500 + (seed >> 48) % 3_501);
        _setValue(64, 1_000 + (seed >> 64) % 3_001);
        _setValue(80, 100 + (seed >> 80) % 901);
        _done("govern");
    }

    function passTime(uint256 time) external {
        vm.warp(block.timestamp + _bound(time, 1, 3 days));
        _done("passTime");
    }

    /// @dev Mostly a few epochs, sometimes half a year; each is looked at.
    function passWeeks(uint256 number) external {
        number = number % 5 == 0 ? number % 60 : 1 + number % 4;
        for (uint256 i; i < number; ++i) {
            _skip(1);
            _look();
        }
        _done("passWeeks");
    }

    function sync(uint256 who) external {
        vault.syncVotes(accounts[who % COUNT]);
        _done("sync");
    }

    // --- the second set of books ---

    /// @dev Income vests from when it is settled: then it is a deposit.
    function _noteIncome(address account) private {
        uint256 income =
            vault.releasableOf(account) + vault.unvestedOf(account) - vault.heldOf(account);
        if (income == 0) return;
        // Over how many weeks is not told: as fast as 13, as long as 26.
        _note(income, 13, 26);
        deposited[account] += income;
    }

    function _note(uint256 amount, uint256 fastest, uint256 slowest) private {
        uint256 epoch = block.timestamp / EPOCH;
        inflows.push(Inflow(epoch, amount, fastest, epoch + slowest));
        dust += 26;
    }

    function _done(bytes32 action) private {
        ++count[action];
        _look();
    }

    function _look() private {
        uint256 epoch = block.timestamp / EPOCH;
        uint256 sum = paidOut;
        for (uint256 i; i < COUNT; ++i) {
            sum += vault.releasableOf(accounts[i]);
        }
        if (epochs.length == 0 || epochs[epochs.length - 1] != epoch) epochs.push(epoch);
        claimableAt[epoch] = sum;
    }

    function epochCount() external view returns (uint256) {
        return epochs.length;
    }

    /// @notice Most that may have become claimable in the epochs after `first` up to `last`.
    function bound_(uint256 first, uint256 last) external view returns (uint256 sum) {
        for (uint256 i; i < inflows.length; ++i) {
            Inflow memory f = inflows[i];
            uint256 from = f.epoch > first ? f.epoch : first;
            uint256 to = f.last < last ? f.last : last;
            if (to > from) sum += (to - from) * (f.amount / f.epochs + 1);
        }
        for (uint256 epoch = first + 1; epoch <= last; ++epoch) {
            sum += caps[epoch] * 95 / 100 + 1 + COUNT;
        }
        return sum + dust;
    }

    /// @notice Everybody waits and takes out what is left.
    function drain() external {
        for (uint256 round; round < 2; ++round) {
            _skip(27);
            for (uint256 i; i < COUNT; ++i) {
                address account = accounts[i];
                if (vault.releasableOf(account) == 0) continue;
                _noteIncome(account);
                vm.prank(account);
                uint256 amount = vault.release{gas: CALL_GAS}(account);
                released[account] += amount;
                paidOut += amount;
            }
        }
    }
}
