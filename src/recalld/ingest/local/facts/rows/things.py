"""Tools, devices, plans, vehicles, money."""

from __future__ import annotations

from recalld.ingest.local.facts.row import row

_USE = "use|using|run|running|prefer|work_with|work_on|work_in|code_in|code_with|write_in|edit_in|live_in|stick_with|stick_to|rely_on|love"

_SOMEBODY = (
    r"/(?:an?|my|our|the|some|his|her)\s(?:[\w-]+\s)?(?:guy|man|woman|girl|lad|kid|boy|friend|mate|student|buyer|neighbou?r|"
    r"colleague|cousin|nephew|niece|brother|sister|son|daughter|mum|mom|dad|mother|father|collector|school|charity|couple|lady|"
    r"gentleman|stranger|flatmate|scrapyard|dealer|new\shome|new\sowner)/"
)
_COMMUTE = r"\b(?:commut\w+|to work|work|office|podcasts?|audiobooks?|each way|every morning|rush hour|parking)\b"
_ON_THE_WAY = (
    r"\b(?:to the (?:airport|hospital|wedding|funeral|match|beach)|holiday|trip|tour|get off|next stop|delayed|stuck)\b"
)
_PRICED = (
    r"\b(?:rent|rental|listing|studio|flat|apartment|room|price\w*|costs?|pay|spend|budget|deal|offer|buy|shop\w*|cheap\w*|"
    r"expensive|eur|euros?|usd|dollars)\b"
)
_CODE = (
    r"\b(?:code|coding|program\w*|script\w*|app|compiler|decorators?|function|library|borrow checker|generics|types?|loops?|class(?:es)?|"
    r"ownership|pointers?|async|backend|frontend|parser|bug|debug\w*|software|module|package|import|exceptions?|project)\b"
)

