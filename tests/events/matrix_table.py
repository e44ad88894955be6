"""What everybody is answered at every address of events, about every kind of event.

A letter each, in the order of the roles:

    S  seen                         .  as if there were nothing (404)
    D  done: something is stored    -  never by this verb (405)
    >  led on, and nothing done     !  the form again (400)
    i  asked to sign in             #  stands otherwise than it was looked at (409)
"""

# nobody, student, outside the audience, waiting | supporter, host, host who may plan, student lead
# | coordinator, supervisor, administrator, somebody without a role
TABLE: dict[tuple[str, str], dict[str, str]] = {
    ("list", "GET"): {
        "-": "SSSS SSSS SSSS",
    },
    ("list", "POST"): {
        "-": "---- ---- ----",
    },
    ("event", "GET"): {
        "open cancelled past": "SSSS SSSS SSSS",
        "draft": ".... .... ....",
        "now cohort": ".S.S SSSS S...",
        "discreet": ".SSS SSSS S...",
        "debrief": ".SSS SSSS ....",
    },
    ("event", "POST"): {
        "open draft cancelled past now discreet cohort debrief": "---- ---- ----",
    },
    ("going", "GET"): {
        "open draft cancelled past now discreet cohort debrief": "i--- ---- ....",
    },
    ("going", "POST"): {
        "open discreet debrief": "iDD> DDDD ....",
        "draft": "i... .... ....",
        "cancelled past": "i>>> >>>> ....",
        "now": "iD.D DDDD ....",
        "cohort": "iD.> DDDD ....",
    },
    ("not-going", "GET"): {
        "open draft cancelled past now discreet cohort debrief": "i--- ---- ....",
    },
    ("not-going", "POST"): {
        "open cancelled discreet debrief": "i>>D >>>> ....",
        "draft": "i... .... ....",
        "past": "i>>> >>>> ....",
        "now cohort": "i>.D >>>> ....",
    },
    ("public-calendar", "GET"): {
        "-": "SSSS SSSS SSSS",
    },
    ("public-calendar", "POST"): {
        "-": "---- ---- ----",
    },
    ("calendar", "GET"): {
        "open cancelled past": "SSSS SSSS SSSS",
        "draft": "i... .... ....",
        "now cohort": "iS.S SSSS S...",
        "discreet": "iSSS SSSS S...",
        "debrief": "iSSS SSSS ....",
    },
    ("calendar", "POST"): {
        "open draft cancelled past now discreet cohort debrief": "---- ---- ----",
    },
    ("mine", "GET"): {
        "-": "i>>> >>>> >>>>",
    },
    ("mine", "POST"): {
        "-": "---- ---- ----",
    },
    ("place", "GET"): {
        "open cancelled now discreet cohort debrief": "SSSS SSSS SSSS",
        "draft": ".... .... ....",
        "past": "i..> .... ....",
    },
    ("place", "POST"): {
        "open cancelled now discreet cohort debrief": "DDDD DDDD DDDD",
        "draft": ".... .... ....",
        "past": ">>>> >>>> >>>>",
    },
    ("plan", "GET"): {
        "-": "i... ..SS S...",
    },
    ("plan", "POST"): {
        "-": "i... ---- -...",
    },
    ("plan-calendar", "GET"): {
        "-": "i... ..SS S...",
    },
    ("plan-calendar", "POST"): {
        "-": "i... ---- -...",
    },
    ("plan-earlier", "GET"): {
        "-": "i... ..SS S...",
    },
    ("plan-earlier", "POST"): {
        "-": "i... ---- -...",
    },
    ("plan-new", "GET"): {
        "-": "i... ..SS S...",
    },
    ("plan-new", "POST"): {
        "-": "i... ..DD D...",
    },
    ("plan-event", "GET"): {
        "open draft cancelled past now discreet cohort": "i... .SSS S...",
        "debrief": "i... .SS. ....",
    },
    ("plan-event", "POST"): {
        "open draft cancelled past now discreet cohort debrief": "i... ---- -...",
    },
    ("plan-change", "GET"): {
        "open draft": "i... ..SS S...",
        "cancelled past": "i... ..>> >...",
        "now discreet cohort": "i... ...S S...",
        "debrief": "i... .SS. ....",
    },
    ("plan-change", "POST"): {
        "open draft": "i... ..DD D...",
        "cancelled past": "i... ..>> >...",
        "now discreet cohort": "i... ...D D...",
        "debrief": "i... .DD. ....",
    },
    ("plan-publish", "GET"): {
        "open draft cancelled past now discreet cohort debrief": "i... ---- -...",
    },
    ("plan-publish", "POST"): {
        "open cancelled past": "i... ..>> >...",
        "draft": "i... ..DD D...",
        "now discreet cohort": "i... ...> >...",
        "debrief": "i... .>>. ....",
    },
    ("plan-cancel", "GET"): {
        "open": "i... ..SS S...",
        "draft cancelled past": "i... ..>> >...",
        "now discreet cohort": "i... ...S S...",
        "debrief": "i... .SS. ....",
    },
    ("plan-cancel", "POST"): {
        "open": "i... ..DD D...",
        "draft cancelled past": "i... ..>> >...",
        "now discreet cohort": "i... ...D D...",
        "debrief": "i... .DD. ....",
    },
    ("plan-drop", "GET"): {
        "open draft cancelled past": "i... ..SS S...",
        "now discreet cohort": "i... ...S S...",
        "debrief": "i... .SS. ....",
    },
    ("plan-drop", "POST"): {
        "open cancelled past": "i... ..>> >...",
        "draft": "i... ..DD D...",
        "now discreet cohort": "i... ...> >...",
        "debrief": "i... .>>. ....",
    },
    ("plan-copy", "GET"): {
        "open draft cancelled past now discreet cohort": "i... ..SS S...",
        "debrief": "i... .... ....",
    },
    ("plan-copy", "POST"): {
        "open draft cancelled past": "i... ..DD D...",
        "now discreet cohort": "i... ...D D...",
        "debrief": "i... .... ....",
    },
    ("plan-series", "GET"): {
        "open draft cancelled past now discreet cohort": "i... .SSS S...",
        "debrief": "i... .SS. ....",
    },
    ("plan-series", "POST"): {
        "open draft cancelled past now discreet cohort debrief": "i... ---- -...",
    },
    ("plan-series-publish", "GET"): {
        "open draft cancelled past now discreet cohort debrief": "i... ---- -...",
    },
    ("plan-series-publish", "POST"): {
        "open cancelled past now discreet cohort": "i... .>>> >...",
        "draft": "i... ..DD D...",
        "debrief": "i... .>>. ....",
    },
    ("plan-series-end", "GET"): {
        "open draft": "i... ..SS S...",
        "cancelled past": "i... .>>> >...",
        "now discreet cohort": "i... ...S S...",
        "debrief": "i... .SS. ....",
    },
    ("plan-series-end", "POST"): {
        "open draft": "i... ..DD D...",
        "cancelled past": "i... .>>> >...",
        "now": "i... ...! !...",
        "discreet cohort": "i... ...D D...",
        "debrief": "i... .DD. ....",
    },
    ("plan-series-copy", "GET"): {
        "open draft past now discreet cohort": "i... ..SS S...",
        "cancelled debrief": "i... .... ....",
    },
    ("plan-series-copy", "POST"): {
        "open draft past": "i... ..DD D...",
        "cancelled debrief": "i... .... ....",
        "now discreet cohort": "i... ...D D...",
    },
    ("day", "GET"): {
        "open cancelled past now discreet cohort": "i... .SSS S...",
        "draft": "i... .... ....",
        "debrief": "i... .SS. ....",
    },
    ("day", "POST"): {
        "open draft cancelled past now discreet cohort debrief": "i--- ---- ----",
    },
    ("tally", "GET"): {
        "open cancelled past now discreet cohort": "i... .SSS S...",
        "draft": "i... .... ....",
        "debrief": "i... .SS. ....",
    },
    ("tally", "POST"): {
        "open draft cancelled past now discreet cohort debrief": "i--- ---- ----",
    },
    ("sign", "GET"): {
        "open cancelled past now discreet cohort": "i... .SSS S...",
        "draft": "i... .... ....",
        "debrief": "i... .SS. ....",
    },
    ("sign", "POST"): {
        "open draft cancelled past now discreet cohort debrief": "i--- ---- ----",
    },
    ("heads", "GET"): {
        "open draft cancelled past now discreet cohort debrief": "i--- ---- ----",
    },
    ("heads", "POST"): {
        "past now": "i... .DDD D...",
        "open discreet cohort": "i... .!!! !...",  # too early
        "cancelled": "i... .>>> >...",
        "draft": "i... .... ....",
        "debrief": "i... .!!. ....",
    },
    ("mark", "GET"): {
        "open draft cancelled past now discreet cohort debrief": "i--- ---- ----",
    },
    ("mark", "POST"): {
        "past now": "i... .DDD D...",
        "open cohort": "i... .### #...",  # too early
        "cancelled": "i... .>>> >...",
        "draft discreet debrief": "i... .... ....",
    },
    ("door", "GET"): {
        "open cancelled past now discreet cohort debrief": "SSSS SSSS SSSS",
        "draft": ".... .... ....",
    },
    ("door", "POST"): {
        "open cancelled past discreet cohort debrief": "SSSS SSSS SSSS",
        "draft": ".... .... ....",
        "now": "DDSD DDDD DDDD",
    },
    ("how-was-it", "GET"): {
        "open draft cancelled now discreet cohort debrief": "i... .... ....",
        "past": "i... S... ....",
    },
    ("how-was-it", "POST"): {
        "open draft cancelled now discreet cohort debrief": "i... .... ....",
        "past": "i... D... ....",
    },
    ("debriefs", "GET"): {
        "-": "iSSS SSSS ....",
    },
    ("debriefs", "POST"): {
        "-": "i!DD D!!D ....",  # Ana waits for an answer; Priya is the one to be asked
    },
    ("asked", "GET"): {
        "-": "i... .SS. ....",
    },
    ("asked", "POST"): {
        "-": "i--- ---- ----",
    },
    ("told", "GET"): {
        "-": "i>>> >>>> >>>>",
    },
    ("told", "POST"): {
        "-": "i--- ---- ----",
    },
    ("for-you", "GET"): {
        "-": "i>>> >>>> >>>>",
    },
    ("for-you", "POST"): {
        "-": "i--- ---- ----",
    },
    ("takers", "GET"): {
        "-": "i... ...S S...",
    },
    ("takers", "POST"): {
        "-": "i... ...D D...",
    },
    ("end-taker", "GET"): {
        "-": "i... ...- -...",
    },
    ("end-taker", "POST"): {
        "-": "i... ...D D...",
    },
    ("withdraw", "GET"): {
        "-": "i--- ---- ....",
    },
    ("withdraw", "POST"): {
        "-": "iD.. .... ....",
    },
    ("take", "GET"): {
        "-": "i... .SS. ....",
    },
    ("take", "POST"): {
        "-": "i... .DD. ....",
    },
    ("decline-debrief", "GET"): {
        "-": "i--- ---- ----",
    },
    ("decline-debrief", "POST"): {
        "-": "i... .DD. ....",
    },
}
