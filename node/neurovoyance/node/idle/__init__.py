"""Yield to the machine's owner: measure, decide, and stop what computes.

Place: beside the agent. ``sensors`` measure, ``policy`` decides (pure), ``gate`` obeys within two
seconds. Never: a rule outside ``policy``, or a device that runs because it could not be measured.
"""
