"""Values as operators type and read them."""
