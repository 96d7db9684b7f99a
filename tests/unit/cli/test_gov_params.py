"""``gov params`` shows what the chain says, and what waits."""

from __future__ import annotations

from neurovoyance.tokenomics.params import PARAMETERS

from .gov_desk import BURN, Desk


def test_every_parameter_is_listed_with_its_bounds(desk: Desk) -> None:
    shown = {item["key"]: item for item in desk.json("params")["parameters"]}
    movable = {key for key, parameter in PARAMETERS.items() if parameter.word}
    assert set(shown) == movable
    for key, item in shown.items():
        parameter = PARAMETERS[key]
        assert int(item["value"]) == parameter.default
        bounds = (item["min"], item["max"], item["step"])
        assert bounds == (str(parameter.min), str(parameter.max), str(parameter.step))
        assert item["pending"] is None


def test_one_parameter_is_found_by_half_its_name(desk: Desk) -> None:
    text = desk.text("params", "burn")
    assert "burnBps" in text and "part of every fee that is burned" in text
    assert "1 percent to 6 percent" in text
    error = desk.json("params", "burnBp", code=2)["error"]
    assert error["context"]["nearest"][0] == "burnBps"


def test_a_change_that_waits_is_shown_with_its_dates(desk: Desk) -> None:
    desk.visit(lambda visit: visit.pass_it(BURN))
    [item] = desk.json("params", "burnBps")["parameters"]
    assert (item["value"], item["pending"]) == ("400", "450")
    assert item["applies_s"] % 604_800 == 0
    assert item["may_change_s"] == item["pending_since_s"] + 7 * 86_400
    assert "4.5 percent from" in desk.text("params", "burnBps")
