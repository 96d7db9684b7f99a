/** Parameters that these pages need, as they stand where a network has no ProtocolParams: then they never move. */

export const DEFAULTS = {
  minSelfStakeWei: 1_000n * 10n ** 18n,
  stakeSlashBps: 500n,
  forgerySlashBps: 5_000n,
  vestSlashBps: 2_000n,
  unbondingS: 1_814_400n,
  exitBaseBps: 1_000n,
  exitSlopeBps: 5_000n,
  vestEpochs: 26n,
} as const;

export type ParamKey = keyof typeof DEFAULTS;
