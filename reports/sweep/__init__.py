"""What a sweep's page is made of: its record, a preview of each of its runs, and their layout by what was varied.

Parts and pages are made from these elsewhere; nothing in here knows them.
"""
