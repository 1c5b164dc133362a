"""The only place that knows every part: it hands the adapters to the halves."""
