"""What runs on the clock, as a table. APScheduler ticks; what is due stands in the database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    name: str
    every: float
    run: Callable[[], Awaitable[None]]


async def run_jobs(jobs: Sequence[Job]) -> None:
    """Until cancelled, each job every so many seconds, never two of one at once. Raises what a job raises."""
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail(event: JobExecutionEvent) -> None:
        if not failed.done():
            failed.set_exception(event.exception)

    # A late job runs once, however late: by default one that is a second late is dropped for good.
    scheduler = AsyncIOScheduler(
        timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    scheduler.add_listener(fail, EVENT_JOB_ERROR)
    for job in jobs:
        scheduler.add_job(job.run, "interval", seconds=job.every, id=job.name)
    scheduler.start()
    try:
        await failed
    finally:
        scheduler.shutdown(wait=False)
