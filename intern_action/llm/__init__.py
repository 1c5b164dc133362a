"""The models we can ask, behind one port."""
