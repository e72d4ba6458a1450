"""The OpenAPI document that the client's types are made from: the paths under /v1 and their good answers."""

import json
import sys
import tempfile
from pathlib import Path

from vitruvian.api.app import create_app

with tempfile.TemporaryDirectory() as folder:
    app = create_app(folder)
    document = app.app.openapi()
    app.site.close()
document["paths"] = {path: item for path, item in document["paths"].items() if path.startswith("/v1/")}
for item in document["paths"].values():
    for operation in item.values():
        operation["responses"] = {s: r for s, r in operation["responses"].items() if s.startswith("2")}
        for body in (operation.get("requestBody", {}), *operation["responses"].values()):
            for content in body.get("content", {}).values():
                content.pop("example", None)  # types do not need them
Path(sys.argv[1]).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
