"""Measure a model before it is registered: how far honest results lie apart, and how far cheats.

Place: beside the executions, used by ``model calibrate`` and ``model verify`` alone. Data flow:
model and inputs -> ``survey`` (what could be compared) -> ``runs`` (honest and dishonest
configurations, each in a confined child) -> ``measuring`` (distances) -> ``engine`` (verdict) ->
``certifying`` (the manifest). The rules of the verdict are ``verification.calibration``. Never: a
job.
"""
