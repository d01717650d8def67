"""The knowledge as tools for agents, by the Model Context Protocol (modelcontextprotocol.io), revision 2026-07-28.

`errbook.mcp.server.server` gives a server over whatever knowledge is current; ``errbook mcp`` runs it on standard
input and output, the service on ``/mcp``. Nothing is kept between two calls. The protocol itself, also its older
revisions, is the official SDK's.
"""
