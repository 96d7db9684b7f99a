"""Every failure of the project: one tree, one stable code a class.

Place: L0; every package raises from here (or subclasses a branch here) and only ``cli`` and the
HTTP layers turn an error into words, an exit code or a status. Never: an exception object must
not cross a process; :meth:`NeurovoyanceError.to_wire` and :func:`from_wire` carry it as JSON.

The tree (leaves are what code raises, branches are what callers catch)::

    NeurovoyanceError
      ConfigError            all faults of a configuration at once, at start
      SpecError              malformed input: SignatureError, InvalidCid
      RequestError           AccessDenied, RateLimited
      ChainError             RpcError, TransactionError, ContractRevert
      StorageError           StorageNotFound, StorageIntegrityError, StorageTooLarge, ...
      NetworkError           Unreachable, PeerMisbehaved
      ExecutionError         ResourceExceeded, RuntimeMissing, UnsupportedModel, ...
      VerificationError      a check could not be made
      InternalError          an invariant broke

A rejected output or an empty match is a value, not an exception.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeAlias

Context: TypeAlias = dict[str, Any]

_REGISTRY: dict[str, type[NeurovoyanceError]] = {}


class NeurovoyanceError(Exception):
    """A failure with a code, a sentence, what is safe, and what to do next.

    Args:
        message: what happened, as one full sentence.
        hint: what the reader can do next; the class default is used when omitted.
        **context: JSON-serialisable facts about this failure (ids, sizes in bytes, limits).

    Attributes:
        code: stable dotted identifier; unique per class.
        retryable: whether the same call may succeed later without a change.
        http_status: status an HTTP layer answers with.
        exit_code: exit code of the command line.
    """

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    default_hint: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        other = _REGISTRY.get(cls.code)
        if other is not None and other.__qualname__ != cls.__qualname__ and "code" in cls.__dict__:
            raise TypeError(f"error code {cls.code!r} is used by {other.__qualname__} already")
        if "code" in cls.__dict__:
            _REGISTRY[cls.code] = cls

    def __init__(self, message: str, *, hint: str | None = None, **context: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = self.default_hint if hint is None else hint
        self.context: Context = context

    def to_wire(self) -> dict[str, Any]:
        """Return ``{code, message, hint, context}`` with JSON-serialisable values only."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "context": {key: _plain(value) for key, value in self.context.items()},
        }


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def from_wire(wire: dict[str, Any]) -> NeurovoyanceError:
    """Rebuild an error from :meth:`NeurovoyanceError.to_wire`; an unknown code keeps its text."""
    cls = _REGISTRY.get(str(wire.get("code", "")), NeurovoyanceError)
    error = cls.__new__(cls)
    NeurovoyanceError.__init__(
        error,
        str(wire.get("message", "no message")),
        hint=str(wire.get("hint", "")),
        **{str(key): value for key, value in dict(wire.get("context") or {}).items()},
    )
    return error


def error_codes() -> dict[str, type[NeurovoyanceError]]:
    """Return every code with its class, for the documentation and its test."""
    return dict(_REGISTRY)


class ConfigError(NeurovoyanceError):
    """The configuration is wrong; ``faults`` in the context lists every fault found."""

    code = "config"
    http_status = 500
    exit_code = 2


class SpecError(NeurovoyanceError):
    """Something handed in is malformed; nothing was changed."""

    code = "spec"
    http_status = 422
    exit_code = 2


class SignatureError(SpecError):
    """A signature does not belong to the key that it claims."""

    code = "spec.signature"


class InvalidCid(SpecError):
    """A text or byte string is not a content identifier that this project accepts."""

    code = "spec.cid"


class RequestError(NeurovoyanceError):
    """A request is well-formed but refused."""

    code = "request"
    http_status = 400


class AccessDenied(RequestError):
    """The caller may not do this."""

    code = "request.denied"
    http_status = 403


class RateLimited(RequestError):
    """The caller asked too often; try again later."""

    code = "request.rate"
    retryable = True
    http_status = 429


