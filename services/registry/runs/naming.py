"""Readable names for runs and logged models that were given none.

The words are among those of MLflow's names (mlflow/utils/name_utils.py): clients tell generated names by them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

MAX_LENGTH = 20

_ADJECTIVES = """
    able big bold bright calm capable caring casual charming chill classy clean colorful dashing defiant
    delightful efficient fearless fortunate fun funny gentle gifted honorable intelligent kindly learned
    likeable loud luminous melodic nimble peaceful persistent placid polite popular rare resilient sassy serious
    silent sincere skillful smiling stately stylish thoughtful traveling treasured trusting unique upbeat useful
    valuable victorious welcoming wise wistful worried youthful
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
    adjective = choose(_ADJECTIVES.split())
    rest = MAX_LENGTH - len(f"{adjective}--{number}")
    return f"{adjective}-{choose([noun for noun in _NOUNS.split() if len(noun) <= rest])}-{number}"
