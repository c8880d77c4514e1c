"""Fields and values of the filter language, pure: no input or output, no clock.

The daemon evaluates filters with them, and householdctl explains, completes and checks them. The package knows neither.
"""
