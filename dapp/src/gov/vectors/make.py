"""Writes what the Python twins of governance say, for the tests beside.

Place: run once after a twin changed: ``.venv/bin/python dapp/src/gov/vectors/make.py``. The output
is the same every time. Never: read by the dapp itself.
"""

# ruff: noqa: S311 - vectors have to be the same every time
from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.governors import Support
from neurovoyance.governance.ballots import Ballot, ballot_json, typed_ballot
from neurovoyance.governance.calls import call_of, decode_calls
from neurovoyance.governance.grammar import parse_wish
from neurovoyance.governance.intentions import ParameterChange
from neurovoyance.governance.pinning import code_digest
from neurovoyance.governance.proposal_file import actions_of, id_hex
from neurovoyance.governance.reading import ParameterReading
from neurovoyance.governance.refusals import check_changes, pick_governor
from neurovoyance.governance.timeline import GovernorTimes, if_proposed
from neurovoyance.governance.values import format_value, parse_value
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.eth_accounts import Account, encode_typed_data
from neurovoyance.protocol.ids import Address, parse_address
from neurovoyance.tokenomics import fees, vesting
from neurovoyance.tokenomics.params import PARAMETERS, WORDS, pack

HERE = Path(__file__).parent
NOW_S = 1_795_997_862
FIELDS = tuple(
    name
    for name in Deployment.__dataclass_fields__
    if name not in ("chain_id", "genesis_hash", "deploy_block")
)
TEXTS = (
    *("4.5 percent", "4.5%", "450 bps", "450", "4.555 %", "1,000 NVY", "1.5 million nvy", "7 wei"),
    *("20 days", "1.5 days", "1 day 12 hours", "3 weeks", "90 min", "1 fortnight", "-1 day", ""),
    *("5 times", "5x", "5", "24 epochs", "24 weeks", "0.5 epochs", "1,00 NVY", "0.25 percent"),
)


def address(number: int) -> Address:
    """Return an address that is nobody's."""
    return parse_address("0x" + f"{number:040x}")


def network() -> Deployment:
    """Return a network whose contracts stand at small addresses."""
    places = {name: address(0x1000 + at) for at, name in enumerate(FIELDS)}
    return Deployment(chain_id=31337, genesis_hash="0x" + "00" * 32, deploy_block=1, **places)


def values() -> list[list[Any]]:
    """Return texts as they are read for every unit, and values as they are written."""
    units = {parameter.unit: parameter for parameter in PARAMETERS.values() if parameter.word}
    found = []
    for unit, parameter in sorted(units.items()):
        for text in TEXTS:
            try:
                value: str | None = str(parse_value(text, parameter))
            except SpecError:
                value = None
            found.append([unit, text, value])
    return found


def shown() -> list[list[str]]:
    """Return bounds, defaults and random values in words."""
    rng = random.Random(5)
    found = []
    for parameter in PARAMETERS.values():
        if parameter.word:
            some = (parameter.min, parameter.max, parameter.default, parameter.step)
            more = tuple(rng.randint(parameter.min, parameter.max) for _ in range(2))
            found += [[parameter.key, str(v), format_value(v, parameter.unit)] for v in some + more]
    return found


def words() -> dict[str, Any]:
    """Return the packed words of random values."""
    rng = random.Random(6)
    picked = {
        key: rng.randint(parameter.min, parameter.max)
        for key, parameter in PARAMETERS.items()
        if parameter.word
    }
    packed = [
        pack(word, {k: v for k, v in picked.items() if PARAMETERS[k].word == word})
        for word in WORDS
    ]
    mask = (1 << 224) - 1
    return {
        "values": {k: str(v) for k, v in picked.items()},
        "words": [str(w & mask) for w in packed],
    }


