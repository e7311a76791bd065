"""Diet, allergies, health, habits."""

from __future__ import annotations

from recalld.ingest.local.facts.row import row

# fmt: off
ROWS = (
    # diet
    row("{im} {a}? {adv}? <diet:diet>"),
    row("{im} on {a} .. <diet:diet> diet"),
    row("{im} {adv}? on|doing|following|eating|trying|sticking_to {a}? <diet:diet>"),
    row("{i} {adv}? eat|eating|follow|keep|cook {adv}? {a}? <diet:diet>"),
    row("{ive}? {adv}? went|gone|going|turned|become|became|been|stayed|go {adv}? back_to|over_to|fully? <diet:diet>"),
    row("{my} diet {is} {adv}? <diet:diet>"),
    row("<diet:diet> here|for_me|household|since|btw|by_the_way|again|these_days", addressed=True, confidence=0.8),
    row("as {a} <diet:diet>"),
    row(
        "{im} {adv}? off <diet:foodstuff> until|till|for|now|these_days|completely|entirely|at_the_moment|,",
        value="no {}",
    ),
    row("{i} {adv}? eat|have|do|touch|consume <diet:foodstuff>", negative=True, value="no {}"),
    row("{i} {adv}? can't|cannot|won't {adv}? eat|have|touch <diet:foodstuff>", value="no {}", confidence=0.8),
    row("call me|us {a}? <diet:diet>", addressed=True),
    row(
        "{i} {adv}? stopped|quit|gave_up|given_up|cut_out|avoid|dropped {adv}? eating? <diet:foodstuff>",
        value="no {}", confidence=0.8,
    ),
    row(
        "{ive}? {adv}? gave_up|given_up|quit|dropped|stopped|ditched|abandoned|done_with|over|off {a}? "
        "{adv}? being? <diet:diet>",
        retract=True,
    ),
    row(
        "{i} {have}? {adv}? to? avoid|skip|stay_away_from <intolerance:allergen+>",
        planned=True, any_mood=True, confidence=0.75,
    ),
    # allergies and intolerances
    row("{im} .. allergic to <allergy:allergens>"),
    row("{have} {a} .. <allergy:allergen> allergy|allergies"),
    row("{my} .. <allergy:allergen> allergy", asked=True, any_mood=True),
    row("{have} {a} .. allergy|allergies to|: <allergy:allergens>"),
    row("{my} allergies|allergy {is}|include {adv}? <allergy:allergens>"),
    row("allergic to <allergy:allergens>", addressed=True, confidence=0.8),
    row("allergy|allergies : <allergy:allergens>", addressed=True),
    row("no <allergy:allergens> for_me|please|, .. allergic|allergy", addressed=True, needs=r"\ballerg"),
    row("<allergy:allergen+> gives|give me .. hives|rash|reaction|asthma", addressed=True),
    row(
        "<allergy:allergen+> makes|make {my} .. throat|lips|tongue|face|mouth|skin|eyes swell|itch|close|water|burn",
        asked=True,
    ),
    row("<allergy:allergen+> makes|make me swell|itch|wheeze|break_out", addressed=True),
    row(
        "<allergy:allergen+> could|would|will|can|nearly kill|killed|kills|send|sends me",
        addressed=True, any_mood=True,
    ),
    row("{i} {adv}? react|reacted .. to <allergy:allergen+>"),
    row("<intolerance:allergen> agrees|agree with me", addressed=True, negative=True),
    row(
        "<intolerance:stimulant> wrecks|ruins|kills|upsets|messes_with {my} .. sleep|stomach|gut|nerves|head|skin",
        addressed=True, confidence=0.75,
    ),
    row("{i} {adv}? carry {a} epipen", gives={"medication": "EpiPen"}),
    row("{im} .. intolerant|sensitive to <intolerance:allergen+>"),
    row(
        "{i} can't|cannot|can_not {adv}? eat|have|drink|tolerate|digest|do|handle|stomach <intolerance:allergen+>",
        confidence=0.8,
    ),
    row("{have} {a} .. <intolerance:allergen> intolerance|sensitivity"),
    row("{im} .. <intolerance:intolerable> intolerant|-intolerant"),
    # conditions
    row("{im} <health_condition:impaired>"),
    row("{im} {a}? {adv}? <health_condition:condition_adjective!>"),
    row("{have} <health_condition:condition+>"),
    row("{i} suffer|suffering|am_suffering {adv}? from|with <health_condition:condition+>"),
    row("{i}|{im}|{ive} .. diagnosed with|as <health_condition:condition+>"),
    row("{i}|{im}|{ive} .. diagnosed with <health_condition:thing>", confidence=0.8),
    row("{my} <health_condition:condition> is|gets|makes|acts|means|has|flares|and", asked=True, confidence=0.85),
    row("living with <health_condition:condition>", confidence=0.7),
    row("{i} live with <health_condition:condition>"),
    row(
        "{ive}? {adv}? broke|broken|fractured|sprained|tore|torn|pulled|dislocated|twisted {my}|a|an <injury:bodypart>",
        value="injured {}",
    ),
    row("{i} {adv}? take|taking|am_taking|on {adv}? <medication:medication+>"),
    row("{im} {adv}? on <medication:medication+>"),
    row("{i}|{im} {adv}? take|taking|on {adv}? .. mg_of|g_of|mcg_of|units_of|mg|tablets_of <medication:thing>"),
    row("{i}|{im} {adv}? take|taking {adv}? <supplement:supplement+>"),
    row("{my} blood_type|blood_group|blood {is} {adv}? <blood_type:blood>"),
    row("{im} blood_type|blood_group? <blood_type:blood>", needs=r"\bblood\b"),
    row("blood_type|blood_group {is}? <blood_type:blood>", addressed=True),
    row("{i} use|need|am_in {a} <accessibility_need:aid>"),
    row("recovering|recovered from {a}|my? <health_condition:thing>", confidence=0.7),
    row("day|week|month|year .. without <diet:foodstuff>", value="no {}", addressed=True),
    row(
        "day|week|month|year .. without|off {adv}? a? cigarettes|smoking|nicotine|a_cigarette|cigarette",
        gives={"smoking": "non-smoker"}, addressed=True,
    ),
    row(
        "day|week|month|year .. without|off {adv}? alcohol|booze|drinking|a_drink",
        gives={"alcohol": "no alcohol"}, addressed=True,
    ),
    row(
        "smoke-free|smoke_free|cigarette-free|nicotine-free since|for|now",
        gives={"smoking": "non-smoker"}, addressed=True,
    ),
    row("{i} {adv}? eat everything|anything but|except|apart_from <dislikes:things>"),
    row("{i} {adv}? eat everything|anything $", gives={"diet": "eats everything"}),
    row("<intolerance:allergen> makes|make me .. ill|sick", confidence=0.6, addressed=True),
    # habits
    row("{i} {adv}? smoke", gives={"smoking": "smoker"}, gives_not={"smoking": "non-smoker"}),
    row("{im} {a} .. smoker", gives={"smoking": "smoker"}, gives_not={"smoking": "non-smoker"}),
    row("{im} {a}? non-smoker|nonsmoker|non_smoker|ex-smoker|smoke-free|smoke_free", gives={"smoking": "non-smoker"}),
    row(
        "{ive}? {adv}? quit|stopped|gave_up|given_up|kicked {adv}? smoking|cigarettes|the_cigarettes|nicotine|vaping",
        gives={"smoking": "non-smoker"},
    ),
    row("{ive}? {adv}? started|back_to smoking {adv}? again", gives={"smoking": "smoker"}, confidence=0.8),
    row("{i} {adv}? drink alcohol|booze", gives={"alcohol": "drinks alcohol"}, gives_not={"alcohol": "no alcohol"}),
    row(
        "{i} {adv}? drink $", gives_not={"alcohol": "no alcohol"}, confidence=0.75,
        unless=r"\b(?:what|which|that|thing|one|coffee|tea|milk|cola|juice|beer|wine) (?:i|we) (?:\w+ )?drink\b",
    ),
    row("{ive}? {adv}? quit|stopped|gave_up|given_up {adv}? drinking|alcohol|booze", gives={"alcohol": "no alcohol"}),
    row(
        "{im} {a}? sober|teetotal|teetotaller|teetotaler|alcohol-free|off_alcohol|off_the_booze",
        gives={"alcohol": "no alcohol"},
    ),
    row("{i} {adv}? go|get to_bed|to_sleep at <sleep:time>", value="bedtime {}"),
    row("{my} bedtime {is} {adv}? <sleep:time>"),
    row("{i} {adv}? get_up|wake_up|rise at <sleep:time>", value="gets up at {}"),
    row("{im} .. afraid|scared|terrified|frightened|petrified of <fear:fear+>"),
    row("{have} {a} .. fear|phobia of <fear:fear+>"),
    # in passing
    row("{i} come|break out in hives|a_rash .. from|after|with <allergy:allergens>"),
    row("{i} get|develop|have hives|a_rash|a_reaction|asthma .. from|after <allergy:allergens>", confidence=0.8),
    row(
        "{i} can't|cannot|mustn't|am_not_allowed_to have|eat|touch|be_near <allergy:allergens> , .. "
        "allergic|allergy|anaphyla",
        confidence=0.85,
    ),
    row("without|no <allergy:allergens> ,|because|due_to|for .. my|the allergy|allergies", addressed=True),
    row(
        "{my} body|stomach|gut|skin doesn't|does_not|can't|cannot tolerate|handle|like|take|cope_with "
        "<intolerance:allergen>",
        confidence=0.75,
    ),
    row("one can't have|eat <allergy:allergens> ( me", addressed=True),
    row("anaphyla /\\w*/ .. to|from <allergy:allergens>", addressed=True),
    row("{my} epipen", gives={"medication": "EpiPen"}, asked=True),
    row("took|taken|taking|weaned|got me|myself? off <medication:medication+>", retract=True),
    row("{im}|{i} {adv}? off|stopped|quit|came_off|done_with|stopped_taking <medication:medication+>", retract=True),
    row("{i} cook|bake|eat|shop {adv}? <diet:diet>"),
    row(
        "<diet:diet> options|meals|dishes|option|version|food|recipes for_me|only_for_me|please_for_me",
        addressed=True,
    ),
    row("{im} .. <diet:diet> these_days|now|since|again|at_the_moment|for_lent|for_january"),
    row("{im} {a}? {adv}? ex-smoker|former_smoker|recovering_smoker", gives={"smoking": "non-smoker"}),
    row("{ive}? cut|cutting out|down_on <diet:foodstuff>", value="no {}", confidence=0.75),
    row(
        "no <diet:foodstuff> for_me|since|until|this_month|anymore|any_more",
        value="no {}", addressed=True, confidence=0.75,
    ),
    row("{i} don't|do_not|never|no_longer {adv}? do <diet:foodstuff>", value="no {}"),
    row("{my} <health_condition:condition>", asked=True, any_mood=True, confidence=0.75),
    row("since {my} <health_condition:condition> diagnosis", addressed=True),
    row("with {my} <health_condition:condition>", asked=True, any_mood=True, addressed=True),
    row("wheelchair user here|myself", gives={"accessibility_need": "wheelchair"}, addressed=True),
    row(
        "{i}? have|'ve|has smoked|had_a_cigarette|had_a_smoke|touched_a_cigarette",
        gives_not={"smoking": "non-smoker"},
    ),
    row(
        "days|weeks|months|years smoke-free|smoke_free|cigarette-free|nicotine-free",
        gives={"smoking": "non-smoker"}, addressed=True,
    ),
    row("days|weeks|months|years sober|alcohol-free", gives={"alcohol": "no alcohol"}, addressed=True),
    row("^ <diet:diet!> $", addressed=True, needs=r"\bi'?m\b|\bi am\b", confidence=0.75),
    row(
        "days|weeks|months|years .. without|off {adv}? a? cigarettes|smoking|nicotine|a_cigarette|cigarette",
        gives={"smoking": "non-smoker"}, addressed=True,
    ),
    row(
        "days|weeks|months|years .. without|off {adv}? alcohol|booze|drinking|a_drink",
        gives={"alcohol": "no alcohol"}, addressed=True,
    ),
    row("{i} take <medication:firm> every|daily|twice|once|each|for_my|in_the|at_night|at_bedtime", confidence=0.8),
    row(
        "{my} wheelchair", gives={"accessibility_need": "wheelchair"},
        asked=True, any_mood=True, confidence=0.8,
    ),
    row(
        "<allergy:allergen+> as_well|too|also",
        addressed=True, needs=r"\b(?:patch test|prick test|allergist|allerg\w+)\b", confidence=0.75,
    ),
    row(
        "days|weeks|months|years without {adv}? a? cigarette|cigarettes|smoking|smoke",
        gives={"smoking": "non-smoker"}, addressed=True,
    ),
    row(
        "days|weeks|months|years without {adv}? a? drink|alcohol|drinking",
        gives={"alcohol": "no alcohol"}, addressed=True,
    ),
    # said in everyday words
    row(
        "{i} {adv}? drink ,|at_all|any_more|anymore|period|ever|alcohol|now",
        gives_not={"alcohol": "no alcohol"}, confidence=0.8,
    ),
    row("{i} never drink|touch_alcohol|touch_a_drop|touch_the_stuff", gives={"alcohol": "no alcohol"}, confidence=0.8),
    row("{im} {a}? {adv}? ex-smoker|former_smoker|reformed_smoker", gives={"smoking": "ex-smoker"}),
    row(
        "<allergy:allergen+> closes|close|swells|shuts|tightens|blocks|burns {my} throat|airways|lips|tongue|face",
        addressed=True,
    ),
    row(
        "<allergy:allergen+> puts|put|landed|lands|sent|sends me in|to hospital|a_e|the_er|casualty|intensive_care",
        addressed=True,
    ),
    row(
        "{i} can't|cannot|mustn't .. go_near|be_near|touch|have <allergy:allergen+> ,|because|without .. "
        "allerg|throat|epipen|pen|hives|swell",
    ),
    row("{i} carry|have {a} .. pen|epipen|auto-injector for|because_of .. <allergy:allergen+>"),
    row("<allergy:allergens> is|are {adv}? on {my} allergy|allergies list", addressed=True),
    row("add|put <allergy:allergens> to|on {my} allergy|allergies|allergens list?", addressed=True, asked=True),
    row("{my} <health_condition:weakpart>", asked=True, any_mood=True),
    row("{have} {a} <health_condition:badpart> $|,|and|so|since|from|but|that|which|."),
    row("<allergy:allergens> got|was|were|has_been|have_been added to|on {my} allergy|allergies list?", addressed=True),
    row(
        "doctor|doc|gp|hospital|nurse|allergist|they|i|we added|put <allergy:allergens> to|on {my} allergy|allergies|allergens "
        "list?", addressed=True,
    ),
    row(
        "pill|pills|medication|medicine|meds|tablet|tablets list|schedule|plan|box|organiser|organizer|reminder|timetable for_me|"
        ": {adv}? :? "
        "<medication:pills>",
        addressed=True, asked=True, unless=r"\b(?:mum|mom|dad|mother|father|gran\w*|wife|husband|his|her|patient\w*|dog|cat)\b",
    ),
    row("{my} pills|medication|meds|tablets|medicines|prescription|prescriptions is|are|: <medication:pills>"),
    row("meat|fish|dairy|cheese is|are {adv}? back on|in my|our plate|menu|table|diet|life", ends={"diet": ""}),
    row("{im} {adv}? eating meat again", ends={"diet": ""}),
    row("{ive}? {adv}? started|went_back_to eating meat again", ends={"diet": ""}),
    row("{i} {adv}? eat meat again", ends={"diet": ""}),
    row("^ <diet:diet> now|again|then|instead $|.|!", addressed=True, confidence=0.75),
    row("^ came_off|come_off|weaned_off|finished_with <medication:medication+>", retract=True, addressed=True),
    row("mention|put|include|add|write|note also? that {im} {a}? {adv}? <diet:diet!>", asked=True, any_mood=True),

    row("{i} can't|cannot|can_not <skill:unable>", value="cannot {}", confidence=0.8),
    row("{ive} {adv}? learned|learnt to <skill:unable>", negative=True, value="cannot {}", confidence=0.8),
    row("{i} know how to <skill:unable>", negative=True, value="cannot {}", confidence=0.8),
    row(
        "doctor|doc|gp|cardiologist|nurse|dietitian|dietician|consultant|specialist|surgeon|they wants|want|put|has|have|got me "
        "{adv}? back? on|onto a|the|some|this? <diet:diet!>",
        addressed=True, any_mood=True, confidence=0.8, unless=r"\b(?:refus\w+|told (?:her|him|them) no)\b",
    ),
    row(
        "doctor|doc|gp|gp's|doctor's|cardiologist|nurse|consultant|specialist|surgeon|they|they've {adv}? has|have? added|"
        "prescribed|put_me_on|started_me_on|gave_me "
        "a|an|the|some|another? <medication:medication!>",
        addressed=True,
    ),
)
