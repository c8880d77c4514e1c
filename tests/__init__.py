"""Tests of householdd, householdctl and what is installed with them."""
