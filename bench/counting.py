"""Counts the queries of a request into a header. For the benchmark only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse


class CountQueries:
    """Middleware that says how many queries an answer took."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the count in X-Queries."""
        count = 0

        def note(execute: Any, *args: Any) -> Any:
            nonlocal count
            count += 1
            return execute(*args)

        with connection.execute_wrapper(note):
            response = self.get_response(request)
        response["X-Queries"] = str(count)
        return response


@contextmanager
def counted(link: Any) -> Iterator[list[int]]:
    """Count the queries of a connection into the first item of the list."""
    count = [0]

    def note(execute: Any, *args: Any) -> Any:
        count[0] += 1
        return execute(*args)

    with link.execute_wrapper(note):
        yield count
