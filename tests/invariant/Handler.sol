// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {Job, JobState, Offer, Payment} from "../../contracts/types/Job.sol";
import {MarketBase} from "../contracts/MarketBase.sol";

/// @notice Everybody who may act, and a second set of books. See README.md.
contract Handler is MarketBase {
    struct Book {
        address client;
        address provider;
        uint256 price; // escrowed now, or when it ended
        uint256 paid;
        uint256 refunded;
        bool isOver;
    }

    /// @dev The whole transaction stays under 300,000 gas; 22,000 go before the first instruction.
    uint256 public constant CALL_GAS = 278_000;
    uint256 private constant PROVIDERS = 3;
    uint256 private constant CLIENTS = 3;

    address[PROVIDERS] public providers;
    address[CLIENTS] public clients;
    bytes32[] public jobIds;
    mapping(bytes32 jobId => Book) public books;
    mapping(bytes32 jobId => bytes32) private _seeds;
    Offer[] private _taken;
    uint256 public burned;
    uint256 public sentToMarket;
    uint256 public sentToStakes;
    mapping(bytes32 action => uint256) public count;

    modifier counted(bytes32 action) {
        _;
        ++count[action];
    }

    function setUp() public override {
        super.setUp();
        (providers[0], clients[0]) = (provider, client);
        for (uint256 i = 1; i < 3; ++i) {
            providers[i] = makeAddr(string.concat("provider", vm.toString(i)));
            clients[i] = makeAddr(string.concat("client", vm.toString(i)));
            _fundProvider(providers[i], operator);
            _fundClient(clients[i]);
        }
    }

    // --- reading ---

    function parts() external view returns (address, address, address) {
        return (address(token), address(market), address(stakes));
    }

    function jobCount() external view returns (uint256) {
        return jobIds.length;
    }

    function record(bytes32 jobId) public view returns (Job memory) {
        return market.job(jobId);
    }

    /// @dev The first job from `seed` on that is stored as `state` and is late, or is not.
    function _pick(uint256 seed, JobState state, bool isLate) private view returns (bytes32) {
        uint256 n = jobIds.length;
        for (uint256 i; i < n; ++i) {
            bytes32 jobId = jobIds[(seed % n + i) % n];
            if (books[jobId].isOver) continue;
            Job memory j = market.job(jobId);
            if (j.state == state && (block.timestamp > j.deadline) == isLate) return jobId;
        }
        return 0;
    }

    function _free(address owner) private view returns (uint256) {
        return stakes.freeOf(owner);
    }

    // --- money ---

    function deposit(uint256 who, uint256 amount) external counted("deposit") {
        address by = clients[who % CLIENTS];
        amount = _bound(amount, 1, 100e18);
        _allowed(by, amount);
        vm.prank(by);
        market.deposit(amount);
    }

    function withdraw(uint256 who, uint256 amount) external {
        address by = clients[who % CLIENTS];
        uint256 free = market.freeOf(by);
        if (free == 0) return;
        vm.prank(by);
        market.withdraw{gas: CALL_GAS}(_bound(amount, 1, free));
        ++count["withdraw"];
    }

    function harvest(uint256 who) external {
        address owner = providers[who % PROVIDERS];
        if (market.earnedOf(owner) == 0) return;
        vm.prank(who % 2 == 0 ? owner : operator);
        market.harvest{gas: CALL_GAS}(owner);
        ++count["harvest"];
    }

    function stake(uint256 who, uint256 amount) external counted("stake") {
        address owner = providers[who % PROVIDERS];
        amount = _bound(amount, 1, 5_000e18);
        token.transfer(owner, amount);
        vm.startPrank(owner);
        token.approve(address(stakes), amount);
        stakes.stake(amount);
        vm.stopPrank();
    }

    function requestUnbonding(uint256 who, uint256 amount) external {
        address owner = providers[who % PROVIDERS];
        uint256 free = _free(owner);
        if (free == 0) return;
        vm.prank(owner);
        stakes.requestUnbonding(_bound(amount, 1, free));
        ++count["requestUnbonding"];
    }

    function withdrawUnbonded(uint256 who) external {
        address owner = providers[who % PROVIDERS];
        IStakeManager.Stake memory s = stakes.stakeOf(owner);
        if (s.unbonding == 0) return;
        vm.prank(owner);
        if (block.timestamp < s.unbondingReadyAt) {
            vm.expectPartialRevert(IStakeManager.StakeManager__UnbondingNotFinished.selector);
            stakes.withdrawUnbonded();
        } else {
            stakes.withdrawUnbonded{gas: CALL_GAS}();
            ++count["withdrawUnbonded"];
        }
    }

    function collectInsurance() external {
        if (stakes.insuranceWei() == 0) return;
        vm.prank(insurance);
        stakes.collectInsurance{gas: CALL_GAS}();
        ++count["collectInsurance"];
    }

    /// @notice Sends tokens without a call; they belong to nobody.
    function donate(uint256 amount, bool toMarket) external counted("donate") {
        amount = _bound(amount, 1, 1e18);
        token.transfer(toMarket ? address(market) : address(stakes), amount);
        if (toMarket) sentToMarket += amount;
        else sentToStakes += amount;
    }

    // --- hiring ---

    function post(uint256 who, uint256 price, uint256 ahead) external {
        address by = clients[who % CLIENTS];
        uint256 free = market.freeOf(by);
        if (free == 0) return;
        uint96 maxPrice = uint96(_bound(price, 1, free < 50e18 ? free : 50e18));
        uint40 deadline = uint40(block.timestamp + _bound(ahead, 1, 7 days));
        vm.prank(by);
        bytes32 salt = _salt();
        _book(market.post(_spec(), salt, maxPrice, 0, deadline, ""), by, address(0), maxPrice);
        _saltOf[jobIds[jobIds.length - 1]] = salt;
        ++count["post"];
    }

    function accept(uint256 seed, uint256 who, uint256 price, uint256 lock) external {
        bytes32 jobId = _pick(seed, JobState.Open, false);
        address owner = providers[who % PROVIDERS];
        if (jobId == 0 || stakes.stakeOf(owner).own < 1_000e18) return;
        uint256 most = _most(owner, books[jobId].price);
        if (most == 0) return;
        price = _bound(price, 1, most);
        lock = _bound(lock, 5 * price, _free(owner));
        uint256 freeBefore = market.freeOf(books[jobId].client);
        vm.prank(operator);
        market.accept(jobId, _spec(), _saltOf[jobId], owner, uint96(price), uint96(lock));
        uint256 returned = market.freeOf(books[jobId].client) - freeBefore;
        books[jobId].price -= returned;
        books[jobId].provider = owner;
        assertEq(books[jobId].price, price, "escrow = price after accept");
        ++count["accept"];
    }

    function open(uint256 client_, uint256 who, uint256 price, uint256 lock) external {
        (address by, address owner) = (clients[client_ % CLIENTS], providers[who % PROVIDERS]);
        if (stakes.stakeOf(owner).own < 1_000e18) return;
        uint256 most = _most(owner, market.freeOf(by));
        if (most == 0) return;
        Offer memory offer = _offer();
        (offer.provider, offer.client) = (owner, by);
        offer.price = uint96(_bound(price, 1, most));
        offer.lock = uint96(_bound(lock, 5 * uint256(offer.price), _free(owner)));
        bytes32 salt = _salt();
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        bool isPaid = price % 2 == 0;
        Payment memory payment = _allowed(by, isPaid ? offer.price : 0);
        vm.prank(by);
        bytes32 jobId = isPaid
            ? market.openWithPermit(payment, _spec(), salt, offer, signature)
            : market.open(_spec(), salt, offer, signature);
        _book(jobId, by, owner, offer.price);
        _saltOf[jobId] = salt;
        _taken.push(offer);
        ++count[isPaid ? bytes32("openWithPermit") : bytes32("open")];
    }

    function _allowed(address by, uint256 amount) private returns (Payment memory payment) {
        payment.amount = amount; // an allowance covers it; the permit is none
        token.transfer(by, amount);
        vm.prank(by);
        token.approve(address(market), amount);
    }

    /// @notice Takes an offer a second time, in its last valid second or not: always refused.
    function replay(uint256 seed) external {
        if (_taken.length == 0) return;
        Offer memory offer = _taken[seed % _taken.length];
        assertTrue(market.isNonceUsed(offer.provider, offer.nonce), "nonce stays used");
        if (block.timestamp > offer.validUntil) return;
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        bytes32 salt = _salt();
        vm.prank(offer.client);
        vm.expectPartialRevert(IJobMarket.JobMarket__NonceUsed.selector);
        market.open(_spec(), salt, offer, signature);
        ++count["replay"];
    }

    function _most(address owner, uint256 budget) private view returns (uint256) {
        uint256 backed = _free(owner) / 5;
        uint256 most = backed < budget ? backed : budget;
        return most < 50e18 ? most : 50e18;
    }

    function _book(bytes32 jobId, address by, address owner, uint256 price) private {
        jobIds.push(jobId);
        books[jobId] = Book(by, owner, price, 0, 0, false);
    }

    // --- duties ---

    function commit(uint256 seed) external {
        bytes32 jobId = _pick(seed, JobState.Assigned, false);
        if (jobId == 0) return;
        bytes32 commitment = _commitment(jobId, books[jobId].provider);
        vm.prank(operator);
        market.commit(jobId, commitment, SHIFT, new bytes(36));
        ++count["commit"];
    }

    function draw(uint256 seed) external {
        bytes32 jobId = _pick(seed, JobState.Committed, false);
        if (jobId == 0) return;
        uint64 round = market.job(jobId).beaconRound;
        if (round == 0 || beacon.status(round) == 0) return;
        _seeds[jobId] = _seed0(jobId);
        market.draw(jobId);
        ++count[market.job(jobId).beaconRound == 0 ? bytes32("draw") : bytes32("renew")];
    }

    function reveal(uint256 seed) external {
        bytes32 jobId = _pick(seed, JobState.Committed, false);
        if (jobId == 0) return;
        uint64 round = market.job(jobId).beaconRound;
        if (round != 0 && beacon.status(round) != 1) return;
        vm.prank(operator);
        if (round == 0) market.reveal(jobId, _opening(_seeds[jobId]));
        else market.drawAndReveal(jobId, _opening(0));
        ++count[round == 0 ? bytes32("reveal") : bytes32("drawAndReveal")];
    }

    // --- endings ---

    /// @dev Does `call` and writes down who got how much, by the change of the balances.
    function _end(bytes32 jobId, address by, bytes memory call) private {
        Book storage b = books[jobId];
        uint256 freeBefore = market.freeOf(b.client);
        uint256 earnedBefore = market.earnedOf(b.provider);
        uint256 stakeBefore = _stakeOf(b.provider);
        vm.prank(by);
        (bool ok, bytes memory reason) = address(market).call{gas: CALL_GAS}(call);
        assertTrue(ok, string.concat("a job can be ended: ", vm.toString(reason)));
        uint256 slashed = stakeBefore - _stakeOf(b.provider);
        uint256 share = slashed * 15 / 100 < b.price ? slashed * 15 / 100 : b.price;
        burned += slashed * 30 / 100;
        b.refunded = market.freeOf(b.client) - freeBefore - share;
        b.paid = market.earnedOf(b.provider) - earnedBefore;
        b.isOver = true;
    }

    function _stakeOf(address owner) private view returns (uint256) {
        IStakeManager.Stake memory s = stakes.stakeOf(owner);
        return uint256(s.own) + s.unbonding;
    }

    function cancel(uint256 seed) external {
        bytes32 jobId = _pick(seed, JobState.Open, false);
        if (jobId == 0) return;
        _end(jobId, books[jobId].client, abi.encodeCall(IJobMarket.cancel, (jobId)));
        ++count["cancel"];
    }

    function handBack(uint256 seed) external {
        bytes32 jobId = _pick(seed, JobState.Assigned, false);
        // Now and then only: most jobs are to get further.
        if (jobId == 0 || seed % 4 != 0) return;
        address owner = books[jobId].provider;
        uint256 stakeBefore = _stakeOf(owner);
        _end(jobId, operator, abi.encodeCall(IJobMarket.cancel, (jobId)));
        assertEq(books[jobId].refunded, books[jobId].price, "handed back: refunded in full");
        assertEq(_stakeOf(owner), stakeBefore, "handed back: nobody slashed");
        ++count["handBack"];
    }

    function declareInvalid(uint256 seed) external {
        bytes32 jobId = _pick(seed, JobState.Assigned, false);
        if (jobId == 0) return;
        _end(
            jobId,
            operator,
            abi.encodeCall(IJobMarket.declareInvalid, (jobId, _spec(), _saltOf[jobId]))
        );
        ++count["declareInvalid"];
    }

    function confirm(uint256 seed) external {
        bytes32 jobId = _pick(seed, JobState.Revealed, false);
        if (jobId == 0) return;
        _end(jobId, books[jobId].client, abi.encodeCall(IJobMarket.confirm, (jobId)));
        ++count["confirm"];
    }

    function settle(uint256 seed) public returns (bool) {
        bytes32 jobId = _pick(seed, JobState.Revealed, true);
        if (jobId == 0) return false;
        bytes32[] memory batch = new bytes32[](2);
        (batch[0], batch[1]) = (jobId, jobId);
        bytes memory call = seed % 2 == 0
            ? abi.encodeCall(IJobMarket.settle, (jobId))
            : abi.encodeCall(IJobMarket.settleBatch, (batch));
        _end(jobId, other, call);
        ++count["settle"];
        return true;
    }

    function expire(uint256 seed) public returns (bool) {
        JobState[3] memory states = [JobState.Open, JobState.Assigned, JobState.Committed];
        for (uint256 i; i < 3; ++i) {
            JobState state = states[(seed % 3 + i) % 3];
            bytes32 jobId = _pick(seed, state, true);
            if (jobId == 0) continue;
            _end(jobId, other, abi.encodeCall(IJobMarket.expire, (jobId)));
            ++count[bytes32(uint256(state))];
            return true;
        }
        return false;
    }

    // --- time ---

    function passTime(uint256 seconds_, uint256 blocks) external counted("passTime") {
        vm.warp(block.timestamp + _bound(seconds_, 1, 2 hours));
        vm.roll(block.number + _bound(blocks, 1, 300));
    }

    function passBlocks(uint256 blocks) external counted("passBlocks") {
        blocks = _bound(blocks, 1, 10);
        vm.warp(block.timestamp + 12 * blocks);
        vm.roll(block.number + blocks);
    }

    function passWeeks(uint256 seconds_) external counted("passWeeks") {
        vm.warp(block.timestamp + _bound(seconds_, 1 days, 22 days));
        vm.roll(block.number + 10_000);
    }

    // --- the very end ---

    /// @notice Strangers end every job, then everybody takes everything out.
    function drain() external {
        vm.warp(block.timestamp + 8 days);
        while (expire(0) || settle(0)) {}
        for (uint256 i; i < 3; ++i) {
            assertEq(stakes.stakeOf(providers[i]).locked, 0, "no live jobs, no locks");
            uint256 own = stakes.stakeOf(providers[i]).own;
            vm.startPrank(providers[i]);
            if (own > 0) stakes.requestUnbonding(own);
            if (market.earnedOf(providers[i]) > 0) market.harvest{gas: CALL_GAS}(providers[i]);
            vm.stopPrank();
            uint256 free = market.freeOf(clients[i]);
            vm.prank(clients[i]);
            if (free > 0) market.withdraw{gas: CALL_GAS}(free);
        }
        vm.warp(block.timestamp + 21 days);
        for (uint256 i; i < 3; ++i) {
            if (stakes.stakeOf(providers[i]).unbonding == 0) continue;
            vm.prank(providers[i]);
            stakes.withdrawUnbonded{gas: CALL_GAS}();
        }
        if (stakes.insuranceWei() > 0) {
            vm.prank(insurance);
            stakes.collectInsurance{gas: CALL_GAS}();
        }
        assertEq(token.balanceOf(address(market)), sentToMarket, "the market is empty");
        assertEq(token.balanceOf(address(stakes)), sentToStakes, "the stakes are empty");
    }
}
