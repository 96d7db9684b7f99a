"""What a gateway request asks for: format, CAR parameters, scope and byte range.

Place: under :mod:`.gateway`; pure. The query wins over the Accept header. Never: fall back to a
format that was not asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import PlainTextResponse, Response

from neurovoyance.ipfs.car import CAR_TYPE
from neurovoyance.ipfs.selection import ByteRange, Scope
from neurovoyance.protocol.errors import SpecError

RAW_TYPE = "application/vnd.ipld.raw"
_FORMATS = {"raw": RAW_TYPE, "car": CAR_TYPE}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request that can be answered."""

    content_type: str
    scope: Scope
    byte_range: ByteRange | None

    @property
    def signature(self) -> str:
        """What distinguishes two CAR answers for one path."""
        return f"?{self.scope.value}&{self.byte_range}"


def negotiate(accept: str | None, query: Mapping[str, str]) -> Wanted | Response:
    """Return what is wanted, or the refusal: 400 when nothing is named, 406 when unavailable.

    Raises:
        SpecError: a parameter is malformed (answered with 400).
    """
    content_type, parameters = _format(accept, query.get("format"))
    if content_type is None:
        if "format" not in query and _is_unspecific(accept):
            return PlainTextResponse(
                "Name a format: ?format=raw or ?format=car, or an Accept header.", 400
            )
        return PlainTextResponse(
            f"Only {RAW_TYPE} and {CAR_TYPE} are served; nothing is deserialised here.", 406
        )
    if content_type == RAW_TYPE:
        return Wanted(RAW_TYPE, Scope.BLOCK, None)
    if query.get("car-version", parameters.get("version", "1")) != "1":
        raise SpecError("Only version 1 of CAR is served.")
    if query.get("car-order", parameters.get("order", "unk")) not in ("dfs", "unk"):
        raise SpecError("car-order is dfs or unk.")
    if query.get("car-dups", parameters.get("dups", "n")) not in ("y", "n"):
        raise SpecError("car-dups is y or n.")
    byte_range = None
    if (text := query.get("entity-bytes")) is not None:
        byte_range = ByteRange.parse(text)
    stated = query.get("dag-scope", "all" if byte_range is None else "entity")
    try:
        scope = Scope(stated)
    except ValueError as error:
        raise SpecError(f"dag-scope is {stated[:32]!r}, not block, entity or all.") from error
    return Wanted(CAR_TYPE, scope, byte_range if scope is Scope.ENTITY else None)


def _is_unspecific(accept: str | None) -> bool:
    return accept is None or accept.strip() in ("", "*/*")


def _format(accept: str | None, stated: str | None) -> tuple[str | None, dict[str, str]]:
    """Return the content type and its parameters, or ``None`` when neither format is named."""
    best: tuple[float, str, dict[str, str]] | None = None
    for item in (accept or "").split(",")[:32]:
        name, *rest = (part.strip() for part in item.split(";"))
        parameters = dict(part.split("=", 1) for part in rest if "=" in part)
        try:
            quality = float(parameters.pop("q", "1"))
        except ValueError:
            continue
        is_served = name in (RAW_TYPE, CAR_TYPE) and quality > 0
        if is_served and (best is None or quality > best[0]):
            best = quality, name, parameters
    if stated is not None:
        content_type = _FORMATS.get(stated)
        same = best is not None and best[1] == content_type
        return content_type, best[2] if best is not None and same else {}
    return (best[1], best[2]) if best is not None else (None, {})
