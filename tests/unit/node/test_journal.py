"""The journal keeps what was written, fixes openings once, and survives being killed."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from neurovoyance.node.audit_slots import AuditView, SlotView
from neurovoyance.node.execution import begin, step
from neurovoyance.node.execution_values import (
    Action,
    ActionDone,
    ChainView,
    CheckPassed,
    Execution,
    Instruction,
    Terms,
)
from neurovoyance.node.journal import Journal, OfferRecord
from neurovoyance.node.records import PostedJob, dump_execution, load_execution
from neurovoyance.protocol.audit import AuditFacts, SlotPhase
from neurovoyance.protocol.errors import ConfigError, InternalError
from neurovoyance.protocol.ids import Address, JobId
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.result import Opening

IDENTITY = {"chain_id": "31337", "market": "0xaa"}
JOB = JobId(b"\xf0" * 32)
SPEC = JobSpec(model_id=b"\x01" * 32, input_cid=b"\x02" * 36)
CLIENT = Address("0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
POSTED = PostedJob(JOB, CLIENT, SPEC, 2**96 - 1, 7, ("http://127.0.0.1:1",))
ASSIGNED = ChainView(JobState.ASSIGNED, True, 2_000, is_lock_open=True)


def opening(salt: int) -> Opening:
    return Opening(bytes(32), b"\x11" * 32, b"\x22" * 36, b"\x33" * 32, 0, bytes([salt]) * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.sqlite"


def started() -> tuple[Execution, tuple[Instruction, ...]]:
    return begin(JOB, 60, ASSIGNED, 1_000)


def test_a_step_is_read_back_by_the_next_process(path: Path) -> None:
    execution, instructions = started()
    first = Journal(path, IDENTITY)
    first.write(execution, instructions, 1_000, POSTED)
    first.close()
    second = Journal(path, IDENTITY)
    [entry] = second.unended()
    assert (entry.execution, entry.job, entry.changed_s) == (execution, POSTED, 1_000)
    [logged] = second.instructions(JOB)
    assert (logged.action, logged.key, logged.answer) == (Action.RUN, instructions[0].key, None)
    second.close()


def test_every_field_of_an_execution_survives_the_file() -> None:
    slot = SlotView(SlotPhase.ANSWER, round=6, deadline_s=2**40 - 1, auditor="0xA", attempts=96)
    audit = AuditView((slot, SlotView(SlotPhase.SEATING)), contest_deadline_s=9)
    seed0 = b"\xfe" * 32
    open_view = ChainView(JobState.OPEN, False, 2_000, True, 7, True, False, seed0, audit, True)
    execution, _ = begin(JOB, 60, open_view, 1_000)
    execution, _ = step(execution, CheckPassed(Terms(2**95, 1)), 1_000)
    execution = replace(execution, commitment=b"\x80" * 32, serial=3, stands=False)
    assert load_execution(dump_execution(execution)) == execution


def test_a_record_of_another_version_stops_with_a_sentence() -> None:
    with pytest.raises(InternalError, match="cannot read"):
        load_execution('{"execution": {"phase": "dancing"}}')


def test_files_are_closed_to_other_users(path: Path) -> None:
    journal = Journal(path, IDENTITY)
    journal.fix_opening(JOB, opening(1), b"\x44" * 32)
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(list(path.parent.iterdir())) > 1
    journal.close()


def test_a_second_opening_is_ignored_and_the_first_returned(path: Path) -> None:
    journal = Journal(path, IDENTITY)
    first = journal.fix_opening(JOB, opening(1), b"\x44" * 32)
    again = journal.fix_opening(JOB, opening(2), b"\x55" * 32)
    assert again == first
    assert first.opening == opening(1)
    assert journal.sealed(JobId(bytes(32))) is None
    journal.close()


def test_a_journal_of_another_chain_is_refused(path: Path) -> None:
    Journal(path, IDENTITY).close()
    with pytest.raises(ConfigError) as caught:
        Journal(path, {**IDENTITY, "market": "0xbb"})
    assert caught.value.context["faults"] == ["market: the journal has 0xaa, the node 0xbb"]


def test_a_step_for_an_unknown_job_is_an_error(path: Path) -> None:
    journal = Journal(path, IDENTITY)
    with pytest.raises(InternalError):
        journal.write(*started(), 1_000)
    assert journal.instructions(JOB) == []
    journal.close()


def test_ended_executions_are_found_again_for_a_while(path: Path) -> None:
    journal = Journal(path, IDENTITY)
    execution, instructions = begin(JOB, 60, replace(ASSIGNED, is_ours=False), 1_000)
    journal.write(execution, instructions, 1_000, POSTED)
    assert journal.unended() == []
    assert [entry.execution for entry in journal.ended_since(1_000)] == [execution]
    assert journal.ended_since(1_001) == []
    journal.close()


def test_answers_are_noted_in_the_log(path: Path) -> None:
    journal = Journal(path, IDENTITY)
    journal.write(*started(), 1_000, POSTED)
    journal.answer(JOB, Action.RUN, "sealed")
    assert [line.answer for line in journal.instructions(JOB)] == ["sealed"]
    journal.close()


def test_seeds_are_kept_without_repeats(path: Path) -> None:
    journal = Journal(path, IDENTITY)
    for seed in (b"\x01" * 32, b"\x02" * 32, b"\x01" * 32):
        journal.add_seed(JOB, seed)
    assert sorted(journal.seeds(JOB)) == [b"\x01" * 32, b"\x02" * 32]
    journal.close()


def test_a_taken_offer_stops_counting_once(path: Path) -> None:
    journal = Journal(path, IDENTITY)
    other, third = JobId(b"\x01" * 32), JobId(b"\x02" * 32)
    for nonce in (1, 2):
        journal.add_offer(OfferRecord(nonce, CLIENT, b"\x09" * 32, 10, 200, 1_300))
    assert not journal.take_offer(JOB, b"\x08" * 32, CLIENT, 200)
    assert journal.take_offer(JOB, b"\x09" * 32, CLIENT, 200)
    assert not journal.take_offer(JOB, b"\x09" * 32, CLIENT, 200)
    assert len(journal.live_offers(1_000)) == 1
    assert journal.take_offer(other, b"\x09" * 32, CLIENT, 200)
    assert not journal.take_offer(third, b"\x09" * 32, CLIENT, 200)
    journal.close()


def test_notes_are_kept_and_replaced(path: Path) -> None:
    journal = Journal(path, IDENTITY)
    assert journal.note("endpoint") is None
    journal.set_note("endpoint", "http://a")
    journal.set_note("endpoint", "http://b")
    assert journal.note("endpoint") == "http://b"
    journal.close()


_CHILD = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from tests.unit.node.test_journal import *
from neurovoyance.node.execution_values import OutputSealed

journal = Journal(Path({path!r}), IDENTITY)
execution, instructions = started()
journal.write(execution, instructions, 1_000, POSTED)
sealed = journal.fix_opening(JOB, opening(5), b"\\x44" * 32)
execution, instructions = step(execution, OutputSealed(sealed.commitment), 1_001)
journal.write(execution, instructions, 1_001)
os.kill(os.getpid(), signal.SIGKILL)
raise SystemExit("the effect was reached")
"""


