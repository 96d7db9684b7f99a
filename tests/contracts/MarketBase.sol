// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {JobMarket} from "../../contracts/market/JobMarket.sol";
import {StakeManager} from "../../contracts/staking/StakeManager.sol";
import {ComputeToken} from "../../contracts/token/ComputeToken.sol";
import {Economy} from "../../contracts/types/Economy.sol";
import {Job, JobSpec, JobState, Offer, Opening} from "../../contracts/types/Job.sol";
import {BlockHashBeacon} from "../../contracts/verification/BlockHashBeacon.sol";

/// @notice The contracts as deployed, one client with money, one provider with stake, and the steps
/// of a job. Every test file starts from here.
abstract contract MarketBase is Test {
    uint256 internal constant OPERATOR_KEY = uint256(keccak256("operator"));
    uint96 internal constant PRICE = 1e18;
    uint96 internal constant LOCK = 20e18;
    uint256 internal constant STAKE = 10_000e18;
    uint256 internal constant DEPOSIT = 1_000e18;
    uint256 internal constant START = 1_800_000_000;
    int8 internal constant SHIFT = -3;

    ComputeToken internal token;
    BlockHashBeacon internal beacon;
    StakeManager internal stakes;
    JobMarket internal market;

    address internal client = makeAddr("client");
    address internal provider = makeAddr("provider");
    address internal insurance = makeAddr("insurance");
    address internal other = makeAddr("other");
    address internal operator = vm.addr(OPERATOR_KEY);

    uint256 private _salts;
    uint256 private _nonces;
    /// @dev Salts by job, for the calls that prove the spec of a job.
    mapping(bytes32 jobId => bytes32) internal _saltOf;

    function setUp() public virtual {
        vm.warp(START);
        vm.roll(1_000);
        address[] memory holders = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (holders[0], amounts[0]) = (address(this), 1_000_000_000e18);
        token = new ComputeToken(holders, amounts);
        beacon = new BlockHashBeacon();
        _deployMarket(address(0), address(0));
        _fundProvider(provider, operator);
        _fundClient(client);
    }

    /// @dev Without courts: a deployment without audits.
    function _deployMarket(address auditCourt, address disputeCourt) internal {
        uint256 nonce = vm.getNonce(address(this));
        address future = vm.computeCreateAddress(address(this), nonce + 1);
        Economy memory economy = _economy();
        stakes =
            new StakeManager(address(token), future, insurance, auditCourt, disputeCourt, economy);
        market = new JobMarket(
            address(token), address(stakes), address(beacon), auditCourt, disputeCourt, economy
        );
        assertEq(address(market), future, "precomputed address");
    }

    /// @dev None: parameters stand still, providers earn the whole price.
    function _economy() internal virtual returns (Economy memory economy) {}

    function _fundProvider(address owner, address hotKey) internal {
        token.transfer(owner, STAKE);
        vm.startPrank(owner);
        stakes.register(hotKey, "http://127.0.0.1:8800");
        token.approve(address(stakes), STAKE);
        stakes.stake(STAKE);
        vm.stopPrank();
    }

    function _fundClient(address who) internal {
        token.transfer(who, DEPOSIT);
        vm.startPrank(who);
        token.approve(address(market), DEPOSIT);
        market.deposit(DEPOSIT);
        vm.stopPrank();
    }

    // --- inputs ---

    function _spec() internal pure returns (JobSpec memory) {
        return JobSpec({
            modelId: keccak256("model"),
            inputCid: abi.encodePacked(bytes4(0x01551e20), keccak256("input")),
            jobClass: 1,
            batch: 8,
            seed: 0,
            declaredGain: 0,
            maxRuntime: 600,
            window: 1_800,
            clientKey: keccak256("client key"),
            auditSlots: 1
        });
    }

    function _offer() internal returns (Offer memory) {
        return Offer({
            provider: provider,
            client: client,
            specHash: market.specHashOf(_spec()),
            price: PRICE,
            lock: LOCK,
            validUntil: uint64(block.timestamp + 300),
            nonce: _nonces++
        });
    }

    function _sign(uint256 key, Offer memory offer) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, market.offerHashOf(offer));
        return abi.encodePacked(r, s, v);
    }

    /// @dev ERC-2612, by the operator's key, first nonce, valid this second.
    function _signPermit(address spender, uint256 amount)
        internal
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        bytes32 typeHash = keccak256(
            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
        );
        bytes32 structHash =
            keccak256(abi.encode(typeHash, operator, spender, amount, 0, block.timestamp));
        return vm.sign(
            OPERATOR_KEY,
            keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), structHash))
        );
    }

    function _salt() internal returns (bytes32) {
        return bytes32(++_salts);
    }

    function _opening(bytes32 seed0) internal pure returns (Opening memory) {
        return Opening({
            seed0: seed0,
            outRoot: keccak256("outputs"),
            envelopeCid: abi.encodePacked(bytes4(0x01551e20), keccak256("envelope")),
            resultKey: keccak256("result key"),
            shift: SHIFT,
            salt: keccak256("opening salt")
        });
    }

    /// @dev Spelled out word by word, apart from the library under test.
    function _commitment(bytes32 jobId, address owner) internal view returns (bytes32) {
        Opening memory o = _opening(0);
        return keccak256(
            abi.encode(
                "NVY/commit/1",
                block.chainid,
                address(market),
                jobId,
                owner,
                o.outRoot,
                keccak256(o.envelopeCid),
                keccak256(abi.encode(o.resultKey)),
                o.shift,
                o.salt
            )
        );
    }

    // --- steps ---

    function _openWith(Offer memory offer) internal returns (bytes32 jobId) {
        bytes32 salt = _salt();
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        vm.prank(client);
        jobId = market.open(_spec(), salt, offer, signature);
        _saltOf[jobId] = salt;
    }

    function _assigned() internal returns (bytes32) {
        return _openWith(_offer());
    }

    function _posted() internal returns (bytes32 jobId) {
        bytes32 salt = _salt();
        vm.prank(client);
        jobId = market.post(_spec(), salt, PRICE, LOCK, uint40(block.timestamp + 1 hours), "src");
        _saltOf[jobId] = salt;
    }

    /// @dev By whoever is pranked.
    function _acceptAs(bytes32 jobId, uint96 price, uint96 lock) internal {
        market.accept(jobId, _spec(), _saltOf[jobId], provider, price, lock);
    }

    function _commit(bytes32 jobId) internal {
        bytes32 commitment = _commitment(jobId, provider);
        vm.prank(operator);
        market.commit(jobId, commitment, SHIFT, _opening(0).envelopeCid);
    }

    function _committed() internal returns (bytes32 jobId) {
        jobId = _assigned();
        _commit(jobId);
    }

    function _readyRound() internal {
        vm.roll(block.number + 3);
    }

    /// @dev The seed as anyone computes it from public values.
    function _seed0(bytes32 jobId) internal view returns (bytes32) {
        Job memory j = market.job(jobId);
        return keccak256(
            abi.encode(
                "NVY/seed/1",
                blockhash(j.beaconRound),
                block.chainid,
                address(market),
                jobId,
                j.binding
            )
        );
    }

    function _drawn() internal returns (bytes32 jobId, bytes32 seed0) {
        jobId = _committed();
        _readyRound();
        seed0 = _seed0(jobId);
        market.draw(jobId);
    }

    function _revealed() internal returns (bytes32 jobId) {
        jobId = _committed();
        _readyRound();
        vm.prank(operator);
        market.drawAndReveal(jobId, _opening(0));
    }

    function _settled() internal returns (bytes32 jobId) {
        jobId = _revealed();
        vm.prank(client);
        market.confirm(jobId);
    }

    /// @dev One second after the deadline of the present state.
    function _miss(bytes32 jobId) internal {
        vm.warp(uint256(market.job(jobId).deadline) + 1);
    }

    // --- expectations ---

    function _expectWrongState(bytes32 jobId, JobState found, JobState needed) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__WrongState.selector, jobId, found, needed
            )
        );
    }

    function _expectDeadlinePassed(bytes32 jobId) internal {
        uint256 deadline = market.job(jobId).deadline;
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__DeadlinePassed.selector, jobId, deadline, block.timestamp
            )
        );
    }

    function _expectDeadlineNotPassed(bytes32 jobId) internal {
        uint256 deadline = market.job(jobId).deadline;
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__DeadlineNotPassed.selector, jobId, deadline, block.timestamp
            )
        );
    }

    function _assertState(bytes32 jobId, JobState state) internal view {
        assertEq(uint8(market.stateOf(jobId)), uint8(state), "state");
    }

    function _locked() internal view returns (uint256) {
        return stakes.stakeOf(provider).locked;
    }

    function _own() internal view returns (uint256) {
        return stakes.stakeOf(provider).own;
    }
}
