"""What runs on the clock, as a table. APScheduler ticks; what is due stands in the database."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from chatbot.core.errors import KucoinError
from chatbot.core.values import frozen

log = logging.getLogger(__name__)


@frozen
class Job:
    name: str
    every: float
    run: Callable[[], Awaitable[None]]


async def run_jobs(jobs: Sequence[Job]) -> None:
    """Until cancelled, each job every so many seconds, never two of one at once.

    Raises what a job raises, unless KuCoin is to blame: then it is done again when it is due.
    """
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail(event: JobExecutionEvent) -> None:
        if isinstance(event.exception, KucoinError):
            log.warning("%s: %s", event.job_id, event.exception)
        elif not failed.done():
            failed.set_exception(event.exception)

    # A late job runs once, however late: by default one that is a second late is dropped for good.
    scheduler = AsyncIOScheduler(
        timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    scheduler.add_listener(fail, EVENT_JOB_ERROR)
    for job in jobs:
        scheduler.add_job(_until_the_end, "interval", [job], seconds=job.every, id=job.name)
    scheduler.start()
    try:
        await failed
    finally:
        scheduler.shutdown(wait=False)


async def _until_the_end(job: Job) -> None:
    """Only the end of the scheduler cancels what runs, and APScheduler would log that as the job's failure."""
    with contextlib.suppress(asyncio.CancelledError):
        await job.run()
