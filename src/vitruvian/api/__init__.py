"""The HTTP interface: one file a resource. `vitruvian.api.app.create_app` makes it."""
