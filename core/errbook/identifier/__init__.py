"""From any pasted text to the errors in it, without asking anything but the text itself.

`errbook.identifier.dataset` makes the data from the catalogs, the entries and the tables beside it; it is compiled into
errbook.db and published for browsers, which run the same algorithm (site/errbook_site/docs/assets/errbook/identify.js).

1. Fold and split (`words`): escapes are undone without changing places, and the text becomes words with their places.
2. Messages (`messages`): every message template is a row of words with gaps. Each is filed under its rarest pair of
   neighbouring words; one pass over the words of the text finds the candidates, and each is checked by finding its
   runs of words in order, a bounded number of words apart.
3. Codes (`dialects`): the forms in which drivers and logs print codes, SQLSTATEs and exceptions; symbols are looked
   up.
4. Judge (`judge`): what agrees is put together, engines are told apart, and the root cause comes first.

All of it takes time in proportion to the length of the text.
"""
