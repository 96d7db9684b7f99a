/** What somebody types as a job's JSON, beside a form that decides some fields by itself. */
import { type JobSpec, SPEC_DEFAULTS, specFaults, specFromJson } from "./spec.ts";

const MINUTE_S = 60;

/**
 * Return the spec that was typed, or the sentence why the form cannot follow it.
 *
 * Nothing is left out silently: a field that the form does not have must say what the form says.
 *
 * @param current what the form holds; undefined while it is incomplete.
 */
export function typedSpec(text: string, current: JobSpec | undefined): JobSpec | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return "This is not JSON yet.";
  }
  const fault = specFaults(json)[0];
  if (fault) return fault.message;
  const spec = specFromJson(json);
  return faultBeside(spec, current) ?? spec;
}

function faultBeside(spec: JobSpec, current: JobSpec | undefined): string | undefined {
  if (spec.windowS % MINUTE_S !== 0) return "window_s must be whole minutes here: a multiple of 60.";
  if (spec.seed !== SPEC_DEFAULTS.seed) return "seed must stay zero here: it is for models that draw by chance, and none is offered yet.";
  if (spec.clientKey !== SPEC_DEFAULTS.client_key) return "client_key must stay zero here: private jobs need the command line.";
  if (!current) return undefined;
  if (spec.modelId === current.modelId && spec.jobClass !== current.jobClass) return `job_class must be ${current.jobClass}: the model decides it.`;
  if (spec.inputCid === current.inputCid && spec.batch !== current.batch) return `batch must be ${String(current.batch)}: the input decides it.`;
  return undefined;
}
