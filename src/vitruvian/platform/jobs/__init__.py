"""Durable jobs: a queue in the store, a runner, and the child process in which a job's numbers are worked out."""
