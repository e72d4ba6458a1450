"""Effects live here: the store, the connections to other systems, the registry of kinds, executors."""
