/** Ready-made jobs of a devnet: a model that the network has, and an input that fits it. */
import { useQuery } from "@tanstack/react-query";
import { ask } from "../lib/api";
import { pollMs } from "../queries/client";

/** How Magika reads a file; numbers as in the configuration beside the model. */
export interface FileTypes {
  input: string;
  output: string;
  beg_size: number;
  end_size: number;
  block_size: number;
  min_size: number;
  padding: number;
  labels: string[];
}

export interface Sample {
  model_id: string;
  name: string;
  title: string;
  about: string;
  /** Set where the model tells what type a file is. */
  file_types: FileTypes | null;
  /** JSON texts of the inputs otherwise. */
  inputs: Record<string, string> | null;
}

/** They stay what they are while the service runs. */
export const useSamples = () =>
  useQuery({
    queryKey: ["samples"],
    queryFn: ({ signal }) => ask<{ samples: Sample[] }>("/api/samples", { signal }),
    staleTime: Infinity,
    refetchInterval: (found) => (found.state.data ? false : pollMs()),
  });
