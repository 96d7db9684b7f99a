"""Every wei that a client put into a job is somewhere."""

from neurovoyance.tokenomics.entries import JobEntry


def test_what_was_put_in_is_escrow_pay_refund_and_pool() -> None:
    job = JobEntry(client="c", price_wei=100, escrow_wei=130, held_wei=30)
    assert job.put_in_wei == 130
    job.escrow_wei, job.paid_wei, job.refunded_wei, job.pool_wei = 0, 90, 15, 25
    assert job.put_in_wei == 130
