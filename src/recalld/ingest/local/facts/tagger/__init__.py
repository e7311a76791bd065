"""The words of a message that carry a fact about its writer, marked by a small trained encoder.

The grammar (`rows`) knows how facts are said; the tagger has learnt it from 26,000 hand-written snippets of conversation
(`training/facts` in the repository) and reads what no row foresees: "day three at Corbel and I still can't find the printer". It
marks words that stand in the message and never makes any up.
"""
