"""A long register of absence, summed for each person and month: CPU time and memory, beside pandas in the same run.

python benchmarks/register_events.py [ROWS]

ROWS is by default 20,000,000, of 20,000 invented persons whose individual numbers are never given to anybody. Both
readers run as processes of their own, one after the other.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MAKE = """
COPY (
  SELECT birth || 'A' || number || substr('0123456789ABCDEFHJKLMNPRSTUVWXY', 1 + cast(birth || number AS INT) % 31, 1)
         AS hetu, DATE '2022-08-15' + cast(i // 20000 AS INT) % 1200 AS day, cast(hash(i) % 20 = 0 AS INT) AS missed
  FROM (SELECT i, 900 + (i % 20000) // 3360 AS number,
               printf('%02d%02d%02d', i % 28 + 1, i % 20000 // 28 % 12 + 1, 5 + i % 20000 // 336 % 10) AS birth
        FROM range({rows}) t(i))
) TO '{place}' (FORMAT parquet)
"""


def ours(place: str) -> int:
    from kommunanalys.secrecy.events import read_events

    return len(read_events(place, domain="school", identity="hetu", date="day", values=["missed"]))


def pandas(place: str) -> int:
    import pandas as pd

    table = pd.read_parquet(place)
    return len(table.groupby(["hetu", pd.to_datetime(table["day"]).dt.to_period("M")])["missed"].agg(["size", "sum"]))


def measured(who: str, place: str) -> None:
    start = time.process_time()
    groups = {"ours": ours, "pandas": pandas}[who](place)
    cpu, peak = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{who}: {groups:,} persons and months, {cpu:.2f} CPU s, {peak:.0f} MB at most")


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000_000
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        place = str(Path(folder, "absence.parquet"))
        duckdb.sql(MAKE.format(rows=rows, place=place))
        for who in ("ours", "pandas"):
            environment = os.environ | {"KOMMUNANALYS_STATE": folder}
            subprocess.run([sys.executable, __file__, who, place], check=True, env=environment)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measured(*sys.argv[1:])
    else:
        main()