class ChainError(NeurovoyanceError):
    """The chain could not be asked, or refused."""

    code = "chain"
    http_status = 502


class RpcError(ChainError):
    """No endpoint answered properly; nothing is known to have been sent."""

    code = "chain.rpc"
    retryable = True
    http_status = 503
    default_hint = "Check that the RPC endpoint runs; waiting and trying again is safe."


class TransactionError(ChainError):
    """A transaction was not mined in time, was replaced, or could not be paid for."""

    code = "chain.transaction"
    retryable = True


class ContractRevert(ChainError):
    """A contract refused; subclasses carry the values of the Solidity error as attributes."""

    code = "chain.revert"
    http_status = 409


class UnknownRevert(ContractRevert):
    """A contract refused with data that no known error explains; ``data`` holds it."""

    code = "chain.revert.unknown"


class InsufficientFunds(ChainError):
    """The account holds less than the call needs; nothing was sent."""

    code = "chain.funds"
    http_status = 402


class StorageError(NeurovoyanceError):
    """Content could not be stored or read."""

    code = "storage"
    http_status = 502


class StorageNotFound(StorageError):
    """Nobody who was asked has the content."""

    code = "storage.not_found"
    retryable = True
    http_status = 404


class StorageIntegrityError(StorageError):
    """Bytes do not match the hash that they were asked for by; they were thrown away."""

    code = "storage.integrity"
    retryable = True


class StorageTooLarge(StorageError):
    """The content is larger than was agreed; the excess was not downloaded."""

    code = "storage.too_large"
    http_status = 413


class StorageSourceChanged(StorageError):
    """A file that the store refers to was changed or removed since it was added."""

    code = "storage.source_changed"


class StorageFull(StorageError):
    """The disk or the size budget is full; verified blocks are kept."""

    code = "storage.full"
    http_status = 507


class StorageUnreachable(StorageError):
    """An IPFS daemon did not answer, or not in time; asking again is safe."""

    code = "storage.unreachable"
    retryable = True
    http_status = 504


class StorageRefused(StorageError):
    """An IPFS daemon answered, and refused the request."""

    code = "storage.refused"


class StorageReadOnly(StorageError):
    """This storage can be read and not written."""

    code = "storage.read_only"
    http_status = 405


class StorageDecryptError(StorageError):
    """An encrypted object was truncated, reordered, altered, or opened with a wrong key."""

    code = "storage.decrypt"


class NetworkError(NeurovoyanceError):
    """A peer could not be used."""

    code = "network"
    http_status = 502


class Unreachable(NetworkError):
    """A peer did not answer in time."""

    code = "network.unreachable"
    retryable = True


class PeerMisbehaved(NetworkError):
    """A peer broke the protocol; it is avoided for a while."""

    code = "network.misbehaved"


class ExecutionError(NeurovoyanceError):
    """The model could not be run to the end."""

    code = "execution"


class ResourceExceeded(ExecutionError):
    """The execution went over a limit of memory, time or file size and was ended."""

    code = "execution.resource"


class RuntimeMissing(ExecutionError):
    """The engine that this model needs is not installed."""

    code = "execution.runtime_missing"
    default_hint = "Install it with: pip install 'neurovoyance[node]'"


class UnsupportedModel(ExecutionError):
    """The model file is unreadable, unsafe, or of a kind that no runtime here accepts."""

    code = "execution.model"
    http_status = 422
    exit_code = 2


class InputMismatch(ExecutionError):
    """The input tensors do not fit what the model declares."""

    code = "execution.input"
    http_status = 422
    exit_code = 2


class NonFiniteOutput(ExecutionError):
    """An output tensor holds NaN or infinity; the job is declared invalid and refunded."""

    code = "execution.non_finite"


class VerificationError(NeurovoyanceError):
    """A check could not be made; it says nothing about the output."""

    code = "verification"


class InternalError(NeurovoyanceError):
    """An invariant broke: a defect of this software."""

    code = "internal"
    default_hint = "Please report this with the log; funds on chain are not affected by it."
