"""Choose, watch and register the instances of upstream services."""
