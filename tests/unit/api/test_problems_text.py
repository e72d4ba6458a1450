"""Text that no encoding has: half a surrogate pair in a request is refused with a reason, not with a fault."""

import pytest

from served import Served


@pytest.mark.parametrize("name", ["\\ud9bb", "\\ud9bb\\udfd7", "\\u0080", "\\u0000"])
def test_an_option_with_a_name_that_cannot_be_said_is_refused(served: Served, name: str) -> None:
    twin = served.make_twin()
    body = f'{{"options": {{"U": [{{"{name}": {{"a": null}}}}]}}}}'
    headers = {"Content-Type": "application/json"}
    answer = served.call("POST", f"/v1/twins/{twin}/comparisons", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["fix"]
