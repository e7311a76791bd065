"""The tables of patterns: one module per family of attributes, one row per way of saying something.

Rows are tried in this order; of two readings of the same words for the same attribute the first one stays.
"""

from __future__ import annotations

from recalld.ingest.local.facts.rows import (
    body,
    change,
    communication,
    generic,
    home,
    identity,
    interests,
    people,
    plans,
    things,
    work,
)

ROWS = (
    *identity.ROWS,
    *home.ROWS,
    *work.ROWS,
    *people.ROWS,
    *body.ROWS,
    *interests.ROWS,
    *communication.ROWS,
    *things.ROWS,
    *plans.ROWS,
    *change.ROWS,
    *generic.ROWS,
)
