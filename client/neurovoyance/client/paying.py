"""Channels and tasks of a client, opened when they are first used.

Place: base of :mod:`.client`, whose attributes ``channels`` and ``tasks`` these are. Their books
are closed with the client. Never: a book that is opened and not needed.
"""

from __future__ import annotations

from contextlib import AsyncExitStack

from neurovoyance.client.channels import ChannelClient, open_book
from neurovoyance.client.session import Session
from neurovoyance.client.task_book import TaskBook
from neurovoyance.client.tasks import TaskClient


class PayingClient:
    """A client that can pay by vouchers.

    Args:
        session: everything that it works with.
        stack: closes what was opened.
    """

    def __init__(self, session: Session, stack: AsyncExitStack) -> None:
        self.session = session
        self._stack = stack
        self._channels: ChannelClient | None = None
        self._tasks: TaskClient | None = None

    @property
    def channels(self) -> ChannelClient:
        """Channels: many payments in few transactions.

        Raises:
            ConfigError: this deployment has none.
        """
        if self._channels is None:
            book = open_book(self.session)
            self._stack.callback(book.close)
            self._channels = ChannelClient(self.session, book)
        return self._channels

    @property
    def tasks(self) -> TaskClient:
        """Tasks: many small jobs, paid by vouchers.

        Raises:
            ConfigError: this deployment has no channels to pay them by.
        """
        if self._tasks is None:
            channels = self.channels
            folder = channels.book.path.parent
            book = TaskBook(folder / "tasks.sqlite")
            self._stack.callback(book.close)
            self._tasks = TaskClient(self.session, channels, book, folder / "batches")
        return self._tasks
