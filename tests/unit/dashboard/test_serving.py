"""What is done early: pages drawn while scripts load, and which scripts those are."""

import asyncio

from dashboard.early import MOST_KEPT, Early

ADDRESS = ("/runs/1", "", "token")


async def drawing(page: str) -> str:
    await asyncio.sleep(0)
    return page


async def failing() -> str:
    raise ValueError("no such page")


async def test_a_page_that_was_begun_is_taken_once() -> None:
    early: Early[str] = Early()
    early.begin("load-1", ADDRESS, drawing("the run"))
    begun = early.take("load-1", ADDRESS)
    assert begun is not None
    assert await begun == "the run"
    assert early.take("load-1", ADDRESS) is None


async def test_nobody_gets_what_was_begun_for_another_address_or_token() -> None:
    early: Early[str] = Early()
    early.begin("load-1", ADDRESS, drawing("the run"))
    assert early.take("load-1", ("/runs/1", "", "another token")) is None
    assert early.take("load-1", ADDRESS) is None, "it is gone"
    assert early.take("load-2", ADDRESS) is None


async def test_an_error_is_raised_for_whoever_comes_and_for_nobody_else() -> None:
    early: Early[str] = Early()
    early.begin("load-1", ADDRESS, failing())
    early.begin("load-2", ADDRESS, failing())
    await asyncio.sleep(0.01)
    begun = early.take("load-1", ADDRESS)
    assert begun is not None
    assert isinstance(begun.exception(), ValueError)


async def test_browsers_that_never_ask_leave_nothing_behind() -> None:
    early: Early[str] = Early()
    never = asyncio.Event()

    async def waiting() -> str:
        await never.wait()
        return ""

    for number in range(MOST_KEPT + 8):
        early.begin(f"load-{number}", ADDRESS, waiting())
    await asyncio.sleep(0)
    mine = asyncio.current_task()
    still = [task for task in asyncio.all_tasks() if task is not mine]
    assert len(still) == MOST_KEPT
    for task in still:
        task.cancel()
    await asyncio.gather(*still, return_exceptions=True)
