"""L1: files that survive a power cut; needs the standard library alone.

Place: below everything that remembers, also what may load nothing of the chain, as the workers of a
farm. Public API::

    # sqlite_book.py
    SqliteBook(path, schema, *, busy_timeout_s=10, any_thread=True)      # base of a book
"""
