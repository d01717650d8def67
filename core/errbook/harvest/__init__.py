"""Harvesters: from a real server to a catalog of every code it knows.

A harvester is a function that is given what it needs (a folder of the server's files, a callable that runs a query or
a program of the server) and returns a `errbook.harvest.catalog.Catalog`. None of them knows how a server is had.
"""
