"""Our git: every call scrubbed, every git directory our own, and none ever looks into a tree the model can write."""
