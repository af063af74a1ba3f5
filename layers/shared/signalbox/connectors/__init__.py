"""One module or package per connector: renders requests and judges responses."""
