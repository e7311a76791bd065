"""Where the user lives, comes from, stays for a while."""

from __future__ import annotations

from recalld.ingest.local.facts.row import row

_DWELLING = "place|flat|apartment|house|home|room|studio|condo|loft|cottage|bungalow|houseboat|townhouse|terrace|maisonette|farmhouse|cabin"

_AWAY = (
    r"\b(?:trips?|holidays?|vacation|conference|visit(?:ing)?|hotel|hostel|airport|layover|flight|fly|weekend|"
    r"tourist|sightseeing|business trip|honeymoon|"
    r"days?|tonight|this week|next week|passing through|stopover|airbnb|travel\w*|back home|meeting)\b"
)

_IN_A_BAND = r"\b(?:bands?|gigs?|setlist|drummer|bassist|orchestra|quartet|choir|cast|squad)\b"
_AWAY_OR_IN_A_BAND = rf"{_AWAY}|{_IN_A_BAND}"

_MOVED = (
    r"\b(?:mov(?:e|ed|ing)|relocat\w+|unpack\w*|boxes|movers|removal van|new (?:flat|place|apartment|house|home|"
    r"city|address)|housewarming|settl(?:ed|ing) in|keys|"
    r"registration office|lease|the move|landlord|register|moving van|new in town)\b"
)

_OF_OLD = (
    r"\b(?:my|our) (?:old|former|first|last|previous|childhood|summer|holiday) "
    r"(?:school|street|gym|neighbou?rhood|local|pub|gp|doctor|dentist|landlord|landlady|flat|apartment|place|house|home|room|cabin|cottage)\b"
)

