"""What changes rarely, kept by each process for some seconds instead of being read at each page.

Only for what is shown: inside a transaction nothing is remembered, so that whatever is written or
sold is computed from the rows themselves. REMEMBER_SECONDS sets how long; 0 remembers nothing.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

from django.conf import settings
from django.db import connection
from django.utils.translation import get_language

from oti.lib import generation
from oti.lib.together import Question, read_together

_is_read_again: ContextVar[bool] = ContextVar("_is_read_again", default=False)

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def read_again() -> Iterator[None]:
    """Ask anew for everything meanwhile; what is found is remembered from then on.

    For a page that says why something was refused: it must not show once more what was refused.
    """
    before = _is_read_again.set(True)
    try:
        yield
    finally:
        _is_read_again.reset(before)


_everything: list[Kept[Any]] = []


def forget_everything() -> None:
    """Forget every answer of this process, for one that goes on with another database."""
    for kept in _everything:
        kept.clear()


class Kept(Generic[R]):
    """Answers by key, the newest `most` of them, each for REMEMBER_SECONDS.

    All are forgotten as soon as somebody changed what pages show (oti.lib.generation).
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.generation = 0
        self._rows: OrderedDict[Hashable, tuple[float, R]] = OrderedDict()
        self._lock = threading.Lock()
        # Whoever comes while an answer is read waits for it: reading it twice costs as much.
        self.reading = threading.RLock()
        _everything.append(self)

    def clear(self) -> None:
        """Forget every answer."""
        with self._lock:
            self._rows.clear()

    def get(self, keys: Iterable[Hashable]) -> dict[Hashable, R]:
        """Return the answers that may still be given, by their keys."""
        oldest = time.monotonic() - settings.REMEMBER_SECONDS
        number = generation.current()
        with self._lock:
            if number != self.generation:
                self.generation = number
                self._rows.clear()
            if _is_read_again.get():
                return {}
            found = {key: self._rows[key] for key in keys if key in self._rows}
        return {key: answer for key, (since, answer) in found.items() if since > oldest}

    def put(self, answers: Mapping[Hashable, R], *, begun: int) -> None:
        """Keep these answers from now on; `begun` is the generation before they were read."""
        now = time.monotonic()
        with self._lock:
            if begun != self.generation:
                return
            for key, answer in answers.items():
                self._rows[key] = (now, answer)
                self._rows.move_to_end(key)
            while len(self._rows) > self._most:
                self._rows.popitem(last=False)


def _is_remembering() -> bool:
    """Tell whether anything may be remembered now: never where something is sold."""
    return settings.REMEMBER_SECONDS > 0 and not connection.in_atomic_block


