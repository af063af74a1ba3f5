"""The skeletons that `make provider`, `make connector` and `make middleware` write."""
