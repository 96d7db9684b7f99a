/** Weeks of the economy: unix seconds / 604,800, as the contracts count. */

export const EPOCH_S = 604_800;
/** What is earned in epoch e is payable from e+2 to e+9. */
const CLAIM_FIRST = 2;
const CLAIM_LAST = 9;

export const epochOf = (unixS: number): number => Math.floor(unixS / EPOCH_S);
export const epochStartS = (epoch: number): number => epoch * EPOCH_S;

/** Epochs whose emission can be claimed now, oldest first. */
export function claimableEpochs(nowS: number): number[] {
  const now = epochOf(nowS);
  const first = Math.max(0, now - CLAIM_LAST);
  return Array.from({ length: Math.max(0, now - CLAIM_FIRST - first + 1) }, (_, index) => first + index);
}

/** Last second in which an epoch's emission can be claimed. */
export const claimEndsS = (epoch: number): number => epochStartS(epoch + CLAIM_LAST + 1) - 1;