def remembered(
    *, most: int = 64, ignoring: Sequence[str] = (), by_language: bool = True
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep a function's answers for REMEMBER_SECONDS, by its arguments and the active language.

    At most `most` answers are kept, the newest ones. Arguments are hashable; those named in
    `ignoring` (a moment) don't tell two calls apart and are given by name. An answer without a
    word in it is the same in every language: `by_language` says no. Nobody may change an answer:
    other threads hold it too.
    """

    def decorate(load: Callable[P, R]) -> Callable[P, R]:
        kept: Kept[R] = Kept(most)

        @functools.wraps(load)
        def ask(*args: P.args, **kwargs: P.kwargs) -> R:
            if not _is_remembering():
                return load(*args, **kwargs)
            named: list[tuple[str, Any]] = sorted(kwargs.items())
            language = get_language() if by_language else None
            key = (language, args, tuple(one for one in named if one[0] not in ignoring))
            for answer in kept.get([key]).values():
                return answer
            with kept.reading:
                for answer in kept.get([key]).values():
                    return answer
                begun = kept.generation
                answer = load(*args, **kwargs)
                kept.put({key: answer}, begun=begun)
            return answer

        return ask

    return decorate


def remembered_each(
    *, most: int
) -> Callable[
    [Callable[[Collection[int]], dict[int, R]]], Callable[[Collection[int]], dict[int, R]]
]:
    """Keep the rows that a function finds by their ids as `remembered` keeps answers, one by one.

    Those known are not asked for again; an id without a row is asked for each time.
    """

    def decorate(
        load: Callable[[Collection[int]], dict[int, R]],
    ) -> Callable[[Collection[int]], dict[int, R]]:
        kept: Kept[R] = Kept(most)

        @functools.wraps(load)
        def ask(ids: Collection[int]) -> dict[int, R]:
            if not _is_remembering():
                return load(ids)
            language = get_language()
            keys = {(language, pk): pk for pk in ids}
            found = {keys[key]: row for key, row in kept.get(keys).items()}  # type: ignore[index]
            missing = [pk for pk in ids if pk not in found]
            if missing:
                begun = kept.generation
                loaded = load(missing)
                kept.put({(language, pk): row for pk, row in loaded.items()}, begun=begun)
                found |= loaded
            return found

        return ask

    return decorate


@dataclass(frozen=True)
class Reading(Generic[R]):
    """What is asked of the database, and what its rows amount to.

    `answer` asks nothing itself: rows that were read with those of others are given to it.
    """

    question: Question
    answer: Callable[[list[Any]], R]


class Remembered(Generic[P, R]):
    """A reading whose answers are kept as `remembered` keeps them; it can be read ahead too."""

    def __init__(self, plan: Callable[P, Reading[R]], kept: Kept[R], *, by_language: bool) -> None:
        functools.update_wrapper(self, plan)
        self._plan = plan
        self._by_language = by_language
        self.kept = kept

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the answer, read alone where it isn't known."""
        if not _is_remembering():
            return self._read(*args, **kwargs)
        key = self._key(args, kwargs)
        for answer in self.kept.get([key]).values():
            return answer
        with self.kept.reading:
            for answer in self.kept.get([key]).values():
                return answer
            begun = self.kept.generation
            answer = self._read(*args, **kwargs)
            self.kept.put({key: answer}, begun=begun)
        return answer

    def of(self, *args: P.args, **kwargs: P.kwargs) -> Wanted[R]:
        """Return the same call for `read_ahead`."""
        key = self._key(args, kwargs)
        return Wanted(self.kept, key, lambda: self._plan(*args, **kwargs))

    def _key(self, args: Any, kwargs: Any) -> Hashable:
        language = get_language() if self._by_language else None
        return language, args, tuple(sorted(kwargs.items()))

    def _read(self, *args: P.args, **kwargs: P.kwargs) -> R:
        reading = self._plan(*args, **kwargs)
        return reading.answer(read_together(reading.question)[0])


@dataclass(frozen=True)
class Wanted(Generic[R]):
    """An answer that a page will ask for."""

    kept: Kept[R]
    key: Hashable
    plan: Callable[[], Reading[R]]

    @property
    def is_known(self) -> bool:
        """Tell whether it need not be read."""
        return bool(self.kept.get([self.key]))


def remembered_reading(
    *, most: int = 64, by_language: bool = True
) -> Callable[[Callable[P, Reading[R]]], Remembered[P, R]]:
    """Keep the answers of a reading by its arguments, as `remembered` does."""

    def decorate(plan: Callable[P, Reading[R]]) -> Remembered[P, R]:
        return Remembered(plan, Kept(most), by_language=by_language)

    return decorate


_ahead = threading.Lock()


def read_ahead(*wanted: Wanted[Any], beside: Sequence[Question] = ()) -> list[list[Any]]:
    """Read with one statement what a page will ask for and nobody knows yet.

    `beside` are questions of this very page: their rows are returned and not remembered. Where
    nothing may be remembered, they alone are asked.
    """
    if not _is_remembering() or _is_read_again.get() or all(one.is_known for one in wanted):
        return read_together(*beside)
    # Whoever comes meanwhile waits, and finds it known; then each asks its own questions.
    with _ahead:
        missing = [one for one in wanted if not one.is_known]
        if missing:
            begun = [one.kept.generation for one in missing]
            readings = [one.plan() for one in missing]
            found = read_together(*(one.question for one in readings), *beside)
            for one, number, reading, rows in zip(missing, begun, readings, found, strict=False):
                one.kept.put({one.key: reading.answer(rows)}, begun=number)
            return found[len(missing) :]
    return read_together(*beside)
