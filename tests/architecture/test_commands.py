"""Every command that a hint or a page tells people to type exists."""

from __future__ import annotations

import re

from tests.architecture.test_layout import ROOT, sources, tracked

from neurovoyance.cli.main import (
    _ALL,
    app,
    audit,
    channel_group,
    gov,
    job,
    market,
    model,
    node,
    receipt,
    rewards_group,
    simulation,
    stake_group,
    storage,
    wallet,
)

TYPED = re.compile(r"(?:`|\.venv/bin/|^\s*)neurovoyance((?: [a-z]+)+)", flags=re.M)
GROUPS = {
    id(app): "",
    id(audit): "audit ",
    id(channel_group): "channel ",
    id(gov): "gov ",
    id(job): "job ",
    id(market): "market ",
    id(model): "model ",
    id(node): "node ",
    id(receipt): "receipt ",
    id(rewards_group): "rewards ",
    id(stake_group): "stake ",
    id(storage): "storage ",
    id(simulation): "sim ",
    id(wallet): "wallet ",
}
COMMANDS = {GROUPS[id(group)] + name for group, name, *_ in _ALL}
ALONE = {name.strip() for name in GROUPS.values()}  # lists the commands of its group


def test_every_command_in_a_hint_or_a_page_exists() -> None:
    pages = [*tracked("docs/*.md"), ROOT / "README.md", *tracked("*/README.md")]
    unknown = []
    for path in [*sources(), *pages]:
        for found in TYPED.finditer(path.read_text(encoding="utf-8")):
            words = found.group(1).strip()
            if words not in ALONE and not any(
                words == known or words.startswith(known + " ") for known in COMMANDS
            ):
                unknown.append(f"{path.relative_to(ROOT)}: neurovoyance {words}")
    assert unknown == []
