"""A reply is on disk whole, alone in its folder, and reads as it was framed."""

from __future__ import annotations

from pathlib import Path

from neurovoyance.node.task_reply import keep_only, read_reply, write_reply
from neurovoyance.protocol.task_frames import FrameReader, Kind, decode_output
from neurovoyance.protocol.tasks import BatchCommitment, SignedCommitment, parse

SIGNED = SignedCommitment(
    commitment=BatchCommitment(
        order_hash=bytes(32), root=bytes(32), count=2, start_wei=0, end_wei=2
    ),
    signature=b"1",
)


async def test_a_reply_is_commitment_outputs_and_end(tmp_path: Path) -> None:
    outputs = [tmp_path / "0.nvyt", tmp_path / "1.nvyt"]
    for number, path in enumerate(outputs):
        path.write_bytes(bytes([number]) * 300_000)
    write_reply(tmp_path / "reply", SIGNED, outputs)
    assert {path.name for path in tmp_path.iterdir()} == {"reply", "0.nvyt", "1.nvyt"}
    keep_only(tmp_path / "reply")
    assert [path.name for path in tmp_path.iterdir()] == ["reply"]
    reader, frames = FrameReader(), []
    async for piece in read_reply(tmp_path / "reply"):
        frames += list(reader.feed(piece))
    reader.close()
    assert parse(SignedCommitment, frames[0].payload) == SIGNED
    found = [decode_output(frame.payload) for frame in frames[1:-1]]
    assert found == [(number, bytes([number]) * 300_000) for number in range(2)]
    assert frames[-1].kind is Kind.END
