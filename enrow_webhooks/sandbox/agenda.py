"""Runs tasks at their time, ends of searches and deliveries of events: by a pool of threads, or by hand in a test."""

import heapq
import math
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import requests

Work = Callable[[requests.Session], None]


@dataclass(slots=True, eq=False)
class Task:
    """Something to do at a time of the agenda's clock, in seconds."""

    due: float
    turn: int
    work: Work
    delivers: bool
    """Whether this sends an event, so that ``hasten`` may bring it forward."""

    def __lt__(self, other: "Task") -> bool:
        """Order by time, then by arrival."""
        return (self.due, self.turn) < (other.due, other.turn)


class Agenda:
    """A heap of tasks and the threads that work it off. Threads start with the first task and end with ``close``."""

    def __init__(self, clock: Callable[[], float], threads: int = 8) -> None:
        """Run up to ``threads`` tasks at once."""
        self.closing = threading.Event()
        self._clock = clock
        self._size = threads
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()
        self._heap: list[Task] = []
        self._turns = 0
        self._busy = 0

    @property
    def pending(self) -> int:
        """How many tasks wait or run."""
        with self._changed:
            return len(self._heap) + self._busy

    def add(self, due: float, work: Work, *, delivers: bool = False) -> Task:
        """Run the work at this time, or at once when it has passed."""
        with self._changed:
            self._start()
            self._turns += 1
            task = Task(due, self._turns, work, delivers)
            heapq.heappush(self._heap, task)
            self._changed.notify_all()
        return task

    def complete(self, works: Sequence[Work], *, timeout: float) -> None:
        """Do this now, and return when it is done; each part may take ``timeout`` seconds."""
        done = threading.Semaphore(0)

        def doing(work: Work) -> Work:
            def work_and_tell(session: requests.Session) -> None:
                work(session)
                done.release()

            return work_and_tell

        for work in works:
            self.add(self._clock(), doing(work), delivers=True)
        for _ in works:
            done.acquire(timeout=timeout)

    def hasten(self, tasks: Iterable[Task] | None = None) -> None:
        """Bring these tasks forward to now; without an argument, every delivery."""
        with self._changed:
            now = self._clock()
            for task in self._heap if tasks is None else tasks:
                if task.delivers:
                    task.due = min(task.due, now)
            heapq.heapify(self._heap)
            self._changed.notify_all()

    def drop(self, tasks: Iterable[Task]) -> None:
        """Forget these tasks, as far as they have not begun."""
        with self._changed:
            dropped = set(map(id, tasks))
            self._heap = [task for task in self._heap if id(task) not in dropped]
            heapq.heapify(self._heap)
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget whatever has not begun."""
        with self._changed:
            self._heap.clear()
            self._changed.notify_all()

    def wait_until_idle(self, timeout: float) -> bool:
        """Wait until nothing waits and nothing runs; tell whether that came within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._heap and not self._busy, timeout)

    def close(self) -> None:
        """Forget what has not begun, and wait for what has."""
        self.closing.set()
        self.clear()
        for thread in self._threads:
            thread.join()

    def _start(self) -> None:
        if self._threads or self.closing.is_set():
            return
        for position in range(self._size):
            # Daemons, so that a sandbox which nobody closed does not keep the interpreter alive.
            self._threads.append(threading.Thread(target=self._run, name=f"sandbox-{position}", daemon=True))
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        with requests.Session() as session:
            # Proxies of the environment are for the outside world, not for a receiver on this machine.
            session.trust_env = False
            while (task := self._next()) is not None:
                try:
                    task.work(session)
                finally:
                    with self._changed:
                        self._busy -= 1
                        self._changed.notify_all()

    def _next(self) -> Task | None:
        with self._changed:
            while not self.closing.is_set():
                wait = self._heap[0].due - self._clock() if self._heap else None
                if wait is not None and wait <= 0:
                    self._busy += 1
                    return heapq.heappop(self._heap)
                self._changed.wait(wait)
        return None


class ManualAgenda(Agenda):
    """An agenda without threads: nothing moves before ``work_off``, and no pause is made.

    Its own clock jumps to the time of what is done next.
    """

    def __init__(self, session: requests.Session) -> None:
        """Deliver by this session."""
        super().__init__(lambda: self.now)
        self.now = 0.0
        self._session = session
        # What trickles in over seconds comes at once.
        self.closing.set()

    def complete(self, works: Sequence[Work], *, timeout: float) -> None:
        """Do this now."""
        for work in works:
            work(self._session)

    def work_off(self, *, until: float = math.inf) -> int:
        """Do what is due up to this time, in the order of its time; return how much that was."""
        done = 0
        while self._heap and self._heap[0].due <= until:
            task = heapq.heappop(self._heap)
            self.now = max(self.now, task.due)
            task.work(self._session)
            done += 1
        return done
