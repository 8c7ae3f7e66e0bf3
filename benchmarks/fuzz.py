"""Change inputs of every parser at random and look for crashes, hangs and memory; prints what was found.

python benchmarks/fuzz.py [--inputs 100000] [--seed 0] [--state fuzz.json] [--only TEXT]

An input must be parsed or refused with an expected error within 1 s of processor time and 300 MB. The state is written
after every few hundred inputs, so the run can be stopped at any time and goes on where it was. Run it with `nice`.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._shared import option_parser
from tests.support.fuzzed_parsers import parsers
from tests.support.fuzzing import State, run_all

SLOW = {
    "guarded model": 0.01,
    "tflite": 0.04,
    "tflite and head": 0.01,
}  # shares of all inputs; the others share the rest


def main() -> None:
    """Run until all inputs are done; exit with 1 if something was found."""
    parser = option_parser(__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--state", type=Path, default=Path("fuzz.json"))
    parser.add_argument("--only", default="", metavar="TEXT", help="only parsers with this text in their name")
    options = parser.parse_args()
    chosen = [one for one in parsers() if options.only in one.name]
    shares = shares_of([one.name for one in chosen], options.inputs)

    def show(state: State) -> None:
        print(f"{sum(state.done.values())} of {sum(shares.values())}, {len(state.findings)} findings", flush=True)

    state = run_all(chosen, shares, seed=options.seed, state_file=options.state, on_progress=show)
    for finding in state.findings:
        print(finding)
    print(f"{sum(state.done.values())} inputs over {len(chosen)} parsers, {len(state.findings)} findings")
    sys.exit(bool(state.findings))


def shares_of(names: list[str], inputs: int) -> dict[str, int]:
    """How many inputs each parser gets, at least `inputs` together."""
    slow = {name: int(SLOW[name] * inputs) for name in names if name in SLOW}
    quick = [name for name in names if name not in SLOW]
    each = -(-(inputs - sum(slow.values())) // max(1, len(quick)))
    return {**slow, **dict.fromkeys(quick, each)}


if __name__ == "__main__":
    main()
