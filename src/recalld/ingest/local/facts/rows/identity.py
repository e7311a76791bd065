"""Name, age, birthday, pronouns, origin, body."""

from __future__ import annotations

from recalld.ingest.local.facts.row import row

_NEWBORN = (
    r"\b(?:baby|newborn|the twins|(?:our|my) (?:\w+ )?(?:son|daughter|boy|girl|little one)|(?:second|third|fourth|little|new) one|"
    r"birth announcement|announcement|niece|nephew|grand(?:son|daughter|child)|he|she|his|her|cat|dog|puppy|kitten|foal)\b"
)

_FOOTWEAR = r"\b(?:shoes?|boots?|sneakers|trainers|feet|foot|sandals|skates|heels|slippers|wellies)\b"

# fmt: off
ROWS = (
    row("{my} full|real|legal|first|actual|proper|given|new|married|birth? name {is} {adv}? <name:name>"),
    row("my name's|names <name:name>"),
    row("^ name's|name_is <name:name>", addressed=True),
    row("^ name : <name:name>", addressed=True),
    row("the_name is|'s <name:name>", addressed=True),
    row("^ <name:name> 's|is my name", addressed=True),
    row("^ <name:name> 's|is the name ,|and|-|:|;|$", addressed=True),
    row("^ <name:name> is what i'm|i_am called|named", addressed=True),
    row("^ this is <name:name> here|speaking|again|from|writing|,", addressed=True),
    row("^ it's|its|it_is <name:name> here|again|speaking", addressed=True),
    row("^ <name:callname> here $", addressed=True, confidence=0.7, unless=r"^\W*(?:no|any|some|more|less) "),
    row("{i} changed my name to <name:name>"),
    row("i'm|im|i_am <name:name> by_the_way|btw|here|and_i|from|,_nice|,_by|,_a|,_an|,_the", confidence=0.85),
    row("^ i'm|im|i_am <name:greeted>", confidence=0.8),
    row(
        "it's|its|it_is <name:fullname> now|these_days|from_now_on",
        addressed=True, needs=r"\b(?:name|married|surname|badge|double-barrel\w*|maiden|divorce|passport|signature)\b",
    ),
    row(
        "it's|its|it_is <name:name> now",
        addressed=True, needs=r"\b(?:maiden name|surname|last name|married name|family name)\b",
    ),
    row(
        "<preferred_name:firstname> 's|is|will fine|ok|okay|enough|do|works",
        addressed=True, needs=r"\b(?:call|name|mister|mr|mrs|ms|dr|formal|address|first)\b", unless=r"^\W*(?:in)?formal ",
    ),
    row(
        "just <preferred_name:firstname> please|is_fine|,|$",
        addressed=True, confidence=0.7, needs=r"\b(?:call|name|address|formal|mr|mrs|ms)\b",
    ),
    row("put|write|use|print <name:fullname> on|in|as", addressed=True, confidence=0.8),
    row("<name:name> on the badge|name_tag|card|certificate|ticket|invoice", addressed=True, confidence=0.7),
    row("{my} new? surname|last_name|family_name {is} {adv}? <name:name>", confidence=0.7),
    row(
        "from|love|regards|cheers|yours|thanks|best ,? <name:firstname> $",
        addressed=True, confidence=0.6, needs=r"\b(?:sign|letter|card|regards)\b",
    ),
    row(
        "sign|sign_off it|this|that|the_email|the_mail|the_letter|them|off? as|with|from|by? <name:signature>",
        addressed=True,
    ),
    row("signed|signature : <name:signature>", addressed=True),
    row("call me <preferred_name:person>", addressed=True),
    row("{i} go by|by_the_name <preferred_name:person>"),
    row("address|greet me as|with <preferred_name:person>", addressed=True),
    row("{i} prefer to_be_called|being_called|to_go_by|the_name <preferred_name:person>"),
    row("everyone|everybody|people|friends|my_friends|they|most_people calls|call|calling me <preferred_name:person>"),
    row("{my} friends|family|colleagues|mates call me <preferred_name:person>"),
    row("known as|to_my_friends_as <preferred_name:person>", confidence=0.7),
    row("{my} nickname|preferred_name {is} <preferred_name:person>"),
    row("<preferred_name:person> for_short", addressed=True),
    row("{my} preferred? pronouns {is} <pronouns:pronouns>"),
    row("{my}? pronouns : <pronouns:pronouns>", addressed=True),
    row("{i} use|go_by <pronouns:pronouns>"),
    row("<pronouns:pronouns> pronouns|please|btw|by_the_way|for_me", addressed=True),
    row("{my} title {is} <title:proper>", confidence=0.7),
    # age and birthday
    row("{im} {a}? <age:age> years_old|year_old|year-old|yrs|yo|y/o|years_of_age|yrs_old|years_young"),
    row("^ {adv}? {im} <age:age>", unless=_FOOTWEAR),
    row("{im} <age:age>", confidence=0.85, unless=rf"{_FOOTWEAR}|\bsince (?:i'?m|i am) \d"),
    row("{my} age {is} <age:age>"),
    row("{ive} {adv}? turned|turn <age:age>"),
    row("^ {adv}? turned|turn <age:age>", unless=r"\bhow old (?:is|are|was|'s) (?!you\b)"),

    row("{im} turning <age:age> today|yesterday", confidence=0.7),
    row("as|being a <age:age> year_old|year-old|-year-old"),
    row("{my} birthday|bday|b-day|birth_date|birthdate|date_of_birth|dob {is} {adv}? on? <birthday:date>"),
    row("{my} .. birthday|bday falls_on|falls on? <birthday:date>"),
    row("{i} {adv}? was? born {adv}? on <birthday:date>"),
    row("^ born on <birthday:date>", unless=_NEWBORN),
    row("{i} was? born in <birth_year:year>"),
    row("date_of_birth|dob|birthday|birth_date : <birthday:date>", addressed=True),
    row("{im} {a}? <zodiac_sign:zodiac>"),
    row("{my}|it's_my|its_my <age:nth> birthday|bday|on|this|next|tomorrow|today|party", planned=True, confidence=0.75),
    row("use <pronouns:they> for|with me", addressed=True),
    row("mine is|'s {adv}? on|the? <birthday:date>", needs=r"\b(?:birthday|bday)\b", addressed=True),
    # nationality, religion, hand
    row("{im} {a}? half? <nationality:nationality!> citizen|national|passport_holder"),
    row("{im} {a}? half|part? <nationality:nationality!>"),
    row("{have} {a} <nationality:nationality!> passport|citizenship|nationality"),
    row("{my} nationality|citizenship|passport {is} <nationality:nationality!>"),
    row("as {a} <nationality:nationality!>", confidence=0.7),
    row("{im} {a}? {adv}? <religion:religion>"),
    row("{i} converted_to <religion:rest>", needs=r"\b(?:islam|judaism|buddhism|christianity|catholicism)\b"),
    row("{im} {a}? left-handed|left_handed|lefthanded|a_lefty|a_southpaw", gives={"handedness": "left-handed"}),
    row("{im} {a}? right-handed|right_handed|righthanded", gives={"handedness": "right-handed"}),
    row("{im} ambidextrous", gives={"handedness": "ambidextrous"}),
    row(
        "{my} right hand is|writes|does|gets|hurts|would",
        gives={"handedness": "right-handed"}, needs="left[- ]handed", any_mood=True,
    ),
    row(
        "{my} left hand is|writes|does|gets|hurts|would",
        gives={"handedness": "left-handed"}, needs="right[- ]handed", any_mood=True,
    ),
    # measures
    row("{im} <height:length> tall"),
    row("{im} <height:feet>"),
    row("{my} height {is} <height:length>"),
    row("{i} weigh {adv}? <weight:length>"),
    row("{my} weight {is} <weight:length>"),
    row(
        "{my} shirt|t-shirt|tshirt|clothing|clothes|dress|jacket|trouser|top? size {is} {a}? size? "
        "<clothing_size:size>",
    ),
    row("{i} wear|take|need|am {a}? size? <shoe_size:shoesize> shoes|shoe|boots|trainers|sneakers|in_shoes"),
    row("{i} wear|take {a} size <clothing_size:size>"),
    row("{my} shoe|boot|foot|feet size {is} {a}? size? <shoe_size:size>"),
    # character
    row("{im} {a}? {adv}? <chronotype:chronotype>", negated="ignore"),
    row("{im} {a}? {adv}? <personality:personality>", negated="ignore", confidence=0.8),
    # in passing
    row("it's|its|it_is|with|for|from|by|to|that's me , <name:firstname>", addressed=True, confidence=0.8),
    row("me|myself ( <name:name> )", addressed=True, confidence=0.75),
    row("put|write|book|register|sign me {adv}? down|up|in|it? as|under <name:name>", addressed=True, confidence=0.8),
    row("under|in the|my name <name:fullname>", addressed=True, confidence=0.75),
    row(
        "book|reserve|reservation|booking|table .. under|for|name <name:fullname>",
        addressed=True, confidence=0.6, unless=r"\b(?:client|guest|boss|his|her)\b",
    ),
    row(
        "{my} badge|name_tag|card|signature|byline should|must|has_to|needs_to? say|says|read|reads <name:name>",
        any_mood=True, planned=True,
    ),
    row("author|sender|applicant : <name:name>", addressed=True, confidence=0.7),
    row("{i} spell it|my_name <name:name>", confidence=0.6),
    row("{im} using my .. name now|again , <name:name>"),
    row("{my} age|at_my_age {is}|, <age:age>", addressed=True),
    row(
        "aged|age|pushing|nearly|almost <age:age> ,|and|$",
        addressed=True, needs=r"\b(?:i|i'm|me|my)\b",
        unless=r"\b(?:his|her|son|daughter|mother|father|mum|dad|nan|gran\w*|kid|kids|child)\b", confidence=0.6,
    ),
    row("i|i'm .. ( .. i'm|im <age:age>", confidence=0.8),
    row(
        "{i} turn|turned|will_turn|'ll_turn <age:age> on|next|this|tomorrow|in|last|today|yesterday",
        planned=True, confidence=0.7,
    ),
    row("{i} turn .. on <birthday:date>", planned=True, confidence=0.7),
    row("b-day|bday : <birthday:date>", addressed=True),
    row("{my} passport is <nationality:nationality!>"),
    row("as a proud|true|fellow|typical? <nationality:nationality!>", addressed=True, confidence=0.75),
    row("{im} .. <nationality:nationality!> by_birth|by_blood|citizen|expat|immigrant|abroad|living"),
    row("the <nationality:nationality!> in me", addressed=True, confidence=0.7),
    row("{i} have|hold {a} <nationality:nationality!> and|& <nationality:nationality!> passport|passports|citizenship"),
    row("as your typical|a|an|the resident? <chronotype:chronotype>", addressed=True),
    row("{im} {adv}? <height:tall>"),
    row("{im}? down|up to {adv}? <weight:kilos>", confidence=0.8),
    row("^ <name:callname> here|speaking again|back|,|-", addressed=True, confidence=0.8),
    row("dob|d.o.b.|date_of_birth|birthdate {is}? <birthday:date>", addressed=True),
    row("^ surname|last_name|full_name|first_name {is}? <name:name>", addressed=True),
    row("{im}? turning|turn|'ll_be {adv}? /\\d{1,3}/ on {adv}? <birthday:date>"),
    row(
        "table|reservation|booking|book .. under|in_the_name_of|in_the_name <name:name>",
        addressed=True, confidence=0.65, unless=r"\b(?:client|guest|boss|his|her|their) name\b",
    ),
    row("{my} username|handle|nick|user_name .. is|: <username:handle>"),
    row("{im} {a}? size <clothing_size:size>", unless=_FOOTWEAR),
    row("{im} {a}? size <shoe_size:shoesize>", needs=_FOOTWEAR),
    row("{im} {a}? <shoe_size:shoesize> and|,|$|.|wide|narrow|in|so", needs=rf"(?s)(?:{_FOOTWEAR}.*\bsize|\bsize.*{_FOOTWEAR})"),
    # said in everyday words
    row("{im} {adv}? <weight:kilos>", confidence=0.8),
    row("{my} .. blood_type|blood_group|type is|: <blood_type:blood>"),
    row("{im} <blood_type:blood>", confidence=0.8),
    row("{im} {a}? <singing_voice:voice=>"),
    row("{i} sing <singing_voice:voice=>"),
    row(
        "{i} {adv}? wear|take a|an? <shoe_size:shoesize> $|and|,|in|but|usually|so|.",
        needs=_FOOTWEAR,
    ),
    row("^ passport|passport_number|passport_no {is}? <passport_number:docnumber>", addressed=True),
    row("{my} passport|passport_number|passport_no is|:|has|says {adv}? <passport_number:docnumber>"),
    row("mine is|says|reads {adv}? <passport_number:docnumber>", addressed=True, needs=r"\bpassport\b"),
    row("^ born <birthday:fulldate>", unless=_NEWBORN),
    row("size <shoe_size:shoesize> feet", addressed=True),
    row("^ left-handed|left_handed|lefty here|btw|by_the_way", gives={"handedness": "left-handed"}, addressed=True),
    row(
        "^ <name:fullname> ,",
        addressed=True, needs=r"\b(?:my signature|email signature|mail signature|sign-?off|name tag|business card)\b",
    ),
)
