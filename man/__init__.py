"""Manual pages, made from what ``--help`` says: ``python -m man DIRECTORY``."""
