"""Pure: settings that can change while the daemon runs, each with its range."""
