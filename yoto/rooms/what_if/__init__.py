"""Rights that people would gain or lose by a change, and two people side by side."""
