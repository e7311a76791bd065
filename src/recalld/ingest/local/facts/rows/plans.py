"""Goals, deadlines, appointments, trips, projects."""

from __future__ import annotations

from recalld.ingest.local.facts.row import row

# fmt: off
ROWS = (
    row(
        "{my} {new}? .. goal|aim|target|resolution|ambition|new_year's_resolution {adv}? "
        "for_the_year|this_year|for_this_year? {is} {adv}? to? <goal:goal>",
        planned=True,
    ),
    row(
        "{my} {new}? .. goal|aim|target|resolution|ambition .. {is} {adv}? to <goal:goal>",
        planned=True, confidence=0.85,
    ),
    row("{i} {adv}? set_myself|set {a} goal of|to <goal:goal>", planned=True),
    row("{im} .. aiming|working_towards|working_toward|saving|saving_up {adv}? to|for|at <goal:goal>", planned=True),
    row("{i} {adv}? want|hope|plan|intend|aim to <goal:bigplan>", planned=True, confidence=0.75),
    row("{im} {adv}? hoping|planning|going|trying to <goal:bigplan>", planned=True, confidence=0.7),
    row(
        "the|my|our deadline for|of {my}|the|our <@*_deadline:noun> "
        "{is}|got_moved_to|was_moved_to|moved_to|has_moved_to {adv}? on|by? <:datetime>",
        addressed=True,
    ),
    row(
        "{my} <@*_deadline:noun> deadline {is}|got_moved_to|was_moved_to|moved_to|has_moved_to|"
        "got_pushed_to|was_extended_to|got_extended_to|has_been_extended_to {adv}? on|by? <:datetime>",
    ),
    row("{my}|the <@*_deadline:noun> is|are {adv}? due {adv}? on|by|at? <:datetime>"),
    row("{my}|the {new}? deadline {is} {adv}? on|by|now|currently? <deadline:datetime>", addressed=True),
    row("deadline : <deadline:datetime>", addressed=True),
    row(
        "{i} {adv}? have_to|must|need_to|am_supposed_to submit|hand_in|turn_in|deliver|finish|file .. "
        "by|until|before <deadline:date>",
        planned=True, any_mood=True,
    ),
    row("{my} .. exam|test|finals|exams {is} {adv}? on? <exam_date:date>"),
    row("{have}|{my} {a} .. exam|test|finals on <exam_date:date>", planned=True),
    row("{have} {a} <appointment:appointment>", planned=True),
    row("{im} getting_married on|in <wedding_date:date>"),
    row("{my} wedding anniversary|anniversary {is} {adv}? on? <anniversary:date>"),
    row("{my} {new}? anniversary|wedding_anniversary {is} {adv}? on? <anniversary:date>"),
    row("{my} due_date|baby_is_due|baby's_due_date {is}? {adv}? on|in? <pregnancy:date>", value="due {}"),
    row("{im} due on|in <pregnancy:date>", value="due {}", needs="pregnan|baby|expecting"),
    row(
        "{my} <@*_deadline:noun> is|are|has_to_be|have_to_be|must_be|needs_to_be "
        "due|in|submitted|handed_in|finished|done|ready by|on|before|at? <:datetime>",
        any_mood=True, planned=True,
    ),
    row("<exam_date:date> , fingers_crossed|wish_me_luck", addressed=True, needs=r"\bexam|test\b"),
    row("^ <exam_date:date>", addressed=True, needs=r"\bexam\b", confidence=0.7),
    row("it's|it_is {my} <goal:exam>", addressed=True),
    row("{my} <goal:exam>", asked=True, confidence=0.75),
    row("{i} {adv}? signed_up|registered|entered for|in {a} <goal:event>"),
    row("{im} .. saving|saving_up for {a}? <goal:thing>", planned=True),
    row(
        "it|which|that closes|is_due|ends|expires|must_be_in|has_to_be_in on|by|at? <deadline:datetime>",
        addressed=True,
        needs=(
            r"\b(?:application|submit|submission|deadline|grant|proposal|thesis|entry|finish|apply|bid|"
            r"tender|report)\b"
        ),
    ),
    row(
        "application|submission|submissions|registration|entries|proposal closes|close|is_due|are_due|ends "
        "on|by|at? <deadline:datetime>",
        addressed=True, confidence=0.75,
    ),
    row(
        "{im} {adv}? <project:firm> now",
        needs=r"\b(?:renam\w+|change the name|new name|changed our name|rebrand\w*|band|startup|name)\b", renames=True,
        confidence=0.7,
    ),
    row(
        "renamed it|ours|the_band|the_project|the_app|the_podcast|the_company {adv}? to|as? <project:firm>",
        renames=True,
    ),
    row(
        "it's|its|it_is {adv}? called? <project:firm> now|these_days|from_now_on",
        addressed=True, needs=r"\b(?:renam\w+|new name|changed (?:the|its) name|rebrand\w*)\b",
        unless=r"\b(?:married|surname|badge|github|account)\b", renames=True, confidence=0.7,
    ),
    # trips
    row(
        "{im} .. flying|travelling|traveling|going|heading|off|driving to <travel_plan:place> "
        "on|in|for|next|this|tomorrow|at|over|with",
        planned=True, confidence=0.8,
    ),
    row("{i} {adv}? booked {a} .. trip|flight|flights|holiday|vacation|hotel|cruise to|in <travel_plan:place>"),
    row("{my} {new}? .. trip|flight|holiday|vacation|honeymoon to|in <travel_plan:place>", asked=True, confidence=0.75),
    row(
        "{im} {adv}? off_work|on_holiday|on_vacation|on_leave|away|out_of_office|out_of_the_office|ooo|off|"
        "on_annual_leave {adv}? until|till|through <out_of_office_until:date>",
        planned=True,
    ),
    row(
        "out_of_office|ooo|away|on_leave|on_holiday .. until|till|back_on|back <out_of_office_until:date>",
        addressed=True,
    ),
    row("{im} back on|in_the_office_on|at_work_on? <out_of_office_until:date>", planned=True, confidence=0.6),
    # projects
    row(
        "{my} {new}? .. project|app|startup|podcast|newsletter|blog|band|channel|game|book|novel|"
        "side_project|side_hustle|thesis {is}|,? called|named|titled <project:title>",
    ),
    row("{im} {adv}? working_on|writing|building|developing|making {a} .. called|named|titled <project:title>"),
    row(
        "{i} .. run|host|do|have|write|make|produce|publish {a} .. "
        "podcast|newsletter|blog|channel|zine|webcomic|band ,? called|named|titled? <project:quoted>",
    ),
    row(
        "{im}? .. working_on|building|developing|writing|restoring|renovating {a} <project:projectname>",
        confidence=0.7,
    ),
    row("{my} {new}? project {is} {adv}? called|named? <project:title>"),
    # recurring days
    row(
        "{my}|the|our <@*_day:noun> {is}|goes_out|comes_out|happens|meets|takes_place|runs|moved_to|"
        "has_moved_to|gets_sent|go_out|falls|moves_to {adv}? on|to|every? <:days>",
    ),
    row(
        "{ive}? {adv}? moved|shifted|switched|changed|rescheduled {my}|the|our <@*_day:noun> {adv}? from .. to <:days>",
    ),
    row("{ive}? {adv}? moved|shifted|switched|changed|rescheduled {my}|the|our <@*_day:noun> {adv}? to <:days>"),
    row("^ <@*_day:noun> is|are|'s|moved_to|has_moved_to|goes_out {adv}? on|to? <:days>", addressed=True),
    row(
        "{my}|the? <@*_time:noun> moved|shifted|got_moved|was_moved|pushed|is_now {adv}? back|forward? to|at <:time>",
        addressed=True,
    ),
    row("{i}|{im} {adv}? free|available {adv}? on? <availability:days>"),
    row("{i} {adv}? can|am_free_to meet|talk|call {adv}? only? on? <availability:days>", any_mood=True),
    row("{i} {adv}? prefer meetings|calls|appointments .. in|on|at|after|before <preferred_meeting_time:rest>"),
    # in passing
    row(
        "{my} .. podcast|newsletter|band|app|novel|zine|channel|blog|startup|company|shop|project|game|"
        "album|book|comic ,? <project:inquotes>",
        asked=True,
    ),
    row(
        "<project:inquotes> , {my} .. podcast|newsletter|band|app|novel|zine|channel|blog|startup|shop|"
        "project|game|book",
        asked=True, addressed=True,
    ),
    row("project <project:firm>", addressed=True, needs=r"\b(?:my|our|we|i|i'm)\b", confidence=0.6),
    row(
        "the <project:firm> project|launch|rollout|migration|release",
        addressed=True, needs=r"\b(?:my|our|we|i|i'm)\b", confidence=0.6,
    ),
    row("{im}? .. building|making|writing|developing|starting|launching|designing {a} .. called|named <project:title>"),
    row("started|alive|new|next|launching|building : {a} .. called|named <project:title>", addressed=True),
    row("started|writing|drafting {a} <project:projectname>", confidence=0.6),
    row("goal|target|resolution|aim : {adv}? to? <goal:goal>", addressed=True, planned=True, confidence=0.75),
    row("goal|target|resolution|aim for .. : {adv}? to? <goal:goal>", addressed=True, planned=True, confidence=0.75),
    row("{i} want|would_like|hope to_be_able_to <goal:goal>", planned=True, any_mood=True, confidence=0.7),
    row("{im} .. preparing|studying|revising|cramming|training|practising for {my}|the|a? <goal:exam>", planned=True),
    row("{im} .. trying|working|determined to <goal:bigplan>", planned=True, any_mood=True, confidence=0.7),
    row(
        "the .. exam|test|finals is|are {adv}? on? the? <exam_date:date>",
        addressed=True, confidence=0.6, needs=r"\b(?:my|i|i'm|wish me luck|good luck)\b",
    ),
    row(
        "{a}|{my} .. app|game|tool|site|website|podcast|newsletter|band|novel|startup|channel|zine|blog|"
        "book|comic|bot|plugin|library|robot|film|album|shop called|named|titled|,_working_title|,_called "
        "<project:title>",
        addressed=True, confidence=0.65,
        needs=r"\b(?:i|i'm|we|we're|my|our|started|building|writing|side project|working title)\b",
    ),
    row("working title|name : <project:title>", addressed=True, confidence=0.65),
    row("working title <project:firm>", addressed=True, confidence=0.7),
    row(
        "{i} settled on <project:firm>",
        needs=r"\b(?:name|title|called|working title|renam\w+|publisher)\b", renames=True, confidence=0.7,
    ),
    row("{i} moved|switched|transferred {my} entry|registration|ticket|place to <goal:firm>"),
    row("training for the|my|a? <goal:race>"),
    row("training for the <goal:proper> half|marathon|triathlon|10k|ultra"),
    row(
        "{my}|the flight|train|ferry|bus|plane|coach .. is|'s|leaves|goes|departs {adv}? on? <travel_date:date>",
        addressed=True, needs=r"\b(?:my|our|i|i'm|we)\b",
    ),
    row(
        "{my}|the .. appointment|interview|checkup|check-up|surgery|operation|scan|viewing is|'s {adv}? on? <appointment_date:date>",
        addressed=True,
    ),
    row("<@*_deadline:noun> is? now|already due {adv}? on|by? <:date>", addressed=True),
    row(
        "{my}|the? <@*_time:noun> is|'s {adv}? back|now|still|already? at|to <:time>", addressed=True, confidence=0.75,
        unless=r"\b(?:room|flat|house|oven|pool|fridge|temperature|weight|pulse|pressure|sugar|score|level|rate|balance)(?: is|'s)\b",
    ),
    row(
        "they|we moved|shifted|pushed|put {my}|the? <@*_time:noun> {adv}? back|forward? to|at <:time>",
        addressed=True, confidence=0.75,
    ),
    row(
        "{my}|the? <@*_deadline:noun> got|was|has_been|is pushed|moved|extended|postponed|delayed|"
        "brought_forward|pushed_back {adv}? to|:|due|until <:datetime>",
        addressed=True,
    ),
    row(
        "{my}|the? <@*_deadline:noun> got|was|has_been|is pushed|moved|extended|postponed|delayed|"
        "brought_forward|pushed_back .. due {adv}? on|by? <:datetime>",
        addressed=True,
    ),
    row(
        "they|she|he|boss|client|team pushed|moved|extended|postponed {my}|the <@*_deadline:noun> {adv}? "
        "back? to|until <:datetime>",
        addressed=True,
    ),
    row("{my}|the? <@*_time:noun> slid|slipped|moves|shifted|went to|back_to <:time>", addressed=True, confidence=0.75),
    row("^ <@*_time:noun> at <:time>", addressed=True, confidence=0.65, needs=r"\bstand-?up|daily|lunch|bedtime\b"),
    row("{i}|{im} .. doing|writing|keeping|do|write|keep {my}|the <@*_language:noun> in <:language!>", confidence=0.75),
    row(
        "<@*_language:noun> in <:language!> from|again|now|please|only",
        addressed=True, confidence=0.7, needs=r"\b(?:our|we|we're|team|colleagues?|minutes|meetings?)\b",
    ),
    row("{my} <@*_language:noun> language is <:language!>"),
    row("moved|shifted|pushed|rescheduled <@*_day:noun> to <:days>", addressed=True, confidence=0.75),
    row("^ <@*_day:noun> 's <:days>", addressed=True, confidence=0.7),
    row(
        "codename|working_title|title|name 's|is now? <project:firm> from_today|now|from_now_on",
        addressed=True, renames=True, needs=r"\b(?:project|codename|working title|band|app|newsletter|podcast)\b",
    ),
    row(
        "come|comes|came out as <project:firm>",
        addressed=True, renames=True, needs=r"\bname|renam|retir", confidence=0.6,
    ),
    # said in everyday words
    row("{i} .. rehearse|practise|practice {adv}? on? <rehearsal_day:days>"),
    row("{i} .. meet|get_together {adv}? on? <meeting_day:days>", confidence=0.7),
    row("rehearsal|rehearsals|practice is|are|'s|moved_to {adv}? on? <rehearsal_day:days>", addressed=True),
    row("{my} .. stall|stand|booth is at the|a? <market_day:days> market"),
    row(
        "{my}|the .. moved|switched|shifted me|us|my_stall|our_stall to the|a? <market_day:days> market",
        addressed=True,
    ),
    row("{im} {adv}? on|at|back_on|back_at the|a? <market_day:days> market"),
    row(
        "it|that|the_money|money|cash goes|is_going|went|goes_into to|towards|toward|into {a} <goal:thing> "
        "now|instead|$|,",
        addressed=True, needs=r"\bsav(?:e|ing|ings|ed)\b", confidence=0.75,
    ),
    row("{im} saving|putting .. aside|by|up? for|towards {a} <goal:thing> now|instead", planned=True),
    row("{i}|{my} had_to rename|change_the_name .. so? {im} <project:firm>", any_mood=True, renames=True),
    row(
        "so? {im} <project:firm>",
        addressed=True, renames=True, needs=r"\b(?:renam\w+|new name|change (?:the|our) name|had to rename)\b",
        confidence=0.75,
    ),
    row("{ive}? {adv}? started|launched|set_up|running {a} .. , <project:inquotes>"),
    row(
        "{i} {adv}? do|run|host|have {a} .. podcast|newsletter|blog|show|channel|tasting|workshop|class|"
        "club now? , <project:inquotes>",
    ),
    row("the <@*_deadline:noun> deadline {is} {adv}? on|by|now? <:datetime>", addressed=True),
    row(
        "{my}|the {new}? deadline moved|was_moved|got_moved|has_moved|shifted|slipped|was_pushed|got_pushed back|forward? to|"
        "until <deadline:datetime>",
        addressed=True,
    ),

    row(
        "{my}|the|our|a civil|church|registry|small|big|white? wedding {is} {adv}? on? <wedding_date:date>",
        needs=r"\b(?:my|our|we|us|i|i'm)\b",
    ),
    row("^ civil|church|registry_office wedding {is} {adv}? on <wedding_date:date>", addressed=True, needs=r"\b(?:my|our|we|us)\b"),
    row(
        "{my}|the? {new}? flight|train|ferry|departure|travel|sailing date|day {is} {adv}? on? <travel_date:date>", addressed=True,
        needs=r"\b(?:my|our|i|i'm|we|us|me)\b",
    ),
)
