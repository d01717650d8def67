"""The site: every page and file of it as a pure function of the knowledge, and the mkdocs hook that builds them.

`errbook_site.pages.pages` gives the pages; `errbook_site.build.run` builds the whole site; `errbook_site.preview.run`
shows one entry while it is written.
"""
