// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {Lifecycle} from "../../contracts/libraries/Lifecycle.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {Job, JobState, Offer} from "../../contracts/types/Job.sol";
import {CourtBase} from "../contracts/CourtBase.sol";

/// @notice Everybody who may act where audits are on, and both courts, which do whatever the market
/// and the StakeManager let them do. See README.md.
contract CourtHandler is CourtBase {
    bytes12 public constant SEATS = "seats";

    address[2] public providers;
    address public finder = makeAddr("finder");
    bytes32[] public jobIds;
    bytes32[] public slashIds;
    mapping(bytes32 jobId => bool) public hasLock; // not freed nor slashed yet
    mapping(address provider => uint256) public courtLocked;
    mapping(bytes32 jobId => bytes32) private _seeds;
    mapping(bytes32 action => uint256) public count;
    uint256 private _lockIds;

    function setUp() public override {
        super.setUp();
        (providers[0], providers[1]) = (provider, makeAddr("second provider"));
        _fundProvider(providers[1], operator);
    }

    function parts() external view returns (address, address, address, address, address) {
        return
            (address(token), address(market), address(stakes), address(audits), address(disputes));
    }

    function everybody() external view returns (address[6] memory) {
        return [client, other, finder, address(this), address(audits), address(disputes)];
    }

    function counts() external view returns (uint256 jobs, uint256 slashes) {
        return (jobIds.length, slashIds.length);
    }

    function record(bytes32 jobId) public view returns (Job memory) {
        return market.job(jobId);
    }

    function _court(uint256 seed) private view returns (address) {
        return seed % 2 == 0 ? address(audits) : address(disputes);
    }

    /// @dev The first job from `seed` on that is in the state now.
    function _pick(uint256 seed, JobState state) private view returns (bytes32) {
        uint256 n = jobIds.length;
        for (uint256 i; i < n; ++i) {
            bytes32 jobId = jobIds[(seed % n + i) % n];
            if (market.stateOf(jobId) == state) return jobId;
        }
        return 0;
    }

    // --- hiring and duties ---

    function setTerms(uint256 pEcon, uint256 p) external {
        pEcon = _bound(pEcon, 0, 10_000);
        audits.setTerms(uint16(pEcon), uint16(_bound(p, pEcon, 10_000)));
    }

    /// @dev By offer, or listed at a higher price and accepted.
    function hire(uint256 seed, uint256 price, uint256 lock) external {
        provider = providers[seed % 2];
        uint256 free = stakes.freeOf(provider);
        if (stakes.stakeOf(provider).own < 1_000e18 || free < 100) return;
        price = _bound(price, 1, free / 5 < 20e18 ? free / 5 : 20e18);
        if (market.freeOf(client) < 4 * price) return;
        lock = _bound(lock, 5 * price, free);
        bytes32 jobId = seed % 4 < 2 ? _byOffer(price, lock) : _byListing(price, lock);
        jobIds.push(jobId);
        hasLock[jobId] = true;
        ++count["hire"];
    }

    function _byOffer(uint256 price, uint256 lock) private returns (bytes32) {
        Offer memory offer = _offer();
        (offer.price, offer.lock) = (uint96(price), uint96(lock));
        return _openWith(offer);
    }

    function _byListing(uint256 price, uint256 lock) private returns (bytes32 jobId) {
        bytes32 salt = _salt();
        uint40 deadline = uint40(block.timestamp + 60);
        vm.prank(client);
        jobId = market.post(_spec(), salt, uint96(2 * price), 0, deadline, "");
        _saltOf[jobId] = salt;
        vm.prank(operator);
        _acceptAs(jobId, uint96(price), uint96(lock));
    }

    function commit(uint256 seed) external {
        bytes32 jobId = _pick(seed, JobState.Assigned);
        if (jobId == 0) return;
        bytes32 commitment = _commitment(jobId, market.job(jobId).provider);
        vm.prank(operator);
        market.commit(jobId, commitment, SHIFT, new bytes(36));
        ++count["commit"];
    }

    function draw(uint256 seed) external {
        bytes32 jobId = _pick(seed, JobState.Committed);
        if (jobId == 0) return;
        uint64 round = market.job(jobId).beaconRound;
        if (round == 0 || beacon.status(round) == 0) return;
        _seeds[jobId] = _seed0(jobId);
        market.draw(jobId);
        ++count[market.stateOf(jobId) == JobState.Drawn ? bytes32("drawn") : bytes32("draw")];
    }

    function reveal(uint256 seed) external {
        bytes32 jobId = _pick(seed, JobState.Committed);
        if (jobId == 0 || market.job(jobId).beaconRound != 0) return;
        vm.prank(operator);
        market.reveal(jobId, _opening(_seeds[jobId]));
        ++count["reveal"];
    }

    function declareInvalid(uint256 seed) external {
        bytes32 jobId = _pick(seed, JobState.Assigned);
        if (jobId == 0) return;
        vm.prank(operator);
        market.declareInvalid(jobId, _spec(), _saltOf[jobId]);
        hasLock[jobId] = false;
        ++count["declareInvalid"];
    }

    /// @dev Everything that is held beside the price returns too.
    function handBack(uint256 seed) external {
        bytes32 jobId = _pick(seed, JobState.Assigned);
        if (jobId == 0 || seed % 4 != 0) return;
        Job memory j = market.job(jobId);
        uint256 free = market.freeOf(client);
        uint256 pool = market.freeOf(address(audits));
        vm.prank(operator);
        market.cancel(jobId);
        assertEq(market.freeOf(client) - free, uint256(j.price) + j.held, "refunded in full");
        assertEq(market.freeOf(address(audits)), pool, "the pool gets nothing");
        hasLock[jobId] = false;
        ++count["handBack"];
    }

    // --- ends ---

    function confirm(uint256 seed) external {
        bytes32 jobId = _pick(seed, JobState.Revealed);
        // Now and then only: most clients let the window pass.
        if (jobId == 0 || seed % 4 != 0 || market.job(jobId).flags & 16 != 0) return;
        vm.prank(client);
        market.confirm(jobId);
        hasLock[jobId] = false;
        ++count["confirm"];
    }

    function settle(uint256 seed) public returns (bool) {
        bytes32 jobId = _pick(seed, JobState.Accepted);
        if (jobId == 0) return false;
        market.settle(jobId);
        hasLock[jobId] = false;
        ++count["settle"];
        return true;
    }

    function expire(uint256 seed) public returns (bool) {
        uint256 n = jobIds.length;
        for (uint256 i; i < n; ++i) {
            bytes32 jobId = jobIds[(seed % n + i) % n];
            Job memory j = market.job(jobId);
            if (!Lifecycle.canExpire(j.state) || block.timestamp <= j.deadline) continue;
            market.expire(jobId);
            hasLock[jobId] = false;
            ++count[bytes32(uint256(j.state))];
            return true;
        }
        return false;
    }

    // --- courts ---

    /// @dev The first move that the table allows, from a random one on. Half of the revealed jobs
    /// are left in peace.
    function move(uint256 seed, uint256 next) external {
        uint256 n = jobIds.length;
        if (n == 0) return;
        bytes32 jobId = jobIds[seed % n];
        JobState from = market.stateOf(jobId);
        if (from == JobState.Revealed && uint256(jobId) % 2 == 0) return;
        for (uint256 i; i < 21; ++i) {
            JobState to = JobState((next % 21 + i) % 21);
            if (!Lifecycle.allowsCourt(from, to)) continue;
            vm.prank(_court(seed));
            market.courtMove(jobId, to, uint40(block.timestamp + 1 + next % 2 days));
            if (to == JobState.Invalid || to == JobState.ProviderAnswerTimeout) {
                hasLock[jobId] = false;
            }
            ++count["move"];
            return;
        }
    }

    function book(uint256 seed, bool isForgery) public returns (bool) {
        uint256 n = jobIds.length;
        for (uint256 i; i < n; ++i) {
            bytes32 jobId = jobIds[(seed % n + i) % n];
            Job memory j = market.job(jobId);
            bool isWrong =
                j.state == JobState.Rejected || j.state == JobState.ProviderTraceTimeout;
            if (!isWrong || !hasLock[jobId]) continue;
            _book(j, jobId, jobId, isForgery, false, seed);
            hasLock[jobId] = false;
            return true;
        }
        return false;
    }

    function bookLate(uint256 seed) external {
        bytes32 jobId = _pick(seed, JobState.Settled);
        if (jobId == 0) return;
        _book(market.job(jobId), jobId, keccak256(abi.encode(slashIds.length)), false, true, seed);
    }

    function _book(
        Job memory j,
        bytes32 jobId,
        bytes32 slashId,
        bool isForgery,
        bool isLate,
        uint256 seed
    ) private {
        address found = seed % 3 == 0 ? address(0) : finder;
        IStakeManager.Verdict memory verdict = IStakeManager.Verdict(
            slashId, jobId, j.provider, j.lock, 0, j.price, client, found, isForgery, isLate
        );
        vm.prank(_court(seed));
        stakes.bookSlash(verdict);
        slashIds.push(slashId);
        ++count["book"];
    }

    function finalize(uint256 seed) public returns (bool) {
        uint256 n = slashIds.length;
        for (uint256 i; i < n; ++i) {
            bytes32 slashId = slashIds[(seed % n + i) % n];
            (,, uint256 readyAt) = stakes.heldSlashOf(slashId);
            if (readyAt == 0 || block.timestamp < readyAt) continue;
            stakes.finalizeSlash(slashId);
            ++count["finalize"];
            return true;
        }
        return false;
    }

    /// @dev A lock of a court is freed, or slashed in part, by the same action later.
    function courtLock(uint256 seed, uint256 amount) external {
        address owner = providers[seed % 2];
        uint256 locked = courtLocked[owner];
        vm.startPrank(_court(seed));
        if (locked == 0) {
            amount = _bound(amount, 0, stakes.freeOf(owner) / 4);
            stakes.lock(owner, bytes32(++_lockIds), amount);
            courtLocked[owner] = amount;
        } else {
            amount = _bound(amount, 0, locked);
            if (seed % 3 == 0) stakes.unlock(owner, bytes32(_lockIds), locked);
            else stakes.slashLock(owner, bytes32(_lockIds), locked, amount / 10);
            courtLocked[owner] = 0;
            ++count["court lock closed"];
        }
        vm.stopPrank();
    }

    function slashFree(uint256 seed, uint256 amount) external {
        vm.prank(_court(seed));
        stakes.slashFree(providers[seed % 2], "penalty", _bound(amount, 0, 100e18));
        ++count["slashFree"];
    }

    function bonds(uint256 seed, uint256 amount, bool asEarned) external {
        address court = _court(seed);
        vm.startPrank(court);
        market.collect(client, _bound(amount, 0, market.freeOf(client) / 10));
        market.courtPay(
            asEarned ? providers[seed % 2] : other,
            _bound(amount, 0, market.freeOf(court) / 2),
            asEarned
        );
        vm.stopPrank();
        ++count["bonds"];
    }

    // --- stake, seats, time ---

    function takeSeats(uint256 seed) external {
        address owner = providers[seed % 2];
        IStakeManager.Stake memory s = stakes.stakeOf(owner);
        if (s.own < (uint256(s.seats) + 1) * Params.SEAT_WEI) return;
        vm.prank(owner);
        stakes.takeSeats(SEATS, 1);
        ++count["takeSeats"];
    }

    function leaveSeat(uint256 seed, bool prune) external {
        uint256 listed = stakes.seatCountAt(SEATS, block.timestamp + 1);
        if (listed == 0) return;
        uint256[] memory one = new uint256[](1);
        one[0] = seed % listed;
        (address owner,, uint40 until) = stakes.seatAt(SEATS, one[0]);
        if (prune) {
            stakes.pruneSeats(SEATS, one);
        } else if (until == 0) {
            vm.prank(owner);
            stakes.leaveSeats(SEATS, one);
            ++count["leaveSeats"];
        }
    }

    function stakeOrUnbond(uint256 seed, uint256 amount) external {
        address owner = providers[seed % 2];
        IStakeManager.Stake memory s = stakes.stakeOf(owner);
        uint256 bound_ = s.own < uint256(s.seats) * Params.SEAT_WEI
            ? 0
            : s.own - uint256(s.seats) * Params.SEAT_WEI;
        uint256 free = s.own - s.locked;
        uint256 most = free < bound_ ? free : bound_;
        if (seed % 3 == 0 && most > 0) {
            vm.prank(owner);
            stakes.requestUnbonding(_bound(amount, 1, most));
            ++count["unbond"];
        } else {
            amount = _bound(amount, 1, 1_000e18);
            token.transfer(owner, amount);
            vm.startPrank(owner);
            token.approve(address(stakes), amount);
            stakes.stake(amount);
            vm.stopPrank();
        }
    }

    function passTime(uint256 seconds_, uint256 blocks) external {
        vm.warp(block.timestamp + _bound(seconds_, 1, 30 minutes));
        vm.roll(block.number + _bound(blocks, 1, 300));
    }

    function passDays(uint256 seconds_) external {
        vm.warp(block.timestamp + _bound(seconds_, 1 days, 3 days));
        vm.roll(block.number + 1_000);
    }

    // --- the very end ---

    /// @notice Strangers end every job, the courts close their books, everybody takes all out.
    function drain() external {
        vm.warp(block.timestamp + 8 days);
        while (expire(0) || settle(0) || book(0, false)) {}
        vm.warp(block.timestamp + 3 days);
        while (finalize(0)) {}
        address[6] memory all = this.everybody();
        for (uint256 i; i < 6; ++i) {
            uint256 free = market.freeOf(all[i]);
            if (free == 0) continue;
            vm.prank(all[i]);
            market.withdraw(free);
        }
        for (uint256 i; i < 2; ++i) {
            vm.prank(address(audits));
            stakes.unlock(providers[i], "rest", courtLocked[providers[i]]);
            courtLocked[providers[i]] = 0;
            assertEq(stakes.stakeOf(providers[i]).locked, 0, "no live jobs, no locks");
            if (market.earnedOf(providers[i]) == 0) continue;
            vm.prank(providers[i]);
            market.harvest(providers[i]);
        }
        assertEq(token.balanceOf(address(market)), 0, "the market is empty");
        assertEq(stakes.heldWei(), 0, "nothing is held");
    }
}
