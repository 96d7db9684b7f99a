/** The only writer: one plan at a time, shown before it is signed and followed after. */
import { type ReactElement, type ReactNode, Suspense, createContext, lazy, useCallback, useContext, useMemo, useRef, useState } from "react";
import type { Plan } from "./types";

const TxDialog = lazy(() => import("./tx-dialog"));

interface Writer {
  run: (plan: Plan) => void;
  /** Whether an intent of this key is open. */
  isOpen: (key: string) => boolean;
}

const WriterContext = createContext<Writer | undefined>(undefined);

/** Start plans from anywhere below; `run` does nothing while the same intent is open. */
export function useTx(): Writer {
  const writer = useContext(WriterContext);
  if (writer === undefined) throw new Error("no writer above this component");
  return writer;
}

export function TxProvider({ children }: { children: ReactNode }): ReactElement {
  const [plan, setPlan] = useState<Plan | undefined>();
  const current = useRef<Plan | undefined>(undefined);
  const run = useCallback((next: Plan) => {
    if (current.current !== undefined) return;
    current.current = next;
    setPlan(next);
  }, []);
  const close = useCallback(() => {
    current.current = undefined;
    setPlan(undefined);
  }, []);
  const writer = useMemo<Writer>(() => ({ run, isOpen: (key) => plan?.key === key }), [run, plan]);
  return (
    <WriterContext value={writer}>
      {children}
      {plan && (
        <Suspense fallback={null}>
          <TxDialog key={plan.key} plan={plan} onClose={close} />
        </Suspense>
      )}
    </WriterContext>
  );
}
