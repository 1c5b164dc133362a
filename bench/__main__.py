"""Side-by-side measurements: `make bench`, or `python -m bench [--quick] [--only NAME]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence

from bench.clients import CLIENTS, PLAIN, Client
from bench.figures import Figures, doubled, ratios, together
from bench.github_requests import github_requests, github_table, too_many
from bench.guard import guard_table
from bench.measure import TURNS, help_seconds, run
from bench.parts import costs, table
from bench.report import Tables, committed, machine, text, write
from bench.requests import above, request_table, requests
from bench.sessions import session_figures, session_table
from bench.waits import late, waits, waits_table

SHORT_RUNS, LONG_RUNS = 5, 2
SECOND_LOOKS = 2


def main() -> int:
    """Measure, write, compare; 1 when a ratio has doubled, somebody is asked more often, or waits longer than meant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one run each, results are shown and not written")
    parser.add_argument("--only", default="", help="measure only clients whose name holds this, beside the plain loop")
    parser.add_argument("--accept", action="store_true", help="write the results even where a ratio has doubled")
    options = parser.parse_args()
    where = machine()
    clients = [client for client in CLIENTS if client is PLAIN or options.only in client.name]
    short, long = (1, 1) if options.quick else (SHORT_RUNS, LONG_RUNS)
    found = measured(clients, short, long)
    worse = compared(found, clients) if not options.quick else {}
    relative = {name: ratios(figures, found[PLAIN.name]) for name, figures in found.items() if name != PLAIN.name}
    counted = requests()
    on_github, first = github_requests()
    waited = waits()
    tables = Tables(
        parts=table(costs()),
        guard=guard_table(),
        sessions=session_table(session_figures()),
        requests=request_table(counted),
        github=github_table(on_github, first),
        waits=waits_table(waited),
    )
    print(text(found, relative, where, tables))
    if not options.quick and not options.only and (options.accept or not worse):
        write(found, relative, where, tables)
    for name, figures in worse.items():
        print(f"doubled: {name}: {', '.join(figures)}; nothing was written (--accept writes it)", file=sys.stderr)
    excess = {**above(counted), **too_many(on_github)}
    for name, count in excess.items():
        print(f"more requests than meant: {name}: {count}", file=sys.stderr)
    for name, seconds in late(waited).items():
        print(f"waited for longer than meant: {name}: {seconds:.0f} s", file=sys.stderr)
    return 1 if worse or excess or late(waited) else 0


def measured(clients: Sequence[Client], short: int, long: int) -> dict[str, Figures]:
    """Run clients several times, starts and whole sessions; in turns, so that a busy minute of the machine is everybody's."""
    print(f"measuring {', '.join(client.name.strip() for client in clients)} …", file=sys.stderr, flush=True)
    for client in clients:
        run(client, 1)  # the first run of all compiles and fills caches
    starts = [[run(client, 1) for client in clients] for _ in range(short)]
    sessions = [[run(client, TURNS) for client in clients] for _ in range(long)]
    return {
        client.name: together(
            [row[place] for row in starts],
            [row[place] for row in sessions],
            min(help_seconds(client) for _ in range(short)) if client.help_argv else None,
        )
        for place, client in enumerate(clients)
    }


def compared(found: dict[str, Figures], clients: list[Client]) -> Mapping[str, tuple[str, ...]]:
    """Return what has doubled against the committed results. Who looks doubled is measured again first: machines have moods."""
    before = committed()
    worse = _worse(found, before)
    for _ in range(SECOND_LOOKS):
        suspects = [client for client in clients if client.name in worse]
        if not suspects:
            break
        again = measured([PLAIN, *suspects], SHORT_RUNS, LONG_RUNS)
        worse = {name: figures for name, figures in _worse(again, before).items() if name in worse}
        found.update({name: again[name] for name in again if name != PLAIN.name})
        found[PLAIN.name] = again[PLAIN.name]
    return worse


def _worse(found: Mapping[str, Figures], before: Mapping[str, Mapping[str, float]]) -> Mapping[str, tuple[str, ...]]:
    plain = found[PLAIN.name]
    judged = {name: doubled(ratios(figures, plain), before.get(name, {})) for name, figures in found.items()}
    return {name: figures for name, figures in judged.items() if figures}


if __name__ == "__main__":
    sys.exit(main())
