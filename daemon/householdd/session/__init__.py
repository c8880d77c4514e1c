"""Pure: a session's state, its liveness, and the messages it exchanges with its client."""
