"""Batch beyond one machine: the same streams and the same fold on Apache Spark (the extra `spark`)."""
