"""The commands that this room adds to ``errbook``."""
