"""Settings for the tests of this folder."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# How busy the machine is must not decide a test.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
