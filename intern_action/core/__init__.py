"""The language of the house: types, effects, events, states, errors and ports; no input or output."""
