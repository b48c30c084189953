"""Forecasts of the next minutes, anomalies, and drifts.

The library ``river`` takes a second to load, in which an event loop would stand still, and some
85 MB; so the forecaster is a process of its own, which the first minute that is learned starts.
"""
