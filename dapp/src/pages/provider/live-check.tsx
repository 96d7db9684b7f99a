/** Watches for the new node: green when the chain knows it and it answers. */
import { type ReactElement, useState } from "react";
import { Link } from "react-router";
import { type Address, getAddress, isAddress } from "viem";
import { Card, Chip, Field, Notice } from "../../components/basics";
import { Empty, SourceNote } from "../../components/states";
import { sameAddress } from "../../hire/draft";
import { Ticks } from "../../money/ticks";
import { rowsOf, useProviders } from "../../queries";
import { useAccount } from "../../wallet/gate";
import { CheckList, useChecks } from "./health";
import { useNodes } from "./nodes";

export function LiveCheck(): ReactElement {
  const account = useAccount();
  const [text, setText] = useState("");
  const typed = text.trim();
  const isTyped = isAddress(typed, { strict: false });
  const watched = isTyped ? getAddress(typed.toLowerCase()) : typed === "" ? account : undefined;
  return (
    <Card title="Is it there yet?" flush>
      <div className="p-4">
        <Field label="Owner of the node" hint={account ? "Your connected account, if left empty." : <Ticks text="`neurovoyance node init` prints it." />} error={typed !== "" && !isTyped ? "An address is 0x and 40 hexadecimal digits." : undefined}>
          {(field) => <input {...field} className="input font-mono" value={text} placeholder={account ?? "0x…"} spellCheck={false} autoComplete="off" onChange={(event) => setText(event.target.value)} />}
        </Field>
      </div>
      {watched ? <Watch key={watched} watched={watched} /> : <Empty>Type the owner's address, or connect its wallet; this part then looks every few seconds.</Empty>}
    </Card>
  );
}

function Watch({ watched }: { watched: Address }): ReactElement {
  const providers = useProviders();
  const row = rowsOf(providers).find((one) => sameAddress(one.provider, watched) || sameAddress(one.operator, watched));
  const provider = (row?.provider ?? watched) as Address;
  const nodes = useNodes();
  const node = nodes.data?.items.find((one) => sameAddress(one.provider ?? undefined, provider));
  const { checks, updatedAt } = useChecks(provider, row, node);
  const well = (key: string): boolean => checks.some((check) => check.key === key && check.verdict === "good");
  const isThere = well("registered") && well("endpoint") && (well("offer") || well("node"));
  return (
    <div aria-live="polite">
      <div className="px-4 pb-3">
        {isThere ? (
          <Notice tone="good" title="It is on chain and answers" actions={<Link to={`/provider?of=${provider}`} className="button">Health and earnings</Link>}>
            Clients see its prices; the next job can be its own.
          </Notice>
        ) : (
          <p className="flex flex-wrap items-center gap-2 text-ink-2">
            <Chip tone="info">looking</Chip> Not there yet. <SourceNote source="chain" updatedAt={updatedAt} />
          </p>
        )}
      </div>
      <div className="border-t border-line">
        <CheckList checks={checks} />
      </div>
    </div>
  );
}
