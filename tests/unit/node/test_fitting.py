"""What is declared is compared with what is there, and each misfit has its cause."""

from __future__ import annotations

import pytest

from neurovoyance.node.fitting import (
    IntakeRefused,
    check_class,
    check_declared,
    check_given,
    refusal_of,
)
from neurovoyance.node.runtime.base import ConfinementUnavailable, ModelInfo
from neurovoyance.node.runtime.base import TensorSpec as Found
from neurovoyance.node.tensor_header import Given
from neurovoyance.protocol.certificate import (
    Certificate,
    Terms,
    VerifyTensor,
    pool_of,
    tau_sq_of,
    verify_rows_hash,
)
from neurovoyance.protocol.errors import (
    InputMismatch,
    InternalError,
    ResourceExceeded,
    RuntimeMissing,
    SpecError,
    StorageFull,
    StorageNotFound,
    StorageTooLarge,
    UnsupportedModel,
)
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.manifest import ModelManifest, TensorSpec
from neurovoyance.protocol.offer_exchange import RefusalCause

MANIFEST = ModelManifest(
    model_cid="bafkreifake",
    size_bytes="1",
    opset="17",
    inputs=[
        TensorSpec(name="a", dtype="float32", shape=["n", "3"]),
        TensorSpec(name="b", dtype="int64", shape=["n"]),
    ],
    tensors=[TensorSpec(name="y", dtype="float32", shape=["n", "4"])],
)
SPEC = JobSpec(model_id=bytes(32), input_cid=bytes(36), batch=2)
GIVEN: Given = {"a": ("float32", (2, 3)), "b": ("int64", (2,))}
INPUTS = (Found("a", "float32", ("n", 3)), Found("b", "int64", ("n",)))
OUTPUTS = (Found("extra", "int64", (None,)), Found("y", "float32", ("n", 4)))


def info(inputs: tuple[Found, ...] = INPUTS, outputs: tuple[Found, ...] = OUTPUTS) -> ModelInfo:
    return ModelInfo(inputs, outputs, {"": 17}, 1, 1, 0)


def test_what_fits_passes() -> None:
    check_given(SPEC, MANIFEST, GIVEN)
    check_declared(MANIFEST, info())


@pytest.mark.parametrize(
    "given",
    [
        {**GIVEN, "a": ("float32", (2, 4))},
        {**GIVEN, "a": ("float32", (3, 3))},
        {**GIVEN, "a": ("float16", (2, 3))},
        {**GIVEN, "c": ("int64", (2,))},
        {"a": GIVEN["a"]},
    ],
)
def test_an_input_that_the_manifest_does_not_declare_is_a_mismatch(given: Given) -> None:
    with pytest.raises(InputMismatch):
        check_given(SPEC, MANIFEST, given)


def test_a_batch_that_no_input_has_is_refused() -> None:
    with pytest.raises(IntakeRefused) as caught:
        check_given(SPEC.model_copy(update={"batch": 3}), MANIFEST, GIVEN)
    assert caught.value.refusal.cause is RefusalCause.INPUT


@pytest.mark.parametrize(
    "found",
    [
        info(inputs=INPUTS[:1]),
        info(inputs=(*INPUTS, Found("c", "int64", ()))),
        info(inputs=(INPUTS[0], Found("b", "int32", ("n",)))),
        info(outputs=()),
        info(outputs=(Found("y", "float32", ("n", 5)),)),
        info(outputs=(Found("y", "float32", (2, 4)),)),
        info(outputs=(Found("y", "float32", ("n", "m")),)),
        info(outputs=(Found("y", "float32", ("n",)),)),
    ],
)
def test_a_model_that_is_not_what_its_manifest_says_is_refused(found: ModelInfo) -> None:
    with pytest.raises(IntakeRefused) as caught:
        check_declared(MANIFEST, found)
    assert caught.value.refusal.cause is RefusalCause.MODEL


def test_a_name_stands_for_any_dimension_that_is_not_fixed() -> None:
    check_declared(MANIFEST, info(outputs=(Found("y", "float32", (None, 4)),)))


def test_a_long_reason_is_cut_to_what_may_be_sent() -> None:
    assert len(IntakeRefused(RefusalCause.MODEL, "x" * 5_000).refusal.message) == 1_000


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (UnsupportedModel("x"), RefusalCause.MODEL),
        (RuntimeMissing("x"), RefusalCause.RUNTIME),
        (ResourceExceeded("x"), RefusalCause.MEMORY),
        (StorageFull("x"), RefusalCause.DISK),
        (StorageNotFound("x"), RefusalCause.UNREACHABLE),
        (StorageTooLarge("x"), RefusalCause.MODEL),
        (ConfinementUnavailable("x"), RefusalCause.RUNTIME),
        (InputMismatch("x"), RefusalCause.INPUT),
        (SpecError("x"), RefusalCause.SPEC),
    ],
)
def test_errors_have_a_cause_that_clients_count(error: Exception, cause: RefusalCause) -> None:
    refusal = refusal_of(error)  # type: ignore[arg-type]
    assert refusal is not None
    assert refusal.cause is cause


def test_a_defect_is_no_refusal() -> None:
    assert refusal_of(InternalError("x")) is None


def certified(dtype: str) -> ModelManifest:
    verify = [VerifyTensor(name="y", dtype=dtype, shape=["n", "4"], exponent=["0"], row="0")]
    terms = Terms(tau_sq_of("1e-5"), pool_of("cpu"), bytes(12), 1, verify_rows_hash([0]))
    values = MANIFEST.model_dump(by_alias=True)
    values["$terms"] = terms.encode()
    values["certificate"] = Certificate(verify=verify, tau="1e-5", reference="ort").model_dump()
    return ModelManifest.model_validate(values)


@pytest.mark.parametrize(
    ("dtype", "job_class", "cause"),
    [
        ("float32", JobClass.TENSOR, None),
        ("int64", JobClass.TENSOR, RefusalCause.MODEL),
        ("float32", JobClass.EXACT, RefusalCause.CLASS),
        ("float32", JobClass.GENERATION, RefusalCause.CLASS),
    ],
)
def test_a_class_is_taken_only_where_outputs_can_be_compared(
    dtype: str, job_class: JobClass, cause: RefusalCause | None
) -> None:
    spec = SPEC.model_copy(update={"job_class": job_class})
    if cause is None:
        check_class(spec, certified(dtype))
        return
    with pytest.raises(IntakeRefused) as caught:
        check_class(spec, certified(dtype))
    assert caught.value.refusal.cause is cause
