"""The skeletons that `make provider` and `make connector` write."""
