"""Frozen, typed records that cost a cold lookup next to nothing.

To a type checker and to a reader, `Record` is `typing.NamedTuple`. At run time it does the same with less: importing
`typing` and generating a class for every record takes a third of the time that a whole lookup may take, and a lookup
starts cold thousands of times. A subclass lists its fields as annotations; fields have no defaults.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple as Record
else:
    from operator import itemgetter

    class _Fields(type):
        def __new__(cls, name, bases, body):
            names = tuple(body.get("__annotations__", ()))
            body |= {field: property(itemgetter(at)) for at, field in enumerate(names)}
            return super().__new__(cls, name, bases, body | {"_fields": names, "__slots__": ()})

    class Record(tuple, metaclass=_Fields):  # noqa: D101 - described by the module
        def __new__(cls, *values, **named):  # noqa: D102 - a constructor
            given = (*values, *(named.pop(field) for field in cls._fields[len(values) :] if field in named))
            if named or len(given) != len(cls._fields):
                raise TypeError(f"{cls.__name__} takes exactly the fields {', '.join(cls._fields)}")
            return tuple.__new__(cls, given)

        def __repr__(self):
            return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self._asdict().items())})"

        def __getnewargs__(self):
            return tuple(self)

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def _replace(self, **values):
            return type(self)(**{**self._asdict(), **values})


__all__ = ["Record"]
