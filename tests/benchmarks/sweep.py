"""The whole kill sweep: the bot dies at every write, sync, connection, byte out and byte in of four flows.

    python -m tests.benchmarks.sweep                  every call; about half an hour on two cores
    python -m tests.benchmarks.sweep --flow market    of this flow alone
    python -m tests.benchmarks.sweep --sample 50      so many of each flow
    python -m tests.benchmarks.sweep --write          and keeps the figures for deploy/faults.md

Prints card, runs and violations. The negative control is a bot that sends again what was on its way when it died:
it has to be caught.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.cards.process import Boundary, Flow, Meanwhile, Outcome, blindly_again, boundaries, dies_at, nothing, sampled
from tests.cards.registry import MEASURED, write_page

_BLIND = "F08 blind retry"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flow", action="append", choices=[*(f.value for f in Flow), "blind"], help="these alone")
    parser.add_argument("--sample", type=int, help="so many calls of each flow instead of all")
    parser.add_argument("--seed", type=int, default=1, help="which calls are picked")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes die at a time")
    parser.add_argument("--write", action="store_true", help="keep the figures and draw deploy/faults.md anew")
    options = parser.parse_args()
    print(f"{'card':<20} {'runs':>6} {'killed':>7} {'violations':>11}")
    figures = asyncio.run(_measured(options))
    if options.write:
        known = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}
        MEASURED.write_text(json.dumps(known | figures, indent=2) + "\n", encoding="utf-8")
        write_page()
    if figures.get(_BLIND, {"violations": 1})["violations"] == 0:
        raise SystemExit("The blind retry was not caught: this sweep proves nothing.")


async def _measured(options: argparse.Namespace) -> dict[str, dict[str, int]]:
    chance = random.Random(options.seed)  # noqa: S311 - picks calls to die at
    figures = {}
    with _folders() as folders:
        for flow in [f for f in Flow if options.flow is None or f.value in options.flow]:
            found = await boundaries(flow, next(folders))
            picked = found if options.sample is None else sampled(found, options.sample, chance)
            figures[f"F01 {flow.value}"] = _told(
                f"F01 {flow.value}", await _die(picked, folders, options.jobs, nothing)
            )
        if options.flow is None or "blind" in options.flow:
            # Between the order's bytes and the word about it on the disk lie some of these.
            found = [b for b in await boundaries(Flow.MARKET, next(folders)) if b.call != "pwrite64"]
            figures[_BLIND] = _told(_BLIND, await _die(found, folders, options.jobs, blindly_again))
    return figures


@contextlib.contextmanager
def _folders() -> Iterator[Iterator[Path]]:
    with tempfile.TemporaryDirectory(prefix="sweep-") as place:

        def made() -> Iterator[Path]:
            for number in itertools.count():
                folder = Path(place) / str(number)
                folder.mkdir()
                yield folder

        yield made()


async def _die(found: Iterable[Boundary], folders: Iterator[Path], jobs: int, meanwhile: Meanwhile) -> list[Outcome]:
    turns = asyncio.Semaphore(jobs)

    async def one(boundary: Boundary) -> Outcome:
        async with turns:
            outcome = await dies_at(boundary, next(folders), meanwhile)
        if outcome.broken and meanwhile is nothing:
            print(f"{boundary}: {'; '.join(outcome.broken)}", flush=True)
        return outcome

    return list(await asyncio.gather(*map(one, found)))


def _told(card: str, outcomes: list[Outcome]) -> dict[str, int]:
    calls = Counter(outcome.boundary.call for outcome in outcomes)
    killed, violations = (sum(o.died for o in outcomes), sum(bool(o.broken) for o in outcomes))
    print(f"{card:<20} {len(outcomes):>6} {killed:>7} {violations:>11}", flush=True)
    return {"runs": len(outcomes), "killed": killed, "violations": violations, **dict(sorted(calls.items()))}


if __name__ == "__main__":
    main()
