"""Labels: the titles of vocabulary terms and engines, asked of the knowledge once and kept."""

from typing import Any, Final

from errbook.knowledge import Knowledge
from errbook.opened import Term
from errbook.render.servers import Names

_VOCABULARIES: Final = (
    "severity", "frequency", "category", "condition", "risk_level", "retry_verdict", "changes", "code_language",
    "driver_language", "source_kind", "confidence", "server_outcome", "fix_outcome", "difference", "handling_outcome",
)  # fmt: skip


class Terms:
    """Every label that a page shows, by vocabulary and value."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.engines: dict[str, dict[str, Any]] = {engine["engine"]: engine for engine in knowledge.engines()}
        self._terms = {name: {term.value: term for term in knowledge.vocabulary(name)} for name in _VOCABULARIES}

    def all(self, vocabulary: str) -> list[Term]:
        """Return a vocabulary in its order."""
        return list(self._terms[vocabulary].values())

    def term(self, vocabulary: str, value: str) -> Term:
        """Return one term; KeyError where the vocabulary does not hold the value."""
        return self._terms[vocabulary][value]

    def title(self, vocabulary: str, value: str) -> str:
        """Return the title of a term."""
        return self.term(vocabulary, value).title

    def engine(self, engine: str) -> str:
        """Return an engine's title."""
        return str(self.engines[engine]["title"])

    @property
    def called(self) -> Names:
        """What engines and terms are called, for what the library says in words."""
        return Names(self.engine, self.title)

    def names(self, engines: tuple[str, ...]) -> str:
        """Return the titles of engines as a phrase: ``MySQL and MariaDB``."""
        titles = [self.engine(engine) for engine in engines]
        return " and ".join([", ".join(titles[:-1]), titles[-1]] if len(titles) > 1 else titles)
