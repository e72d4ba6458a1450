"""Beliefs and forecasts: every version comes back equal, as of any past moment; their bytes hold no code."""

import io
import pickle
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sqlalchemy import text

from levels import hour
from vitruvian.core.belief import Belief, PopulationPrior, State
from vitruvian.core.errors import StoreError
from vitruvian.platform.store import Store
from vitruvian.platform.store.blob import pack, unpack


def belief(known_hour: float, seed: int = 1) -> Belief:
    """A belief of 4 members in 2 latents with a state that holds more than arrays."""
    rng = np.random.default_rng(seed)
    tree = {"x": rng.normal(size=(4, 3)), "queue": {"ids": np.arange(4), "names": np.array(["a", "b", "c", "d"])}}
    return Belief(
        kind="infusion",
        version="1",
        names=("CL", "V"),
        z=rng.normal(size=(4, 2)),
        weights=np.full(4, 0.25),
        at=known_hour * 3600,
        known_at=known_hour * 3600,
        method="ES-MDA",
        seed=seed,
        state=State(known_hour * 3600, "1", tree),
        residual={"concentration": rng.normal(size=4)},
        prior=PopulationPrior(("CL",), np.array([0.1]), np.array([[0.9]]), "a study"),
        window=(0.0, known_hour * 3600),
        rows=7,
        notes=("said aloud",),
        diagnostics={"rhat": 1.01},
    )


def test_a_belief_comes_back_equal(store: Store) -> None:
    given_ = belief(3)
    assert store.save_belief("S1", given_) == 1
    found = store.latest_belief("S1")
    assert found is not None
    version, back = found
    assert version == 1
    assert same(back.to_tree(), given_.to_tree())


def test_what_was_believed_then_is_read_then(store: Store) -> None:
    assert store.latest_belief("S1") is None
    for known, seed in ((3, 1), (6, 2), (9, 3)):
        store.save_belief("S1", belief(known, seed))
    seeds = {h: read[1].seed for h in (3, 5.9, 6, 9, 99) if (read := store.latest_belief("S1", hour(h)))}
    assert seeds == {3: 1, 5.9: 1, 6: 2, 9: 3, 99: 3}
    assert store.latest_belief("S1", hour(2.9)) is None
    assert [h.what for h in store.history("S1")].count("believed") == 3


def test_a_recalibration_as_of_the_past_is_a_newer_version_of_that_past(store: Store) -> None:
    store.save_belief("S1", belief(6, 1))
    store.save_belief("S1", belief(3, 2))
    found = store.latest_belief("S1", hour(4))
    assert found is not None
    assert (found[0], found[1].seed) == (2, 2)
    present = store.latest_belief("S1")
    assert present is not None
    assert present[1].seed == 1, "the past worked out later is not the present"


def test_forecasts_are_kept_as_they_were_said(store: Store) -> None:
    store.save_belief("S1", belief(3))
    result = {"concentration": {"times": np.arange(3.0), "members": np.ones((2, 3))}, "notes": ["outside"]}
    store.save_forecast("S1", {"concentration": [1, 2]}, result, as_of=hour(3), belief_version=1, now=hour(3.5))
    store.save_forecast("S1", {"concentration": [5]}, {}, as_of=hour(5), belief_version=1)
    (said,) = store.forecasts("S1", hour(4))
    assert (said.version, said.belief_version, dict(said.request)) == (1, 1, {"concentration": [1, 2]})
    assert same(said.result, result)
    assert [f.version for f in store.forecasts("S1")] == [1, 2]


def test_damaged_bytes_are_noticed(store: Store) -> None:
    store.save_belief("S1", belief(3))
    with store.database.write() as connection:
        connection.execute(text("UPDATE beliefs SET blob = zeroblob(100)"))
    with pytest.raises(StoreError, match="bytes do not match their digest"):
        store.latest_belief("S1")


def test_a_pickle_is_never_opened() -> None:
    class Boom:
        def __reduce__(self) -> tuple[Any, ...]:
            return (pytest.fail, ("code was run",))

    out = io.BytesIO()
    np.save(out, np.array([Boom()], dtype=object), allow_pickle=True)
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as files:
        files.writestr("tree.npy", out.getvalue())
    for blob in (pickle.dumps(Boom()), box.getvalue(), b"", b"junk"):
        with pytest.raises(StoreError, match="damaged"):
            unpack(blob)


def test_what_cannot_be_stored_is_named() -> None:
    with pytest.raises(StoreError, match=r"tree\.state\.f: a function cannot be stored"):
        pack({"state": {"f": same}})
    with pytest.raises(StoreError, match="ndarray cannot be stored"):
        pack({"x": np.array([object()])})


def test_the_same_tree_is_the_same_bytes() -> None:
    assert pack(belief(3).to_tree()) == pack(belief(3).to_tree())


Plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=["Cs"]))
Arrays = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.uint64, np.bool_, np.complex128, np.dtype("U3")]),
    hnp.array_shapes(min_dims=0, max_dims=3, max_side=3),
)
Trees = st.recursive(
    Plain | Arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(
            st.text("$arymtuple", max_size=6) | st.integers() | st.tuples(st.integers()), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(Trees)
def test_every_tree_comes_back(tree: Any) -> None:
    assert same(unpack(pack(tree)), tree)


def same(a: Any, b: Any) -> bool:
    """Equal in value, type and order; NaN equals NaN."""
    if isinstance(b, np.ndarray):
        return isinstance(a, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=b.dtype.kind in "fc")
    if type(a) is not type(b):
        return False
    if isinstance(b, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in b)
    if isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)
