"""Our model and its peers side by side, on districts that nothing was chosen on, and on real data.

Run by `make bench-model`, or `python -m bench.model` from the root. Each cell (district, peer) is kept under
`bench/.cache` by what it depends on: a run does what is missing, and one that was stopped goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bench.kept import ROOT

from . import real
from .cells import Bench
from .districts import Recipe
from .judging import judge
from .plan import JUDGING, LEARNING, OURS, PEERS, TINY, TUNING, Peer, asked
from .report import report

SETS = {"judging": JUDGING, "tuning": TUNING, "tiny": TINY, "learning": LEARNING}
QUICK = ("anlan", "base_rate", "checklist", "tfidf_lr", "lightgbm_table", "rule", "tfidf_table_lr")


def main() -> None:
    """Fit what is missing, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--districts",
        choices=SETS,
        default="judging",
        help="tuning: to choose a model on; learning: one district of which less and less is taught",
    )
    parser.add_argument("--peers", type=_peers, default=tuple(PEERS.values()), help=f"of {', '.join(PEERS)}")
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("ANLAN_SHARED_DATA"),
        help="where compas and cail2019_elements lie; by default ANLAN_SHARED_DATA",
    )
    parser.add_argument("--quick", action="store_true", help="a tiny district, peers that need no installing")
    parser.add_argument("--kept", action="store_true", help="report what is kept, fit nothing")
    parser.add_argument("--cache", type=Path, default=ROOT / "bench" / ".cache")
    parser.add_argument("--out", type=Path, help="a file for the report, else it is printed")
    args = parser.parse_args()
    recipes, peers = SETS[args.districts], args.peers
    if args.quick:
        recipes, peers = TINY, tuple(PEERS[name] for name in QUICK)
    bench = Bench(args.cache, lambda what: print(what, file=sys.stderr, flush=True))
    try:
        text = _districts(bench, recipes, peers, kept=args.kept)
        if recipes is JUDGING:
            found = real.lines(args.data, args.cache, only_kept=args.kept)
            text += "\nReal data\n" + "\n".join(found) + "\n"
    except KeyboardInterrupt:
        sys.exit("stopped; what was fitted is kept, and the same command goes on")
    if args.out is None:
        print(text, end="")
    else:
        args.out.write_text(text, encoding="utf-8")


def _districts(bench: Bench, recipes: tuple[Recipe, ...], peers: tuple[Peer, ...], *, kept: bool) -> str:
    judged, took, errors = {}, {}, []
    for recipe in recipes:
        scores = {}
        for peer in peers:
            if not asked(peer, recipe):
                continue
            found = bench.known(recipe, peer) if kept else bench.scores(recipe, peer)
            if found is None or "error" in found:
                why = "not kept" if found is None else found["error"]
                errors.append(f"{recipe.name}, {peer.name}: {why}")
                continue
            scores[peer.name] = found
            took[recipe.name, peer.name] = found["wall"], found["cpu"]
        if OURS.name in scores and len(scores) > 1:
            judged[recipe] = judge(bench.sheets(recipe).test, scores)
    if not judged:
        sys.exit("\n".join(["nothing to report", *errors]))
    return "\n".join(report(judged, took, errors)) + "\n"


def _peers(text: str) -> tuple[Peer, ...]:
    names = text.split(",")
    if unknown := set(names) - PEERS.keys():
        raise argparse.ArgumentTypeError(f"no peers: {', '.join(sorted(unknown))}")
    return tuple(PEERS[name] for name in names)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    main()
