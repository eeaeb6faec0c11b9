"""Equal ids have equal hashes, whatever stands beside them."""

import pyarrow as pa

from services.monitor.labels.hashing import BLOCK, hash_ids

IDS = ["", "a", "seven77", "eight888", "nine99999", "2013-08-05_UA15_EWR_IAH", "x" * 200, "é"]


def test_the_hash_of_an_id_does_not_depend_on_the_ids_beside_it() -> None:
    together = hash_ids(pa.array(IDS)).tolist()
    assert together == [hash_ids(pa.array([one]))[0] for one in IDS]
    assert together == hash_ids(pa.array(["a longer neighbour" * 9, *IDS]).slice(1)).tolist()


def test_different_ids_have_different_hashes() -> None:
    ids = [*IDS, "a\0", "a\0\0\0\0\0\0\0\0", "eight888\0"]
    assert len(set(hash_ids(pa.array(ids)).tolist())) == len(ids)


def test_ids_beyond_one_block_hash_like_those_in_it() -> None:
    ids = [f"flight-{number}" for number in range(BLOCK + 3)]
    assert hash_ids(pa.array(ids))[-2:].tolist() == hash_ids(pa.array(ids[-2:])).tolist()
