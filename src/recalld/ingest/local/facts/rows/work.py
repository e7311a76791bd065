"""Job, employer, team, hours, studies."""

from __future__ import annotations

from recalld.ingest.local.facts.row import Meaning, Row, row

_NO_JOB = (
    r"\b(?:gym|hotel|hostel|camp\w*|beach|resort|festival|airbnb|holidays?|vacation|pool|school trip|uni|university|choir|visit\w*|"
    r"daughter|son|husband|wife|sister|brother|plot|novel|characters?|story|game|book|film|bank account|tariff|subscription|physio|rehab)\b"
)
_RETIRED: Meaning = {"gives": {"employment_status": "retired"}, "ends": {"job_title": "", "employer": ""}}

_NOW_RETIRED: Meaning = {**_RETIRED, "addressed": True}

# fmt: off
ROWS: tuple[Row, ...] = (
    # what and where together
    row("{im} {a}? <job_title:job> at|for|with|@ <employer:org>"),
    row("{i} work|working {adv}? as {a}? <job_title:occupation> at|for|with|in <employer:org>"),
    row("{i} work {adv}? at|for|with|@ <employer:org> as {a}? <job_title:occupation>"),
    row(
        "{i}? {got}|landed|took|accepted|started|have {a} {new}? job|role|position|gig as {a}? "
        "<job_title:occupation> at|with|for <employer:org>",
    ),
    # what
    row("{im} {a} <job_title:job>"),
    row(
        "{im} {adv}? training|studying|apprenticing to_be|to_become|as {a} <education:job>",
        planned=True, confidence=0.7,
    ),
    row("{i} work|worked|working {adv}? as {a}? <job_title:occupation>", confidence=0.85),
    row("{im} working|employed {adv}? as {a}? <job_title:occupation>"),
    row("^ working|employed as {a}? <job_title:occupation>"),
    row(
        "as a|an <job_title:job> {i}|{im}|{my}|,", confidence=0.8,
        unless=r"\bas an? [\w -]+, (?:do|can|could|would|what|how|should|did|have) you\b",
    ),
    row("being {a} <job_title:job>", addressed=True, confidence=0.7),
    row("{my} {new}? job|occupation|profession|job_title|role|position {is} {a}? <job_title:job>"),
    row("{my} {new}? job|gig|role|position as {a}? <job_title:occupation>", asked=True),
    row("{new} job|role|position|gig : <job_title:job>", addressed=True),
    row(
        "{ive}? {adv}? {got}|landed|took|accepted|started {a} {new}? job|role|position|gig as {a}? "
        "<job_title:occupation>",
    ),
    row("{ive}? {adv}? started|started_working {adv}? as {a}? <job_title:job>"),
    row("{ive}? {adv}? {im}? {got}? promoted|bumped_up to {a}? <job_title:occupation>"),
    row("{ive}? {adv}? moved_up to {a}? <job_title:job>"),
    row("{my}? promotion to|as {a}? <job_title:job>", confidence=0.8),
    row("{i} was|were|am|got|been|have_been made {a}? <job_title:job>", confidence=0.8),
    row("{ive}? {adv}? became|become|qualified_as|certified_as|retrained_as|requalified_as {a}? <job_title:job>"),
    row("{i} {adv}? switched|moved|changed|went .. from <-job_title:job> to|into <job_title:job>"),
    row("now {a}? <job_title:job> at|for <employer:org>", confidence=0.7),
    row("{i} make|earn my_living|a_living as {a}? <job_title:occupation>"),
    row("by_trade|by_profession {im}? {a} <job_title:job>"),
    row("{im} {a} <job_title:job> by_trade|by_profession|by_training"),
    row("{i} teach <job_title:taught>", value="{} teacher"),
    row("{im} {a}? <job_title:instrument_player>", confidence=0.7),
    row("{i} <job_title:jobverb>", confidence=0.65),
    row(
        "retirement day|week|month|year|party|is",
        gives={"employment_status": "retired"}, addressed=True, confidence=0.7,
    ),
    row("day|week|month one|1|two|2|three of retirement", gives={"employment_status": "retired"}, addressed=True),
    # where
    row("{i} work|working {adv}? at|for|with|@ <employer:org>"),
    row("{im} working|employed|interning|apprenticing {adv}? at|for|with|by|@ <employer:org>"),
    row("{ive} worked|been_working|been {adv}? at|for|with <employer:org> since|for", needs=r"\b(?:since|for)\b"),
    row("{my} {new}? employer|company|firm|workplace|work|day_job {is} {adv}? at? <employer:proper>"),
    row(
        "{my} {new}? boss|manager|colleagues|coworkers|team|office|desk|job|supervisor|shift|shifts|boss's|"
        "team_lead at <employer:org>",
        asked=True, any_mood=True,
    ),
    row(
        "{ive}? {adv}? {got}|landed|took|accepted|started|have {a} {new}? job|role|position|work|gig|post "
        "at|with|for <employer:org>",
    ),
    row("{ive}? {adv}? started|joined|joining {adv}? work|working|a_job|my_job|my_new_job? {adv}? at|for <employer:org>"),
    row("{ive} {adv}? start {adv}? work|working|a_job|my_job|my_new_job? {adv}? at|for <employer:org>"),
    row("{ive} {adv}? started|start {adv}? work|working|a_job|my_job|my_new_job? {adv}? with <employer:firm>"),
    row("{ive}? {adv}? joined|jumped_ship_to|defected_to <employer:firm>"),
    row("{im}? hired|poached|employed|headhunted by|at <employer:org>"),
    row("first|second|third|1st day|week|month|shift|year at <employer:org>", addressed=True),
    row("{i} left|quit <-employer:firm> for|to_join|and_joined|to_go_to|to_work_for|to_work_at <employer:firm>"),
    row(
        "{i} {adv}? switched|moved|jumped|changed|went .. from <-employer:firm> to <employer:firm>",
        needs=r"\b(?:job|work|career|employer|company|team|office|contract|salary|role|boss)\b",
    ),
    row("{new} job at|with <employer:org>", addressed=True, confidence=0.85),
    row(
        "{im} {adv}? with|at <employer:firm> now|these_days",
        needs=r"\b(?:job|work|career|employer|company|hired|role|boss|salary|office)\b",
    ),
    row("^ here at <employer:firm>", addressed=True, confidence=0.6),
    row(
        "{im} {a}? .. retired|a_pensioner|retiree",
        gives={"employment_status": "retired"}, ends={"job_title": "", "employer": ""},
    ),
    row("{i} {adv}? retired $|from|last|in|this|at|early|years|after|and|so|but|two|three|five|ten|a", **_RETIRED),
    row("{i}? {adv}? left|quit|resigned|resigned_from|leaving <employer:firm>", retract=True, confidence=0.7),
    row(
        "{i}? {adv}? quit|left|lost|handed_in_my_notice_at|gave_up {my} job|position|role|work at|with|as? "
        "<employer:firm>",
        retract=True,
    ),
    row("{i} {adv}? quit|left|lost|resigned_from|gave_up {my} .. job|position", ends={"employer": "", "job_title": ""}),
    row(
        "{i} {adv}? was|were|got|been .. laid_off|fired|made_redundant|let_go|sacked",
        ends={"employer": "", "job_title": ""},
    ),
    row(
        "{im} unemployed|between_jobs|out_of_work|jobless",
        gives={"employment_status": "unemployed"}, ends={"employer": "", "job_title": ""},
    ),
    row("{im} {a}? self-employed|self_employed|freelancing|freelancer", gives={"employment_status": "self-employed"}),
    row("{i} went|gone {adv}? freelance|self-employed|independent|solo", gives={"employment_status": "self-employed"}),
    row("{i} freelance", gives={"employment_status": "freelance"}),
    row("{i}|{im} .. work|working|employed|job {adv}? part-time|part_time", gives={"employment_status": "part-time"}),
    row("{i}|{im} .. work|working|employed|job {adv}? full-time|full_time", gives={"employment_status": "full-time"}),
    row("{im} {adv}? part-time|part_time", gives={"employment_status": "part-time"}),
    row("{im} on {adv}? maternity|paternity|parental leave", gives={"employment_status": "parental leave"}),
    row(
        "{i} run|own|opened|founded|started|co-founded|set_up|launched {a}|my_own {adv}? .. "
        "small|little|tiny|family? <business:business>",
    ),
    row("{my} {new}? .. <business:business> is_called|called|named|,_called <business:title>"),
    row(
        "<employer:firm> hired|poached|employs|headhunted|took me|us", addressed=True,
        unless=r"\b(?:prof|professor|dr|doctor|mr|mrs|ms|sir|chef|coach) ",
    ),
    row(
        "{i}? {got}|landed|signed|accepted|took|have {a} <employer:firm> job|contract|offer|gig|position",
        confidence=0.8,
    ),
    row("last|final day|week|shift at <employer:firm>", retract=True, addressed=True),
    row("{i} {adv}? handed_in|gave {my} notice at|to <employer:firm>", retract=True),
    row("{i}? {adv}? start|starting|started|begin {adv}? at <employer:firm> on|in|next|tomorrow|today|this|last"),
    row(
        "{im} {adv}? at <employer:firm> now|these_days|since",
        unless=r"\b(?:gym|airport|station|hotel|mall|hospital)\b", confidence=0.75,
    ),
    row(
        "now|currently at <employer:firm>",
        needs=r"\b(?:job|work|career|employer|company|hired|role|boss|salary|office|left|quit|switched|joined)\b",
    ),
    row("{my} day job|gig {is} {adv}? <job_title:occupation>"),
    row(
        "^ a|an? <job_title:job> here|by_day|by_trade|since",
        addressed=True, unless=r"\b(?:the|our|my|no|any) [\w' -]{2,30} here\b", confidence=0.8,
    ),
    row("^ {a}? <job_title:job> for .. years|decades|ages", addressed=True, confidence=0.8),
    row("speaking_as|as {a} fellow? <job_title:job> myself|too|i|who", confidence=0.7),
    row("us <job_title:jobs>", confidence=0.7),
    row("like_me|me , {a} <job_title:job>", confidence=0.6),
    row(
        "^ {a}? <job_title:job>",
        addressed=True, needs=r"\b(?:promot\w+|pay rise|new (?:job|role|title|position)|job title|got the job|raise)\b",
        confidence=0.75,
    ),
    row("{i} am|'m|was|got made|named|appointed|elected {a}? <job_title:job>"),
    row("they made me {a}? <job_title:job>", addressed=True),
    row("as_of|from|since|starting .. {im} {a}? <job_title:job>"),
    row("{i} {adv}? left|quit|swapped|traded <-job_title:thing> for <job_title:job>"),
    row("{im} {a} <job_title:job> now|again|at_last|since|these_days|as_of|from"),
    row("{my} <job_title:job> job|salary|shift|career|contract|colleagues|uniform", asked=True, confidence=0.7),
    row("{i} {adv}? qualified|graduated|trained|retrained as {a}? <job_title:job>"),
    row("{im} {a}? <employment_status:employment>"),
    row("{i} {adv}? went|gone|go|work|switched {adv}? to? <employment_status:employment>"),
    # team, hours, place of work
    row("in the <team:thing> department|team|division", addressed=True, needs=r"\bi work|we work|i'm at|my job\b"),
    row("{im} {adv}? on|in|with|part_of|leading {a} <team:proper> team|department|division"),
    row("{im} {adv}? on|in|with|part_of|leading|heading {a} <team:thing> team|department|division"),
    row("{i} work|lead|manage|run|head|joined {adv}? on|in|with? {a} <team:thing> team|department|division"),
    row(
        "{i} {adv}? {moved}|switched|transferred|changed {adv}? from {a}? <-team:thing> "
        "team|department|division? to {a}? <team:thing> team|department|division",
    ),
    row("{ive}? {adv}? {moved}|switched|transferred|changed {adv}? to {a}? <team:thing> team|department|division"),
    row("{my} team|department|division {is} {adv}? called? <team:proper>"),
    row("{i} manage|lead|supervise {a} team of <team_size:number>"),
    row("{im} {a}? team of <team_size:number>"),
    row("{my} team is {adv}? <team_size:number> people|strong|of_us"),
    row("{my} team has|grew_to|shrank_to|is_down_to|is_up_to {adv}? <team_size:number>"),
    row(
        "{i} manage|lead|supervise <team_size:number> people|developers|engineers|reports|employees|staff|"
        "nurses|designers",
    ),
    row("there_are <team_size:number> of_us in|on the|my|our team", addressed=True),
    row("{i}|{im} {adv}? work|working {adv}? <working_hours:hours> a_week|per_week|/week|weekly|weeks"),
    row(
        "<working_hours:hours> a_week|per_week|/week|weekly|weeks",
        needs=r"\b(?:work|job|contract|shift|accountant|nurse|office|employ|hours)\w*\b", addressed=True,
        confidence=0.7,
    ),
    row("full <working_hours:hours>", addressed=True, confidence=0.7),
    row("{i} {adv}? work|working {adv}? <working_hours:shifts>"),
    row("{im} {adv}? on <working_hours:shifts>"),
    row("{my} shifts|shift {is} {adv}? <shift_length:hours>"),
    row("{i} work|do <shift_length:hours> shifts|shift"),
    row("{i} {adv}? work|working {adv}? from home|remotely|remote", gives={"workplace": "home"}),
    row("{im} {adv}? fully|100%? remote|working_remotely", gives={"workplace": "remote"}),
    row("{my} {adv}? stand-up|standup|stand_up|daily|daily_standup {is} {adv}? at <standup_time:time>"),
    row(
        "{my} boss|manager|supervisor|line_manager|advisor|thesis_advisor|phd_supervisor {is} {adv}? "
        "called|named? <manager:person>",
    ),
    row("{i} report to <manager:person>"),
    row("{my} new boss|manager|supervisor|line_manager|advisor ,? <manager:person>", confidence=0.7),
    row("{my} salary|income|wage {is} {adv}? <salary:money>"),
    row("{i} earn|make {adv}? <salary:money>"),
    row(
        "{my}|the? thesis|dissertation|phd|research|paper is {adv}? about|on <research_field:subject> now",
        addressed=True,
    ),
    row("^ thesis|dissertation is {adv}? about|on <research_field:subject>", addressed=True),
    row("{my} field|research|phd|thesis|dissertation|research_field is {adv}? in|on|about <research_field:subject>"),
    row("{i} {adv}? research|specialise_in|specialize_in|do_research_on|do_research_in <research_field:subject>"),
    row("{my} apprenticeship", gives={"job_title": "apprentice"}, asked=True, confidence=0.75),
    row("{my} phd|doctorate|dissertation", gives={"education": "PhD"}, asked=True, confidence=0.5),
    row("{my} internship|traineeship at <employer:org>", asked=True),
    row("<job_title:knownjob> life", addressed=True, confidence=0.7),
    row("{i} do <job_title:trade> at|for <employer:firm>", confidence=0.8),
    row("day|week|month|year one|two|three|four|five|1|2|3|4|5|6|seven|eight|ten at <employer:firm>", addressed=True),
    row("fourth|fifth|2nd|3rd day|week|month|year at <employer:firm>", addressed=True),
    row(
        "{i} .. at <employer:firm> now|these_days|on_weekends|full-time|part-time|since|,_and|again",
        unless=r"\b(?:gym|club|choir|airport|station|hotel|school|uni|university|hospital)\b", confidence=0.7,
    ),
    row("they|work moved|put|switched|bumped me .. to|on the|a? <working_hours:shift>", addressed=True),
    row("{im} {adv}? on the|a? <working_hours:shift> {adv}? now|again|this"),
    row("{im} filling_in|standing_in|acting|covering {adv}? as {a}? <role:occupation>"),
    row("{im} {a}? acting|interim <role:occupation>"),
    row("full-time|part-time|full_time|part_time at <employer:org>", addressed=True),
    # studies
    row("{i} {adv}? study|studying|read|am_doing|major|majoring {adv}? in? <education:subject> at|in <school:school>"),
    row(
        "{im} {adv}? studying|majoring|doing_a_degree|doing_a_master's|doing_a_masters|doing_a_phd|"
        "doing_my_phd|doing_my_masters {adv}? in? <education:subject>",
    ),
    row("{i} {adv}? study|major {adv}? in? <education:subject>"),
    row("{have} {a} <education:degree>"),
    row("{i} {adv}? finished|completed|got|have|did|earned {my}|a|an <education:degree>"),
    row("{i} {adv}? graduated in|with <education:subject>"),
    row("{i} {adv}? graduated from <school:org>"),
    row(
        "{im} {a} <education:subject> student|major|undergraduate|undergrad|graduate|grad_student|phd_student|postgrad",
    ),
    row("{im} {a} .. student at|in <school:school>"),
    row("{i} go to|attend <school:school>"),
    row(
        "{ive}? {adv}? started|enrolled|signed_up .. {a}? <course:subject> "
        "course|class|classes|degree|apprenticeship|programme|program|bootcamp",
    ),
    row("{im} {adv}? taking|doing {a} <course:subject> course|class|classes|bootcamp"),
    row("{im}? {adv}? certified|licensed|qualified {a}? <certification:certificate>"),
    row("{have} {my}|a|an <certification:certificate> certificate|certification|licence|license|badge|qualification"),
    row(
        "{ive}? {adv}? got|passed|earned|obtained|received|finished|completed {my}|the|a|an "
        "<certification:certificate> certificate|certification|licence|license|exam|test|qualification|badge",
    ),
    row("{i} teach {a}? <grade_taught:grade>"),
    # in passing
    row("{i} work in {a} <employer:orgnoun>"),
    row("{im} in <industry:field=>"),
    row("{i} work in <industry:field=>"),
    row("{my} .. shift|shifts|night|day|work at the|a|an? <employer:org>", asked=True, confidence=0.75),
    row(
        "{my} <employer:firm> colleagues|badge|laptop|email|contract|office|manager|boss|job|colleague|"
        "team|payslip|mail|uniform",
        asked=True, confidence=0.7,
    ),
    row("as the .. guy|girl|person|one|hire|intern|lead|head .. at <employer:firm>", addressed=True),
    row("as the|a|an .. in|of .. at <employer:firm>", addressed=True, confidence=0.75),
    row("on_behalf_of|we_at|us_at <employer:firm>", addressed=True, confidence=0.7),
    row(
        "years|months|weeks at <employer:firm> now|already|and|,",
        addressed=True, needs=r"\b(?:i|i'm|i've|me|my)\b", unless=_NO_JOB, confidence=0.75,
    ),
    row(
        "payslip|salary|contract|offer from|with <employer:firm>",
        addressed=True, needs=r"\b(?:my|first|signed|got)\b", confidence=0.7,
    ),
    row("{im} {a}? intern|interning|apprentice|trainee|temp|consultant|contractor at|with|for <employer:org>"),
    row("<employer:firm> laid_off|let|fired|made me|us|redundant", retract=True, addressed=True),
    row(
        "years as|being {a} <job_title:job>",
        addressed=True, unless=r"\b(?:after (?:\w+ ){1,2}years|my years|retrain\w*|except|used to|was|before|retired|former)\b",
        confidence=0.6,
    ),
    row("{i} used_to_be {a}? <-job_title:job> , now {im}? {a}? <job_title:job>", any_mood=True),
    row("former|ex <-job_title:job> , now|turned {a}? <job_title:job>", addressed=True),
    row("from <-job_title:knownjob> to <job_title:knownjob>", addressed=True, confidence=0.7),
    row("career change|switch|move : {adv}? {a}? <job_title:job>", addressed=True),
    row("new title|role|job|position : {a}? <job_title:job>", addressed=True),
    row("so : {a}? <job_title:knownjob> now", addressed=True),
    row("hired|employed|working|contracted|engaged as {a}? <job_title:job>"),
    row("{i} start|starting|started as {a}? <job_title:job>", planned=True),
    row("as the only|new|youngest|oldest|resident <job_title:job> in|on|at|here|of", addressed=True, confidence=0.75),
    row("not a|an .. , just|only|merely a|an|the? <job_title:job>", addressed=True),
    row("^ <job_title:knownjob> , .. i|my|here|so|by", addressed=True, confidence=0.6, unless=r"^\W*(?:hi |hey |ok )?(?:assistant|same)\b"),
    row(
        "{my} .. pupils|graders|classroom|lesson_plans|homeroom",
        gives={"job_title": "teacher"}, asked=True, any_mood=True, confidence=0.6,
    ),
    row(
        "marking|grading essays|exams|papers|tests|homework",
        gives={"job_title": "teacher"}, needs=r"\b(?:my|i)\b", confidence=0.55,
    ),
    row("{i} work|working|years behind_the_bar", gives={"job_title": "bartender"}, addressed=True, confidence=0.7),
    row(
        "{my} salon|practice|bakery|shop|café|cafe|restaurant|studio|workshop|farm|vineyard|brewery|"
        "bookshop|agency|clinic , <business:title>",
        asked=True,
    ),
    row(
        "{my} <business:business> is|has|needs|opens|closes|opened|turns", asked=True, confidence=0.7,
        unless=r"\b(?:my|our) (?:[\w-]+ )?(?:company|agency|practice|firm)\b",
    ),
    row("{im} the|a|an? <role:rolenoun> of|for|at|in|on"),
    row("as|being the? <role:rolenoun> of|for|at|in", addressed=True),
    row("elected|voted|appointed .. as? <role:rolenoun>", confidence=0.75),
    row("{my} <education:subject> degree|major|masters|master's|studies|thesis|phd", asked=True, confidence=0.7),
    row(
        "{i} majored|graduated|studied {adv}? in? <education:subject>",
        confidence=0.75, unless=r"\bstudied (?:it|the|this|that|your)\b",
    ),
    row(
        "final|first|second|third|last year of {my} <education:subject> degree|studies|course|masters|phd",
        addressed=True,
    ),
    row("{im} .. year .. <education:subject> student"),
    row("{i} teach <subject_taught:subject> to|at"),
    row(
        "only|now|just <working_hours:hours>",
        addressed=True,
        needs=(
            r"\b(?:job|contract|chef|kitchen|shift|hours a week|week on paper|part-time|full-time|since "
            r"(?:january|february|march|april|may|june|july|august|september|october|november|december))\b"
        ),
        unless=r"\b(?:sleep|slept|drive|flight|delay|late|ago|left)\b", confidence=0.6,
    ),
    row("{i} teach <grade_taught:grade>", gives={"job_title": "teacher"}),
    row("{im} <office_days:days> in the office"),
    row("office on|is|: <office_days:days>", addressed=True),
    row("in the office on <office_days:days>", addressed=True),
    row("{my} team is|'s down|up to <team_size:number>"),
    row("team's|team_is down|up|now to|at <team_size:number>", addressed=True),
    row(
        "{im}? {adv}? starting|start|started {adv}? at|with <employer:org> as {a}? <job_title:occupation>",
        planned=True,
    ),
    row(
        "{im}? {adv}? starting {adv}? at|with <employer:firm>",
        needs=r"\b(?:notice|left|quit|resign\w*|job|role|boss|team)\b",
    ),
    row("{im} {a}? <job_title:job> in|on the|a|an .. .. at <employer:firm>", confidence=0.8),
    row(
        "{i}? {adv}? left|quit|gave_up|leaving teaching|nursing|banking|farming|accounting|law|medicine|journalism|retail|catering",
        ends={"job_title": "", "employer": "", "subject_taught": ""},
    ),
    row(
        "{im} still|back|now? at|with the <employer:orgnoun>",
        needs=r"\b(?:still at|back at|job|work|boss|shift|dept|department|office)\b",
    ),
    row("{my} team_lead|team_leader|line_manager|head_of_department {is} {adv}? called|named? <manager:person>"),
    row("here|again , the|a|your .. <job_title:knownjob> with|from|who", addressed=True, confidence=0.7),
    row("kept|taken|took me on as {a}? <job_title:job>", addressed=True),
    row(
        "^ <job_title:knownjob> , second|third|first|final|full-time|part-time|currently|based|from|living|"
        "working|with|by|at|since|so|need|bill|freelance|self-employed|looking",
        addressed=True, confidence=0.6,
    ),
    row(
        "^ <job_title:knownjob> at|with <employer:firm> starts|started|begins|from|since",
        addressed=True, confidence=0.75,
    ),
    row(
        "{ive}? been? handed|given|assigned|took_over|taken_over|running|lead|leading {my}|the <team:firm> "
        "team|department|group",
    ),
    row("team|department|group {adv}? instead|now? , <team_size:number> people|of_us|strong|heads", addressed=True),
    row("{im} back on <working_hours:shifts>", confidence=0.8),
    row("back on <working_hours:shifts>", addressed=True, needs=r"\bshifts?|nights|rota|roster\b", confidence=0.8),
    row("{im} part_of the team at <employer:firm>"),
    row(
        "{im} with <employer:firm> now",
        unless=r"\b(?:bank|account|gym|provider|contract|roaming|insurance|insured|sim|broadband|phone)\b",
        confidence=0.65,
    ),
    row("sworn_in|appointed|licensed|registered .. as {a}? <job_title:knownjob>"),
    # said in everyday words
    row("^ <job_title:knownjob> at|for|with <employer:firm>", addressed=True, confidence=0.75),
    row("{ive}? .. signed|signing {a}? .. contract with|at <employer:org>"),
    row(
        "{i}? start|starting|starts|begin|beginning as {a}? <job_title:occupation> at|with|for|in <employer:org>",
        planned=True,
    ),
    row(
        "{i} {adv}? work|working nights|days|earlies|lates|shifts|weekends|saturdays|sundays|mornings|evenings|part-time|full-time "
        "at|in|for|with <employer:org>",
    ),
    row(
        "{i} {adv}? work|working nights|days|earlies|lates|shifts|weekends|saturdays|sundays|mornings|evenings|part-time|full-time "
        "at|in|for|with the|a|an? <employer:orgnoun>",
    ),
    row(
        "{ive}? {adv}? started|start|went|gone {adv}? back at|in|to the|a? <employer:orgnoun>", confidence=0.75,
        unless=r"\bback (?:to|at|in) (?:school|college|uni|university|hospital)\b",
    ),
    row("{im} back at work at|in the|a? <employer:orgnoun>"),
    row("{im} back at work at <employer:firm>"),
    row(
        "{i} {adv}? do|have|work <working_hours:workdays> a_week|per_week|,|at|now|these_days|since|from|instead",
        confidence=0.8,
    ),
    row(
        "<working_hours:workdays> a_week|per_week", addressed=True, confidence=0.7,
        needs=r"\b(?:job|chef|boss|contract|part-time|full-time|work|works|working|nurse|rota|hours|office)\b",
        unless=r"\b(?:gym|run|training|workout|exercise|practi[sc]e|lessons?|jog|swim)\b",
    ),
    row(
        "{i} charge|bill|invoice|quote .. <hourly_rate:rate>",
        unless=r"\b(?:client|they|he|she) (?:pays?|charges?)\b", confidence=0.75,
    ),
    row("{my} .. rate {is} {adv}? <hourly_rate:rate>"),
    row(
        "{i} won't|don't|never|wouldn't go|work|do_it|take_less below|under|for_less_than|than "
        "<salary_expectation:rate>",
        any_mood=True, planned=True,
    ),
    row(
        "{my} .. colleagues|boss|shift|desk|manager {adv}? at|in the <employer:orgnoun>",
        asked=True, any_mood=True, confidence=0.7,
    ),
    row("{i} {adv}? run|own|manage|keep|have {a} .. <business:stall>"),
    row("for|at|on {my} .. <business:stall>", addressed=True, asked=True, confidence=0.75),
    row("{my} <business:stall> is|has|at|opens|needs|sells|was|sold|,", asked=True, confidence=0.75),
    row(
        "{i}? {adv}? passed|got|have|earned|did {my} <certification:certificate> ticket|card|diploma|"
        "papers|badge|stamp|wings",
    ),
    row(
        "{i}? passed <certification:certificate> $|today|yesterday|!|,|at_last|first_time",
        addressed=True, needs=r"\b(?:cv|resume|résumé|profile|certificat\w+|certs?|licen[cs]es?|qualif\w+)\b", confidence=0.75,
    ),
    row(
        "add|put|note <certification:certificate> to|on|next_to|beside|under the|my .. list|certs|certificates|qualifications|cv|resume",
        addressed=True, needs=r"\b(?:certs?|certificat\w+|qualif\w+|licen[cs]es?)\b", confidence=0.75,
    ),
    # told by what one does there, and going back to it
    row("{im} {adv}? <job_title:doing>"),
    row("{im} {adv}? nursing|teaching|welding|lecturing|waitressing|bartending|interpreting at|for <employer:workedfor>"),
    row(
        "{i} <job_title:handwork>", confidence=0.7,
        needs=r"\b(?:at work|factory|warehouse|production line|assembly line|the machines|night shift|depot|foreman|sorting centre)\b",
    ),
    row("{i} cook <job_title:cookhouse>"),
    row(
        "^ /(?:\\w+|\\d+)/ years|months at|with <employer:firm> already|now|and_counting|today",
        addressed=True, unless=_NO_JOB, confidence=0.8,
    ),
    row(
        "^ /(?:\\w+|\\d+)/ days|weeks at|with <employer:firm> already|now|and_counting|today",
        addressed=True, unless=_NO_JOB, confidence=0.75,
        needs=r"\b(?:job|boss|shift|office|colleagues?|contract|team|cv|hired|still \w+er|probation|payslip|work)\b",
    ),
    row(
        "{ive}? {adv}? crawled|went|gone|came|come|returned|ran|crept back to|at <employer:firm>",
        unless=_NO_JOB,
        needs=(
            r"\b(?:my old (?:locker|desk|boss|team|job|office|colleagues|ward|shift)|paid (?:late|more|less|better|badly)|rehired|"
            r"took me back|same (?:desk|boss|team|ward) as before|handed in my notice|the (?:rota|salary|pay))\b"
        ),
    ),
    row("{ive} retired from the|my|our|teaching|nursing|work|medicine|law|farming|practice|working", **_RETIRED),
    row("{ive} retired $|last|in|this|at|early|years|after|and|so|but|now", **_RETIRED),
    row(
        "first|second|third|fourth|fifth|sixth|final|last year of <education:studyfield>", addressed=True, unless=r"\b(?:he|she|"
        r"they|his|her|niece|nephew|son|daughter|grand\w+)\b",
    ),
    row("{im} {a}? first|second|third|fourth|fifth|final|last -?year <education:studyfield> student"),
    row("{im} <working_hours:shifts> at|in|now|again|since|these_days"),
    row("{my} shift|shifts {adv}? starts|start|begins|begin {adv}? at? <shift_start:clocktime>", asked=True),
    row("{i} start work|my_shift|the_shift|shift at <shift_start:clocktime>"),
    row(
        "{im}|{ive} {adv}? back|returned at|with|to <employer:firm>", unless=_NO_JOB,
        needs=(
            r"\b(?:my old (?:locker|desk|boss|team|job|office|colleagues|ward|shift|badge)|(?:they|it) pays?|paid (?:late|more|less|better|"
            r"badly)|rehired|took me back|same (?:desk|boss|team|ward) as before|the (?:rota|salary|pay))\b"
        ),
    ),
    row("^ retired now|since|last|at_last", **_NOW_RETIRED),
    row("{i} start|finish work|my_shift? at <shift_start:clocktime> so|,|every|and|now", needs=r"\bshifts?\b"),
    row("mention|put|include|add|write|note also? that {im} {a} <job_title:knownjob>", asked=True, any_mood=True, confidence=0.8),
    row("{my} employer <employer:firm>", asked=True, any_mood=True),
    row("^ studying|reading <education:studyfield> in|at|,|and|now|since|$"),
    # made something
    row("^ {adv}? got|been|getting made|named|appointed|elected {a}? <job_title:rank>", addressed=True),
    row(
        "he|she|they|he's|she's|they've|boss|chef|manager|owner|management|company|landlord|council|school|committee|board|club|union|"
        "chef's|coach has|have|just? made|named|appointed|"
        "promoted|bumped us|me "
        "up? to? {a}? <job_title:rank>",
        addressed=True,
    ),
    # so many years one
    row(
        "/(?:\\w+|\\d+)/ years|decades|winters|summers|seasons a|an <job_title:knownjob>", addressed=True,
        unless=r"\b(?:used to|was|were|retired|former|he|she|his|her|father|mother|dad|mum|uncle|friend)\b", confidence=0.75,
    ),
    # the same job as before
    row("^ {adv}? {a}? <job_title:job> as|like before|ever|always", addressed=True, confidence=0.8),
    row("^ still {a}? <job_title:knownjob> $|,|.|and|here", addressed=True, confidence=0.75),
    row("by day|trade|profession {im} {a}? <job_title:job>"),
    row("{i} {adv}? <side_job:djing>"),
    # by the colleagues one asks about
    row(
        "other <job_title:jobs> sleep|cope|manage|handle|deal|survive|unwind|stay|keep|get|do|use|wear|eat|organise|organize|plan|charge|"
        "price|find", addressed=True, asked=True, any_mood=True, confidence=0.7, needs=r"\bhow (?:do|are|would|can) other\b",
        unless=r"\b(?:my|our) (?:son|daughter|kid|husband|wife|mother|father|mum|dad|gp|doctor|teacher|dentist)\b",
    ),
    row(
        "{my} cab|taxi", gives={"job_title": "taxi driver"}, asked=True, any_mood=True, confidence=0.7,
        needs=r"\b(?:fares?|passengers?|meter|rank|dispatch\w*|drop-?off|pick-?ups?)\b", unless=r"\b(?:airport|flight|booked|late)\b",
    ),
    # what one is paid by the hour
    row("{my} .. fee|fees|charge {is} {adv}? <hourly_rate:rateper>", confidence=0.8),
    row(
        "{im} taking|charging|asking|billing|up_to|getting {adv}? <hourly_rate:rate> now|an|per|a|$|,|.|from|instead",
        needs=r"\b(?:fees?|rates?|charge|per hour|an hour|hourly|lessons?|tuition)\b", confidence=0.75,
    ),
    # days off
    row(
        "{have}|{i} {adv}? get|have|take? <days_off:days> off",
        unless=r"\b(?:this|next|last) (?:week|mon|tues|wednes|thurs|fri|satur|sun)",
    ),
    row("{im}? {adv}? only? off on? <days_off:days>", unless=r"\b(?:took|day off)\b", confidence=0.8),
    row("{my} day|days off is|are|:|moved_to|changed_to {adv}? <days_off:days>"),
    # what a thesis is about
    row(
        "{my} .. thesis|dissertation|doctorate|term_paper is|will_be|= {adv}? now? on|about <thesis_topic:rest>", planned=True,
    ),
    row(
        "{ive}? switched|changed|moved|narrowed|shifted {my}|the thesis|dissertation|topic|thesis_topic|phd {adv}? over? to "
        "<thesis_topic:rest>",
    ),
)
