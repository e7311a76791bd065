"""Ordinary words: what is no name of a person, a firm or a town, even in all-lower-case writing."""

from __future__ import annotations

from recalld.ingest.local.facts.lexicon import words

ORDINARY = words(
    """
    january february march july september october november december
    a an the my our your his her their some any no lot bit few very really so too quite pretty super kind sort good
    bad great fine ok okay sure happy sad sorry glad tired busy sick ill late early ready done here there back home
    new old big small little long short hot cold hungry thirsty bored confused lost stuck curious wondering thinking
    looking trying going getting doing making having being working using living writing reading planning hoping
    asking planning feeling starting finishing moving about afraid aware able unable allergic interested excited
    worried nervous stressed angry mad upset annoyed proud grateful thankful lucky certain positive serious joking
    kidding free available open closed right wrong left true false on off in out up down over under at by with
    without for from to of not never always still just only also already almost all both each every everything
    nothing something someone anyone everyone nobody today tomorrow yesterday tonight now then later soon again
    maybe perhaps probably definitely honestly actually basically literally seriously currently finally officially
    technically mostly usually often sometimes rarely more less most least better worse best worst much many
    different same other another next last first second third single married divorced engaged pregnant vegan
    vegetarian broke rich poor loud quiet expensive cheap nice lovely beautiful ugly terrible awful amazing awesome
    fantastic broken dead gone missing slow fast killing hurting sore full empty important difficult hard easy
    simple complicated yours mine his hers theirs ours this that these those it they them he she we you i me us him
    her what which who whom whose when where why how if because although though is are was were be been being am do
    does did has have had can could will would shall should may might must overwhelmed exhausted starving freezing
    dying losing making helping calling texting emailing messaging struggling considering trying afraid alone hi
    hello hey morning evening afternoon night thanks thank ok yes no nope yep sorry please dear cheers bye goodbye
    welcome congrats that's it's there's here's what's who's let's right correct listen look wait well so oh ah hm
    anyway maybe sure fun work home split torn set cut hit made fun dead alive here hard soft early late gah argh
    ugh phew wow yay yep nah me myself yourself proper playlist recipe draft letter email list plan note question
    card thing day week month year traveling travelling driving walking sitting standing running waiting coming
    leaving staying visiting far away nearby
    """
)

EMPTY = words(
    """
    it that this them these those one ones everything anything something nothing all stuff things thing way lot lots
    bit kind sort idea question problem issue time help answer reply suggestion you me him her us what how when
    where why being to option version second first third both neither same other another more less much many few
    """
)
"""Words that are no value by themselves."""

TITLES = words("dr prof professor mr mrs ms miss sir madam")
"""What stands in front of a person's name, never in front of a town's or a firm's."""
