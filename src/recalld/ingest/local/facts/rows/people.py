"""Partner, children, relatives, pets."""

from __future__ import annotations

from recalld.ingest.local.facts.row import row


def _near(nouns: str, ending: str = "") -> str:
    """One of *nouns* with up to three words in front, none of which makes it another person's: "my boss and his wife"."""
    noun = nouns.replace("_", r"\s+")
    return rf"/(?:(?!(?:his|her|their|whose|an?|another)\b)[\w'-]+[,:;]?\s+){{0,3}}?(?:{noun}){ending}(?!\w)/"


_PARTNER = (
    "wife|husband|partner|girlfriend|boyfriend|fiance|fiancé|fiancee|fiancée|spouse|hubby|missus|better_half|"
    "other_half|gf|bf|significant_other"
)
_CHILD = (
    "son|daughter|kid|child|baby|toddler|little_one|boy|girl|newborn|stepson|stepdaughter|eldest|youngest|oldest|"
    "firstborn|little_boy|little_girl|baby_boy|baby_girl|teenager"
)
_OUR_CHILD = (
    "son|daughter|kid|child|baby|toddler|little_one|newborn|stepson|stepdaughter|eldest|youngest|oldest|firstborn"
)
_PET = (
    "dog|cat|puppy|kitten|rabbit|bunny|hamster|parrot|budgie|horse|pony|tortoise|turtle|pup|pet|gecko|ferret|"
    "guinea_pig|goldfish|snake|lizard|donkey|goat"
)

_NOT_OURS = (
    r"\b(?:niece|nephew|friend'?s?|neighbou?r'?s?|sister'?s?|brother'?s?|cousin'?s?|class|pupils|babysit\w*|godchild\w*|grandkids|"
    r"grandchildren|colleague'?s?|client'?s?|customer'?s?|characters?|stor(?:y|ies))\b"
)
_ONE_MORE = (
    r"\b(?:(?:we have|we've got|i have|i've got|here comes|is) (?:a|our|my) (?:second|third|fourth|fifth|new) "
    r"(?:one|baby|child|kid|son|daughter)|"
    r"our (?:newborn|new baby|baby)|(?:she|he|the baby)(?:'s| is| has) (?:here|arrived))\b"
)

