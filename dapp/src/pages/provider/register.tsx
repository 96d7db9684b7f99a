/** Registering and staking from this page, where the owner's key is in a wallet and not on the machine. */
import { type ReactElement, useState } from "react";
import { type Address, getAddress, isAddress, zeroAddress } from "viem";
import { useTx } from "../../actions/tx";
import { Amount, Button, Card, Field, Notice } from "../../components/basics";
import { Ask } from "../../components/states";
import { computeTokenAbi, stakeManagerAbi } from "../../generated/abis";
import { sameAddress } from "../../hire/draft";
import { exactNvy, parseNvy } from "../../job/money";
import { useParams } from "../../money/facts";
import { Ticks } from "../../money/ticks";
import { stakePlan, useDesk } from "../../money/plans";
import { useRead } from "../../queries/chain";
import { NeedsWallet } from "../../wallet/gate";

export function Register(): ReactElement {
  const [open, setOpen] = useState(false);
  return (
    <Card title="With the owner's key in a wallet" flush={open}>
      {open ? (
        <NeedsWallet why="Connect the wallet that is to own the node. It holds the stake and gets the earnings.">{(account) => <Known key={account} account={account} />}</NeedsWallet>
      ) : (
        <>
          <p className="text-ink-2">
            <Ticks text="`node init` registers and stakes with the owner's key on the machine. You can do both from a wallet instead, so that this key never is on the machine. `node.toml` then names this owner and the operator's key." />
          </p>
          <Button className="mt-3" onClick={() => setOpen(true)}>
            Register from a wallet
          </Button>
        </>
      )}
    </Card>
  );
}

function Known({ account }: { account: Address }): ReactElement {
  const operator = useRead("stake_manager", stakeManagerAbi, "operatorOf", [account]);
  return (
    <Ask asked={operator} what="registration">
      {(found) =>
        found === zeroAddress ? (
          <Form account={account} />
        ) : (
          <div className="p-4">
            <Notice tone="good" title="This account is a provider already">Its operator is the key of its node. Stake more on the stake page.</Notice>
          </div>
        )
      }
    </Ask>
  );
}

/** An address that clients can ask: http or https, no user, no query. */
function endpointFault(text: string): string | undefined {
  try {
    const url = new URL(text);
    if (!["http:", "https:"].includes(url.protocol) || url.username !== "" || url.search !== "" || url.hash !== "") return "Write http:// or https://, a host and a port alone.";
    return text.length > 200 ? "At most 200 characters." : undefined;
  } catch {
    return "Write an address such as http://203.0.113.7:8420.";
  }
}

function Form({ account }: { account: Address }): ReactElement {
  const desk = useDesk(account);
  const { run } = useTx();
  const params = useParams(["minSelfStakeWei", "unbondingS"]);
  const wallet = useRead("token", computeTokenAbi, "balanceOf", [account]);
  const [operator, setOperator] = useState("");
  const [endpoint, setEndpoint] = useState("");
  const [typed, setTyped] = useState<string>();
  const text = typed ?? (params.data ? exactNvy(params.data.minSelfStakeWei) : "");
  const stake = parseNvy(text, "The stake");
  const faults = {
    operator: !isAddress(operator, { strict: false }) ? "An address is 0x and 40 hexadecimal digits." : sameAddress(operator, account) ? "The operator is a hot key on the machine: another one than the owner's." : undefined,
    endpoint: endpointFault(endpoint),
    stake: !stake.ok ? stake.message : wallet.data !== undefined && stake.wei > wallet.data ? "That is more than your wallet holds." : undefined,
  };
  const isReady = !faults.operator && !faults.endpoint && !faults.stake && params.data !== undefined;
  const shown = (value: string, fault: string | undefined): string | undefined => (value === "" ? undefined : fault);
  return (
    <form
      className="flex flex-col gap-3 p-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isReady || !stake.ok || params.data === undefined) return;
        run(stakePlan(desk, stake.wei, params.data.unbondingS, { operator: getAddress(operator.toLowerCase()), endpoint }));
      }}
    >
      <Field label="Operator" hint={<Ticks text="Address of the node's own key, made on the machine with `neurovoyance wallet create`. It needs some ETH." />} error={shown(operator, faults.operator)}>
        {(field) => <input {...field} className="input font-mono" value={operator} placeholder="0x…" spellCheck={false} autoComplete="off" onChange={(event) => setOperator(event.target.value.trim())} />}
      </Field>
      <Field label="Where the node answers" hint="The node announces it again when it starts." error={shown(endpoint, faults.endpoint)}>
        {(field) => <input {...field} className="input font-mono" value={endpoint} placeholder="http://203.0.113.7:8420" spellCheck={false} autoComplete="off" onChange={(event) => setEndpoint(event.target.value.trim())} />}
      </Field>
      <Field label="Stake, NVY" hint={<>Taking jobs needs <Amount wei={params.data?.minSelfStakeWei} />; your wallet holds <Amount wei={wallet.data} />.</>} error={shown(text, faults.stake)}>
        {(field) => <input {...field} className="input" inputMode="decimal" value={text} onChange={(event) => setTyped(event.target.value)} />}
      </Field>
      {stake.ok && params.data && stake.wei < params.data.minSelfStakeWei && !faults.stake && <p className="text-warn">Under the minimum: the provider could take no job yet.</p>}
      <div>
        <Button kind="primary" type="submit" disabled={!isReady}>
          Register and stake
        </Button>
      </div>
    </form>
  );
}
