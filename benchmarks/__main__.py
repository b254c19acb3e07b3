"""`./dev bench [NAME]`: run one benchmark or all; each prints one line of JSON."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    names = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    # Long runs are made on demand: `./dev bench ten-thousand`.
    runs = {path.stem.removeprefix("run_").replace("_", "-"): path.stem for path in HERE.glob("run_*.py")}
    wanted = sys.argv[1:] or names
    unknown = set(wanted) - set(names) - set(runs)
    if unknown:
        print(
            f"There is no benchmark {', '.join(sorted(unknown))}. There are: {', '.join([*names, *sorted(runs)])}.",
            file=sys.stderr,
        )
        return 2
    for name in wanted:
        print(f"== {name}", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{runs.get(name, f'bench_{name}')}"],
            cwd=HERE.parent,
            check=False,
        )
        if done.returncode:
            return done.returncode
    return 0


sys.exit(main())
