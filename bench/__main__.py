"""Side-by-side measurements: `make bench`, or `python -m bench [--quick] [--only NAME]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

from bench.clients import CLIENTS, PLAIN, Client
from bench.figures import Figures, doubled, ratios, together
from bench.measure import TURNS, Run, help_seconds, run
from bench.report import committed, machine, text, write

SHORT_RUNS, LONG_RUNS = 5, 2
SECOND_LOOKS = 2


def main() -> int:
    """Measure, write, compare; 1 when a ratio has doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one run each, results are shown and not written")
    parser.add_argument("--only", default="", help="measure only clients whose name holds this, beside the plain loop")
    options = parser.parse_args()
    where = machine()
    clients = [client for client in CLIENTS if client is PLAIN or options.only in client.name]
    short, long = (1, 1) if options.quick else (SHORT_RUNS, LONG_RUNS)
    found = {client.name: measured(client, short, long) for client in clients}
    worse = compared(found, clients) if not options.quick else {}
    relative = {name: ratios(figures, found[PLAIN.name]) for name, figures in found.items() if name != PLAIN.name}
    print(text(found, relative, where))
    if not options.quick and not options.only:
        write(found, relative, where)
    for name, figures in worse.items():
        print(f"doubled: {name}: {', '.join(figures)}", file=sys.stderr)
    return 1 if worse else 0


def measured(client: Client, short: int, long: int) -> Figures:
    """Run a client several times, starts and whole sessions."""
    print(f"measuring {client.name.strip()} …", file=sys.stderr, flush=True)
    run(client, 1)  # the first run of all compiles and fills caches
    starts: list[Run] = [run(client, 1) for _ in range(short)]
    sessions: list[Run] = [run(client, TURNS) for _ in range(long)]
    helped = min(help_seconds(client) for _ in range(short)) if client.help_argv else None
    return together(starts, sessions, helped)


def compared(found: dict[str, Figures], clients: list[Client]) -> Mapping[str, tuple[str, ...]]:
    """Return what has doubled against the committed results. Who looks doubled is measured again first: machines have moods."""
    before = committed()
    for _ in range(SECOND_LOOKS):
        for client in clients:
            if _worse(client.name, found, before):
                found[client.name] = measured(client, SHORT_RUNS, LONG_RUNS)
    return {client.name: worse for client in clients if (worse := _worse(client.name, found, before))}


def _worse(name: str, found: Mapping[str, Figures], before: Mapping[str, Mapping[str, float]]) -> tuple[str, ...]:
    return doubled(ratios(found[name], found[PLAIN.name]), before.get(name, {}))


if __name__ == "__main__":
    sys.exit(main())
