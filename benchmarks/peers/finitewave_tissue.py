"""finitewave on the workload of ../heart.py, by its own interpreter (numpy < 2): prints node-steps per CPU-second."""

import json
import time

import finitewave as fw
import numpy as np

SIZE = 64


def seconds(model, steps: int, dt: float) -> float:
    """Processor time of a run of so many steps, set-up included."""
    tissue = fw.CardiacTissue3D([SIZE, SIZE, SIZE])
    sequence = fw.StimSequence()
    sequence.add_stim(fw.StimVoltageCoord3D(0, 1, 0, 8, 0, 8, 0, 8))
    wave = model()
    wave.dt, wave.dr, wave.t_max = dt, 0.25, steps * dt
    wave.cardiac_tissue, wave.stim_sequence = tissue, sequence
    begun = time.process_time()
    wave.run()
    return time.process_time() - begun


def rate(model, dt: float) -> float:
    """Best of three differences of 60 and 10 steps."""
    seconds(model, 5, dt)
    spent = min(seconds(model, 60, dt) - seconds(model, 10, dt) for _ in range(3))
    return float(np.float64(SIZE**3 * 50 / spent))


if __name__ == "__main__":
    print(json.dumps({"tp06": rate(fw.TP063D, 0.01), "mitchell_schaeffer": rate(fw.MitchellSchaeffer3D, 0.01)}))
