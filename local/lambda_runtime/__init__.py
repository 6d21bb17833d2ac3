"""
What Lambda does with a function: processes that are started, given one event at a time, and replaced.

Read `functions` (the pools), then `process` (one process, seen from outside) and `worker` (the same, from inside).
"""
