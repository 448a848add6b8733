"""Carriers and negatives by a simulator that shares no code with the package.

`aspsfusion simulate` and the stages that it tests rest on the same ideas about what a fusion looks like; what
neither of them thinks of is seen by no test. So this simulator reads the panel directory by itself, and its
judge reads `report.json` alone.
"""
