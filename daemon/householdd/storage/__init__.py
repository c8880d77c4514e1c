"""The history: ended sessions and runs in a database, SQLite or PostgreSQL.

One thread writes; it may fail and fall behind without blocking sessions. Readers use other threads.
"""
