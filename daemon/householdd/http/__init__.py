"""HTTP as both listeners speak it: requests within bounds, an answer to each, and an orderly end."""
