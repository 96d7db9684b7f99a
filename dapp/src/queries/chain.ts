/** Facts read from the contracts themselves: whatever is about to be signed is decided by these. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { Abi, Address, ContractFunctionArgs, ContractFunctionName, ContractFunctionReturnType } from "viem";
import { useConfig } from "wagmi";
import { getBalance, readContract } from "wagmi/actions";
import type { ContractName } from "../lib/config";
import { useNetwork } from "../lib/context";
import { chainKey } from "./client";

type View = "pure" | "view";

/**
 * Read one view function.
 *
 * @param name the contract; where the network has none of that name, nothing is asked.
 * @param args undefined while they are not known yet; then nothing is asked either.
 */
export function useRead<const A extends Abi, F extends ContractFunctionName<A, View>, const X extends ContractFunctionArgs<A, View, F>>(
  name: ContractName,
  abi: A,
  functionName: F,
  args: X | undefined,
): UseQueryResult<ContractFunctionReturnType<A, View, F, X>> {
  const address = useNetwork().contracts[name];
  const config = useConfig();
  return useQuery({
    queryKey: chainKey(name, functionName, ...((args ?? []) as unknown[]).map(String)),
    queryFn: async () => (await readContract(config, { address: address as Address, abi: abi as Abi, functionName, args: args as unknown[] })) as ContractFunctionReturnType<A, View, F, X>,
    enabled: address !== undefined && args !== undefined,
  });
}

/** Read at this moment, past every cache: for the check before a signature. */
export async function readNow<const A extends Abi, F extends ContractFunctionName<A, View>, const X extends ContractFunctionArgs<A, View, F>>(
  config: WagmiConfigLike,
  address: Address,
  abi: A,
  functionName: F,
  args: X,
): Promise<ContractFunctionReturnType<A, View, F, X>> {
  return (await readContract(config, { address, abi: abi as Abi, functionName, args: args as unknown[] })) as ContractFunctionReturnType<A, View, F, X>;
}

type WagmiConfigLike = Parameters<typeof readContract>[0];

/** ETH of an account, for the network's fees. */
export function useGasMoney(account: Address | undefined): UseQueryResult<bigint> {
  const config = useConfig();
  return useQuery({
    queryKey: chainKey("eth", account),
    queryFn: async () => (await getBalance(config, { address: account as Address })).value,
    enabled: account !== undefined,
  });
}
