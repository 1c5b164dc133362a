"""Models and data sets: the Hub, a folder in its layout, folders of this machine; all into one shared, read-only cache."""
