"""Where models and data sets live."""
