/** The few icons of the dapp, drawn on one 16 px grid; they repeat a word beside them and are hidden from readers. */
import type { ReactElement, SVGProps } from "react";

const PATHS = {
  home: "M2.5 7.5 8 3l5.5 4.5V13a.5.5 0 0 1-.5.5H9.5v-4h-3v4H3a.5.5 0 0 1-.5-.5z",
  network: "M8 5.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM3.5 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM12.5 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7 5.5 4.5 10M9 5.5l2.5 4.5M5.5 12h5",
  nodes: "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01",
  models: "M8 1.5 14 5v6l-6 3.5L2 11V5zM2 5l6 3.5L14 5M8 8.5v6",
  jobs: "M5 2.5H3.5a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1v-9a1 1 0 0 0-1-1H11M5.5 1.5h5v2.5h-5zM5.5 8l1.7 1.7L10.5 6.5",
  provider: "M2 3h12v8H2zM5.5 14h5M8 11v3",
  stake: "M8 2c3.3 0 5.5 1 5.5 2.3S11.300 6.600 8 6.600 2.500 5.600 2.500 4.300 4.700 2 8 2zM2.500 4.300v7.400C2.500 13 4.700 14 8 14s5.500-1 5.500-2.300V4.300M2.500 8C2.500 9.300 4.700 10.300 8 10.300S13.500 9.300 13.500 8",
  gov: "M2 6.500 8 2.500l6 4zM3.500 6.500v5M6.500 6.500v5M9.500 6.500v5M12.500 6.500v5M2 13.500h12",
  vesting: "M2 13.500V2.500M2 13.500h12M4 11c4 0 4-7 9.500-7",
  account: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.500 14c.5-3 2.700-4.500 5.500-4.500s5 1.500 5.500 4.500",
  settings: "M8 10.200a2.200 2.200 0 1 0 0-4.400 2.200 2.200 0 0 0 0 4.400zM8 1.500v2M8 12.500v2M1.500 8h2M12.500 8h2M3.400 3.400l1.400 1.400M11.200 11.200l1.400 1.400M12.600 3.400l-1.400 1.400M4.800 11.200l-1.400 1.400",
  status: "M1.500 8.500h3l2-5 3 9 2-4h3",
  check: "M3 8.500 6.500 12 13 4.500",
  cross: "M4 4l8 8M12 4l-8 8",
  warn: "M8 2 14.500 13.500h-13zM8 6.500v3.500M8 11.800h.01",
  clock: "M8 14.500a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM8 4.500V8l2.500 1.500",
  info: "M8 14.500a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM8 7.500V11M8 5h.01",
  copy: "M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3",
  external: "M9.500 2.500h4v4M13.500 2.500 7.500 8.500M11.500 9v4.500h-9v-9H7",
  search: "M7 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10zM10.700 10.700 14 14",
  more: "M3 8h.01M8 8h.01M13 8h.01",
  wallet: "M2 4.500h11a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1zM2 4.500 10.500 2v2.500M11 9h.01",
  download: "M8 2v8.500M4.500 7.500 8 11l3.500-3.500M2.500 13.500h11",
  play: "M4.500 2.500 13 8l-8.500 5.500z",
  back: "M10 3 5 8l5 5",
  next: "m6 3 5 5-5 5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16, ...rest }: { name: IconName; size?: number } & SVGProps<SVGSVGElement>): ReactElement {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className="flex-none"
      {...rest}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
