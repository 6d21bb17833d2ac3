"""
Measure what sign-in costs, beside what it could cost: `make bench`.

Read `report` (what a result is), `measure` (how contenders take turns), then the questions, each a module with
`tables()`. `__main__` lists them, runs them, and writes what they found into README.md beside it.
"""
