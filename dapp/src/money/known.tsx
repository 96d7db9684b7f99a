/** A fact inside a line: a bone while it is asked for, "—" with the reason where it could not be read. */
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactElement, ReactNode } from "react";
import { Amount, Unknown } from "../components/basics";
import { explain } from "../components/states";

type Asked<T> = Pick<UseQueryResult<T>, "data" | "error" | "fetchStatus">;

export function Known<T>({ asked, children, className = "w-20" }: { asked: Asked<T>; children: (found: T) => ReactNode; className?: string }): ReactElement {
  if (asked.data !== undefined) return <>{children(asked.data)}</>;
  if (asked.error) return <Unknown why={explain(asked.error).message} />;
  if (asked.fetchStatus === "idle") return <Unknown why="not known" />;
  return (
    <span className={`skeleton inline-block h-4 align-middle ${className}`}>
      <span className="sr-only">being read</span>
    </span>
  );
}

export const Wei = ({ asked, unit }: { asked: Asked<bigint>; unit?: string }): ReactElement => <Known asked={asked}>{(wei) => <Amount wei={wei} unit={unit} />}</Known>;

/** The same question, without an answer that was given to another one before. */
export const exactly = <T,>(asked: UseQueryResult<T>): Asked<T> => ({ data: asked.isPlaceholderData ? undefined : asked.data, error: asked.error, fetchStatus: asked.fetchStatus });

/** A part of an answer; a part that the answer lacks is as unknown as the answer. */
export const part = <T, P>(asked: Asked<T>, of: (found: T) => P | undefined): Asked<P> => ({ data: asked.data === undefined ? undefined : of(asked.data), error: asked.error, fetchStatus: asked.fetchStatus });
