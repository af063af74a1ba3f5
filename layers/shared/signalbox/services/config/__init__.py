"""Write the configuration, and the rules that it must satisfy."""
