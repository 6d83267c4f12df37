import os
from datetime import timedelta

from chatbot.store.uptime import host_uptime


def test_the_hosts_uptime_only_grows_and_its_start_stays_the_same() -> None:
    first, second = host_uptime(), host_uptime()
    assert (first.boot == second.boot, bool(first.boot), first.awake <= second.awake) == (True, True, True)


def test_the_uptime_is_the_hosts_and_not_the_processs() -> None:
    with open("/proc/uptime", encoding="ascii") as file:
        seconds = int(float(file.read().split()[0]))
    assert abs(host_uptime().awake - timedelta(seconds=seconds)) < timedelta(seconds=5)
    assert host_uptime().boot != f"process {os.getpid()}"
