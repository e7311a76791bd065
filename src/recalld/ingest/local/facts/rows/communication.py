"""How to talk to the user: style, format, language, units; how to reach them."""

from __future__ import annotations

from recalld.ingest.local.facts.row import row

# fmt: off
ROWS = (
    # style: standing requests, not one answer
    row(
        "keep|make {my}|your|the? answers|replies|responses|messages|explanations|emails|it|them {adv}? <:style>",
        addressed=True,
        needs=(
            r"\b(?:answers|replies|responses|messages|explanations|always|every|from now on|in future|in "
            r"general|please keep)\b"
        ),
    ),
    row(
        "{i} {adv}? prefer|like|want|need|would_like|love|expect <:manner>",
        planned=True,
    ),
    row(
        "{i} {adv}? prefer|like|want|would_like|'d_like {my}|your answers|replies|responses|explanations "
        "{adv}? to_be|as|in <:style>",
        planned=True, any_mood=True,
    ),
    row(
        "<:style> answers|replies|responses|explanations .. please|pls|plz|only|from|always|thanks|when|"
        "for_me|going_forward|in_future",
        addressed=True,
    ),
    row(
        "<:style> only|from_now_on|from_here_on|always|going_forward|in_future|again|as_always|please_always|please_from_now_on",
        addressed=True,
        needs=(
            r"\b(?:answer|repl|respon|bullet|paragraph|prose|format|tone|emoji|style|list|write|table|plain|"
            r"short|brief|concise|detail|formal|informal|casual|from now on|from here on|always|again)"
        ),
    ),
    row(
        "always|please|can_you|could_you|pls use|write|give|answer|reply|respond|format|stick|speak|be|"
        "talk|explain {adv}? me|in|with|to|only|it|things|us|always|more? {adv}? <:style>",
        addressed=True, asked=True, any_mood=True,
        needs=(
            r"\b(?:always|whenever|every|from now on|from here on|in future|going forward|generally|in "
            r"general|please use|each time|prefer|by default)\b"
        ),
    ),
    row(
        "from_now_on|from_here_on|in_future|going_forward|henceforth ,? please? {adv}? "
        "use|write|give|answer|reply|respond|format|be|keep|only|just|speak|stick|make? {adv}? "
        "me|in|with|to|it|things|your_answers|answers|replies|us? {adv}? <:style>",
        addressed=True,
    ),
    row(
        "write|give|use|answer {adv}? me|in|with? {adv}? <:style> "
        "from_now_on|from_here_on|in_future|going_forward|always|instead|from_now|every_time",
        addressed=True,
    ),
    row(
        "use|stick_to|go_with|do|want <:style> whenever|for|in your|all|any|every|when "
        "answers|replies|you|lists|responses?",
        addressed=True, needs=r"\b(?:whenever|always|every|all|answers|replies|responses|you explain|you answer)\b",
    ),
    row(
        "no|skip|avoid|drop|without|stop_with|stop_using|leave_out|never_use|don't_use|do_not_use|less|"
        "fewer the? <communication_style:style_noun> in|please|thanks|pls|from|ever|with|when|anymore|"
        "any_more|for",
        value="no {}", addressed=True,
    ),
    row(
        "stop_with|stop_using|skip|avoid|drop|lose|leave_out|cut|ditch|enough_with|easy_on|lay_off "
        "the?|all_the? <communication_style:style_noun>",
        value="no {}", addressed=True, asked=True, any_mood=True,
    ),
    row(
        "please|so|and|, no <communication_style:style_noun>",
        value="no {}", addressed=True,
        needs=r"\b(?:please|pls|thanks|always|never|in (?:your )?(?:answers|replies|emails))\b",
    ),
    row("in <communication_style:spelling> please|pls|always|, .. i|we|for", addressed=True, asked=True),
    row("{i} .. <availability:daypart> only", addressed=True),
    row("<availability:daypart> only", addressed=True),
    row(
        "only <availability:daypart>",
        addressed=True, needs=r"\b(?:work|free|available|meet\w*|call\w*|schedul\w+|hours|appointments?)\b",
    ),
    row("{i} {adv}? can't do|make <availability:days>", value="not {}"),
    row(
        "calls|meetings|appointments|slots only|just|always? <preferred_meeting_time:boundedtime>",
        addressed=True, needs=r"\b(?:only|prefer|always|please|from now on|now)\b", value="{}",
    ),
    row("{i}? prefer meetings|calls|appointments <preferred_meeting_time:clocktime>"),
    row("{im} on <timezone:zonename> {adv}? time|now|since|,"),
    row("put|use|write|list|give|set <email:email> as|for|in|on|under", addressed=True),
    row("{im} {adv}? at <email:email>"),
    row("{my} .. address is|= <email:email>"),
    row("it's|its|it_is|to|at|under|now {adv}? <email:email> now|from_now_on|instead|these_days", addressed=True),
    row(
        "send|mail|forward .. invoices|bills|receipts|everything|stuff|it|mail|post to <email:email>",
        addressed=True, confidence=0.6, unless=r"\b(?:his|her|their|him|client|colleague|boss|friend)\b",
    ),
    # language and units
    row(
        "answer|reply|respond|write|talk|speak|write_to_me|answer_me|reply_to_me|write_back {adv}? "
        "to_me|me|only? in <preferred_language:language!> from|please|always|only|going|in|by|even|"
        "from_now_on|unless",
        addressed=True, asked=True, any_mood=True,
    ),
    row(
        "please|from_now_on|always ,? please? {adv}? answer|reply|respond|write|talk|speak|switch|go|use "
        ".. in|to|back_to? <preferred_language:language!>",
        addressed=True,
    ),
    row("switch {adv}? back? to <preferred_language:language!>", addressed=True),
    row("in <preferred_language:language!> from_now_on|always|going_forward|from_here_on", addressed=True),
    row("^ in <preferred_language:language!> please", addressed=True),
    row("{my} preferred language {is} <preferred_language:language!>"),
    row(
        "{i} {adv}? prefer|would_like|'d_like|want {my}? answers|replies|emails|everything|to_write|"
        "to_chat|to_talk|to_speak? in <preferred_language:language!>",
        planned=True, any_mood=True,
    ),
    row("{i} {adv}? speak <language:language+>"),
    row("{im} .. fluent|bilingual|native in|speaker_of <language:language+>"),
    row(
        "{i} {adv}? know|understand|have_learned|have_learnt|learned|learnt|picked_up|read|write {a}? .. "
        "<language:language+>",
        confidence=0.8,
    ),
    row("{my} <language:language!> is|has|gets|sounds|isn't", confidence=0.8),
    row("{my} native_language|mother_tongue|first_language|native_tongue {is} <native_language:language!>"),
    row("{im} {a} native <native_language:language!> speaker"),
    row("<native_language:language!> is {my} native_language|mother_tongue|first_language"),
    row("{im} .. learning|studying|brushing_up_on|practising|practicing|taking_up {my}? <learning_language:language!>"),
    row(
        "{ive}? {adv}? started|began learning|studying|with|on? {a}? <learning_language:language!> .. "
        "course|classes|lessons|class|learning",
        confidence=0.85,
    ),
    row("{i} {adv}? use|prefer|think_in|work_in|go_by|like|need|want <unit_preference:unit!>", planned=True),
    row(
        "use|stick_to|give_me|in|show|write|stay_with .. <unit_preference:unit!> "
        "from|please|pls|plz|always|only|units|not|instead|again|for|whenever",
        addressed=True,
        needs=(
            r"\b(?:please|pls|plz|always|from now on|from here on|instead|only|again|for me|whenever|units?|"
            r"temps?|temperatures?|measure)"
        ),
    ),
    row("switch|go|change|convert {adv}? back? over? to <unit_preference:unit!>", addressed=True),
    row("<unit_preference:unit!> again|please|pls|plz|from_now_on|only|for_me|always", addressed=True),
    row("always|please use|give_me|in <unit_preference:unit!>", addressed=True, asked=True),
    row("{im} {a} <unit_preference:unit!> person"),
    # contact
    row("{my} {new}? e-mail|email|mail {adv}? address? {is}|at {adv}? <email:email>"),
    row("{my} {new}? .. <email:email>", confidence=0.7),
    row(
        "e-mail|email|mail|reach|contact|write|send {adv}? me|it|them|this? {adv}? at|to|on|under|:? <email:email>",
        addressed=True, asked=True,
    ),
    row("new|updated? e-mail|email|mail {adv}? address? {is} <email:email>", addressed=True),
    row("it's|its|it_is {adv}? <email:email>", addressed=True, needs=r"\be-?mail"),
    row(
        "{my} {new}? .. phone|mobile|cell|telephone|number|whatsapp|line|landline {adv}? number? {is}|, "
        "{adv}? <phone_number:phone>",
    ),
    row("{my} direct|work|home|desk line|number|phone|extension ,|{is}? <phone_number:phone>", asked=True),
    row(
        "call|reach|text|ring|phone|contact|whatsapp|message me .. at|on|under <phone_number:phone>",
        addressed=True, asked=True, any_mood=True,
    ),
    row("number|phone|mobile|cell|tel|telephone {adv}? {is} {adv}? <phone_number:phone>", addressed=True),
    row(
        "it's|its|it_is|that's|should_be|to {adv}? <phone_number:phone>",
        addressed=True, needs=r"\b(?:number|phone|mobile|cell|line|whatsapp)\b",
    ),
    row("{my} {new}? github|gh {adv}? handle|username|user|account|profile|name? {is} <github_handle:handle>"),
    row("{im} {adv}? <github_handle:handle> on github|gh"),
    row("{im} on github|gh as <github_handle:handle>"),
    row(
        "old|former|previous|other|last .. number|mobile|phone|one|sim|line is|was|:|(|,? <phone_number:phone>",
        retract=True, addressed=True,
    ),
    row(
        "<phone_number:phone> is|'s|was|goes|went|,? {adv}? history|gone|dead|no_more|cancelled|off|disconnected|out_of_service|no_longer|"
        "with_my_ex|stolen",
        retract=True, addressed=True,
    ),
    row(
        "<phone_number:phone>",
        addressed=True,
        needs=r"\b(?:number|phone|mobile|cell|whatsapp|direct line|landline|text me|call me|reach me|ring me)\b",
        unless=(
            r"\b(?:his|her|their|him|order|booking|tracking|reference|invoice|customer|ticket|account|iban|"
            r"card) (?:number|no|#)|\b(?:his|her|their) (?:number|phone|cell|mobile)\b"
        ),
        confidence=0.75,
    ),
    row("{my} {new}? twitter|x {adv}? handle|username|account {is} <twitter_handle:handle>"),
    row("{my} {new}? instagram|insta|ig {adv}? handle|username|account|name? {is} <instagram_handle:handle>"),
    row("{my} {new}? discord {adv}? handle|username|account|name|tag? {is} <discord_handle:handle>"),
    row("{my} {new}? telegram {adv}? handle|username|account|name? {is} <telegram_handle:handle>"),
    row("{my} {new}? mastodon|bluesky {adv}? handle|username|account|name? {is} <mastodon_handle:handle>"),
    row("{my} {new}? linkedin {adv}? handle|username|account|name|profile? {is} <linkedin_handle:handle>"),
    row("{my} {new}? username|user_name|handle|gamertag|login|screen_name {is} <username:handle>"),
    row(
        "it's|its|it_is|i'm|im|now {adv}? now? <github_handle:handle>",
        addressed=True,
        needs=r"\bgithub\b.*\b(?:renamed|changed|new|moved|account|handle)|\b(?:renamed|changed)\b.*\bgithub",
        confidence=0.8,
    ),
    row("{my} {new}? website|blog|homepage|site|portfolio {is} {adv}? at? <website:website>"),
    # in passing
    row("at_home {i} {adv}? speak <language:language+>", addressed=False),
    row("{i} {adv}? speak <language:language+> at_home|with_my|to_my|at_work"),
    row("{i} grew_up|was_raised speaking|with|bilingual_in <language:language+>"),
    row(
        "week|day|lesson|month|first|second|third .. of <learning_language:language!> "
        "classes|lessons|class|course|school",
        addressed=True,
    ),
    row(
        "{my} <learning_language:language!> class|classes|lessons|course|teacher|exam|tutor|homework",
        asked=True, confidence=0.75,
    ),
    row("{i} {adv}? translate|interpret .. from|into|to <language:language!>"),
    row(
        "just|only the? <answer_format:style_format> please|pls|thanks|from_now_on",
        addressed=True, needs=r"\b(?:always|from now on|in future|every|please|whenever)\b",
    ),
    row("{i} can only do|make|meet|talk <availability:daypart>", any_mood=True),
    row("{i} can do|make|meet <availability:daypart> only", any_mood=True),
    row("{im} free|available {adv}? only? <availability:daypart>"),
    row("<availability:daypart> work|suit .. best? me|for_me|best", addressed=True, confidence=0.75),
    row(
        "<contact_preference:channel> is|works .. best|perfect|better|fine|easiest|preferred",
        addressed=True, needs=r"\b(?:reach|contact|call|calls|phone|deaf|prefer|reply|message)\b",
    ),
    row("no calls|phone_calls .. , <contact_preference:channel>", addressed=True),
    row(
        "{i} prefer <contact_preference:channel> over|to|instead_of|rather_than calls|phone|email|phone_calls|calling",
        confidence=0.8,
    ),
    row(
        "answer|reply|respond|write|talk|speak to_me|me|back in <preferred_language:language!>",
        addressed=True, asked=True, any_mood=True,
    ),
    row("^ <preferred_language:language!> please|again|from_now_on|now", addressed=True, confidence=0.8),
    row("back to <preferred_language:language!>", addressed=True, confidence=0.75),
    row("{i} use|prefer|like|want|think_in the|a? <date_format:clock!>", planned=True),
    row("<date_format:clock!> please|from_now_on|always|now|again|only|instead|times", addressed=True),
    row("{i}|i'd|we'd rather be texted|messaged than", gives={"contact_preference": "text"}, any_mood=True),
    row("{i}|i'd|we'd rather be emailed|e-mailed than", gives={"contact_preference": "email"}, any_mood=True),
    row("{i}|i'd|we'd rather be called|phoned|rung than", gives={"contact_preference": "phone"}, any_mood=True),
    row("<communication_style:style_tone!> is fine|ok|okay|enough|better|perfect", addressed=True, confidence=0.7),
    row(
        "give|write|send me {a}? full|long|detailed explanation|explanations|answer|answers "
        "from_now_on|from_here_on|in_future|always|every_time",
        gives={"answer_length": "detailed"}, addressed=True,
    ),
    row(
        "always|please .. in <unit_preference:unit!>",
        addressed=True, asked=True, any_mood=True, needs=r"\balways|from now on|every time\b",
    ),
    row("<answer_length:style_length> is|are fine|ok|okay|better|good|welcome", addressed=True, confidence=0.65),
    row(
        "<answer_length:style_length> answers|replies|responses is|are fine|ok|okay|better|good|welcome",
        addressed=True, confidence=0.7,
    ),
    # said in everyday words
    row("{im} .. <language_level:cefr>"),
    row("{im} .. at {adv}? <language_level:cefr> in|level|,|$", planned=True),
    row(
        "{my} .. level|spanish|french|german|italian|portuguese|english|dutch|japanese is|: {adv}? "
        "<language_level:cefr>",
    ),
    row("{i} .. cook|cooking for <serving_size:number>"),
    row(
        "scale|portion|portions|recipes|recipe|servings|dinner|dinners|serves .. for <serving_size:number> "
        "from_now_on|from_here|from_here_on|these_days|now|always",
        addressed=True, confidence=0.7,
    ),
    row(
        "in|into|between|of|with|know <language:language+> , {i} {adv}? speak|read|write|know both|all_three|all_of_them|them_all|"
        "the_lot", addressed=True, planned=True,
    ),
    row(
        "add|plus|put <language:language!> ,|too|as_well|- .. i|i've|i'm speak|know|learned|learnt|picked|fluent|picked_up|read",
        addressed=True,
    ),
    row(
        "and|in|use|with|also|but? <text_size:bigprint> please|pls|always|from_now_on|,", addressed=True, value="{}",
        needs=r"\b(?:eyes|eyesight|glasses|sight|vision|see well|squint\w*|cataracts?)\b",
    ),
    row("{i} {adv}? speak|read|write|know|understand both , <language:language+>"),
    row("add|put|write <language:language!> to|on|under {my} languages|language cv|list|profile|section?", addressed=True),
    row(
        "<:style> ones from_now_on|please|from_here_on|again|instead|only", addressed=True,
        needs=r"\b(?:answers|replies|responses|explanations|messages)\b",
    ),
    row("{i} {adv}? can't|cannot do|make <availability:daypart>", value="not {}"),

    row(
        "<@*_language:noun> in <:adjectivelanguage> from_here_on|from_now_on|from_here|going_forward|as_always|as_usual|only",
        addressed=True,
    ),
    row(
        "{my} site|website|web_page|webpage|blog|portfolio|shop|homepage|online_shop ,|is|is_at|: <website:website>",
        asked=True, any_mood=True,
    ),
    row(
        "moved|switched|migrated|transferred|shifted the|my|our whole|entire|old|new? site|website|blog|shop|portfolio|domain|"
        "page|everything "
        "over? to <website:website>",
    ),
    row("{my} new site|website|domain|address|url|web_address is|:|= <website:website>"),
    row("{im} only|mostly|mainly on <social_media:site>"),
    row(
        "^ <social_media:site> only ,|.|$|!", addressed=True, confidence=0.7,
        needs=r"\b(?:social media|posts?|posting|followers?|channels?|accounts?|profile|facebook|tiktok|linkedin)\b",
    ),
)
