"""Event series: planned, edited, undone, and kept going.

`planning` schedules, moves and cancels a series; `edits` changes its rule and dates and splits it; `undo` takes back the last
change; `horizon` goes on with rules without an end; `rows` makes and places the occurrences for all of them.
"""