def test_a_process_killed_between_journal_and_effect_resumes_with_the_same_commitment(
    path: Path,
) -> None:
    code = _CHILD.format(paths=sys.path, path=str(path))
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ended.returncode == -signal.SIGKILL, ended.stderr

    journal = Journal(path, IDENTITY)
    [entry] = journal.unended()
    assert entry.execution.commitment == b"\x44" * 32
    assert Action.COMMIT in entry.execution.pending
    # The restarted node computes again by mistake: the old opening still wins.
    assert journal.fix_opening(JOB, opening(6), b"\x66" * 32).opening == opening(5)
    assert [line.action for line in journal.instructions(JOB)] == [Action.RUN, Action.COMMIT]
    done = replace(ASSIGNED, stored=JobState.COMMITTED, round=4)
    after, _ = step(entry.execution, ActionDone(Action.COMMIT, done), 1_002)
    assert after.commitment == b"\x44" * 32
    journal.close()


def test_a_process_killed_inside_a_transaction_leaves_the_step_before(path: Path) -> None:
    child = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from tests.unit.node.test_journal import *
from neurovoyance.node.execution_values import OutputSealed

journal = Journal(Path({path!r}), IDENTITY)
journal.write(*started(), 1_000, POSTED)
with journal._transaction():
    journal._db.execute("DELETE FROM executions")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    code = child.format(paths=sys.path, path=str(path))
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    journal = Journal(path, IDENTITY)
    assert [entry.execution.job_id for entry in journal.unended()] == [JOB]
    journal.close()


FACTS = AuditFacts(
    job_id=JOB,
    model_id=b"\x01" * 32,
    c0=b"\x02" * 32,
    seed0=b"\xff" * 32,
    provider=CLIENT,
    client=CLIENT,
    price_wei=2**96 - 1,
    pay_wei=1,
    tau_sq=2**64 - 1,
    pool=b"cpu".ljust(12, b"\0"),
    committed_at_s=2**40 - 1,
    max_runtime_s=60,
    job_class=1,
    slots=8,
    shift=-16,
)


def test_the_facts_of_an_audit_are_found_by_the_hash_that_the_court_holds(path: Path) -> None:
    journal = Journal(path, IDENTITY)
    other = replace(FACTS, seed0=bytes(32))
    for facts in (FACTS, other, FACTS):
        journal.add_audit(facts)
    assert journal.audit(JOB, FACTS.facts_hash()) == FACTS
    assert journal.audit(JOB, other.facts_hash()) == other
    assert journal.audit(JOB, bytes(32)) is None
    journal.close()


def test_an_answer_is_fixed_once_for_every_seed(path: Path) -> None:
    journal = Journal(path, IDENTITY)
    words = tuple(bytes([number]) * 32 for number in range(4))
    assert journal.answer_to(JOB, b"\x01" * 32) is None
    assert journal.fix_answer(JOB, b"\x01" * 32, words) == words
    assert journal.fix_answer(JOB, b"\x01" * 32, words[::-1]) == words
    assert journal.fix_answer(JOB, b"\x02" * 32, words[::-1]) == words[::-1]
    assert Journal(path, IDENTITY).answer_to(JOB, b"\x01" * 32) == words
    journal.close()
