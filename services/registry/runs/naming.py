"""Readable names for runs and logged models that were given none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

MAX_LENGTH = 20

_ADJECTIVES = """
    able agile amber amused aware bold brave bright brisk calm capable caring cheerful clean clear clever crisp
    curious daring defiant eager earnest fair fast fluent fond free funny gentle glad grand happy hardy honest
    humble keen kind legal light likeable lively loud lucky mellow merry modest neat nimble noble patient placid
    polite proud quick quiet rare resilient sassy serious silent skilled smiling spirited stately sunny swift
    thoughtful traveling trusting upbeat useful valuable vivid wise witty worried youthful
"""
_NOUNS = """
    ant asp auk bass bat bear bee bird boar bug calf carp cat chimp cod colt conch cow crab crane croc crow cub
    deer doe dog dolphin donkey dove duck eel elk finch fish flea fly foal fowl fox frog gnat goat goose grouse
    gull hare hawk hen hog horse hound jay kit kite koi lamb lark lynx mare midge mink mole moose moth mouse
    mule newt owl panda perch pig pug quail ram rat ray robin rook seal shad shark sheep shoat shrew shrike
    skink skunk sloth slug snail snake snipe sow squid squirrel stag steed stoat stork swan tern toad trout
    turtle vole wasp whale wolf worm wren yak zebra
"""


def random_name(choose: Callable[[Sequence[str]], str], number: int) -> str:
    """An adjective, an animal and `number` (0 to 999), at most `MAX_LENGTH` characters."""
    return f"{choose(_ADJECTIVES.split())}-{choose(_NOUNS.split())}-{number}"[:MAX_LENGTH]
