"""The daemon: sessions, liveness, traffic, and the control plane over them."""

import os

# Read by gRPC when it is first imported. Its handlers around fork are for children that go on using gRPC; ours exec.
# Left on, they print a line about themselves for every worker that is started.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
