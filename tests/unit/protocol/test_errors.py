import json

import pytest

from neurovoyance.protocol import errors


def test_every_code_belongs_to_one_class_and_is_dotted_from_its_branch() -> None:
    for code, cls in errors.error_codes().items():
        assert cls.code == code
        parent = cls.__mro__[1]
        if parent not in (errors.NeurovoyanceError, Exception):
            assert issubclass(parent, errors.NeurovoyanceError)
            assert code.startswith(parent.code.split(".")[0])


def test_an_error_crosses_a_process_as_json() -> None:
    sent = errors.StorageTooLarge(
        "The file is too large.", hint="Split it.", size_bytes=7, cid=b"\1"
    )
    received = errors.from_wire(json.loads(json.dumps(sent.to_wire())))
    assert type(received) is errors.StorageTooLarge
    assert received.to_wire() == sent.to_wire()
    assert received.context == {"size_bytes": 7, "cid": "0x01"}


def test_an_unknown_code_keeps_its_sentence() -> None:
    received = errors.from_wire({"code": "new.thing", "message": "It happened.", "hint": "Wait."})
    assert str(received) == "It happened."
    assert received.hint == "Wait."


def test_two_classes_cannot_share_a_code() -> None:
    with pytest.raises(TypeError, match="used by"):
        type("Copy", (errors.SpecError,), {"code": "storage.full"})


def test_every_class_says_what_happened() -> None:
    assert [c.__name__ for c in errors.error_codes().values() if not c.__doc__] == []
