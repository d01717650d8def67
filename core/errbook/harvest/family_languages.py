"""MySQL's and MariaDB's messages in other languages, from the message files of a server (`errbook.harvest.errmsg`).

They are the server's, under its licence, and are not a part of errbook: whoever has a server may harvest them into a
private knowledge base, where the identifier reads them. The file has the form of PostgreSQL's
(`errbook.harvest.postgresql_languages`).
"""

from pathlib import Path
from typing import Any, Final

from errbook.harvest import errmsg, family
from errbook.harvest.catalog import CatalogError, Row
from errbook.harvest.postgresql_languages import Languages, ordered

LANGUAGES: Final = {
    "bulgarian": "bg",
    "chinese": "zh_CN",
    "czech": "cs",
    "danish": "da",
    "dutch": "nl",
    "estonian": "et",
    "french": "fr",
    "georgian": "ka",
    "german": "de",
    "greek": "el",
    "hindi": "hi",
    "hungarian": "hu",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "norwegian": "nb",
    "norwegian-ny": "nn",
    "polish": "pl",
    "portuguese": "pt_BR",
    "romanian": "ro",
    "russian": "ru",
    "serbian": "sr",
    "slovak": "sk",
    "spanish": "es",
    "swahili": "sw",
    "swedish": "sv",
    "ukrainian": "uk",
}
"""The folders of a server's message files, and the languages; Serbian's is in Latin script, as MySQL has it."""


def harvest(tree: Path, engine: str, version: str) -> Languages:
    """Collect the translations of a server's messages; `tree` is the server's root, `version` its exact version.

    Raises CatalogError where there are no message files, or one of them is damaged or of another server.
    """
    patterns = [f"{folder}/{engine}/{errmsg.ENGLISH}/errmsg.sys" for folder in ("usr/share", "share", "share/mysql")]
    english = family.find(tree, "the server's messages", *patterns, f"share/{errmsg.ENGLISH}/errmsg.sys")
    base = errmsg.read(english).texts
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted(english.parent.parent.glob("*/errmsg.sys")):
        language = LANGUAGES.get(path.parent.name)
        if language is None:
            continue
        texts = errmsg.read(path).texts
        if len(texts) != len(base):
            raise CatalogError(f"{path}: {len(texts):,} texts, and the English file has {len(base):,}; is it older?")
        for one, other in zip(base, texts, strict=True):
            # What nobody has translated stands in English in every file.
            if one and other and other != one:
                kept = found.setdefault(one, {}).setdefault(language, [])
                if other not in kept:
                    kept.append(other)
    names = sorted({name for texts in found.values() for name in texts})
    about: dict[str, Any] = {
        name: {"messages": sum(name in texts for texts in found.values()), "severity": {}, "label": {}}
        for name in names
    }
    rows: list[Row] = [{"message": message, **texts} for message, texts in found.items()]
    return ordered({"engine": engine, "versions": [version], "license": "the server's", "languages": about}, rows)
