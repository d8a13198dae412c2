"""The whole path on one machine: a district's records in, a coloured case and a visit list out.

Called by `make demo`. Everything it makes stands in one folder; `make demo-stop` ends what it started.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ANLAN = Path(sys.executable).with_name("anlan")
MLFLOW = Path(sys.executable).with_name("mlflow")
EXAMPLE = Path(__file__).with_name("case.json")
WAIVED = [f"--waive={gate}=a demonstration" for gate in ("checklist", "champion", "calibration", "fairness")]
FEWEST, SPREAD = 800, 1_600
"""People of a grid in the demo: from that many on, and how many more at most."""
WAIT = 120.0  # seconds for the service to answer


def main() -> int:
    """Start or stop the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("start", "stop"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--disputes", type=int, default=6000)
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    folder = options.folder.resolve()
    stop(folder)
    if options.action == "start":
        start(folder, options.disputes, options.port)
    return 0


def start(folder: Path, disputes: int, port: int) -> None:
    """Build what isn't there yet, start the service, send a case, print the answer and a list."""
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date().isoformat()
    # A district ends on a day. One of another day has an empty list today, so the day names it.
    records, store = folder / f"records-{today}", f"sqlite:///{folder}/anlan-{today}.db"
    environment = {
        **os.environ,
        "ANLAN_STORE": store,
    }
    if not records.exists():
        step(
            "simulate a demo district", environment, folder, "demo-district", records, "--disputes", disputes
        )
    step("load it into the embedded store", environment, folder, "load", records)
    people = invented_population(records, folder / "invented-population.geojson")
    step("give its grids an invented population", environment, folder, "areas", "load", people)
    # its last quarter holds a dozen harms, and which way they fall depends on the day: nobody acts on a demo
    signed = ("--promote", "--by", "demo", "--reason", "a demonstration", *WAIVED)
    step("train, log and register a model", environment, folder, "train", *signed)
    keys = {
        scope: step(
            f"make a {scope} key", environment, folder, "key", "create", "--scope", scope, "--days", 7
        )
        for scope in ("dispatch", "centre")
    }
    base = f"http://127.0.0.1:{port}"
    service = serve(folder, environment, port)
    (folder / "service.pid").write_text(str(service.pid))
    wait_until_ready(base, service, folder)
    case = example_case(records)
    answer = post(f"{base}/v1/cases", keys["dispatch"], case)
    print("\nPOST /v1/cases\n" + json.dumps(case, ensure_ascii=False, indent=2))
    print("\nThe answer\n" + json.dumps(answer, ensure_ascii=False, indent=2))
    visits, page = folder / f"visits-{today}.csv", folder / f"visits-{today}.html"
    for out in (visits, page):
        step(
            f"plan today's visits ({out.suffix[1:]})",
            environment,
            folder,
            "visits",
            "--date",
            today,
            "--out",
            out,
        )
    worker = show_one_list(visits)
    if worker is not None:
        words = ("key", "create", "--scope", "worker", "--worker", worker, "--days", 7)
        keys["worker"] = step(f"make a key for {worker}", environment, folder, *words)
    for scope in keys.keys() - {"dispatch"}:
        (folder / f"{scope}.key").write_text(keys[scope])
        (folder / f"{scope}.key").chmod(0o600)
    print(
        f"\nDone in {time.monotonic() - begun:.0f} s.\n"
        f"  pages        {base}/   (keys to log in with: centre.key, worker.key in {folder})\n"
        f"  API docs     {base}/docs\n"
        f"  MLflow       {MLFLOW} ui --backend-store-uri sqlite:///{folder}/mlruns/mlflow.db --port 5000\n"
        f"  visit lists  {page}\n"
        f"  stop         make demo-stop"
    )


def step(what: str, environment: dict[str, str], folder: Path, *words: object) -> str:
    """Run one command of `anlan`, pass on what it says, and give its last line."""
    print(f"— {what}", flush=True)
    done = subprocess.run(
        [ANLAN, *map(str, words)], env=environment, cwd=folder, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"`anlan {' '.join(map(str, words))}` ended with {done.returncode}")
    if words[0] != "key":
        print(done.stdout, end="", flush=True)
    return done.stdout.strip().rsplit("\n", 1)[-1]


def serve(folder: Path, environment: dict[str, str], port: int) -> subprocess.Popen[bytes]:
    """Start the service; it outlives this script."""
    log = (folder / "service.log").open("ab")
    return subprocess.Popen(
        [ANLAN, "serve", "--port", str(port), "--queue-open"],
        env=environment,
        cwd=folder,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def wait_until_ready(base: str, service: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait for `/readyz`."""
    print("— start the service", flush=True)
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        if service.poll() is not None:
            raise SystemExit(f"the service ended at once; see {folder / 'service.log'}")
        try:
            with urllib.request.urlopen(f"{base}/readyz", timeout=2):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.3)
    raise SystemExit(f"the service isn't ready after {WAIT:.0f} s; see {folder / 'service.log'}")


def invented_population(records: Path, out: Path) -> Path:
    """How many live in each grid, which a demo district doesn't say: made up, the same each time.

    Without it the map has no rates. As a map office would send it, without outlines.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - `stop` needs none of it

    grids = pq.read_table(records / "grids.parquet", columns=["grid_id"])["grid_id"].to_pylist()
    made = {grid: FEWEST + int.from_bytes(sha256(grid.encode()).digest()[:4]) % SPREAD for grid in grids}
    features = [
        {
            "type": "Feature",
            "properties": {"grid_id": grid, "population": people, "note": "invented for the demo"},
            "geometry": None,
        }
        for grid, people in made.items()
    ]
    out.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return out


def example_case(records: Path) -> dict[str, Any]:
    """The case of `case.json`, in a grid of this district, opened now; each run sends a new one."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - `stop` needs none of it

    now = datetime.now(UTC)
    grid = pq.read_table(records / "grids.parquet", columns=["grid_id"])["grid_id"][0].as_py()
    text = EXAMPLE.read_text(encoding="utf-8").replace("GRID_ID", grid)
    case: dict[str, Any] = json.loads(text.replace("OPENED_AT", now.isoformat(timespec="seconds")))
    case["dispute"]["dispute_id"] += now.strftime("-%Y%m%d%H%M%S")
    parent = case["dispute"]["dispute_id"] + "-parent"
    case["persons"][0]["person_id"] = case["parties"][0]["person_id"] = parent
    return case


def post(url: str, key: str, body: dict[str, Any]) -> Any:
    """POST JSON and read the answer."""
    request = urllib.request.Request(
        url,
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"the service answered {error.code}: {error.read().decode()}") from error


def show_one_list(path: Path) -> str | None:
    """Print the list of the worker whose list holds the most red; who that is."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        print("\nNobody is to be visited today.")
        return None
    reds: dict[str, int] = {}
    for row in rows:
        reds[row["worker_id"]] = reds.get(row["worker_id"], 0) + (row["colour"] == "red")
    worker = max(sorted(reds), key=lambda name: reds[name])
    print(f"\n{worker}'s visits, {rows[0]['date']}")
    for row in (row for row in rows if row["worker_id"] == worker):
        late = "（已超期）" if row["overdue"] == "true" else ""
        due = f"应访 {row['due_at'][:16]}{late}"
        print(f"{row['rank']:>2}. {row['person_id']} {row['colour']} {due} {row['reasons']}")
        print(f"    注意：{row['look_out_for']}　不要说：{row['do_not_say']}")
    return worker


def stop(folder: Path) -> None:
    """End the service that an earlier start left running."""
    note = folder / "service.pid"
    if not note.exists():
        return
    pid = int(note.read_text())
    # A pid may belong to somebody else by now: only what still is our service is ended.
    command = Path(f"/proc/{pid}/cmdline")
    if command.exists() and b"anlan" in command.read_bytes():
        os.kill(pid, signal.SIGTERM)
        for _ in range(100):
            if not command.exists() or not command.read_bytes():
                break
            time.sleep(0.1)
        print(f"stopped the service ({pid})")
    note.unlink()


if __name__ == "__main__":
    sys.exit(main())
