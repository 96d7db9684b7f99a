/** How the registry has a model: whether it takes jobs, is challenged, or was stopped by a vote. */
import type { ReactElement } from "react";
import { Addr, Amount, Card, Facts, Moment, Notice } from "../../components/basics";
import { Ask, Empty, SourceNote } from "../../components/states";
import type { Registered } from "../../gov/models";
import { useRegistered } from "../../queries/registry";
import { STATE_CHIPS } from "../gov/model-detail";

type Asked = ReturnType<typeof useRegistered>;

export function StandingNotice({ model }: { model: Registered | undefined }): ReactElement | null {
  if (model?.state === "suspended") {
    return (
      <Notice tone="bad" title="This model is suspended">
        It takes no job any more, and that is for ever. Live jobs of it may be voided by anybody: their clients get everything back.
      </Notice>
    );
  }
  if (model?.state === "challenged") {
    return (
      <Notice tone="warn" title="Its certificate is challenged">
        Somebody repeated its measurements and came to something else. It takes jobs meanwhile; votes can rule on it{model.deadlineS !== undefined && <> until <Moment unixS={model.deadlineS} /></>}.
      </Notice>
    );
  }
  return null;
}

export function StandingCard({ id, asked }: { id: string; asked: Asked }): ReactElement {
  return (
    <Card title="In the registry" aside={<SourceNote source="chain" updatedAt={asked.dataUpdatedAt} />} flush>
      <Ask asked={asked} what="model's state" isEmpty={(found) => found[id]?.state === "unregistered"} empty={<Empty>Nobody registered it, so its jobs are not audited.</Empty>}>
        {(found) => {
          const model = found[id];
          return (
            model && (
              <div className="p-4">
                <Facts
                  items={[
                    ["State", STATE_CHIPS[model.state]],
                    ["Registered by", <Addr key="r" value={model.registrant} />],
                    ["Bond", <Amount key="b" wei={model.bondWei} />],
                    model.state === "registered" && (["First job", <Moment key="f" unixS={model.activeAtS} />] as const),
                  ]}
                />
              </div>
            )
          );
        }}
      </Ask>
    </Card>
  );
}
