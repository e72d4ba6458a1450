"""A large file is read in bounded memory: 16 bytes a reading for doubles and gaps, besides one batch."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

MEGABYTES = 60
READ = """
import re, sys
from datetime import UTC, datetime
from vitruvian.platform.connect import Export, how
# the high-water mark of this process; getrusage's would start from that of the process that forked it
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024  # MiB
export = Export(sys.argv[1], how(zone="Europe/Berlin", now=datetime(2026, 1, 1, tzinfo=UTC)))
before, readings, largest = peak(), 0, 0
for batch in export.batches():
    readings += len(batch.readings)
    largest = max(largest, len(batch.readings))
report = export.report()
print(readings, largest, peak() - before, len(report.gaps), report.told_apart, report.kept_aside)
"""


def clarity(path: Path) -> int:
    """A reading every two seconds for a month: rows of the usual form and length."""
    head = "Index,Timestamp (YYYY-MM-DDThh:mm:ss),Event Type,Event Subtype,Patient Info,Device Info,Source Device ID,"
    head += "Glucose Value (mg/dL),Insulin Value (u),Carb Value (grams),Duration (hh:mm:ss),"
    head += "Glucose Rate of Change (mg/dL/min),Transmitter Time (Long Integer),Transmitter ID\n"
    start, count = datetime(2025, 5, 1, tzinfo=UTC), 0
    with open(path, "w") as file:
        file.write(head)
        while file.tell() < MEGABYTES * 1_000_000:
            times = (start + timedelta(seconds=2 * (count + i)) for i in range(10_000))
            file.writelines(
                f"{i},{t:%Y-%m-%dT%H:%M:%S},EGV,,,,iOS G7,{60 + i % 300},,,,,{86400 + 2 * i},8A1\n"
                for i, t in enumerate(times, count)
            )
            count += 10_000
    return count


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_sixty_megabytes_take_little_memory(tmp_path: Path) -> None:
    count = clarity(tmp_path / "large.csv")
    done = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path / "large.csv")], capture_output=True, text=True, check=True
    )
    readings, largest, grown, gaps, _, aside = map(int, done.stdout.split())
    print(f"{count} rows, {MEGABYTES} MB: {grown} MiB")
    assert (readings, gaps, aside) == (count, 0, 0)
    assert largest <= 2000
    assert grown < 48  # MiB: a million readings at 16 bytes, a buffer of 65,536 and a batch