def refusals() -> list[dict[str, Any]]:
    """Return changes with what is said against them."""
    rng = random.Random(7)
    times = {
        "S": GovernorTimes(172_800, 432_000, 259_200),
        "C": GovernorTimes(259_200, 864_000, 2_419_200),
    }
    found = []
    for parameter in [p for p in PARAMETERS.values() if p.word][::6]:
        for ready_s in (0, NOW_S + 40 * 86_400):
            current = rng.randint(parameter.min, parameter.max)
            reading = ParameterReading(parameter, current, current, 0, ready_s)
            near = min(parameter.max, current + max(1, parameter.step // 2))
            for value in (parameter.min, parameter.max, near, current, parameter.max + 1):
                asked = times[parameter.governor]
                said: list[str] | None = None
                try:
                    check_changes(
                        (ParameterChange(parameter.key, value),),
                        {parameter.key: reading},
                        asked,
                        NOW_S,
                    )
                except SpecError as error:
                    said = [str(error.args[0]), error.hint]
                found.append(
                    {
                        "key": parameter.key,
                        "current": str(current),
                        "ready_s": ready_s,
                        "value": str(value),
                        "said": said,
                    }
                )
    return found


def picks() -> list[dict[str, Any]]:
    """Return which governor decides what, or why none may."""
    deployment = network()
    slash = "reduce slash 0x" + "ab" * 32 + " to 0 NVY"
    pay = f"pay 60 NVY to {address(7)} from the treasury"
    grant = f"pay 60 NVY to {address(7)} from the insurance fund"
    renew = f"renew the guardian with {address(9)}"
    stop, rule = (
        f"{verb} model 0x" + "cd" * 32 for verb in ("suspend", "dismiss the challenge of")
    )
    burn, unbonding = "set burnBps to 4.5 percent", "set unbondingS to 20 days"
    found = []
    for clauses in (
        (burn,), (pay,), (pay, pay), (slash, pay), (unbonding, burn), (grant,), (renew,),
        (unbonding, slash), (pay, pay, slash), (renew, burn), (pay,) * 20,
        (stop, burn), (rule,), (unbonding, stop), (grant, rule),
    ):  # fmt: skip
        intentions = [item for one in clauses for item in parse_wish(f"{one} because x").intentions]
        calls = [call_of(deployment, item, "x") for item in intentions]
        is_constitutional: bool | None = None
        said: list[str] | None = None
        try:
            is_constitutional = pick_governor(
                intentions, standard_left_wei=100 * 10**18, constitutional_left_wei=10**21
            )
        except SpecError as error:
            said = [str(error.args[0]), error.hint]
        found.append(
            {
                "targets": [call.address for call in calls],
                "calldatas": ["0x" + call.data.hex() for call in calls],
                "is_constitutional": is_constitutional,
                "said": said,
            }
        )
    return found


def proposals() -> list[dict[str, Any]]:
    """Return sentences as proposals: calls, words, text, id."""
    deployment = network()
    sentences = (
        "set burnBps to 4.5 percent because fees grew",
        "set vestEpochs to 24 epochs and unbondingS to 20 days because of the study",
        f"pay 50,000 NVY to {address(7)} from the treasury because of an audit",
        f"pay 50.5 NVY to {address(7)} from the insurance fund because of a bug",
        f"renew the guardian with {address(9)} because the term ends",
        "reduce slash 0x" + "ab" * 32 + " to 100 NVY because it was a mistake",
        "list canary model 0x"
        + "cd" * 32
        + " in pool cpu with batch 4 for 60 seconds because it is new",
        "unlist canary model 0x" + "cd" * 32 + " because it is old",
        "suspend model 0x" + "cd" * 32 + " because its certificate was forged",
        "uphold the challenge of model 0x" + "cd" * 32 + " because it was repeated",
        "dismiss the challenge of model 0x" + "cd" * 32 + " because it was repeated",
    )
    found = []
    for sentence in sentences:
        wish = parse_wish(sentence)
        actions = actions_of(deployment, wish)
        calls = decode_calls(deployment, actions.targets, actions.calldatas)
        found.append({
            "reason": wish.reason,
            "targets": list(actions.targets),
            "calldatas": ["0x" + data.hex() for data in actions.calldatas],
            "words": [call.words for call in calls],
            "notes": [call.note for call in calls],
            "description": actions.description,
            "id": id_hex(actions.proposal_id),
        })  # fmt: skip
    return found


def ballots() -> list[dict[str, Any]]:
    """Return signed ballots with the hash that was signed."""
    account = Account.from_key("0x" + "11" * 32)
    voter = parse_address(account.address)
    found = []
    for reason in ("", "Supply should fall with use. Größe ✓"):
        blank = Ballot(31337, address(5), 2**255 + 17, Support.AGAINST, voter, 3, reason, b"")
        message = encode_typed_data(*typed_ballot(blank, "NVY Standard Governor"))
        signature = account.sign_message(message).signature
        signed = Ballot(
            blank.chain_id,
            blank.governor,
            blank.proposal_id,
            blank.support,
            voter,
            3,
            reason,
            signature,
        )
        found.append({"name": "NVY Standard Governor", "json": ballot_json(signed)})
    return found


def money() -> dict[str, Any]:
    """Return splits of fees and penalties of exits, by the twins of the contracts."""
    rng = random.Random(8)
    splits, exits = [], []
    for _ in range(20):
        picked = {
            key: rng.randint(PARAMETERS[key].min, PARAMETERS[key].max)
            for key in (*fees.KEYS, *vesting.KEYS)
        }
        amount = rng.randint(1, 10**21)
        rates = fees.Rates(*(picked[key] for key in fees.KEYS))
        has_audits = rng.random() < 0.5
        one = fees.split(amount, rates, has_audits=has_audits)
        texts = {key: str(value) for key, value in picked.items()}
        parts = {
            "burned": str(one.burned_wei),
            "treasury": str(one.to_treasury_wei),
            "insurance": str(one.to_insurance_wei),
            "audits": str(one.to_audits_wei),
            "vested": str(one.vested_wei),
            "liquid": str(one.liquid_wei),
        }
        splits.append(
            {"values": texts, "amount": str(amount), "has_audits": has_audits, "parts": parts}
        )
        account = vesting.Account(
            p0_bps=10_000, p1_bps=10_000, rate=1, week_weight=picked["vestEpochs"]
        )
        exits.append(
            {
                "values": texts,
                "amount": str(amount),
                "penalty": str(account.penalty_wei(amount, picked)),
            }
        )
    return {"splits": splits, "exits": exits}


def write(name: str, value: Any) -> None:
    """Write one file, an entry a line."""
    if isinstance(value, list):
        text = "[\n" + ",\n".join(json.dumps(one, sort_keys=True) for one in value) + "\n]"
    else:
        text = json.dumps(value, indent=1, sort_keys=True)
    (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Write all files."""
    times = GovernorTimes(172_800, 432_000, 259_200)
    dates = if_proposed(NOW_S, times)
    write("values", {"read": values(), "written": shown()})
    write("words", words())
    write("refusals", {"now_s": NOW_S, "cases": refusals()})
    write(
        "dates",
        [NOW_S, dates.snapshot_s, dates.votes_from_s, dates.votes_until_s, dates.executable_s],
    )
    contracts = {name: getattr(network(), name) for name in FIELDS}
    hashes = ["0x" + f"{n:02x}" * 32 for n in (1, 2, 1)]
    digest = "0x" + code_digest(hashes).hex()
    write("proposals", {"contracts": contracts, "cases": proposals(), "digest": [hashes, digest]})
    write("picks", picks())
    write("ballots", ballots())
    write("money", money())


if __name__ == "__main__":
    main()
