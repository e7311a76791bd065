"""Fact candidates without a model: a grammar over the user's sentences.

- `extract` is the pipeline; `material` masks what the user did not say, `sentences` splits, `mood` tells assertions from
  questions, wishes and hearsay.
- `rows/` holds the tables of patterns, one module per family; a new way of saying something is one more row (see `pattern`
  for the language of the rows, `kinds/` for the values, `lexicon.toml` for classes of words).
- `dialogue` reads short answers and confirmations, `settle` drops slips that were put right, `times` reads "until June",
  `renewed` what is said anew without its name ("moved to Thursdays"), by the names of what is known already.

Precise before complete: where a sentence may mean something else, there is no candidate.
"""

from recalld.ingest.local.facts.extract import extract

__all__ = ["extract"]
