"""The main process: the control API of the daemon, the listening socket, systemd, and the workers behind them."""
