"""Forecasts of the next minutes, anomalies, and drifts.

The library ``river`` takes a second to load, which would block an event loop, and some 85 MB. So
the forecaster is a process of its own, which starts when the first minute is learned.
"""