# fmt: off
ROWS = (
    # software, by what it is
    row("{i}|{im} {adv}? " + _USE + " <:software>", negated="retract"),
    row("{ive}? {adv}? used|been_using|been_on <:software> for|since", confidence=0.85),
    row("{ive}? {adv}? installed|set_up|put|got .. <:software> on_my|on_the|on_our", confidence=0.75),
    row("{my} {new}? operating_system|os {is} <operating_system:os>"),
    row(
        "{my} {new}? laptop|computer|pc|desktop|machine|server|workstation|mac runs|is_running|is_on "
        "<operating_system:os>",
    ),
    row("{im} {adv}? on <operating_system:os!>", asked=True),
    row("{my} {new}? editor|ide|code_editor|text_editor {is} <editor:editor>"),
    row("{my} {new}? browser {is} <browser:browser>"),
    row("{my} {new}? shell {is} <shell:shell>"),
    row(
        "{i} {adv}? code|program|develop|write_code|work {adv}? mostly|mainly|primarily|only|a_lot? in "
        "<programming_language:programming+>",
    ),
    row(
        "{i}|{im} {adv}? write|writing|use|using|know|learning|love <programming_language:programming+> "
        "code|at_work|for_work|daily|every_day|mostly|mainly|now",
        confidence=0.8,
    ),
    row(
        "{my} stack|tech_stack|backend|frontend|app|service|codebase|project|code|website "
        "{is}|uses|runs_on {adv}? in|on|written_in|built_with|built_in? <programming_language:programming+>",
        confidence=0.8,
    ),
    row("{i} {adv}? host|deploy|run_everything|run {adv}? on|with <cloud_provider:cloud>"),
    # hardware
    row("{my} {new}? laptop|computer|notebook|machine|work_laptop {is} {adv}? {a}? <laptop:hardware>"),
    row("{have} {a} .. <laptop:laptop>"),
    row("{ive}? {adv}? {got} {a}|my {new}? <laptop:laptop>"),
    row("{im} {adv}? on|using|writing_on|typing_on {a} <laptop:laptop>", asked=True),
    row("{my} {new}? phone|mobile|smartphone {is} {adv}? {a}? <phone_model:hardware>"),
    row("{have} {a} .. <phone_model:phone>"),
    row("{ive}? {adv}? {got} {a}|my {new}? <phone_model:phone>"),
    row("{have} <equipment:gear>"),
    row("{ive}? {adv}? {got} {a}|my {new}? <equipment:gear>"),
    row("{i}? shoot with|on <equipment:proper>", needs=r"\b(?:camera|photo|lens|film|shoot)", confidence=0.7),
    row("{i} {adv}? only? have|got|own <equipment:gear>"),
    row(
        "{i}? {adv}? sold|gave_away|returned|threw_out|donated|got_rid_of|binned {my}|the|a <equipment:gear>",
        retract=True,
    ),
    row("{have} {a} .. <bicycle:proper>", needs=r"\b(?:bikes?|cycl\w+|bicycles?|saddle|derailleur)\b", confidence=0.75),
    row(
        "{have} {a} .. <vehicle:proper>",
        needs=r"\b(?:car|cars|mileage|engine|oil|tyres?|tires?|garage|mechanic|parking|dealer)\b", confidence=0.75,
    ),
    row(
        "{got} {a} .. <vehicle:proper>",
        needs=r"\b(?:car|cars|mileage|engine|tyres?|tires?|garage|dealer)\b", confidence=0.75,
    ),
    row("{have} {a} .. <laptop:proper>", needs=r"\b(?:laptop|notebook|computer)\b", confidence=0.75),
    row(
        "{have} {a} .. <phone_model:hardware>",
        needs=r"\b(?:phone|smartphone|mobile)\b", unless=r"\bphone number\b", confidence=0.75,
    ),
    row(
        "{have} {a} .. <equipment:proper>",
        needs=r"\b(?:camera|lens|guitar|amp|synth|printer|oven|machine|mixer|drill|saw|telescope|console|tent|stove)\b",
        confidence=0.75,
    ),
    row("new .. : {a}? <:device>", addressed=True),
    row("new .. : {a}? <:vehicle>", addressed=True),
    row("{im}? on {a} <:device> now|these_days|since|again"),
    row(
        "there's|there_is {adv}? {a} <:vehicle>",
        addressed=True, needs=r"\b(?:my|garage|next to|driveway|shed|hall|new)\b", confidence=0.75,
    ),
    row("{my} .. <:device> died|broke|is_dead|is_gone|gave_up|packed_up|bit_the_dust", retract=True, asked=True),
    row(
        "{my} <:vehicle> died|broke_down_for_good|is_gone|got_stolen|was_stolen|gave_up|packed_up|"
        "bit_the_dust|failed_its_mot",
        retract=True, asked=True,
    ),
    # plans, subscriptions, providers
    row("{im} {adv}? on {a} .. <plan:plan> plan|tier|subscription|package"),
    row(
        "{ive}? {adv}? upgraded|switched|downgraded|moved|changed|went {adv}? from {a}? <-plan:plan> "
        "plan|tier|subscription? to {a}? <plan:plan> plan|tier|subscription?",
    ),
    row(
        "{ive}? {adv}? upgraded|switched|downgraded|moved|changed|went|signed_up {adv}? back? to|for|with "
        "{a}? <plan:plan> plan|tier|subscription",
    ),
    row("{my} {new}? plan|tier|subscription {is} {adv}? {a}? <plan:plan>"),
    row("{i} {adv}? chose|picked|took|have|got|want|pay_for {a} <plan:plan> plan|tier|subscription", planned=True),
    row("{i} {adv}? pay|am_billed|get_billed|are_billed {adv}? <billing_cycle:billing>"),
    row("{my} billing {is} {adv}? <billing_cycle:billing>"),
    row("{ive}? {adv}? switched|changed|moved .. to <billing_cycle:billing!>"),
    row("{i} {adv}? subscribe|subscribed to <subscription:subscribed>"),
    row("{have} {a}? <subscription:streaming> subscription|account|membership|premium?"),
    row("{i} {adv}? got|started|signed_up_for|renewed {a}|my <subscription:streaming>"),
    row("{i} {adv}? pay|paying for <subscription:streaming>"),
    row(
        "{i} {adv}? cancelled|canceled|unsubscribed_from|quit|ended|dropped|terminated {my}? "
        "<subscription:proper> subscription|membership|account|plan",
        retract=True,
    ),
    row("{ive}? {adv}? cancelled|canceled|unsubscribed_from {my}? <subscription:streaming>", retract=True),
    row("{im} .. with <mobile_provider:carrier!>"),
    row(
        "{my} {new}? provider|carrier|mobile_provider|phone_provider|network|phone_contract {is} {adv}? "
        "with|at? <mobile_provider:proper>",
    ),
    row(
        "{ive}? {adv}? switched|moved|changed|ported {adv}? from <-mobile_provider:carrier!> to "
        "<mobile_provider:carrier!>",
    ),
    row("{ive}? {adv}? switched|moved|changed|ported .. to <mobile_provider:carrier!>"),
    row("{i} {adv}? bank with|at <bank:firm>"),
    row("{my} {new}? bank {is} {adv}? <bank:proper>"),
    row("{my} {new}? .. account is|'s {adv}? with|at <bank:firm>", needs=r"\bbank|\baccount"),
    row("{ive}? {adv}? switched|moved|changed .. banks? .. from <-bank:firm> to <bank:firm>", needs=r"\bbank"),
    row(
        "{ive}? {adv}? switched|moved|changed .. to <bank:firm>",
        needs=r"\b(?:switched|changed|moved) (?:my )?(?:bank|banks|account|accounts)\b",
    ),
    row("{im} insured with|at|by <insurance:firm>"),
    row("{my} .. insurance {is} {adv}? with|at? <insurance:proper>"),
    row("{i} {adv}? pay|paying {adv}? with|by|via|using <payment_method:payment>"),
    row(
        "{ive}? {adv}? moved|switched|changed|transferred .. account|accounts|money|savings|mortgage|"
        "banking {adv}? over|across? to|with <bank:firm>",
    ),
    row("{im} with <bank:firm>", needs=r"\b(?:banks?|accounts?|mortgage|overdraft|savings)\b", confidence=0.8),
    row("{have} .. account|mortgage|savings|card|current_account at|with <bank:firm>"),
    row("{i} {adv}? get_paid|am_paid|earn|invoice|charge|pay .. in <currency:currency!>"),
    row("in <currency:currency!> please|pls|always|from_now_on|only|for", addressed=True, asked=True),
    row("{my} currency is <currency:currency!>"),
    row(
        "{i} {adv}? spend|do|budget|have .. <grocery_budget:amount> a|per week|month|day for|on "
        "food|groceries|shopping|eating",
    ),
    row(
        "<grocery_budget:amount> a|per|/ week|month for|on food|groceries|the_weekly_shop",
        addressed=True, needs=r"\b(?:we|i)\b",
    ),
    row(
        "{i}|{im} .. <grocery_budget:amount> a|per|/ week|month",
        needs=r"\b(?:grocer\w+|food shop|weekly shop|supermarket)\b",
    ),
    row(
        "cancelled|canceled|dropped|ditched|quit|ended|unsubscribed_from|stopped {my}|the|a "
        "<subscription:thing> subscription|membership|app",
        retract=True,
    ),
    row(
        "{ive}? {adv}? cancelled|canceled|unsubscribed_from|dropped {my}|the|a? <subscription:subscribed>",
        retract=True, needs=r"\b(?:subscri\w+|cancel\w*|magazine|newspaper|paper|streaming|membership|renew\w*)\b",
    ),
    row(
        "got|took|went_with|signed_up_for|switched_to|have|get {a}|to? <subscription:subscribed> instead",
        needs=r"\b(?:subscri\w+|cancel\w*|magazine|newspaper|paper|streaming|dropped|instead)\b",
    ),
    row("{i} pay|paying|subscribe for|to : <subscription:subscribed>", addressed=True),
    row("subscriptions .. : <subscription:subscribed>", addressed=True),
    # vehicles
    row("{i} {adv}? drive|drives|am_driving|lease {a}? <:vehicle>"),
    row("{have} {a}? <:vehicle>"),
    row("{ive}? {adv}? {got} {a}? {new}? <:vehicle>"),
    row("{my} {new}? car|van|truck|ride {is} {adv}? {a}? <vehicle:carname>"),
    row("{my} <:vehicle>", asked=True, any_mood=True, confidence=0.8),
    row(
        "{ive}? {adv}? sold|scrapped|traded_in|totalled|totaled|got_rid_of|wrecked|gave_up {my}|the|a? "
        "<-:vehicle> for {a}? <:vehicle>",
    ),
    row(
        "{ive}? {adv}? sold|scrapped|traded_in|totalled|totaled|got_rid_of|wrecked|gave_up {my}|the|a "
        "<vehicle:carname>",
        retract=True,
    ),
    row("{i} ride {a} <:vehicle>"),
    row("{i}|{my} {adv}? commute {is}? {adv}? by|on|via <commute:transport>"),
    row("{i} {adv}? cycle|bike to work|the_office|uni|university", gives={"commute": "by bike"}),
    row("{i} {adv}? go|get|travel|come to work|the_office {adv}? by <commute:transport>"),
    # money
    row("{my} {new}? .. budget {is} {adv}? under|below|up_to|max|at_most|now? <budget:budget>"),
    row("budget|max_budget : {adv}? <budget:budget>", addressed=True),
    row("{have} {a} budget of {adv}? <budget:budget>"),
    row(
        "{i} can|want_to|could spend {adv}? up_to|at_most|max|about? <budget:budget>",
        planned=True, any_mood=True, confidence=0.7,
    ),
    # in passing
    row("only|all i have|own|'ve_got is? {a}? <equipment:gear>", addressed=True),
    row("{i} only have|own|use <equipment:gear>"),
    row("{my} kitchen has|only_has <equipment:gear>"),
    row(
        "<:software> only|user|person|household|shop|house|machine|machines here|only|please|,|so",
        addressed=True, confidence=0.75,
    ),
    row("only <operating_system:os> machines|computers|laptops|here|at_home", addressed=True),
    row(
        "company|work|office|boss|school|team|studio|lab|department|everyone|everybody|firm "
        "moved|switched|migrated|went|changed us? all|everyone|over|back? to <:software>",
        addressed=True,
    ),
    row("we're|we_are|i'm|i_am {adv}? all? on <:software> now|these_days|since|at_work|for"),
    row("{i} do|keep|manage|track|plan|write|run {my}? .. in|on|with <:software>"),
    row("{i} moved|switched|migrated all? my|our .. to|onto <:software>"),
    row("{my} .. runs|run|is_running|are_running on? <:software>", asked=True, confidence=0.8),
    row("{i} commute|get_around|ride|cycle .. on|by|with {a}? <:vehicle>"),
    row("{my} .. <:vehicle>", asked=True, confidence=0.7),
    row("<@*_budget:noun> budget {is} {adv}? <:budget>", addressed=True, confidence=0.8),
    row("the|our|my budget for {my}|the|a? <@*_budget:noun> {is} {adv}? <:budget>", addressed=True),
    row("{my} rent {is} {adv}? <rent:budget>", confidence=0.8),
    row(
        "{i} have|use|own|subscribe_to|pay_for|drive|keep <:firm>",
        negative=True, retract=True,
        among=("subscription", "tool", "vehicle", "laptop", "phone_model", "equipment", "gym", "pet"),
    ),
    row(
        "{ive}? {adv}? sold|flogged|scrapped|got_rid_of|gave_away|wrote_off|traded_in the|my|our car|van|motor|wheels",
        ends={"vehicle": ""},
    ),
    row("{i} have|own|drive {a} car|van", negative=True, ends={"vehicle": ""}),
    row(
        "{ive}? {adv}? sold|flogged|scrapped|got_rid_of|gave_away|wrote_off|traded_in the|my|our motorbike|motorcycle|scooter|moped",
        ends={"motorcycle": ""},
    ),
    row(
        "{ive}? {adv}? sold|flogged|scrapped|got_rid_of|gave_away the|my|our bike|bicycle|pushbike",
        ends={"bicycle": ""},
    ),
    row("{ive}? {adv}? upgraded|downgraded {adv}? to {a}? <plan:plan_name!>"),
    row(
        "the|my|our <@*_budget:noun> budget .. up_to|down_to|to <:budget>",
        addressed=True, unless=r"\b(?:would|could|should|might)\b",
    ),
    row(
        "invoice|invoices|invoicing|bill|prices|budget|pay|paid|charge|quote .. in <currency:currency!>",
        addressed=True,
    ),
    row("in <currency:currency!> now|again|instead|these_days", addressed=True),
    row(
        "{my}|the? rent is|went_up_to|went_down_to|goes_up_to|rose_to|increased_to|is_now|now|dropped_to "
        "{adv}? <rent:budget>",
        addressed=True, confidence=0.8,
    ),
    row("{i} take|catch|ride the|a? <commute:transport> now|to_work|to_the_office|in|every|these_days"),
    row("no_more driving", ends={"commute": ""}, addressed=True),
    row(
        "put|raise|raised|cut|lowered|upped|increased {my}|the <@*_budget:noun> budget {adv}? up|down? to <:budget>",
        addressed=True, any_mood=True,
    ),
    row("{my}|the <@*_budget:noun> budget went|goes|has_gone up|down to <:budget>", addressed=True),
    row(
        "{ive}? went|upgraded|downgraded|gone|switched <plan:plan_name!> yesterday|today|now|this|last|plan|instead",
        needs=r"\b(?:plan|tier|subscription|storage|invoice|seats?|basic|premium|pro)\b",
    ),
    row(
        "everything|everything's|money|accounts|salary is|'s|goes? {adv}? at|with|to <bank:firm>",
        addressed=True, needs=r"\b(?:bank|standing orders?|iban|account|direct debit|savings)\b",
    ),
    row("{ive}? gone|went electric|hybrid : {a}? <:vehicle>"),
    row("now {a} <:vehicle> sits|stands|is", addressed=True, confidence=0.7),
    # said in everyday words
    row(
        "{i} .. cycling|biking|pedalling|pedaling|cycle|bike|pedal in|to|into {adv}? work|the_office|town|"
        "school|uni|campus",
        gives={"commute": "bike"},
    ),
    row(
        "{im} {adv}? cycling|biking|pedalling|pedaling in|to|into {adv}? work|the_office|town|school|uni|campus",
        gives={"commute": "bike"},
    ),
    row("{i}|{im} {adv}? walk|walking in|to {adv}? work|the_office|school|uni|campus", gives={"commute": "on foot"}),
    row("{im} {adv}? driving in|to|into {adv}? work|the_office|campus", gives={"commute": "car"}),
    row("{i} drive in|to|into {adv}? work|the_office|campus", gives={"commute": "car"}),
    row(
        "{im} {adv}? taking|catching|riding the|a? <commute:transport> now|to_work|to_the_office|in|every|"
        "these_days|again",
    ),
    row(
        "{my} .. internet|broadband|wifi|wi-fi|fibre|fiber|router is|comes|runs {adv}? with|from|by|"
        "through <internet_provider:proper>",
    ),
    row("{my} .. electricity|power|energy|gas is|comes {adv}? with|from|by <energy_provider:proper>"),
    row("{my} .. sim|phone_contract|mobile_contract is {adv}? with|from|on <mobile_provider:proper>"),
    row("{my} .. insurance|policy is {adv}? with|from|through <insurance:proper>"),
    row("{my} .. account|accounts|money|savings|mortgage is|are|sits {adv}? with|at <bank:proper>"),
    row("{i} had|got {a}? {new}? <equipment:thing> put_in|installed|fitted|delivered", confidence=0.7),
    row("{have} {a} <equipment:cooker!>"),
    row("{i} cook|cooking on|with {a}? <equipment:cooker!>"),
    row("no_more|goodbye|bye|done_with <equipment:cooker!>", retract=True, addressed=True),
    row("{ive}? .. switched|changed|moved|went|converted .. to <equipment:cooker!>"),
    row(
        "there's|there_is|there_stands {a} <:device> .. next_to|beside|standing|in|on|on_top",
        addressed=True, confidence=0.65,
    ),
    row(
        "there's|there_is|there_stands {a} <:vehicle> .. next_to|beside|standing|in|on|outside",
        addressed=True, confidence=0.65,
    ),
    row("{i} shoot|film|record|photograph|vlog {adv}? on|with {a}? <equipment:proper>"),
    row(
        "all|most {my} .. notes|files|photos|docs|documents|tasks|passwords|recipes|writing live|are|is|"
        "sit|sits|lives {adv}? in|on <:typed>",
        addressed=True,
    ),
    row("{my} .. notes|files|photos|docs|documents|tasks|passwords|recipes live|are|sit {adv}? in|on <:typed>"),
    row(
        "{ive}? {adv}? dragged|hauled|pulled|brought|carried|shifted|copied|put|moved it|them|everything|"
        "all|my .. back|over into|to|in|onto <:typed>",
    ),
    row(
        "the <:vehicle> 's|has|had just? had|got|needs|passed {a}? .. tyres|tires|mot|service|brakes|"
        "clutch|exhaust|inspection|engine",
        addressed=True, confidence=0.65,
    ),
    # passed on to somebody
    row("^ the|my|our old? <:device> went|has_gone to " + _SOMEBODY, retract=True, addressed=True),
    row("^ the|my|our old? <:vehicle> went|has_gone to " + _SOMEBODY, retract=True, addressed=True),
    row(
        "{ive}? {adv}? passed_on|passed_down|handed_down|handed_on|donated|gave|given|passed the|my|our old? <:device> to|"
        "on_to", retract=True,
    ),
    row("{have} <operating_system:os!> back on|again|at_last|now|,|and|."),
    # money, in short
    row("{my} limit|max|maximum|ceiling|upper_limit is|= {adv}? <budget:budget>", needs=_PRICED),
    row("<budget:budget> is {adv}? {my}|the limit|max|maximum|ceiling|most", addressed=True, needs=_PRICED),
    # seats
    row(
        "{i}|i'd|we'd {adv}? prefer|want|need|like|take|have|book a|an|the? <seat_preference:seat> from_now_on|always|by_default|"
        "again", planned=True,
    ),
    row(
        "{i}|i'd|we'd {adv}? always|usually? prefer|want|need|take|book a|an|the? <seat_preference:seat> .. always|"
        "from_now_on", planned=True,
    ),
    row("always|ever a|an|the|by_the? <seat_preference:seat>", addressed=True, asked=True, any_mood=True),
    row("<seat_preference:seat> always_please|as_always|as_usual|from_now_on|every_time|by_default", addressed=True),
    row("<seat_preference:seat> always $|,|!|.", addressed=True),
    row("{i} {adv}? prefer a|an|the? <seat_preference:seat>", planned=True),
    row("{i} always want|take|book|sit|need in|on? a|an|the <seat_preference:seat>", planned=True),
    # names on sites
    row("on|at <@*_handle:site> {im} {adv}? <:handle>"),
    row("{im} {adv}? <:username> on|at <@*_handle:site>"),
    row("{my} <@*_handle:site> name|account|handle|nick|username|user is|: {adv}? <:handle>"),
    row(
        "the|my|our old|former|previous? <@*_handle:site> account|handle|name|nick|profile .. , so|and? {im}|it's|it_is|i_go_by {adv}? "
        "<:username> these_days|now|instead|from_now_on",
        addressed=True,
    ),
    # written in
    row("{im} {adv}? writing|coding|building|programming|rewriting {a}|my|our .. in <programming_language:programming!>", needs=_CODE),
    row("{ive}? {adv}? started|began|begun using|writing|learning|with|on? <programming_language:programming!>", needs=_CODE),
    row(
        "{ive}? {adv}? started|using|use|write .. alongside|next_to|besides|beside|on_top_of "
        "<programming_language:programming!>", needs=_CODE,
    ),
    row(
        "{im} with <mobile_provider:firm>", confidence=0.75,
        needs=r"\b(?:signal|sim|sims|roaming|coverage|data plan|phone (?:contract|bill|plan)|mobile (?:contract|plan|provider))\b",
        unless=r"\b(?:bank|account|gym|insurance|broadband|wifi)\b",
    ),
    row(
        "{i} can't|cannot|won't|don't|will_not {adv}? go|pay|spend above|over|beyond|more_than "
        "<budget:budget>", needs=_PRICED, any_mood=True, planned=True,
    ),
    row("nothing|no_more over|above|beyond|than <budget:budget> please|,|for|.", addressed=True, needs=_PRICED),
    row("<budget:budget> tops|max|at_most|and_not_a_cent_more , rent|a_month|for|i|please|not|no|so", addressed=True, needs=_PRICED),
    row(
        "{i} {adv}? sit|travel|ride by|at|next_to the window", gives={"seat_preference": "window seat"}, needs=r"\b(?:always|"
        r"trains?|planes?|flights?|bus|coach)\b",
    ),
    row("<seat_preference:seat> please , as", addressed=True),
    row("i'd|we'd rather have|sit|book|take in|on? a|an|the? <seat_preference:seat>", any_mood=True, planned=True),
    row("{my} <@*_handle:site> is|: {adv}? <:username>"),
    row("{ive}? {adv}? traded|swapped|exchanged {my}|the|our <-:vehicle> for|against {a}? <:vehicle>"),
    row("{have} {a} .. <license:licence>", negated="retract"),
    row("{im} the only one .. with|who_has {a} <license:licence>"),
    row("{my} <license:licence> is|has|expires|expired|was|needs|arrived", asked=True, any_mood=True),
    row("{ive}? {adv}? got|passed|renewed {my} <license:licence>"),

    # how one gets to work
    row(
        "{im} {adv}? back? on|onto the|my|a? <commute:transport!> again|now|these_days|to_work|every",
        unless=_ON_THE_WAY,
    ),
    row("{im} back on|onto the|my? <commute:transport!>", unless=_ON_THE_WAY),
    row("back on|onto|to the|my <commute:transport!> again|now|these_days|,|.|$", needs=_COMMUTE),
    row("{i} get|take|catch|ride the|a? <commute:transport!> to|into|in_to work|the_office|school|uni|campus|college|town"),
    row("{my}? commute|commute's {is}? {adv}? by|on|via the|a? <commute:transport!>", addressed=True),
    row("{i} drive in|to_work now|these_days|every|again|,|.|$", gives={"commute": "car"}, needs=_COMMUTE),
    # sums are in
    row(
        "{i} {adv}? reckon|quote|calculate|count|budget|think|price|bill|invoice|work|charge|trade|deal|keep_your_books {adv}? in "
        "<currency:currency!>",
    ),
    row("give|get|book me a|an|the <seat_preference:seat> and {im} happy|fine|good|content|set", addressed=True, any_mood=True),
    row("{im} with <energy_provider:firm> for {my}|the? electricity|gas|power|energy|heating"),
    row("{im} with <internet_provider:firm> for {my}|the? internet|broadband|wifi|fibre|fiber"),
    row("{im} with <insurance:firm> for {my}|the? insurance|house|car_insurance|home_insurance|health_insurance"),
    row("{ive} {adv}? gone|went|switched|changed back? to the <commute:transport!>", needs=_COMMUTE, unless=_ON_THE_WAY),
    row("{i} {adv}? take|catch|get|ride the|a? <commute:transport!> .. every|each morning|day|weekday|workday"),
    row("{ive}? done|finished|through with the|my gym", ends={"gym": ""}),
)
