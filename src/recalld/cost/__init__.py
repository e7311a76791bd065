"""What memory costs per user and month: a page of figures from measured counts and the price list.

`profile` says whom the bill is for, `reference` is the conversation that is measured, `measure` counts its tokens and bytes, `bill` prices
them, `table` shows the result.
"""
