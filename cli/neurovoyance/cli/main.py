"""The command ``neurovoyance``: wires one file a command, and turns errors into exit codes.

Place: entry point. Command files import only what ``--help`` needs; everything else is imported
inside the command, so that help is there at once.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

from neurovoyance.cli import (
    audit_challenge,
    audit_explain,
    channel,
    demo,
    doctor,
    gov_draft,
    gov_params,
    gov_show,
    gov_simulate,
    gov_steps,
    gov_vote,
    gov_watch,
    job_batch,
    job_cancel,
    job_fetch,
    job_list,
    job_quote,
    job_submit,
    job_watch,
    join,
    market_serve,
    model_add,
    model_calibrate,
    model_register,
    model_show,
    model_verify,
    money,
    node_control,
    node_earnings,
    node_init,
    node_start,
    node_status,
    node_worker,
    receipt_check,
    rewards,
    sim,
    stake,
    storage_add,
    storage_gc,
    storage_get,
    storage_ls,
    storage_pin,
    storage_status,
    up,
    wallet_backup,
    wallet_create,
    wallet_import,
    wallet_show,
)

_PLAIN = {"no_args_is_help": True, "rich_markup_mode": None, "add_completion": False}

app = typer.Typer(
    name="neurovoyance",
    help="A market for AI work: buy inference from idle computers, or lend yours.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    **_PLAIN,  # type: ignore[arg-type]
)
job = typer.Typer(help="Buy: run a model on your inputs and get a checked result.", **_PLAIN)  # type: ignore[arg-type]
model = typer.Typer(help="Publish, measure and register models.", **_PLAIN)  # type: ignore[arg-type]
node = typer.Typer(help="Lend: set up and run a node.", **_PLAIN)  # type: ignore[arg-type]
wallet = typer.Typer(help="Encrypted keys.", **_PLAIN)  # type: ignore[arg-type]
audit = typer.Typer(help="What the checks of a job found, and challenges.", **_PLAIN)  # type: ignore[arg-type]
channel_group = typer.Typer(help="Pay by vouchers: many payments, few transactions.", **_PLAIN)  # type: ignore[arg-type]
storage = typer.Typer(help="Content by what it contains: add, get, pin, clear away.", **_PLAIN)  # type: ignore[arg-type]
stake_group = typer.Typer(help="Put tokens behind work, and take them back.", **_PLAIN)  # type: ignore[arg-type]
rewards_group = typer.Typer(help="What you earned, what vests, and how to take it.", **_PLAIN)  # type: ignore[arg-type]
gov = typer.Typer(help="Propose, vote, and see what was decided.", **_PLAIN)  # type: ignore[arg-type]
market = typer.Typer(help="Serve the market's index and API.", **_PLAIN)  # type: ignore[arg-type]
receipt = typer.Typer(help="Receipts that anybody can check.", **_PLAIN)  # type: ignore[arg-type]
simulation = typer.Typer(help="Play the token economy for many seeds.", **_PLAIN)  # type: ignore[arg-type]


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"neurovoyance {version('neurovoyance')}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Print tracebacks; may stand anywhere.")
    ] = False,
) -> None:
    """A market for AI work: buy inference from idle computers, or lend yours."""


_ALL = (
    (app, "demo", demo.demo, "See a whole market work on this machine."),
    (app, "up", up.up, "Keep a private network running here."),
    (app, "join", join.join, "Join a network that runs."),
    (app, "money", money.money, "See where every coin of yours is."),
    (app, "doctor", doctor.doctor, "Check this machine and say what to do."),
    (job, "submit", job_submit.submit, "Run a model on your inputs."),
    (job, "quote", job_quote.quote, "Ask every node for its price."),
    (job, "batch", job_batch.batch, "Many small jobs, paid by vouchers."),
    (job, "list", job_list.list_jobs, "List your jobs."),
    (job, "watch", job_watch.watch, "Follow a job to its end."),
    (job, "fetch", job_fetch.fetch, "Get a job's checked result."),
    (job, "cancel", job_cancel.cancel, "Withdraw a listing; the money comes back."),
    (model, "add", model_add.add, "Publish an ONNX model."),
    (model, "show", model_show.show, "Show published models."),
    (model, "calibrate", model_calibrate.calibrate, "Measure a model; write its certificate."),
    (model, "register", model_register.register, "Put a certified model on chain."),
    (model, "verify", model_verify.verify, "Measure a registered model again."),
    (node, "init", node_init.init, "Make keys and settings; register and stake."),
    (node, "start", node_start.start, "Run the node."),
    (node, "status", node_status.status, "Show health, jobs, stake and earnings."),
    (node, "earnings", node_earnings.earnings, "Show every amount earned, and why."),
    (node, "worker", node_worker.worker, "Lend this machine to a node elsewhere."),
    (node, "pause", node_control.pause, "Stop computing until you resume."),
    (node, "snooze", node_control.snooze, "Stop computing for a time."),
    (node, "resume", node_control.resume, "End a pause or a snooze."),
    (node, "lend", node_control.lend, "Lend for pay, or as a volunteer."),
    (wallet, "create", wallet_create.create, "Make a new key."),
    (wallet, "import", wallet_import.import_key, "Encrypt an existing key."),
    (wallet, "show", wallet_show.show, "List your keys."),
    (wallet, "backup", wallet_backup.backup, "Keep keys and duties in one encrypted file."),
    (wallet, "restore", wallet_backup.restore, "Put a backup into an empty folder."),
    (audit, "explain", audit_explain.explain, "Tell how a job was checked, in words."),
    (audit, "challenge", audit_challenge.challenge, "Claim that a result is wrong."),
    (channel_group, "open", channel.open_channel, "Reserve money for providers."),
    (channel_group, "list", channel.list_channels, "List your channels."),
    (channel_group, "pay", channel.pay, "Sign a voucher."),
    (channel_group, "close", channel.close, "Give notice; then take the rest back."),
    (channel_group, "redeem", channel.redeem, "Redeem a voucher, as a provider."),
    (stake_group, "show", stake.show, "Show your stake."),
    (stake_group, "add", stake.add, "Stake more as a provider."),
    (stake_group, "unbond", stake.unbond, "Start taking your stake back."),
    (stake_group, "delegate", stake.delegate, "Put tokens behind a provider."),
    (stake_group, "undelegate", stake.undelegate, "Start taking them back."),
    (stake_group, "withdraw", stake.withdraw, "Take finished unbonding."),
    (storage, "add", storage_add.add, "Store a file or folder; get its CID."),
    (storage, "get", storage_get.get, "Get content by its CID."),
    (storage, "pin", storage_pin.pin, "Keep content, or let it go."),
    (storage, "ls", storage_ls.list_content, "List pins, or a folder's entries."),
    (storage, "gc", storage_gc.gc, "Remove what is not pinned."),
    (storage, "status", storage_status.status, "Show what is stored and who is asked."),
    (rewards_group, "show", rewards.show, "Show what you earned and what vests."),
    (rewards_group, "harvest", rewards.harvest, "Split your fees and take your part."),
    (rewards_group, "release", rewards.release, "Take what has vested."),
    (rewards_group, "claim", rewards.claim, "Claim the emission of past weeks."),
    (rewards_group, "leave", rewards.leave, "Leave early, at a penalty."),
    (gov, "params", gov_params.params, "Show every parameter and what may become of it."),
    (gov, "list", gov_show.list_proposals, "List proposals."),
    (gov, "show", gov_show.show, "Show a proposal in full."),
    (gov, "explain", gov_show.explain, "Tell what a proposal would do."),
    (gov, "draft", gov_draft.draft, "Turn a sentence into a proposal file."),
    (gov, "simulate", gov_simulate.simulate, "Try a proposal without touching the chain."),
    (gov, "propose", gov_draft.propose, "Make a proposal."),
    (gov, "delegate", gov_vote.delegate, "Choose who votes with your stake."),
    (gov, "vote", gov_vote.vote, "Vote, or sign a vote."),
    (gov, "relay", gov_vote.relay, "Send somebody's signed vote."),
    (gov, "queue", gov_steps.queue, "Queue what succeeded."),
    (gov, "execute", gov_steps.execute, "Execute what waited."),
    (gov, "cancel", gov_steps.cancel, "Withdraw or cancel a proposal."),
    (gov, "watch", gov_watch.watch, "Be told what happens to proposals."),
    (market, "serve", market_serve.serve, "Index the chain and answer over HTTP."),
    (market, "worker", market_serve.worker, "Follow the chain for services behind one Redis."),
    (market, "reindex", market_serve.reindex, "Make the index again from the first block."),
    (receipt, "check", receipt_check.check, "Compare a receipt with the chain."),
    (simulation, "run", sim.run, "Play one scenario under one set of rules."),
    (simulation, "report", sim.report, "Judge the gates and write the report."),
)

app.add_typer(job, name="job", short_help="Buy: run models on other people's computers.")
app.add_typer(node, name="node", short_help="Lend: run models for others.")
app.add_typer(model, name="model", short_help="Publish, measure and register models.")
app.add_typer(wallet, name="wallet", short_help="Make, import and list keys.")
app.add_typer(audit, name="audit", short_help="See how a job was checked; challenge it.")
app.add_typer(channel_group, name="channel", short_help="Pay by vouchers.")
app.add_typer(stake_group, name="stake", short_help="Stake, delegate, unbond.")
app.add_typer(storage, name="storage", short_help="Store, get and pin content.")
app.add_typer(rewards_group, name="rewards", short_help="Harvest, release, claim, leave early.")
app.add_typer(gov, name="gov", short_help="Propose and vote.")
app.add_typer(market, name="market", short_help="Serve the market's index and API.")
app.add_typer(receipt, name="receipt", short_help="Check a receipt.")
app.add_typer(simulation, name="sim", short_help="Simulate the token economy.")
for _group, _name, _command, _short in _ALL:
    _group.command(_name, short_help=_short)(_command)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; nothing escapes but the exit of Python."""
    debug = "--debug" in arguments or bool(os.environ.get("NEUROVOYANCE_DEBUG"))
    as_json = "--json" in arguments
    rest = [item for item in arguments if item != "--debug"]
    try:
        outcome: Any = app(rest, standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except typer.Exit as leave:
        return leave.exit_code
    except typer.Abort:
        return _failed(KeyboardInterrupt(), as_json, debug)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last line of defence
        # A wrong option; its class moved from click to typer between releases.
        show, code = getattr(error, "show", None), getattr(error, "exit_code", None)
        if callable(show) and isinstance(code, int):
            show()
            return code
        return _failed(error, as_json, debug)


def _failed(error: BaseException, as_json: bool, debug: bool) -> int:
    from neurovoyance.cli.failure import report

    return report(error, as_json=as_json, debug=debug)


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
