"""The rules that hold while a file is read, before it has values; errbook.source and errbook.check apply them."""

from typing import Final

from errbook.rules.rule import Rule, Scope

_FILE: Final[Scope] = "file"

RULES: Final = (
    Rule(
        "anchor",
        _FILE,
        "A file has no anchors and aliases: every value stands where it is read.",
        "Write the value out.",
    ),
    Rule(
        "catalog-form",
        _FILE,
        "A file below catalog/ is a whole catalog as `errbook harvest` writes it, of its path's engine and series.",
        "Do not edit it; harvest it again.",
    ),
    Rule("byte-order-mark", _FILE, "A file starts with its text.", "Save it as UTF-8 without BOM."),
    Rule("directive", _FILE, "A file has no YAML directives.", "Remove the line that starts with `%`."),
    Rule("duplicate-key", _FILE, "A field is given once.", "Keep one of them."),
    Rule("empty-file", _FILE, "A file holds values.", "Write the entry, or delete the file."),
    Rule("explicit-tag", _FILE, "A file has no YAML tags.", "Remove the tag; quote a value to make it text."),
    Rule("file-too-large", _FILE, "A file is at most 256 kB.", "Keep to what one error needs."),
    Rule("json-syntax", _FILE, "A file of evidence is JSON that holds one object.", "Record it again."),
    Rule("key-not-text", _FILE, "The name of a field is text.", "Put the name in quotes."),
    Rule("merge-key", _FILE, "A file has no merge keys.", "Write the fields out."),
    Rule("not-utf8", _FILE, "A file is UTF-8.", "Save it as UTF-8."),
    Rule("outside-layer", _FILE, "A symbolic link stays below its layer.", "Put the file itself there."),
    Rule("several-documents", _FILE, "A file holds one YAML document.", "Put one document in a file."),
    Rule("too-deep", _FILE, "Values are nested at most 32 levels.", "Look for brackets that were not meant."),
    Rule("too-many-items", _FILE, "A list or mapping has at most 256 items.", "Keep to what one error needs."),
    Rule(
        "unknown-file",
        _FILE,
        "Under errors/ there are sqlstates.yaml and one folder per engine, with engine.yaml and an entry per code; "
        "under evidence/ there is one folder per engine, with a file per code; under catalog/ there is one per engine, "
        "and one named system, with a file per series.",
        "Rename the file to <code>.yaml, <code>.json or <series>.jsonl, or move it elsewhere.",
    ),
    Rule("unreadable-file", _FILE, "A file can be read.", "Put a readable YAML file there."),
    Rule(
        "value-type",
        _FILE,
        "Values are text, ordinary numbers, booleans, lists and mappings.",
        "Quote the value.",
    ),
    Rule(
        "yaml-syntax",
        _FILE,
        "A file is YAML with `field: value` at its left edge.",
        "Mend what the message names.",
    ),
)
