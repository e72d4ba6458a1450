"""simglucose 0.2.11 as a peer: its own class T1DPatient, from the installed file (`pip install vitruvian[peers]`).

Its package imports gym of 2017 and pkg_resources, which newer Pythons lack, for what is not asked of it here; so only
the file of the class is loaded. Its equations, its integrator (dopri5, minute by minute) and its table are untouched.
"""

from __future__ import annotations

import csv
import importlib
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

ALIAS = "vitruvian_peer_simglucose_patient"
MISSING = "not measured: simglucose is not installed (pip install 'vitruvian[peers]')"


@dataclass(frozen=True)
class Simglucose:
    """The installed peer: its module and the folder of its tables."""

    module: Any
    tables: Path
    version: str

    def row(self, name: str) -> dict[str, str]:
        """A patient's line of its table, as text."""
        return next(r for r in self._rows("vpatient_params.csv") if r["Name"] == name)

    def ratio(self, name: str) -> float:
        """Its carbohydrate ratio of this patient, g per unit."""
        return next(float(r["CR"]) for r in self._rows("Quest.csv") if r["Name"] == name)

    def patient(self, name: str) -> Any:
        """T1DPatient as a user makes it: parameters in a pandas series."""
        return self.module.T1DPatient.withName(name)

    def quick_patient(self, name: str) -> Any:
        """The same class and equations; parameters as plain attributes, which spares nine tenths of the time."""
        row = self.row(name)
        numbers = {k: float(v) for k, v in row.items() if k != "Name"}
        start = np.array([numbers[f"x0_{i:2d}"] for i in range(1, 14)])
        return self.module.T1DPatient(SimpleNamespace(Name=name, **numbers), init_state=start)

    def day(self, patient: Any, eaten: np.ndarray, infused: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Plasma and sensor glucose (minute,), mg/dL, at the start of each minute; g announced and U given in each."""
        parameters, plasma, sensor = patient._params, [], []
        for grams, units in zip(eaten.tolist(), infused.tolist(), strict=True):
            plasma.append(patient.state[3] / parameters.Vg)
            sensor.append(patient.state[12] / parameters.Vg)
            patient.step(self.module.Action(CHO=grams, insulin=units))
        return np.array(plasma), np.array(sensor)

    def _rows(self, table: str) -> list[dict[str, str]]:
        return list(csv.DictReader((self.tables / table).read_text(encoding="utf-8").splitlines()))


def simglucose() -> Simglucose | None:
    """The peer, or None where it is not installed."""
    try:
        found = distribution("simglucose")
    except PackageNotFoundError:
        return None
    root = Path(str(found.locate_file("simglucose")))
    return Simglucose(_load(root), root / "params", found.version)


def _load(root: Path) -> ModuleType:
    """Its module of the patient under a name of ours, with a stand-in for the one function it takes from setuptools."""
    if f"{ALIAS}.t1dpatient" in sys.modules:
        return sys.modules[f"{ALIAS}.t1dpatient"]
    package, resources = ModuleType(ALIAS), ModuleType("pkg_resources")
    package.__path__ = [str(root / "patient")]
    resources.__dict__["resource_filename"] = lambda _, path: str(root / path)
    before = sys.modules.get("pkg_resources")
    sys.modules.update({ALIAS: package, "pkg_resources": resources})
    try:
        return importlib.import_module(f"{ALIAS}.t1dpatient")
    finally:
        del sys.modules["pkg_resources"]
        if before is not None:
            sys.modules["pkg_resources"] = before
