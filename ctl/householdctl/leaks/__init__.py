"""Whether a server gives everything back when its clients vanish: open a household, cut it off, look what stays."""

from householdctl.leaks.check import LeakReport, check_leaks

__all__ = ["LeakReport", "check_leaks"]