# fmt: off
ROWS = (
    # partner
    row("{my} {new}? " + _PARTNER + " is|'s? called|named <partner_name:person>", asked=True),
    row("{my} {new}? " + _PARTNER + " 's|s? name {is} <partner_name:person>", asked=True),
    row(
        "{my} {new}? /(?:wife|husband|partner|girlfriend|boyfriend|fianc[eé]e?|spouse)'?s/ name {is} "
        "<partner_name:person>",
        asked=True,
    ),
    row("{my} {new}? " + _PARTNER + " ,? <partner_name:firstname>", asked=True, any_mood=True),
    row("{im} {adv}? married|engaged to <partner_name:firstname>"),
    row("{i} {adv}? married <partner_name:firstname>", confidence=0.8),
    row(
        "{im} {adv}? dating|seeing|going_out_with|together_with|in_a_relationship_with|living_with "
        "<partner_name:firstname>",
    ),
    row(
        "<partner_name:firstname> and_i|&_i|and_me {adv}? got|are|were {adv}? married|engaged|together|a_couple|dating",
    ),
    row("me|i and <partner_name:firstname> .. together", needs=r"\btogether\b", confidence=0.7),
    row(
        "me|i and <partner_name:firstname> {adv}? broke_up|split_up|split|separated|divorced|parted_ways|"
        "are_over|called_it_quits",
        retract=True,
    ),
    row(
        "<partner_name:firstname> and_i|&_i|and_me {adv}? have|are? {adv}? "
        "broke_up|broken_up|split_up|split|separated|divorced|parted_ways|over|called_it_quits|"
        "no_longer_together",
        retract=True, addressed=True,
    ),
    row("{i} {adv}? broke_up|split_up|split|separated|broken_up with <partner_name:firstname>", retract=True),
    row(
        "{ive} {adv}? broke_up|split_up|broken_up|separated|called_it_quits",
        gives={"relationship_status": "single"}, ends={"partner_name": ""},
        unless=r"\b(?:split up|separated|broke up) (?:the|our|my|a|an|into|some)\b",
    ),
    row(
        "{my} "
        + _near(_PARTNER)
        + (" and_i|&_i {adv}? have|are? {adv}? broke_up|broken_up|split_up|split|separated|parted_ways|"
        "called_it_quits"),
        gives={"relationship_status": "single"}, ends={"partner_name": ""},
    ),
    row(
        "{my} " + _near(_PARTNER) + " left_me|dumped_me|walked_out",
        gives={"relationship_status": "single"}, ends={"partner_name": ""},
    ),
    row(
        "{my} " + _near(_PARTNER) + " died|passed_away|passed",
        gives={"relationship_status": "widowed"}, ends={"partner_name": ""},
    ),
    row(
        "{i} and|& .. {adv}? broke_up|broken_up|split_up|called_it_quits",
        gives={"relationship_status": "single"}, addressed=True,
    ),
    row(
        "and|& i {adv}? broke_up|broken_up|split_up|called_it_quits|parted_ways",
        gives={"relationship_status": "single"},
    ),
    row("{my} ex|ex-wife|ex-husband|ex-boyfriend|ex-girlfriend <partner_name:firstname>", retract=True, asked=True),
    # status
    row("{im} {a}? {adv}? <relationship_status:relationship!>"),
    row("{i} {adv}? got|are_getting|just_got {adv}? married|hitched", gives={"relationship_status": "married"}),
    row("{i} {adv}? tied_the_knot|eloped", gives={"relationship_status": "married"}),
    row("{i}? {adv}? got engaged", gives={"relationship_status": "engaged"}),
    row("{i} {adv}? said_yes", gives={"relationship_status": "engaged"}, needs="propos|ring|engage", confidence=0.7),
    row(
        "{i}? {adv}? got|getting|are_getting {a}? divorced|divorce",
        gives={"relationship_status": "divorced"}, ends={"partner_name": ""},
    ),
    row(
        "divorce is|came|went {adv}? final|through|finalised|finalized",
        gives={"relationship_status": "divorced"}, ends={"partner_name": ""}, addressed=True,
    ),
    row("{im} {adv}? pregnant", gives={"pregnancy": "pregnant"}, negated="ignore"),
    row(
        "{im} {adv}? expecting again|in|this|next|our|twins|a_baby|a_child|and|,|.|!|$", gives={"pregnancy": "pregnant"}, negated="ignore",
    ),
    # children
    row("{ive} {a} .. " + _CHILD + " , <child:firstname>"),
    row("{have} {a} .. " + _CHILD + " ,? called|named|whose_name_is <child:names>"),
    row(
        "and|, {a} .. " + _CHILD + " called|named|whose_name_is <child:names>",
        needs=r"\b(?:i|we)\b.{0,60}\b(?:have|got)\b", addressed=True,
    ),
    row(
        "{my} " + _near(_OUR_CHILD + "|boy|girl|kids|children|sons|daughters|twins") + " is|are|'s? called|named <child:names>",
        asked=True,
    ),
    row("{my} " + _near("son|daughter|kid|child|baby", "'?s") + " name is|= <child:names>", asked=True),
    row("{my} " + _near("kids|children|sons|daughters|twins|boys|girls") + " ,? <child:names>", asked=True, any_mood=True),
    row("{my} {new}? " + _near(_OUR_CHILD) + " ,? <child:firstname>", asked=True, any_mood=True),
    row(
        "{my} "
        + _near(_OUR_CHILD)
        + (" is_here|arrived|was_born|has_arrived|is_finally_here ,? his|her|their|and_his|and_her? name {is} "
        "<child:firstname>"),
    ),
    row("{have} <child:children>", negated="ignore"),
    row("{have} {a} {adv}? wife|husband|partner|girlfriend|boyfriend and|& <child:children>"),
    row("{im} {a} .. mum|mom|mother|dad|father|parent|single_mum|single_mom|single_dad of|to|with <child:children>"),
    row("with|and <child:children> at_home|in_tow|running_around", addressed=True, confidence=0.7),
    row("{my} <child:counted> are|go|love|have|want|need|and", asked=True, any_mood=True, confidence=0.8),
    row("{i} had|welcomed|adopted|have_adopted {adv}? <child:children>"),
    row("{i} became {a}? {adv}? mum|mom|mother|dad|father|parent|parents", gives={"parental_status": "parent"}),
    row("{have} <sibling:siblings>"),
    row("{im} {a}? only child", gives={"sibling": "none"}),
    row("{ive}? {adv}? been? married in|since|for", gives={"relationship_status": "married"}),
    row("newly single", gives={"relationship_status": "single"}, ends={"partner_name": ""}),
    row("{i} {adv}? proposed", gives={"relationship_status": "engaged"}, needs="said yes|ring|engage", confidence=0.7),
    row("<partner_name:firstname> ,|( {my} " + _PARTNER, asked=True, addressed=True, confidence=0.8),
    row("<child:firstname> ,|( {my} " + _near(_OUR_CHILD), asked=True, addressed=True, confidence=0.8),
    row(
        "since|after the|my|our divorce",
        gives={"relationship_status": "divorced"}, ends={"partner_name": ""}, addressed=True,
    ),
    row("since|after the|my|our wedding", gives={"relationship_status": "married"}, addressed=True, confidence=0.6),
    row(
        "since|after the|my|our separation|split|breakup|break-up",
        gives={"relationship_status": "single"}, ends={"partner_name": ""}, addressed=True,
    ),
    row(
        "<child:firstname> arrived|was_born|is_here|joined_us .. on|at|last|yesterday|this|in",
        addressed=True, needs=r"\b(?:baby|newborn|birth|born|hospital|night shifts|diapers|nappies|congratulations)\b",
    ),
    row("little <child:firstname> arrived|was_born|is_here|came", addressed=True),
    row("{have} {a} .. " + _CHILD + " , <child:firstname>"),
    row("^ <child:firstname> , born on|at|in|this|last|yesterday|today", addressed=True, needs=_ONE_MORE),
    row("^ /[^\\W\\d_]+/ , born {adv}? on? <child_birthday:date>", addressed=True, needs=_ONE_MORE),
    row("{have} {a}|our second|third|fourth one|baby|child|kid now? , <child:firstname>"),
    row("{i} call|called|named her|him|the_baby <child:firstname>", needs=_ONE_MORE),
    # pets
    row("{have} {a} .. " + _PET + " ,? called|named|whose_name_is|by_the_name_of <pet:names>"),
    row("{my} " + _near(_PET) + " is|'s? called|named <pet:names>", asked=True),
    row("{my} " + _near(_PET, "'?s") + " name {is} <pet:names>", asked=True),
    row("{have}|{i}|{im}|{my}|with {got}? {a}? <:petnamed>", asked=True),
    row("{got} <:petnamed>"),
    row("{my} <:petnamed>", asked=True, any_mood=True),
    row("{have} <pet:animals>"),
    row("{ive}? {adv}? {got} <pet:animals>"),
    row("{im} {a}? .. owner|mum|mom|dad|parent of|to <pet:animals>"),
    row("{im} {a} proud? <pet:animal> owner|mum|mom|dad|parent|person's"),
    row("with|and {my} <pet:animals>", asked=True),
    row("{my} " + _near(_PET) + " <pet:firstname>", asked=True, any_mood=True),
    row("{my} <pet:animal>", asked=True, any_mood=True, confidence=0.8),
    row("<pet:firstname> ,|( {my} <:species>", asked=True, addressed=True),
    row("<pet:petsown> the <:species>", asked=True, addressed=True, confidence=0.75),
    row("{i} share .. with {a}? <pet:animals>"),
    row("{im} {a}? .. <pet:animal> owner|mum|mom|dad|parent"),
    row(
        "{i} {adv}? rehomed|gave_away|lost|buried|had_to_put_down|put_down|had_to_say_goodbye_to|"
        "said_goodbye_to {my}|the <pet:petname>",
        retract=True,
    ),
    row(
        "{my} " + _near(_PET) + " <pet:firstname> {adv}? died|passed_away|passed|crossed|is_gone|has_died|has_passed",
        retract=True,
    ),
    row("{my} <pet:animal> {adv}? died|passed_away|passed|is_gone|has_died|ran_away", retract=True),
    row("{i} {adv}? lost {my} " + _near(_PET) + " <pet:firstname>", retract=True),
    # in passing
    row(
        "{my} /[\\w-]+-(?:year|month)-olds?|\\d+-?yo/ son|daughter|boy|girl|kid? ,? <child:firstname>",
        asked=True, any_mood=True,
    ),
    row("{im} {a}|as|being .. mum|mom|dad|mother|father|parent|mama|papa of|to <child:countedpeople>", addressed=True),
    row(
        "mum|mom|dad|mother|father|parent of|to <child:countedpeople>",
        addressed=True, needs=r"\b(?:i|i'm|me|my|profile|bio|intro)\b", confidence=0.7,
    ),
    row("{my} <child:twins>", asked=True, any_mood=True, confidence=0.65),
    row("{my} little|baby|youngest|eldest|oldest one? ,? <child:firstname>", asked=True, any_mood=True),
    row("baby <child:firstname>", addressed=True, needs=r"\b(?:our|my|we|home)\b", confidence=0.7),
    row(
        "we|i named|called|are_calling|'re_calling him|her|the_baby|our_son|our_daughter|the_little_one "
        "<child:firstname>",
    ),
    row(
        "<child:firstname> and|& <child:firstname> are|go|love|have|need|want|start .. "
        "our|my|school|kindergarten|kids|both",
        addressed=True, needs=r"\b(?:my|our) (?:kids|children|sons|daughters|boys|girls|twins)\b", confidence=0.7,
    ),
    row(
        "since|after|now_that .. and i separated",
        gives={"relationship_status": "separated"}, addressed=True, any_mood=True,
    ),
    row("as {a} widow", gives={"relationship_status": "widow"}, addressed=True),
    row("as {a} widower", gives={"relationship_status": "widower"}, addressed=True),
    row(
        "{im}|as {a}? single|divorced mum|mom|dad|parent|mother|father",
        gives={"relationship_status": "single"}, addressed=True, confidence=0.75,
    ),
    row(
        "years|months married",
        gives={"relationship_status": "married"}, addressed=True, needs=r"\b(?:we|i|my|our)\b", confidence=0.7,
    ),
    row(
        "celebrating .. anniversary|years_married|wedding",
        gives={"relationship_status": "married"}, needs=r"\b(?:wedding|married|husband|wife)\b", confidence=0.7,
    ),
    row("{my} " + _near(_PARTNER) + " of .. years|decades ,? <partner_name:firstname>", asked=True),
    row("with {my} " + _PARTNER + " <partner_name:firstname>", asked=True, any_mood=True),
    row("{ive}? {adv}? took_in|welcomed|are_fostering|foster|fostering <:petnamed>"),
    row("{ive}? {adv}? took_in|welcomed|are_fostering|foster|fostering <pet:animals>"),
    row("{i} feed|walk|brush {my} <pet:animal>", asked=True),
    row("down to {adv}? the|my|one|our <pet:animal>", addressed=True, confidence=0.7),
    row("fox|hawk|marten got|took|ate the|my|our <pet:animal>", retract=True, addressed=True),
    row(
        "{my} boss|manager|supervisor|line_manager|team_lead|advisor|head_of_department ,? <manager:firstname>",
        asked=True, any_mood=True,
    ),
    row(
        "{my} doctor|gp|therapist|dentist|physio|cardiologist ,? <doctor:firstname>",
        asked=True, any_mood=True, confidence=0.7,
    ),
    row(
        "{my} flatmate|flatmates|roommate|roommates|housemate ,? <flatmate:names>",
        asked=True, any_mood=True, confidence=0.7,
    ),
    row("{my} best_friend|best_mate|bestie ,? <friend:firstname>", asked=True, any_mood=True, confidence=0.7),
    row("{im} seeing|dating|with someone_new|a_guy_called|a_woman_called|somebody_new ,? <partner_name:firstname>"),
    row("no_more <partner_name:firstname>", retract=True, addressed=True),
    row(
        "year_old|-year-old|years_old ( <child:firstname>",
        addressed=True, needs=r"\b(?:my|our|we|with a|mum|dad|mums|mother|father|parent)\b", confidence=0.75,
    ),
    row(
        "<child:firstname> 's|is here",
        addressed=True, needs=r"\b(?:pregnan\w+|baby|born|birth|due|newborn|kilos|grams|midwife|hospital)\b",
        confidence=0.75,
    ),
    row("{have} .. grandkids|grandchildren ,? <grandchild:names>"),
    row("{have} <grandchild:grandkids>"),
    row("{my} grandson|granddaughter ,? <grandchild:firstname>", asked=True, any_mood=True),
    row(
        "the|my|our kids|children|boys|girls|twins|little_ones -|:|( <child:names>",
        addressed=True, needs=r"\b(?:my|our|we|me)\b", confidence=0.8,
    ),
    row(
        "{my} " + _near("husband|wife|hubby|hubs|wifey|missus|spouse"),
        gives={"relationship_status": "married"}, asked=True, any_mood=True, confidence=0.7, negated="ignore",
        unless=r"\b(?:ex|late|divorc\w+|separated|widow\w*|died|future|broke up|split up)\b",
    ),
    row("{my} {new}? dentist {is} {adv}? <dentist:person>", asked=True),
    row("{my} {new}? vet {is} {adv}? <vet:person>", asked=True),
    row("{my} {new}? gp|doctor|physician {is} {adv}? <doctor:person>", asked=True),
    row("{my} {new}? therapist|physio|physiotherapist {is} {adv}? <therapist:person>", asked=True),
    row("{my} {new}? optician {is} {adv}? <optician:person>", asked=True),
    row("{my} {new}? hairdresser|barber {is} {adv}? <hairdresser:person>", asked=True),
    row("{my} {new}? accountant {is} {adv}? <accountant:person>", asked=True),
    row("{have} .. boys|girls|sons|daughters|kids|children|twins ,|:|( <child:names>"),
    row(
        "mum|mom|dad|mother|father|mama|papa|parent of|to .. ( <child:names>",
        addressed=True, needs=r"\b(?:i|i'm|me|my|profile|bio|intro)\b", confidence=0.7,
    ),
    row("{ive}? lost|buried|miss <:firstname> last|in|this|yesterday|on|today|to", retract=True, among=("pet",)),
    row("there's|there_is {adv}? {a}? <:petnamed>", addressed=True, needs=r"\b(?:my|our|we|i)\b"),
    row("{ive} been together .. , <partner_name:firstname> and_i|&_i"),
    row("<partner_name:firstname> and_i|&_i .. been|are .. together|a_couple|dating|married"),
    row("{ive}? adopted|got|have|took_in|rescued <pet:firstname> ,|( a|an|another|the|our <:species>"),
    row("{my} /(?:dog|cat|rabbit|horse|parrot|hamster)s'?/ names {is} <pet:names>", asked=True),
    row(
        "{a}|{my} <:species> .. , <pet:firstname> is|'s",
        addressed=True, needs=r"\b(?:my|our|i|we|flat|home|house|living room|apartment)\b", confidence=0.65,
    ),
    row("<child:firstname> and|& baby <child:firstname>", addressed=True, needs=r"\b(?:my|our|kids?|children|we)\b"),
    row(
        "{ive}? brought_home|picked_up <pet:firstname> ,|from",
        needs=r"\b(?:dog|cat|puppy|kitten|rabbit|shelter|vet|leash|litter|breeder)\b",
    ),
    row(
        "{im} with <manager:person> since|now|these_days",
        needs=r"\b(?:supervisor|advisor|adviser|boss|manager|line manager)\b",
    ),
    row(
        "{i} .. reassigned|assigned|transferred to <manager:person>",
        needs=r"\b(?:supervisor|advisor|adviser|boss|manager|line manager|prof\w*)\b",
    ),
    # said in everyday words
    row("{my} .. <:species> , <pet:names>", asked=True, any_mood=True),
    row("{my} .. /(?:two|three|four|five|six|2|3|4|5|6)/ .. <:species> ,|:|-|( <pet:names>", asked=True, any_mood=True),
    row(
        "{ive}? {adv}? took_in|welcomed|rescued|adopted|got|bought|brought_home|inherited {a}? .. "
        "<:species> , <pet:names>",
    ),

    row("{my} {new}? gp|doctor|physician is|:|, <doctor:titled>", asked=True),
    row(
        "{im} {adv}? with|back_with|seeing|under <doctor:titled> now|again|instead|these_days|since|,|for",
        needs=r"\b(?:gp|doctor|surgery|appointment|dentist|practice|clinic|prescription|referral|letter)\b",
    ),
    row(
        "{ive}? {adv}? moved|switched|changed|went|gone|transferred {adv}? over|back? to <doctor:titled>",
        needs=r"\b(?:gp|doctor|surgery|appointment|practice|clinic|prescription|referral|tablets)\b",
    ),
    row("flatshare|house_share|houseshare|flat_share|wg : me ,|and <flatmate:names>", addressed=True),
    row(
        "me ,|and <flatmate:names> share|are_sharing|live|split",
        addressed=True, needs=r"\b(?:flat|house|rent|flatshare|rota)\b",
    ),
    row("{my} .. flatmates|housemates|roommates are|,|:|( <flatmate:names>", asked=True),
    row(
        "<flatmate:firstname> has|got|took|takes her|his|their|the .. room",
        addressed=True, needs=r"\b(?:flatshare|flatmates?|rota|housemates?|roommates?|flat)\b", confidence=0.75,
    ),
    row(
        "<child:firstname> is teething|crawling|walking|babbling|weaning|in_nursery|due_a_nap",
        addressed=True, needs=r"\b(?:i|i'm|my|we)\b",
        unless=r"\b(?:niece|nephew|cousin|friend|sister|brother|neighbou?r)\b", confidence=0.6,
    ),
    row("{im} /\\d{1,2}/ weeks|months along|pregnant|gone", gives={"pregnancy": "pregnant"}),
    row(
        "/(?:two|three|four|five|2|3|4|5)/ {adv}? kids|children|boys|girls|sons|daughters|little_ones ,|:|(|- <child:names>",
        addressed=True, needs=r"\b(?:they share|my|our|we|us|at home|i'm)\b", confidence=0.75, unless=_NOT_OURS,
    ),
    row("twins|triplets on_the_way", gives={"pregnancy": "twins on the way"}, addressed=True, needs=r"\b(?:i|i'm|my|we|our)\b"),
    row(
        "back|home|returned|came_back from the|our honeymoon",
        gives={"relationship_status": "married"}, addressed=True, needs=r"\b(?:i|i'm|my|we|we're|our)\b", unless=_NOT_OURS,
    ),
    row("{my} honeymoon was|is_over|cost", gives={"relationship_status": "married"}),
    row("{ive}? back from {my}|the honeymoon", gives={"relationship_status": "married"}),
    row("{im} having|expecting twins|triplets", gives={"pregnancy": "expecting twins"}),
    row("{my} wedding was .. on|last|yesterday|in|lovely|perfect", gives={"relationship_status": "married"}, confidence=0.8),
    row("mention|put|include|add|write|note also? that {i} have <child:children>", asked=True, any_mood=True, confidence=0.8),
    row("vet|i|we|they put <:firstname> to_sleep", retract=True, addressed=True, among=("pet",)),
    row("had_to let|put <:firstname> go|down|to_sleep", retract=True, addressed=True, among=("pet",)),
    row("<partner_name:firstname> and_i|&_i|and_me are|were {adv}? history|done|finished|through|no_more", retract=True, addressed=True),
    row("{my} {new}? dentist ,? <dentist:titled>", asked=True, any_mood=True),
    row("{my} {new}? gp|doctor|physician <doctor:titled>", asked=True, any_mood=True),
    row("{my} {new}? vet ,? <vet:titled>", asked=True, any_mood=True),
    row("^ <partner_name:firstname> 's|is {my} " + _PARTNER, addressed=True),
    row(
        "^ <partner_name:firstname> {my} " + _PARTNER + " is|gets|has|was|wants|needs|likes|loves|hates|can't|and",
        asked=True, addressed=True, confidence=0.8,
    ),
    row(
        "^ the|our <pet:animal> {adv}? died|passed_away|was_put_down|had_to_be_put_down|was_put_to_sleep|got_run_over|is_no_more",
        retract=True, addressed=True, unless=r"\b(?:neighbou?r\w*|zoo|farm|film|movie|book|story|novel|sister\w*|brother\w*|friend\w*)\b",
    ),
)
