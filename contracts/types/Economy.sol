// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice The contracts of the economy that the market, the stakes and the courts work with. They
/// are given at deployment and never change. A zero address: the deployment has no such part; with
/// zero `params` the defaults of `Params` hold for ever.
struct Economy {
    address params; // ProtocolParams
    address feeRouter; // FeeRouter: splits fees; zero: providers earn the whole price
    address channels; // PaymentChannels
    address vault; // VestingVault
    address votes; // VotingPower
    address emission; // EmissionController
}
