"""The service: the knowledge over HTTP.

`errbook_api.serve.run` starts it; `errbook_api.settings` says what can be set. The answers themselves are computed by
the library (`errbook.answers`), so that the service and the static files are the same bytes.
"""

__all__: list[str] = []
