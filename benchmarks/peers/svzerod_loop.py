"""svZeroDSolver's closed loop, by an interpreter that has svzerod: prints processor time a beat over 100 beats."""

import importlib.metadata
import json
import sys
import time

import svzerod


def seconds(case: dict, beats: int) -> float:
    """Processor time of so many beats at the case's own points a beat, set-up and output of the last beat included."""
    told = json.loads(json.dumps(case))
    told["simulation_parameters"]["number_of_cardiac_cycles"] = beats
    told["simulation_parameters"]["output_all_cycles"] = False
    begun = time.process_time()
    svzerod.simulate(told)
    return time.process_time() - begun


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        case = json.load(file)
    seconds(case, 2)
    spent = min(seconds(case, 60) - seconds(case, 10) for _ in range(3)) / 50
    points = case["simulation_parameters"]["number_of_time_pts_per_cardiac_cycle"]
    print(
        json.dumps(
            {"version": importlib.metadata.version("svzerod"), "points_a_beat": points, "cpu_us_a_beat": 1e6 * spent}
        )
    )
