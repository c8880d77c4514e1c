"""The history of ended sessions and runs, in SQLite or PostgreSQL.

One thread writes; it may fail and fall behind without blocking sessions.
"""
