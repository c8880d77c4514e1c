"""The history: ended sessions and runs in a database, SQLite or PostgreSQL.

One thread writes; it may fail and fall behind, and nothing waits for it. Who reads does so in a thread of its own.
"""
