/** The network's configuration, for every component below the root. */
import { createContext, useContext } from "react";
import type { Abi, Address } from "viem";
import { type Config, type ContractName } from "./config";

const ConfigContext = createContext<Config | undefined>(undefined);
export const ConfigProvider = ConfigContext.Provider;

export function useNetwork(): Config {
  const config = useContext(ConfigContext);
  if (config === undefined) throw new Error("no configuration above this component");
  return config;
}

/** Address of a contract, or undefined where this network was deployed without it. */
export const useContractAddress = (name: ContractName): Address | undefined => useNetwork().contracts[name];

/** Address and ABI together, as viem's actions want them. */
export interface Contract<A extends Abi = Abi> {
  address: Address;
  abi: A;
}
