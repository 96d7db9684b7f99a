/** What a vote about a model would do: how the model stands, before and after, and where the bonds go. */
import type { ReactElement } from "react";
import { Addr, Chip, Hash } from "../../components/basics";
import { Icon } from "../../components/icons";
import { Ask } from "../../components/states";
import { type AboutModel, type ModelState, modelEffects, modelFault } from "../../gov/models";
import { chainNow } from "../../lib/clock";
import { useRegistered } from "../../queries/registry";

export const STATE_CHIPS: Record<ModelState, ReactElement> = {
  unregistered: <Chip>not registered</Chip>,
  registered: <Chip tone="good">takes jobs</Chip>,
  challenged: <Chip tone="warn">challenged, takes jobs</Chip>,
  suspended: <Chip tone="bad">suspended</Chip>,
};

export function ModelDetail({ intention, isOver }: { intention: AboutModel; isOver: boolean }): ReactElement {
  const asked = useRegistered([intention.modelId]);
  const after: ModelState = intention.kind === "ruling" && !intention.isUpheld ? "registered" : "suspended";
  return (
    <Ask asked={asked} what="model's state" skeleton={<div className="skeleton mt-2 h-16" />}>
      {(found) => {
        const model = found[intention.modelId];
        if (!model) return null;
        const fault = isOver ? undefined : modelFault(intention, model, Math.floor(chainNow()));
        return (
          <div className="mt-1.5 flex flex-col gap-1.5 text-ink-2">
            <p className="flex flex-wrap items-center gap-2">
              <Hash value={intention.modelId} to={`/models/${intention.modelId}`} what="model id" />
              {isOver && "stands now as"} {STATE_CHIPS[model.state]}
              {!isOver && fault === undefined && (
                <>
                  <Icon name="next" size={14} />
                  <span className="sr-only">becomes</span>
                  {STATE_CHIPS[after]}
                </>
              )}
              {model.state !== "unregistered" && (
                <span>
                  registered by <Addr value={model.registrant} />
                </span>
              )}
            </p>
            {fault && <p className="text-warn">{fault}</p>}
            {!isOver && fault === undefined && (
              <ul className="list-disc pl-5">
                {modelEffects(intention, model).map((line) => (
                  <li key={line}>{line}</li>
                ))}
              </ul>
            )}
          </div>
        );
      }}
    </Ask>
  );
}
