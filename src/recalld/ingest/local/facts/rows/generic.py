"""Attributes named by the user: "my blood type is …", "my book club day: …", "… is my usual café"."""

from __future__ import annotations

from recalld.ingest.local.facts.row import row

# fmt: off
ROWS = (
    row("{my} {new}? <@*:noun> =|: {adv}? called|named? <:plain>", known=True, confidence=0.85),
    row("{my} {new}? <@*:noun> is|are {adv}? called|named <:plain>", known=True, confidence=0.85),
    row("{my} {new}? <@*:datum> is|are {adv}? <:plain>", known=True, confidence=0.85),
    row("{my} {new}? <@*:bearer> is|are {adv}? <:ownname>", known=True, confidence=0.85),
    row("{my} {new}? <@*:measured> is|are|=|: {adv}? <:plain>", confidence=0.8),
    row("{my}|the <@*:datum> is <:plain> now|these_days|from_now_on", known=True, confidence=0.8),
    row("{my}|the <@*:bearer> is <:ownname> now|these_days|from_now_on", known=True, confidence=0.8),
    row("<:plain> is|are {adv}? {my} {adv}? <@*:possession> now|these_days|again|$", confidence=0.75),
    row("{my} new <@*:noun> : <:plain>", known=True, confidence=0.8),
    row("new <@*:noun> : <:plain>", known=True, addressed=True, confidence=0.8),
    row("^ <@*:noun> : <:plain>", known=True, addressed=True, confidence=0.7),
)
