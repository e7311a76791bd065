"""Classes of English words by what they tell about a time beside them, and about the frame of a question."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """A set of words, written with blanks between them."""
    return frozenset(text.split())


# prepositions and adverbs that lead to a time
TEMPORAL = word_set(
    "in on at during over within throughout across from since until before after around between back starting"
)
# verbs of conversation: what follows says what was said, or when
SAYING = word_set(
    """say says said saying tell telling told mention mentioned mentioning talk talked talking speak spoke spoken speaking
    discuss discussed discussing chat chatted chatting ask asked asking describe described explain explained note noted write
    wrote written report reported recommend recommended suggest suggested advise advised name named list listed share shared
    send sent give gave given complain complained decide decided conclude concluded agree agreed cover covered record recorded
    log logged answer answered promise promised state stated bring brought raise raised propose proposed reply replied confirm
    confirmed point pointed"""
)
# what asks for memory without a verb of conversation
RECALL = word_set(
    """remind remember recall show find list give summarise summarize summary recap search pull bring repeat review look display
    fetch collect gather compile news everything anything"""
)
RECAP = word_set("summarise summarize recap review")
CONVERSATION = word_set(
    """chat chats conversation conversations session sessions talk talks discussion discussions call calls message messages note
    notes meeting meetings exchange exchanges summary recap thread threads history log logs entry entries checkin catchup
    dialogue memo memos"""
)
# what somebody came up with in a conversation
SAID = word_set(
    """idea ideas question questions suggestion suggestions advice answer answers tip tips rant request requests recommendation
    recommendations brainstorm brainstorming thoughts"""
)
# what has a time itself: "in yesterday's lesson" is when, "about yesterday's lesson" is what
EVENTS = word_set(
    """lesson class workshop training workout lecture interview appointment standup sync retro retrospective review consultation
    visit party dinner lunch breakfast game match practice rehearsal walk run ride shift exam test seminar webinar demo hike
    trip"""
)
# what comes by post or as a gift: "from April" is then a person
SENT = word_set(
    "email mail letter letters text gift card postcard present parcel package voicemail invitation flowers hug regards greetings"
)
# what has a name: "the song Yesterday"
TITLED = word_set(
    """song songs film movie book novel album band show series episode play podcast game track poem magazine sitcom musical
    documentary story title called named titled entitled painting comic manga anime opera newspaper brand restaurant bar pub
    cafe ship boat app"""
)
WHOLE = word_set("all whole most rest course entirety much part")  # "all of last week"

SUBJECT = word_set("i we you he she they it")
POSSESSIVE = word_set("my your his her its our their")
DETERMINER = POSSESSIVE | word_set("the a an this that these those another any some no each every")
QUESTION = word_set("what which who whom whose where why how when")
ABOUT = word_set("about regarding concerning")
FUNCTION = (
    SUBJECT
    | DETERMINER
    | TEMPORAL
    | QUESTION
    | ABOUT
    | word_set(
        """me us him them myself and or but so because if while that are am is was were be been being do does did have has had will
    would shall should can could may might must not re with without to for of by as than then there here again please too also
    already still just only exactly vs didn don doesn t 's 've 'm 're 'll 'd 't up down out off into onto via per ago anyway
    though ok okay thanks thank thx pls plz yes no well like right now later earlier both"""
    )
)

# ---------------------------------------------------------------- verbs
_PAST = word_set(
    """said told mentioned talked spoke spoken wrote written sent gave given brought did was were had been done went gone came
    saw seen took taken made got gotten bought thought knew known felt found kept left lost met paid put ran read sang sat slept
    spent stood swam taught understood woke won wore ate eaten drank drunk drove driven flew flown forgot forgotten grew grown
    heard held hit hurt led lent lay lied rode ridden rose sold set shot shut began begun became broke broken built burnt caught
    chose chosen cost cut dealt dreamt drew drawn fell fallen fought hid hung learnt lit meant sought shook sank stole stuck
    swore threw tore worn 've"""
)
_NO_PAST = word_set(
    "need feed seed speed weed bed red indeed hundred bleed breed exceed proceed succeed shed sled embed creed greed deed reed naked wicked"
)
PRESENT = word_set(
    """is are am will would shall should can could might must does need needs want wants 'm 're 'll have has do gonna let ain
    isn aren won starts begins opens closes happens prefer prefers likes loves hates"""
)
HELPERS = word_set("did will would shall should can could might must 'll")
# verbs that order something to be done, where they open a sentence
ORDER = word_set(
    "book remind schedule call buy help let add set make plan order create cancel move draft wake reserve prepare translate cook pick keep"
)


def is_past(word: str) -> bool:
    """A verb of the past, as far as its form tells."""
    return word in _PAST or (word.endswith("ed") and len(word) > 3 and word not in _NO_PAST)
