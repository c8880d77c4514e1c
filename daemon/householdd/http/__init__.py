"""HTTP for both listeners: bounded requests, an answer to each, and an orderly close."""
