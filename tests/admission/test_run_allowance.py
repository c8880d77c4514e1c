from __future__ import annotations

from householdd.admission.run_allowance import MAX_NETWORKS, RunAllowance

NOW = 1000.0


def test_each_network_has_its_own_allowance() -> None:
    allowance = RunAllowance(2, per_day=1000)
    assert [allowance.take("192.0.2.0/24", NOW) for _ in range(3)] == [True, True, False]
    assert allowance.take("198.51.100.0/24", NOW)
    assert [allowance.take("192.0.2.0/24", NOW + 30) for _ in range(2)] == [True, False]


def test_a_network_has_an_allowance_for_a_day() -> None:
    allowance = RunAllowance(per_minute=2, per_day=5)
    taken = [allowance.take("192.0.2.0/24", NOW + 60 * minute) for minute in range(60) for _ in range(2)]
    assert sum(taken) == 5
    assert allowance.take("198.51.100.0/24", NOW)
    assert allowance.take("192.0.2.0/24", NOW + 86400)


def test_only_the_latest_networks_are_remembered() -> None:
    allowance = RunAllowance(1, per_day=1000)
    assert allowance.take("192.0.2.0/24", NOW)
    for count in range(MAX_NETWORKS):
        allowance.take(f"flood{count}", NOW)
    assert allowance.take("192.0.2.0/24", NOW)
