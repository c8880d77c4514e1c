"""The daemon: sessions, liveness, traffic, and the control plane over them."""

import os

# Read by gRPC when it is first imported. Its handlers around fork are for children that go on using gRPC; ours exec.
# Left on, they print a line about themselves for every worker that is started.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
# Its own lines go to standard error at once, and the writer waits for the reader. What matters of them the gate
# and the interceptors log themselves.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
