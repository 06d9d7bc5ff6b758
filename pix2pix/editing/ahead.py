"""Work begun by threads a little before its result is asked for."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Value = TypeVar("Value")


def ahead_of_need(
    do: Callable[[Task], Value],
    tasks: Iterable[Task],
    ahead: int,
    weigh: Callable[[Task], int],
    room: Callable[[], int],
) -> Generator[Value, None, None]:
    """``do(task)`` for each of ``tasks``, in order.

    Args:
        do: runs in a thread.
        ahead: how many tasks may be begun before their result is asked for.
        weigh: what the result of a task will weigh.
        room: what all results may weigh together that are begun and not yet asked for, now; the last one that is begun
            may go beyond it, and one is always begun.
    """
    pool = ThreadPoolExecutor(max(1, ahead))
    begun: deque[tuple[int, Future[Value]]] = deque()
    waiting = iter(tasks)
    try:
        while True:
            while not begun or (len(begun) <= ahead and sum(weight for weight, _ in begun) < room()):
                try:
                    task = next(waiting)
                except StopIteration:
                    break
                begun.append((weigh(task), pool.submit(do, task)))
            if not begun:
                return
            yield begun.popleft()[1].result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