# fmt: off
ROWS = (
    # living somewhere
    row("{i} {live} {inat} <home_city:place>"),
    row("{im} {live} {inat} <home_city:place>"),
    row("{im} based|located|settled|resident|domiciled|residing {adv}? {inat} <home_city:place>"),
    row("live|living|based {adv}? in|near|outside <home_city:place>", confidence=0.85),
    row(
        "^ {adv}? <home_city:place> now|these_days|again|for_good $",
        addressed=True,
        needs=r"\b(?:moved|moving|relocat\w+|live|any ?more|no longer|based|new (?:flat|place|apartment|house))\b",
    ),
    row("{im} {adv}? based|living {adv}? out_of <home_city:place>"),
    row("{ive} lived|been_living|been_based {adv}? {inat} <home_city:place>", needs=r"\b(?:i|we)(?:'ve|ve| have)\b"),
    row("{i} call <home_city:place> home"),
    row("{my} {new}? hometown|home_town|home_city|home_base|city|town is {inat}? <home_city:place>"),
    row("{my} home is in <home_city:place>"),
    row("home is|= {adv}? {inat}? <home_city:place>", addressed=True, confidence=0.8),
    row("<home_city:place> is {adv}? {my} home|hometown|home_town"),
    row(
        "as|for|to someone|somebody|a_person|one|people who_lives|who_live|living|based|who_is_based "
        "{inat} <home_city:place>",
        addressed=True,
    ),
    row("{my} {new}? .. " + _DWELLING + " {inat} <home_city:place>", asked=True, any_mood=True, confidence=0.8, unless=_OF_OLD),
    row("{have} {a}? .. " + _DWELLING + " in|near <home_city:place>"),
    row(
        "{i}? {got}|found|rented|bought|signed_for|closed_on|moved_into|rent|renting|own {a} .. "
        + _DWELLING
        + " in|near <home_city:place>",
    ),
    row("signed {a} lease in <home_city:place>"),
    row("settled|settling {adv}? in|into|down_in <home_city:place>"),
    row("{i} arrived|landed {adv}? in <home_city:place> .. for_good|to_live|as_a_new_resident"),
    row("here in <home_city:place>", addressed=True, confidence=0.7),
    row("{my} new city|town|home|hometown is|: <home_city:place>"),
    row("now {live}|based in <home_city:place>", confidence=0.8),
    row("{im} {adv}? in <home_city:town>", confidence=0.6, unless=_AWAY_OR_IN_A_BAND),
    row("{i}? bought|purchased|rented|rent|found|got .. " + _DWELLING + " in|near <home_city:place>"),
    row("{i} live in|on {a} <housing:homekind>", confidence=0.75),
    # moving
    row("{ive}? {adv}? {moved} {adv}? from <-home_city:place> to <home_city:place>"),
    row("{ive}? {adv}? {moved} {adv}? back|over|down|up|across|out|away|here? to <home_city:place>"),
    row("{ive}? {adv}? {moved} {adv}? to <home_city:place>"),
    row("{ive}? {adv}? {moved} {adv}? {inat}? .. in|near <home_city:place>", confidence=0.6, needs=r"\bmoved in\b"),
    row("{my} move to <home_city:place> went|was|is_done|is_complete|is_finished|happened|last|in|took"),
    row(
        "after|since moving|relocating|my_move|our_move|i_moved|we_moved|i_relocated {adv}? back? to <home_city:place>",
        addressed=True, any_mood=True,
    ),
    row("now_that i'm|we're|i_am|we_are|i_live|we_live {adv}? settled|living|based|back? in <home_city:place>"),
    row("{im} back living in <home_city:place>"),
    row("{im} {adv}? back|home in|to <home_city:place> for_good|permanently|for_now|again"),
    row("{i} {adv}? left|leaving <-home_city:place> {moved}|for <home_city:place>"),
    row("{i} traded|swapped|exchanged|left <-home_city:place> for <home_city:place>"),
    row(
        "{im} {adv}? moving|relocating {adv}? back|over|down|up? to <planned_move:place>",
        planned=True, confidence=0.7,
    ),
    row("{i} used_to live in|near <home_city:place>", any_mood=True, retract=True),
    row("{i} {adv}? moved|left|moved_out|moved_away {adv}? out_of|from <home_city:place>", retract=True),
    row("{i} lived in <home_city:place>", negated="ignore", retract=True, confidence=0.7),
    row("goodbye|bye|farewell|so_long <-home_city:town> , hello|hi|hey <home_city:place>", addressed=True),
    row("{ive}? {adv}? swapped|traded|exchanged|left|ditched <-home_city:town> for <home_city:place>"),
    row("{ive}? {adv}? left <-home_city:town> .. , <home_city:town> now|it_is", addressed=True),
    row(
        "^ <home_city:town> is|feels|seems|turns_out|has|, {adv}? .. "
        "than|so|really|lovely|great|nice|quiet|loud|cold|warm|treating|growing",
        addressed=True, needs=_MOVED, confidence=0.75,
    ),
    row("{ive} been in <home_city:place> for|since"),
    row("{ive}? been in <home_city:town> for|since|now|already", unless=_AWAY),
    row(
        "months|years|weeks|winters|summers in <home_city:town> now|already|and_still|and_i|and_i've|and_i'm|and_now|and_counting",
        addressed=True, unless=_AWAY, confidence=0.8,
    ),
    row(
        "first|second|third winter|summer|week|month|year|autumn|spring|christmas in <home_city:place>",
        addressed=True, unless=_AWAY, confidence=0.8,
    ),
    row(
        "keys|lease|contract|mortgage|deposit to|for|on .. " + _DWELLING + " in <home_city:place>",
        addressed=True, confidence=0.8,
    ),
    row("back in|to <home_city:town> since|for_good|now|again|permanently", unless=_AWAY),
    row("{im} back in <home_city:town>", unless=_AWAY, confidence=0.7),
    row("still in? <home_city:town>", addressed=True, needs=_MOVED, confidence=0.75),
    row("{my} new place|flat|apartment|house|home .. in <home_city:place>", asked=True),
    row("new|updated address : <address:street> , <home_city:town>", addressed=True),
    row("{im} {a} .. renter|homeowner|tenant|resident|native|local|student|newcomer in|of <home_city:place>"),
    row("{my} commute from <home_city:town>", asked=True),
    row("unpacking|unpacked|settled_in|registering|registered .. in <home_city:town>", addressed=True, confidence=0.75),
    row("<home_city:town> born_and_raised", gives={}, addressed=True, confidence=0.7),
    row("since|after the|my|our <home_city:town> move|relocation", addressed=True),
    row("{i} {adv}? work|teach|practise|practice .. in <work_city:town>", confidence=0.7),
    # origin
    row("{im} {adv}? from <home_city:place>", confidence=0.75),
    row("{i} come|hail {adv}? from <home_city:place>", confidence=0.75),
    row("{im}? originally from <birthplace:place>"),
    row("{im}? born {adv}? in|at <birthplace:place>"),
    row("born and|& raised|bred in <birthplace:place>"),
    row("{i} was born .. in <birthplace:place>"),
    row("{im}? born <birthday:date> in <birthplace:place>"),
    row("{im}? born on .. .. in <birthplace:place>"),
    row("{i} grew_up|was_raised in|near <birthplace:place>"),
    row("{my} birthplace|place_of_birth {is} <birthplace:place>"),
    # address, zone
    row("{my} {new}? home|postal|street|shipping|delivery? address {is} <address:street>"),
    row("{i} live at <address:street>"),
    row("{my} {new}? postcode|post_code|zip|zip_code|postal_code {is} <postal_code:postcode>"),
    row("{my} {new}? time_zone|timezone|tz {is}|, <timezone:zone>"),
    row("{im} in|on {a} <timezone:zone> time_zone|timezone|time"),
    row("{im} in|on <timezone:zone>"),
    row("{i} use|work_in|work_on|go_by <timezone:zone>"),
    row("use|set .. time_zone|timezone|zone to|= <timezone:zone>", addressed=True),
    row("{my} {new}? neighbourhood|neighborhood|district|borough {is} <neighborhood:proper>"),
    # for a while
    row("{im} staying|stuck|stationed|posted|crashing|camped_out|stranded {adv}? {inat} <current_location:place>"),
    row("{im} in|at <current_location:place> until|till|through|for", confidence=0.85),
    row(
        "{im} {adv}? visiting|on_holiday_in|on_vacation_in|on_a_business_trip_to|on_a_trip_to|"
        "travelling_in|traveling_in|travelling_through <current_location:place>",
    ),
    row("until|till .. {im} .. in <current_location:place>"),
    row("for_the_next|for_the_coming|this .. {im} .. in <current_location:place>"),
    # housing
    row("{im} {a}? <housing:housing>"),
    row("<housing:housing> as_of|since|now|at_last|finally", addressed=True),
    row("{i} {adv}? rent|am_renting|are_renting {adv}? {a} .. " + _DWELLING, gives={"housing": "renter"}),
    row(
        "{ive}? {adv}? bought|closed $|!|,|on",
        gives={"housing": "homeowner"}, needs=r"\b(?:rent|landlord|mortgage|estate agent)\b", confidence=0.6,
    ),
    row("{im} renting", gives={"housing": "renter"}),
    row(
        "{i} {adv}? own|bought|purchased|closed_on {my}|a|the {new}? .. first? " + _DWELLING,
        gives={"housing": "homeowner"},
        unless=r"\b(?:dance|music|yoga|photo|recording|tattoo|design|pilates|art|film|waiting|show) (?:studio|room)\b",
    ),
    row("{i} live {adv}? alone|by_myself|on_my_own", gives={"household": "alone"}),
    row("{i} live with {my} <household:household>"),
    row("{im} {a}? family|household of <household:number>"),
    row("there_are <household:number> of_us at_home|in_the_house|in_this_house|in_the_flat", addressed=True),
    # in passing
    row("<home_city:town> , where i|we live|am_based|are_based|work_and_live", addressed=True),
    row(
        "{my} gp|doctor|dentist|landlord|landlady|neighbourhood|neighborhood|street|balcony|garden|"
        "allotment|local|pub|supermarket|school|kindergarten|daycare|kita|gym|library in <home_city:town>",
        asked=True, confidence=0.6, unless=_OF_OLD,
    ),
    row("near|around me in|: <home_city:town>", addressed=True, asked=True, confidence=0.75),
    row("near|around me|here ( <home_city:town>", addressed=True, asked=True, confidence=0.75),
    row("{my} local .. in <home_city:town>", asked=True, confidence=0.6),
    row(
        "{my} <home_city:town> flat|apartment|house|place|landlord|neighbours|neighbors|neighbourhood|"
        "studio|garden|balcony|kitchen",
        asked=True, confidence=0.75,
    ),
    row("as a|an <home_city:town> resident|local|native|renter|homeowner", addressed=True),
    row("{im} a|an <home_city:town> resident|local|native|boy|girl|kid"),
    row("home is|= now? <home_city:place>", addressed=True),
    row("<home_city:town> is home now|again|these_days|for_now", addressed=True),
    row(
        "back home in <home_city:town>",
        addressed=True, asked=True, unless=r"\b(?:parents|visit\w*|holiday|trip)\b", confidence=0.75,
    ),
    row("at home in <home_city:town>", addressed=True, asked=True),
    row("{im}|now|living {adv}? in <home_city:town> now|these_days|since|again|for_good|permanently", unless=_IN_A_BAND),
    row(
        "hello|greetings|hi|writing from {my}? new? flat|place|home|house? in? <home_city:town>",
        addressed=True, confidence=0.7, unless=_AWAY,
    ),
    row("after .. years|months in <-home_city:town> {im} in <home_city:town>"),
    row("{ive} lived {adv}? in <home_city:town> all_my_life|my_whole_life|forever|most_of_my_life|since|for"),
    row("transferred|posted|seconded to the <home_city:town> office|branch|site|team", addressed=False, confidence=0.7),
    row("{i}|{im} renting|rent|own|bought|squat {adv}? in <home_city:town>"),
    row("{im} registered in <home_city:town>"),
    row("signed|signing the|a|our|my lease in <home_city:town>"),
    row(
        "delivered|shipped|sent|deliver|ship|send .. to {my} .. in <home_city:town>",
        addressed=True, asked=True, confidence=0.7,
    ),
    row("{i} stayed|staying|stay in <home_city:town> after_all|for_good"),
    row("{im} {adv}? flat-sharing|house-sharing|flatsharing in <home_city:town>"),
    row("{im} .. seconded|sent|posted {adv}? to <current_location:place> until|till|through|for", confidence=0.85),
    row(
        "{im} .. house-sitting|housesitting|house_sitting|cat-sitting|dog-sitting|pet-sitting|couch-surfing|subletting "
        "{adv}? {inat} <current_location:place>",
    ),
    row("{my} base|home is {adv}? in? <home_city:town>", asked=True),
    row("{im} {a} <job_title:job> from <home_city:town>"),
    row("^ lives_in|based_in|living_in|hometown|home|city|home_town : <home_city:place>", addressed=True),
    row("{im} {a} <job_title:job> in|near <home_city:town>", confidence=0.7),
    row("{im} {a} <household:nperson> household"),
    row("person household in <home_city:town>", addressed=True),
    row("{have} the|our|my? place|house|flat|apartment {adv}? all? to_myself", gives={"household": "alone"}),
    row("{im} living alone|by_myself|on_my_own {adv}? now|again|these_days?", gives={"household": "alone"}),
    row(
        "{my} first? own place|home|house|flat|apartment",
        gives={"housing": "homeowner"}, needs=r"\b(?:keys|bought|mortgage|notary|closing|first)\b", confidence=0.6,
    ),
    # said in everyday words
    row(
        "{my} .. kitchen|garden|desk|balcony|bedroom|attic|cellar|shed|porch|terrace|backyard|sofa|couch|"
        "living_room|home_office in <home_city:town>",
        asked=True, any_mood=True,
    ),
    row("it's|its|it_is {adv}? <home_city:town> till|until they|i|death|further_notice|the_end|we", addressed=True),
    row(
        "{im} {adv}? staying|stay|happy|settled|rooted|stuck {adv}? put? in <home_city:town> forever|"
        "for_good|for_life|,|$|and",
        unless=_AWAY, confidence=0.7,
    ),
    row("<home_city:town> is going anywhere", addressed=True, negative=True, confidence=0.75),
    row("<home_city:town> ain't going anywhere", addressed=True, confidence=0.75),
    row(
        "{ive}? .. been? in <home_city:town> a|one|two|three|four|five|six|seven|eight|nine|ten|twenty .. "
        "yr|year|yrs|years|decade|decades|ages",
        unless=_AWAY,
    ),
    row("{ive}? been in <home_city:town> /\\d+/ years|yrs|months|yr", unless=_AWAY),
    row(
        "{ive}? {adv}? {moved}|went|gone|came home|back_home {adv}? to <home_city:place>",
        unless=r"\b(?:visit\w*|holidays?|weekend|christmas|trip)\b",
    ),
    row("{i} .. ended_up|wound_up|washed_up|landed|settled {adv}? in|at <home_city:place>", unless=_AWAY),
    row(
        "{im} {adv}? a|an <home_city:town> person|man|woman|lad|lass|boy|girl now|these_days|again|$|,",
        confidence=0.7,
    ),
    row("<home_city:town> .. , that's|which_is|it's where i|we .. live|landed|settled|moved|ended_up", addressed=True),
    row("home|house|base is|= {adv}? {inat} <home_city:town> now|these_days|again", addressed=True),
    row("{i} swapped|traded|exchanged|left <-home_city:town> to|and .. <home_city:town>", confidence=0.6, needs=_MOVED),
    row(
        "{my} <home_city:town> balcony|attic|garden|street|block|kitchen|winters|winter|rent|commute",
        asked=True, confidence=0.7,
    ),
    row(
        "<home_city:town> winters|summers|rents|landlords|trams|buses|drizzle {adv}? is|are|feel|cost|make|kill",
        addressed=True, confidence=0.65,
        needs=r"\b(?:my|our) (?:\w+ )?(?:flat|place|apartment|house|landlord|rent|window|balcony|garden)\b",
    ),
    row(
        "there's|it's just|only me at_home|here|in_the_flat|in_the_house|now",
        gives={"household": "alone"}, addressed=True, confidence=0.7,
    ),
    row("{im} {a} .. family|household of <household:number>"),
    row("{im} {adv}? <household:number> at_home|in_the_house|in_the_flat|under_one_roof"),
    # left behind, and come home
    row(
        "the|our|my .. " + _DWELLING + " in <home_city:town> is|was|has_been {adv}? given_up|sold|empty|cleared|handed_over|history|gone|"
        "let|rented_out|cancelled|handed_back",
        retract=True, addressed=True,
    ),
    row(
        "{ive}? {adv}? gave_up|given_up|sold|handed_back|handed_over|moved_out_of|let_go_of|cancelled|terminated|cleared|emptied "
        "the|our|my .. " + _DWELLING + " in <home_city:town>",
        retract=True,
    ),
    row("{im} .. home .. again|at_last|for_good :|-|, <home_city:town>", unless=_AWAY),
    row("{im} home again|at_last|for_good in <home_city:town>", unless=_AWAY),
    row(
        "fourth|fifth|sixth|seventh|eighth|ninth|tenth winter|summer|week|month|year|autumn|spring in <home_city:town>",
        addressed=True, unless=_AWAY,
        needs=r"\b(?:i (?:have )?moved|we (?:have )?moved|i've moved|we've moved|postcode|post code|new address|unpack\w*|"
        r"registered|here)\b",
    ),
    row(
        "first|second|third|fourth|fifth|sixth week|month|year in <home_city:town>", addressed=True,
        needs=r"\b(?:i moved|we moved|i've moved|we've moved|old (?:postcode|post code|address|zip code))\b",
    ),
    row(
        "the|our|my <home_city:town> flat|apartment|house|place|studio|room|lease is|was|has_been {adv}? given_up|sold|empty|cleared|"
        "handed_over|history|gone|let|rented_out|cancelled|handed_back|over",
        retract=True, addressed=True,
    ),
    row("{ive}? cancelled|ended|terminated|broke the|my|our lease|contract|tenancy in <home_city:town>", retract=True),
    row("handed|gave|given back? the keys to|of|for the|my|our .. in <home_city:town>", retract=True, addressed=True),
    row("^ <home_city:town> has me|us back", addressed=True),
    row("home|back again|for_good in <home_city:town> after|,|and|at_last", addressed=True, unless=_AWAY, confidence=0.8),
    row("back with {my} parents|mum|mom|family|folks in <home_city:town> now|again|for_good|,|.", addressed=True, confidence=0.75),

    # never left, where the family is
    row("{i} left <home_city:town> $|,|.|and|so|in|for|since", negative=True, unless=_AWAY, confidence=0.8),
    row(
        "the|my|our wife|husband|family|kids|missus|children|partner and|& the|my|our? house|home|flat|kids|dog|children {adv}? is|are "
        "{adv}? back? in|near <home_city:town>",
        addressed=True,
    ),
    row("people|folks|us|we|you_all down|up|over? here in <home_city:place>", addressed=True, asked=True, unless=_AWAY, confidence=0.75),
    row(
        "^ left|leaving|moved_out_of|out_of|gave_up the|my|a? <-housing:homekind> , took|got|found|into|moved_into|rented|renting|"
        "now_in|have a|an|the? <housing:homekind>",
    ),
    row("{i} left|moved_out_of the|my|our? <-housing:homekind> and|for {i}? took|got|found|moved_into|rented a|an|the? <housing:homekind>"),
    # heating
    row("{i} {adv}? heat .. with|using|on|by <heating:heating!>"),
    row("{have} a|an|the? <heating:heater!> now|since|instead|at_last|in|,|and|.|$"),
    row("{ive}? {adv}? {got}|installed|fitted a|an|the|our|my? {new}? <heating:heater!>"),
    row(
        "<heating:heater> went_in|is_in|was_installed|got_installed|was_fitted|got_fitted|is_running|is_finally_in|has_been_installed|"
        "replaced_the", addressed=True, needs=r"\b(?:i|my|we|our|us)\b",
    ),
    row("<heating:heater> , since|as_of|at_last|finally", addressed=True, needs=r"\b(?:rent|landlord|flat|house|heating)\b"),
    row("{my} heating {is} {adv}? on|with|by|from|a? <heating:heating!>"),
    row(
        "{ive}? {adv}? switched|moved|changed|went|gone|converted .. from <-heating:heating!> to|over_to a|an|the? <heating:heating!>",
        needs=r"\b(?:heat\w*|boiler|radiators?|chimney|furnace)\b",
    ),
)
