"""Changes of any kind, told by what the value is: "switched to Notion", "back to vegan", "oat flat white for me these days"."""

from __future__ import annotations

from recalld.ingest.local.facts.row import row

_SWITCHED = (
    "switched|moved|changed|went|gone|come|came|converted|migrated|transitioned|swapped|reverted|returned|turned|upgraded|"
    "crossed|defected|settled|hopped|jumped|swung|drifted"
)
_LEFT = "ditched|dropped|dumped|left|quit|abandoned|gave_up|given_up|stopped_using|binned|retired|scrapped|deleted|uninstalled"

_KEPT_UP = (
    "hobby",
    "instrument",
    "club",
    "volunteering",
    "learning_language",
    "subscription",
    "gym",
    "goal",
    "project",
    "course",
    "commute",
)

# fmt: off
ROWS = (
    row("{ive}? {adv}? " + _SWITCHED + " {adv}? .. from <-:typed> to|onto <:typed>"),
    row("{ive}? {adv}? " + _SWITCHED + " {adv}? back|over|all|across? to|onto|on <:typed>"),
    row("{ive}? {adv}? " + _SWITCHED + " {adv}? .. to|onto <:typed>", confidence=0.8),
    row("{ive}? {adv}? replaced|swapped|traded|exchanged <-:typed> with|by|for <:typed>"),
    row("{ive}? {adv}? " + _LEFT + " <-:typed> for|in_favour_of|in_favor_of|and_went_with <:typed>"),
    row("{ive}? {adv}? " + _LEFT + " <:typed>", retract=True),
    row(
        "{i} .. stopped|quit|gave_up|given_up|off using|drinking|eating|listening_to|watching|wearing|doing? <:typed>",
        retract=True,
    ),
    row(
        "{i} have|'ve touched|used|opened|listened_to|played|eaten|drunk the|any|a? <:typed> in|for|since "
        "ages|years|months|weeks|forever|a",
        negated="retract",
    ),
    row(
        "bye|goodbye|farewell|so_long|no_more|adios|adieu|rip|done_with|sick_of <:typed>",
        retract=True, addressed=True,
    ),
    row("{im} done|finished|through with <:typed>", retract=True),
    row("goodbye|bye|farewell|so_long|out_with <-:typed> ,|and hello|hi|hey|in_with <:typed>", addressed=True),
    row("<:typed> it_is", addressed=True, confidence=0.7),
    row("<:typed> user|fan|convert|household|family|gang|team here|now|since", addressed=True, confidence=0.8),
    row("<:typed> over <-:typed> ,? any_day|every_time|always", addressed=True, confidence=0.8),
    row("nothing beats|can't_beat|you_can't_beat {a}? <:typed>", addressed=True, confidence=0.6),
    row("{im} all_in|sold|hooked|all_about on|about? <:typed>", confidence=0.7),
    row(
        "{im} {a}? {adv}? <:typed> now|again|at_last|these_days|since|as_of|at_the_moment|for_now|"
        "this_year|for_good|myself",
    ),
    row("officially|finally {a}? <:typed>", addressed=True, confidence=0.7),
    row("{a}? <:typed> as_of|since|at_last", addressed=True, confidence=0.7),
    # values that are over, whatever they were values of
    row("{ive}? {adv}? quit|left|resigned_from <:firm>", retract=True, among=("employer", "gym", "club")),
    row(
        "{ive}? {adv}? dropped|cancelled|canceled|ditched|dumped|unsubscribed_from|binned|axed the|my? <:subscribed>",
        retract=True, among=("subscription", "tool", "gym"),
    ),
    row(
        "{ive}? {adv}? sold|scrapped|traded_in|gave_away|crashed|totalled the|my <:proper>",
        retract=True, among=("vehicle", "bicycle", "motorcycle", "equipment", "laptop", "phone_model"),
    ),
    row(
        "^ the|my? <:proper> died|broke|is_dead|went_swimming|packed_up|gave_up|bit_the_dust|is_gone|"
        "got_stolen|was_stolen",
        retract=True, addressed=True, among=("phone_model", "laptop", "vehicle", "bicycle", "equipment", "pet"),
        unless=r"\bbroke (?:down|in|into|out|off|up|even)\b|\b(?:died|broke|packed up|gave up)(?: on (?:me|us))? again\b",
    ),
    row("^ <:firstname> left|quit|retired|moved_on|got_fired", retract=True, addressed=True, among=("manager",)),
    row(
        "^ <:firm> closed|shut|went_bust|folded|closed_down|shut_down",
        retract=True, addressed=True, among=("employer", "gym", "favorite_restaurant"),
    ),
    # back
    row("back|it's_back|so_back|now_back {adv}? to|on <:typed>", addressed=True, confidence=0.85),
    row("{im} .. back {adv}? on|to|with|using|in <:typed>"),
    row(
        "<:typed> for me|us these_days|now|nowadays|from_now_on|from_here_on|please|always|again|this_year|since",
        addressed=True,
    ),
    row("<:typed> from_now_on|from_here_on|these_days|nowadays|all_the_way", addressed=True, confidence=0.7),
    row("<:typed> again|only please|pls|plz", addressed=True, confidence=0.8),
    row("^ <:typed> only $", addressed=True, confidence=0.8),
    row(
        "it's|its|it_is {adv}? <:typed> for_me|for_us|all_the_way|now|these_days|from_now_on|again|only",
        addressed=True,
    ),
    row(
        "everything's|everything_is|everything|it's_all|all_my_stuff_is|everyone_is|we're_all {adv}? "
        "on|in|with <:typed> now|these_days",
        addressed=True,
    ),
    row("now {adv}? on|using|with|into <:typed>", confidence=0.75),
    row("{im} {a}? {adv}? <:typed> now|again|these_days|at_the_moment|for_now|since|this_year|for_good"),
    row("{im} {adv}? on|using|into <:typed> now|again|these_days|at_the_moment|for_now|since|this_year"),
    row("{i} {adv}? use|drink|eat|watch|read|play|prefer <:typed> now|again|these_days|instead|nowadays"),
    row("{i} {adv}? use|drink|eat|watch|read|play|take|order <:typed> instead_of|rather_than <-:typed>"),
    row(
        "{ive}? .. went|come|came|crawled|gone|switched|moved|back back|crawling|over to|on <:typed> , "
        "<-:typed> was|is|got|became|kept",
    ),
    row("back {adv}? to|on|with <:typed> , <-:typed> was|is|got|became|kept|kept_on", addressed=True),
    row(
        "bye_bye|bye|goodbye|farewell|so_long|adios <:firm>",
        retract=True, addressed=True,
        among=("employer", "bank", "gym", "tool", "subscription", "mobile_provider", "insurance"),
    ),
    row("{ive}? exported|migrated|imported|transferred|copied|moved .. from <-:typed> into|to|over_to <:typed>"),
    row("<-:typed> is|are|'s out , <:typed> is|are|'s in", addressed=True),
    row("<:typed> is|are|'s in , <-:typed> is|are|'s out", addressed=True),
    row("<:typed> beats <-:typed>", addressed=True, confidence=0.7),
    row("so yes|yeah , <:typed>", addressed=True, confidence=0.6),
    # plans and pastimes that are over, whatever they were
    row(
        "{ive}? {adv}? dropped|scrapped|shelved|abandoned|binned|gave_up|given_up|gave_up_on|given_up_on|packed_in|called_off "
        "the|my|our|on? <:thing>",
        retract=True, confidence=0.8,
        among=("goal", "project", "hobby", "club", "travel_plan", "planned_move", "volunteering", "instrument", "learning_language"),
    ),
    row(
        "the|my|our <:thing> is|'s|are off|dead|cancelled|canceled|history|shelved|on_ice|called_off|over",
        retract=True, addressed=True, confidence=0.8,
        among=("goal", "project", "travel_plan", "planned_move", "event", "subscription"),
    ),
    # "the darts I've given up", "pilates is history", "IronHaus membership ended"
    row(
        "the|my|our <:thing> i|i've|i_have|we|we've {adv}? gave_up|given_up|quit|dropped|packed_in|abandoned|cancelled|sold|let_go",
        retract=True, addressed=True, confidence=0.8, among=_KEPT_UP,
    ),
    row(
        "^ the|my|our? <:thing> is|are {adv}? history|given_up|behind_me|behind_us|a_thing_of_the_past|no_more|over_for_good|"
        "cancelled_for_good|cancelled_since|over_for_me|gone_for_good",
        retract=True, addressed=True, confidence=0.8, among=_KEPT_UP,
    ),
    row(
        "^ the|my|our <:thing> is|got|was {adv}? "
        "sold", retract=True, addressed=True, among=("instrument", "equipment", "bicycle", "vehicle"),
    ),
    row(
        "the|my|our? <:firm> membership|subscription|contract|season_ticket ended|lapsed|is_over|is_cancelled|is_up|ran_out|has_lapsed",
        retract=True, addressed=True, among=("gym", "club", "subscription", "mobile_provider", "favorite_team"),
    ),
    row("{ive}? {adv}? moved|migrated|exported|pulled .. out_of <-:typed> into|to|over_to <:typed>"),
    row("^ <:firstname> moved_out|has_moved_out|left_the_flat", retract=True, addressed=True, among=("flatmate", "partner_name")),
    row(
        "^ <:firstname> lives|moved|went_to_live|stays|went {adv}? in|to? with|to {my} ex|sister|brother|mum|mom|parents|dad|"
        "cousin|aunt|friend",
        retract=True, addressed=True, among=("pet",),
    ),
)
