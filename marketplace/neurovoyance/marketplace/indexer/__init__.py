"""Chain events to tables: what the service answers from."""
