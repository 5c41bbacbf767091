"""Making the next while the last is used."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def prefetch(items: Iterable[T]) -> Iterator[T]:
    """The same items, each made in another thread while the one before is used."""
    slot: list[tuple[bool, T | BaseException | None]] = []
    ready, wanted = threading.Semaphore(0), threading.Semaphore(1)
    stop = threading.Event()

    def produce() -> None:
        try:
            for item in items:
                wanted.acquire()
                if stop.is_set():
                    return
                slot.append((True, item))
                ready.release()
            last: tuple[bool, BaseException | None] = (False, None)
        except BaseException as error:  # noqa: BLE001 - raised again in the consumer
            last = (False, error)
        wanted.acquire()
        slot.append(last)
        ready.release()

    worker = threading.Thread(target=produce, daemon=True)
    worker.start()
    try:
        while True:
            ready.acquire()
            more, item = slot.pop()
            wanted.release()
            if not more:
                if isinstance(item, BaseException):
                    raise item
                return
            yield item  # type: ignore[misc]
    finally:
        stop.set()
        wanted.release()
        worker.join()
