"""Duties in processes of their own: Celery carries them, a lock in Redis lets each run once."""
