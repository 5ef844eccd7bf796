"""The watch on the loop: it sees what holds the loop up, and nothing else."""

import asyncio
import time

from tests.app.watchdog import Watchdog


def spin(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


async def test_a_busy_callback_is_told_with_where_it_stood() -> None:
    with Watchdog(busy=0.1) as watchdog:
        asyncio.get_running_loop().call_soon(spin, 0.3)
        await asyncio.sleep(0.01)
    (told,) = watchdog.freezes
    assert "used the processor for" in told
    assert "spin" in told


async def test_a_callback_that_sleeps_is_told() -> None:
    with Watchdog(blocked=0.2) as watchdog:
        asyncio.get_running_loop().call_soon(time.sleep, 0.6)
        await asyncio.sleep(0.01)
    (told,) = watchdog.freezes
    assert "held up" in told


async def test_many_short_callbacks_are_no_freeze() -> None:
    with Watchdog(busy=0.2) as watchdog:
        for _ in range(20):
            asyncio.get_running_loop().call_soon(spin, 0.02)
            await asyncio.sleep(0)
        await asyncio.to_thread(time.sleep, 0.05)
    assert watchdog.freezes == []
    assert watchdog.longest < 0.2
