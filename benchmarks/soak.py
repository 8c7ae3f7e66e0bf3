"""The command `soak` with a simulated Edge TPU stick, which is pulled out now and then (tests/support/edge_tpu).

python benchmarks/soak.py COMPILED_edgetpu.tflite [--minutes N]

The stick computes with the CPU file that lies beside the compiled one. Needs gcc.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.commands.soak import soak
from app.config.schema import Config
from benchmarks._shared import machine_line, option_parser
from tests.support.edge_tpu.stick import SimulatedStick


def main() -> None:
    """Run it; exit with 1 if something grows."""
    parser = option_parser(__doc__)
    parser.add_argument("extractor", type=Path, help="an extractor that is compiled for the Edge TPU")
    parser.add_argument("--minutes", type=float, default=20, help="for how long (default: 20)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    extractor = options.extractor.resolve()
    with tempfile.TemporaryDirectory() as folder:
        plain = extractor.with_name(extractor.name.replace("_edgetpu", ""))
        stick = SimulatedStick(Path(folder) / "stick", counterpart=plain)
        stick.plug_in()
        config = Config()
        config = replace(config, model=replace(config.model, extractor=str(extractor)))
        config = replace(config, accelerator=replace(config.accelerator, library=str(stick.library)))
        result = soak(config, minutes=options.minutes, seed=options.seed, list_devices=stick.list)
    print("\n".join(result.lines()))
    print(machine_line())
    if not result.good:
        sys.exit(1)


if __name__ == "__main__":
    main()
