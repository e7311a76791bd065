"""Hobbies, sports, instruments, likes, dislikes, favourites."""

from __future__ import annotations

from recalld.ingest.local.facts.row import row

_FIELD = (
    r"\b(?:acres?|hectares?|fields?|farm|beds?|harvest|soil|seedlings?|greenhouse|allotment|polytunnel|rows|"
    r"watering|manure|compost|crops?|shade|rain)\b"
)
_BAND = r"\b(?:bands?|gigs?|gig listing|setlist|drummer|bassist)\b"

# fmt: off
ROWS = (
    # hobbies
    row("{my} {new}? hobby|hobbies|pastime|pastimes|interests {is}|include {adv}? <hobby:activities>"),
    row("hobby|hobbies|interests : <hobby:activities>", addressed=True),
    row(
        "in|on {my} free|spare time ,? {i} {adv}? go|do|like_to|enjoy|love|play|am_into|practise|practice? "
        "<hobby:activities>",
    ),
    row("in|on {my} free|spare time ,? {i} <hobby:activities>", confidence=0.7),
    row("{i} <hobby:hobby+> in|on {my} free|spare time"),
    row("{ive}? {adv}? took|taken|taking up <hobby:activities>"),
    row("{ive}? {adv}? picked|got_into|gotten_into|getting_into|fell_in_love_with|discovered up? <hobby:hobby+>"),
    row("{ive}? {adv}? started|begun|began {adv}? doing|playing|learning|to_learn? <hobby:hobby+>"),
    row("{im} .. into <hobby:hobby+>"),
    row("{im} {adv}? into <hobby:activities>", confidence=0.75),
    row("{im} {a}? .. keen|avid|passionate|hobby|amateur|enthusiastic|obsessive|casual|weekend <hobby:hobbyist>"),
    row(
        "{im} .. keen_on|obsessed_with|passionate_about|addicted_to|hooked_on|mad_about <hobby:activities>",
        confidence=0.8,
    ),
    row("{i} {adv}? love|enjoy|adore|like <hobby:hobby+>", negated="dislikes"),
    row("{i} {adv}? do|practise|practice|go|play {a}? .. <hobby:hobby+>", confidence=0.8),
    row("{i} {adv}? go <hobby:hobby+>", confidence=0.85),
    row("{i} {adv}? play <instrument:instrument+>"),
    row("{i} {adv}? play the|my|a|an .. <instrument:instrument>"),
    row("{i} {adv}? play|playing|practise|practice <hobby:sport+>"),
    row("{im} {adv}? learning|teaching_myself|taking_lessons_in to_play? {a}? <instrument:instrument>"),
    row("{i} {adv}? sing in|with {a} .. choir|chorus|band|ensemble", gives={"hobby": "singing"}),
    row("{i} collect <collection:things>"),
    row("{im} {a} member of <club:proper>"),
    row("{i} volunteer at|for|with <volunteering:org>"),
    row(
        "{ive}? .. stop|stopped|quit|gave_up|given_up|dropped|packed_in|retired_from {adv}? "
        "playing|doing|going? <hobby:hobby+>",
        retract=True, any_mood=True,
    ),
    row(
        "{ive}? .. stop|stopped|quit|gave_up|given_up|packed_in|retired_from {adv}? playing|doing|going? "
        "<hobby:sport+>",
        retract=True, any_mood=True,
    ),
    row(
        "{ive}? .. stop|stopped|quit|gave_up|given_up|sold {adv}? playing|learning? {my}|the|a? "
        "<instrument:instrument>",
        retract=True, any_mood=True,
    ),
    row("{i} {adv}? support|am_a_fan_of|root_for <favorite_team:proper>", confidence=0.7),
    row("{i} <hobby:practised>", confidence=0.8),
    row(
        "{ive}? {adv}? joined|signed_up_for|started|take|taking|enrolled_in|go_to|attend|booked|do {a}? .. "
        "<hobby:hobby> class|classes|club|course|group|lessons|lesson|team|league|workshop|school|society|"
        "sessions",
    ),
    row("{im} in {a} .. <hobby:hobby> club|group|team|league|society|circle"),
    row(
        "{my} <hobby:hobby> class|classes|club|course|group|lessons|team|league|partner|buddies|buddy|"
        "teacher|coach|practice|training|trip|holiday|friends|studio|crew",
        asked=True, confidence=0.8,
    ),
    row("new hobby {is}|alert|unlocked ,|:? <hobby:activities>", addressed=True),
    row("{i} spend .. weekends|evenings|sundays|saturdays|free_time|spare_time|days <hobby:hobby+>"),
    row("<hobby:hobby> is {adv}? {my} escape|therapy|life|passion|thing|love|outlet|meditation", addressed=False),
    row("{im} back {adv}? into|to|at|on? <hobby:hobby>"),
    row("{ive}? {adv}? went|gone|got {adv}? back to|into <hobby:hobby>"),
    row("{ive}? {adv}? gave|given|giving up <hobby:hobby+>", retract=True),
    row("{ive}? {adv}? swapped|traded|switched|changed from? <-hobby:hobby> for|to|with <hobby:hobby>"),
    row("{im} {a} .. <instrument:instrument> player"),
    row("{my} <instrument:instrument> lessons|teacher|practice|recital", asked=True, confidence=0.8),
    row("{im} .. learning|taking_up|practising|practicing {adv}? {a}? <instrument:instrument>"),
    row("collecting <collection:things> is|are my|our", value="collecting {}", addressed=True),
    row("{ive}? {adv}? started {adv}? with|on|doing? <hobby:hobby+>"),
    row("{im} {a}? {adv}? <hobby:pastimer> myself|too|at_heart|now|,|and|so|who|since|again", confidence=0.8),
    row("{im} {a}? {adv}? <hobby:pastimer> $", confidence=0.75),
    row("{i} {adv}? just? love|adore <likes:plainlikes>", negated="dislikes", confidence=0.7),
    # training
    row("{i} {adv}? go_to_the_gym|train|work_out|workout|lift|hit_the_gym|exercise {adv}? on? <training_days:days>"),
    row("{i} {adv}? run <running_distance:distance> a_week|per_week|every_week|weekly"),
    row("{i} {adv}? go_to|train_at|joined|work_out_at|signed_up_at <gym:firm> .. gym", confidence=0.7),
    row("{have}|got {a}? gym membership at|with <gym:firm>", addressed=True),
    row("{my} gym {is} {adv}? called? <gym:proper>"),
    row("{im} {adv}? at|with|a_member_at|a_member_of|back_at|training_at <gym:firm>", needs=r"\bgyms?\b"),
    row("{i} {adv}? switched|changed|moved gyms .. to <gym:firm>"),
    row("{i} {adv}? joined <gym:firm>", needs=r"\b(?:gym|fitness|workout|lifting)\b"),
    row("{im} .. training for <goal:event>", planned=True),
    row("{i} {adv}? signed_up|registered|entered for|in? <race:race>"),
    # favourites
    row("{my} {new}? .. {fav} <@favorite_*:noun> {is} {adv}? <:favoured>"),
    row("{fav} <@favorite_*:noun> : <:favoured>", addressed=True, confidence=0.85),
    row("<:favoured> is|are {adv}? {my} .. {fav} <@favorite_*:noun>"),
    row("{my} {new}? {fav} <@favorite_*:noun> , <:quoted>", asked=True, confidence=0.8),
    row("{my} usual|go-to|standard|default|regular order|drink|coffee|one? {is} {adv}? {a}? <:typed>"),
    row("{my} usual|go-to|standard|default|regular <@favorite_*:noun> {is} {adv}? <:favoured>"),
    row("{i} {adv}? take|drink|like|have {my} coffee <favorite_coffee:coffeestyle>"),
    row("{i} {adv}? take|drink|like|have {my} tea <favorite_drink:coffeestyle>", value="tea {}"),
    row("{i} {adv}? drink|order|get|have {a}? <:typed> every|each|in_the_morning|daily|all_day|most_days"),
    row(
        "{im} {adv}? more_of? {a} <:typedperson> person|drinker|guy|girl|gal|lover|fan|fanatic|addict|nerd|"
        "enthusiast|man|woman|type|household|family|shop|convert|user",
        negated="ignore",
    ),
    row(
        "<:typed> is|are {adv}? {my} thing|jam|go-to|drink|music|food|poison|comfort_food|genre|sport|"
        "hobby|happy_place|fuel|passion|first_love",
        confidence=0.8,
    ),
    row("{i} {adv}? can't_live_without|couldn't_live_without|can't_get_enough_of <likes:thing>", any_mood=True),
    # likes and dislikes
    row("{i} {adv}? hate|dislike|detest|loathe|despise|abhor <dislikes:dislikable>", negated="ignore"),
    row("{i} {adv}? can't|cannot|can_not {adv}? stand|bear|abide <dislikes:dislikable>"),
    row("{im} .. not? a_fan_of|fan_of|keen_on|fond_of|big_on <likes:dislikable>", negated="dislikes", confidence=0.75),
    row("{im} not a fan|huge_fan|big_fan of <dislikes:dislikable>"),
    row(
        "{i} {adv}? like|love|enjoy|care_for <likes:dislikable>",
        negated="dislikes", needs=r"\b(?:don'?t|do not|never|not)\b", confidence=0.8,
    ),
    row("{i} {adv}? love|adore|enjoy|am_crazy_about|am_fond_of <likes:likable>", negated="dislikes", confidence=0.7),
    row("<dislikes:disliked_food+> makes_me|make_me gag|sick|retch|puke|want_to", addressed=True),
    row("{i} {adv}? prefer <preference:preferred>"),
    row("{i} {adv}? like|love <preference:preferred> better|more than", confidence=0.85),
    row("{im} {adv}? reading <reading:book>"),
    # in passing
    row("new|latest|current hobby|obsession|pastime|passion|craze : <hobby:activities>", addressed=True),
    row("{my} .. obsession|passion|escape|therapy|vice|guilty_pleasure|happy_place|pastime {is} <hobby:activities>"),
    row(
        "<:activity> is|are my|our .. obsession|passion|escape|therapy|vice|pastime|happy_place|hobby|thing",
        confidence=0.75,
    ),
    row("{im} {adv}? obsessed_with|hooked_on|addicted_to|crazy_about|nuts_about|mad_about|all_about <hobby:hobby+>"),
    row("{i} caught|got the <hobby:hobby> bug"),
    row("{ive}? {adv}? trying|tried|dabbling|dabble my_hand_at|in|with <hobby:hobby+>"),
    row("{i} {adv}? spend .. on|at|with|doing {my}? <hobby:hobby+>", confidence=0.75),
    row("when {im} not working|at_work|coding|teaching ,? {i} {adv}? go|do|play? <hobby:hobby+>", any_mood=True),
    row("when {im} not working|at_work ,? {i} <hobby:practised>", any_mood=True),
    row(
        "on|every|most saturdays|sundays|mondays|tuesdays|wednesdays|thursdays|fridays|weekends|mornings|"
        "evenings {i} go|do|play? <hobby:hobby+>",
        addressed=True,
    ),
    row(
        "on|every|most saturdays|sundays|mondays|tuesdays|wednesdays|thursdays|fridays|weekends|mornings|"
        "evenings {i} <hobby:practised>",
        addressed=True,
    ),
    row("{i}|{my} .. weekly|regular <hobby:hobby>", asked=True, confidence=0.75),
    row(
        "mondays|tuesdays|wednesdays|thursdays|fridays|saturdays|sundays|weekends|evenings are for <hobby:activities>",
        addressed=True,
    ),
    row("monday|tuesday|wednesday|thursday|friday|saturday|sunday is <hobby:hobby> night|day|evening", addressed=True),
    row("is dedicated|devoted to <hobby:hobby>", addressed=True, confidence=0.7),
    row(
        "{my} <hobby:hobby> night|session|sessions|evening|morning|weekend|gear|shoes|bag|kit|goal|pace|"
        "progress|skills",
        asked=True, confidence=0.7,
    ),
    row("the .. choir i sing in|with", gives={"hobby": "singing"}, addressed=True),
    row("{my} choir|a_cappella_group", gives={"hobby": "singing"}, asked=True, any_mood=True, confidence=0.6),
    row(
        "{my} allotment|vegetable_patch|veg_patch|veggie_garden",
        gives={"hobby": "gardening"}, asked=True, any_mood=True, confidence=0.55,
    ),
    row(
        "{my} <hobby:sport> team|club|league|coach|match|game|practice|training|teammates",
        asked=True, confidence=0.75,
    ),
    row(
        "{i} am|'m in goal|the_goalkeeper|left_back|striker|midfield",
        gives={"hobby": "football"}, needs=r"\b(?:league|match|goal|team|football)\b", confidence=0.5,
    ),
    row("{i} {adv}? race|compete in <hobby:hobby>"),
    row("{i} could eat <favorite_food:thing> every_day|all_day|forever|daily", any_mood=True, confidence=0.7),
    row("{i} live|survive on <favorite_food:food>", confidence=0.6),
    row("<favorite_food:thing> is {my} comfort_food|guilty_pleasure|favourite|favorite now|again|these_days|$"),
    row("{my} comfort food {is} {adv}? <favorite_food:thing>"),
    row("{my} guilty_pleasure {is} {adv}? <likes:thing>"),
    row("<dislikes:disliked_food+> tastes|taste|smells|smell like", addressed=True, confidence=0.8),
    row("<dislikes:thing> is|are {my}? thing|cup_of_tea|jam", negative=True),
    row("<dislikes:thing> give|gives me the_creeps|the_ick|the_shivers|nightmares", addressed=True),
    row("keep the|all|any? <dislikes:disliked_food+> away|out|off", addressed=True),
    row("no|without|hold the? <dislikes:disliked_food+> please|ever|for_me|thanks", addressed=True, confidence=0.7),
    row("please no <dislikes:disliked_food+>", addressed=True, confidence=0.75),
    row("ugh|yuck|eww|bleh ,? <dislikes:disliked_food+>", addressed=True, confidence=0.75),
    row("big|huge|massive fan of <likes:thing>", addressed=False, confidence=0.7),
    row("{im} {a}? .. fan of <likes:thing>", negated="dislikes", confidence=0.7),
    row("{ive}? {adv}? joined|signed_up_at {a}? .. gym|club|studio ,? called|named <gym:firm>"),
    row(
        "{ive}? had_to|have_to|got_to {adv}? give_up|stop|quit {my}|the? {adv}? volunteering at|for|with <volunteering:org>",
        retract=True, any_mood=True,
    ),
    row("{ive}? .. stopped|quit|gave_up|given_up|give_up|stop volunteering", ends={"volunteering": ""}, any_mood=True),
    row(
        "{ive}? had_to|have_to {adv}? give_up|stop|quit|drop|pack_in {adv}? playing|doing|going? {my}|the? <hobby:hobby+>",
        retract=True, any_mood=True,
    ),
    row("{i} {adv}? sing|play|perform in|with|for <choir:proper>"),
    row("{ive}? {adv}? joined {a} .. choir|band|quartet|orchestra|ensemble|club|team|league|group , <club:proper>"),
    row("halfway|deep|well|stuck through|into|in <reading:book> instead|now|these_days", addressed=True),
    row("{im} {adv}? halfway|deep|well through|into <reading:book>"),
    row(
        "{ive}? started|begun|picked_up|on_to reading? <reading:inquotes>",
        needs=r"\b(?:read\w*|book|novel|page|chapter)\b",
    ),
    # said in everyday words
    row(
        "<:typed> is|are {adv}? what|all {i} {adv}? read|drink|use|play|listen_to|watch|eat|drive|cook|"
        "make|have|write_in|work_in|code_in|run|do",
        addressed=True,
    ),
    row(
        "<:typed> is|are {adv}? {my} {new}? thing|drink|poison|music|language|tool|jam|genre now|"
        "these_days|lately|again|$|,",
        addressed=True, confidence=0.75,
    ),
    row(
        "{i} only {adv}? do|take|go_on|travel|book <travel_style:travelstyle!> trips|holidays|vacations|"
        "tours|travel|hikes",
        confidence=0.8,
    ),
    row("{i} {adv}? travel <travel_style:travelstyle=>", confidence=0.8),
    row(
        "{my}|the new thing|craze|obsession|hobby|project|passion|addiction is|: <hobby:activities>",
        addressed=True, confidence=0.75,
    ),
    row("{im} {adv}? <-hobby:hobby> .. but|and the|my new thing|hobby is <hobby:activities>"),
    row(
        "{i} {adv}? do|spend|give|work mondays|tuesdays|wednesdays|thursdays|fridays|saturdays|sundays|"
        "weekends|mornings|evenings|shifts at|in|for|to|with the|a|an? <volunteering:charity>",
    ),
    row("{i} {adv}? volunteer|help_out|help|pitch_in at|in|for|with the|a|an|our? <volunteering:charity>"),
    row(
        "{ive}? {adv}? signed_up|started|agreed|offered|joined_up to|as|with|at .. <volunteering:charity>",
        planned=True,
    ),
    row(
        "{ive}? {adv}? signed_up|started|volunteered to drive|run|staff|man the|a <volunteering:thing> for|"
        "at|on|one|every|,",
        planned=True, confidence=0.6,
    ),
    row("^ <instrument:instrument> player|teacher|student in|with|of|here|for|,", addressed=True, confidence=0.75),
    row("{i}|{im} .. season_ticket|season_ticket_holder|season_tickets at|for|with <favorite_team:proper>"),
    row(
        "season ticket|tickets|ticket_holder at|for|holder at|for? <favorite_team:proper>",
        addressed=True, confidence=0.75,
    ),
    row(
        "{i} {adv}? support|follow|cheer_for|go_to_see|watch .. side|team|women's_side|reserves now? , "
        "<favorite_team:proper>",
    ),
    row("{i} {adv}? go|went to {a}|the .. side|team|club now? , <favorite_team:proper>", confidence=0.75),
    row("{my} .. pb|pr|personal_best|best_time|record is|:|stands_at {adv}? <personal_best:racetime>"),
    row(
        "<personal_best:racetime> today|yesterday|now|this_morning|!",
        addressed=True, needs=r"\b(?:pb|pr|personal best)\b",
    ),
    row("new pb|pr|personal_best is|:|,|of|- {adv}? <personal_best:racetime>", addressed=True),
    row(
        "{ive}? {adv}? ran|run|did|finished|clocked .. in <personal_best:racetime>",
        needs=r"\b(?:pb|pr|personal best)\b",
    ),
    row(
        "{ive}? {adv}? joined|run_with|running_with|train_with|row_with|swim_with|play_for|ride_with|"
        "signed_for <club:proper>",
        confidence=0.75,
    ),
    row("{i} {adv}? run|train|row|swim|ride|play|climb|dance with|for <club:proper>", confidence=0.75),
    row("{im} {adv}? learning|teaching_myself|practising|practicing {a}? <instrument:instrument>"),
    row(
        "{i} {adv}? exercise|work_out|train|run|swim|go_running|hit_the_gym {adv}? in|at|during|before|"
        "after {my}|the|a? <workout_time:daytime>",
        confidence=0.75,
    ),
    row("{i} {adv}? run trails|the_trails", gives={"hobby": "trail running"}, unless=r"\b(?:trail|tour) guide\b"),
    row("{i} {adv}? run marathons|ultras|half-marathons|ultramarathons", gives={"hobby": "marathon running"}),
    row("{i} {adv}? ride horses", gives={"hobby": "horse riding"}),
    row("{i} {adv}? lift weights", gives={"hobby": "weightlifting"}),
    row("{ive}? {adv}? started|begun|began|taken_up|took_up|learning_to|got_into|gotten_into <hobby:crafted>"),
    row("{im} {adv}? into <hobby:crafted> now|these_days|lately"),
    row("{i} do|help_at|help_out_at|volunteer_at|go_to the|our <volunteering:charity> shift|shifts|rota|run|any_more|anymore"),
    row("{i} {adv}? grow|cultivate|farm|plant <crop:things>", needs=_FIELD),
    row(
        "{ive}? {adv}? planted|put|put_in|sown|sowed|added the|some|a? <crop:thing> too|as_well|behind|beside|next_to|between|in_the|this",
        needs=_FIELD,
    ),
    row(
        "reed|strings|frets|mouthpiece|valves|bellows|drones|chanter|pegs|fingerboard of {my} <instrument:thing>",
        asked=True, addressed=True,
    ),
    row(
        "{i}|{im} {adv}? lift|train|run|swim|exercise|work_out|lifting|training|running|swimming {adv}? <workout_time:mealbound>",
        confidence=0.75,
    ),
    row("{i}|{im} {adv}? coach|coaching .. <volunteering:sport> on|at|for|every|,|.|$", value="coaching {}", confidence=0.7),
    row("^ coaching .. <volunteering:sport> on|at|every", value="coaching {}", addressed=True, confidence=0.7),
    row("{ive}? {adv}? rejoined <club:proper>"),
    row("{my} band|choir|quartet|orchestra|duo|trio|ensemble ,? <band:firm>", asked=True, any_mood=True),
    row("{im} {adv}? in <band:firm> now|these_days|again", needs=_BAND),
    row("{ive}? {adv}? left|quit <band:proper>", needs=_BAND, retract=True),
    row("^ <band:firm> broke_up|split_up|disbanded|folded|packed_it_in", retract=True, addressed=True, needs=_BAND),
    row("{my} hives|beehives|bees|bee_colonies|apiary", gives={"hobby": "beekeeping"}, asked=True, any_mood=True, confidence=0.7),
    row("the|our|my? band|duo|trio|group|choir 's? name is|: now? <band:firm>", addressed=True, needs=r"\b(?:my|our|we|we're)\b"),
    row(
        "{i} {adv}? do|work|help|spend|give "
        "/(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?(?:,\\s|\\sand\\s)?){1,3}/ at|in|for the|a|an|our? <volunteering:charity>",
    ),
)
