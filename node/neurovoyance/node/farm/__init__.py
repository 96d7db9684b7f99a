"""A farm: one provider, many machines. The agent alone promises and commits; workers compute."""
